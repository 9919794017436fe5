import { type Assembly, type Call, many, type Value } from './assembly.ts'
import { decoders } from './decode.ts'
import { sumOfEach } from './lanes.ts'
import { firstMatrix, matrixSize, matrixWords, mostMatrices, stepAddress, words } from './step.ts'

/**
 * Of a sum's products those of k = 0, 4, 8, ... are added up in that order, those of k = 1, 5, 9, ... and so on; then the four,
 * (0 + 1) + (2 + 3), as in `float-linear.ts`; then the bias, and what is there. So no result depends on how many rows and tokens are
 * multiplied at once.
 */

/**
 * Rows of weights and tokens that are multiplied at once: nine sums and five operands stay in the registers of x86, 15 of which V8 uses.
 * The innermost loop has four columns only, because V8 moves loads in front of sums, and more of them than there are registers go
 * through memory.
 */
const together = 3
/** Rows that are multiplied with a single token at once. */
const streams = 4
/** Tokens that the rows of a piece meet before they meet the next ones: so many vectors stay in the nearest cache. */
const mostTokens = 24
/** Most rows of a piece that several tokens are multiplied with, a multiple of `together`: they are packed in the thread's own memory. */
const mostPackedRows = 48
/** Room for sums in a thread's own memory, before its rows. */
const sumBytes = 192

/** Bytes of a thread's own memory that products take: sums, a few decoded rows, then packed ones; `fours` of the longest row. */
export const productScratchBytes = (fours: number): number => sumBytes + 16 * fours * (together + mostPackedRows)

/** Rows for a piece of many tokens, at most `rows` or a little more: whole blocks. */
export const packedRows = (rows: number): number => Math.min(mostPackedRows, together * Math.ceil(rows / together))

/**
 * The sums of `rows` rows with one vector, four lanes of each sum at `to`. A function of its own that does no more, because beside other
 * code V8 no longer keeps all of it in registers: the rate halves. Arguments: addresses of the rows, of the vector, fours of columns,
 * `to`.
 */
const sumsOfOne = (asm: Assembly, rows: number): Call => {
  const { define, set, v, move, times, local } = asm
  return define(many(7, 'i32'), (first, second, third, fourth, x, fours, to) => {
    const pointers = [first, second, third, fourth].slice(0, rows)
    const weights = pointers.map(() => local('v128'))
    const sums = pointers.map(() => local('v128'))
    const four = local('v128')
    for (const sum of sums) set(sum, v.zero)
    times(fours, () => {
      weights.forEach((weight, at) => {
        set(weight, v.load('vector', pointers[at]!))
      })
      set(four, v.load('vector', x))
      sums.forEach((sum, row) => {
        set(sum, v.add(sum, v.mul(weights[row]!, four)))
      })
      for (const pointer of [...pointers, x]) move(pointer, 16)
    })
    sums.forEach((sum, at) => {
      v.store(to, sum, 16 * at)
    })
  })
}

/**
 * Likewise of packed rows with each of `tokens` vectors, those of a token beside one another. Arguments: address of the rows, of the first
 * vector, bytes from one vector to the next, fours of columns, `to`.
 */
const sumsOfPacked = (asm: Assembly, tokens: number): Call => {
  const { define, set, v, i, move, times, local } = asm
  return define(many(5, 'i32'), (rows, x, xStride, fours, to) => {
    const vectors = Array.from({ length: tokens }, () => local('i32'))
    const values = vectors.map(() => local('v128'))
    const sums = vectors.map(() => Array.from({ length: together }, () => local('v128')))
    const weight = local('v128')
    vectors.forEach((vector, at) => {
      set(vector, at === 0 ? x : i.add(vectors[at - 1]!, xStride))
    })
    for (const sum of sums.flat()) set(sum, v.zero)
    times(fours, () => {
      values.forEach((value, at) => {
        set(value, v.load('vector', vectors[at]!))
      })
      for (let row = 0; row < together; row++) {
        set(weight, v.load('vector', rows, 16 * row))
        sums.forEach((of, token) => {
          set(of[row]!, v.add(of[row]!, v.mul(weight, values[token]!)))
        })
      }
      move(rows, 16 * together)
      for (const vector of vectors) move(vector, 16)
    })
    sums.flat().forEach((sum, at) => {
      v.store(to, sum, 16 * at)
    })
  })
}

/**
 * Three rows side by side, four columns of each in turn: one address leads to all of them, and with fewer addresses to count up the
 * processor has more room for sums. Arguments: addresses of the rows, fours of columns, where to.
 */
const pack = ({ define, v, move, times }: Assembly): Call =>
  define(many(5, 'i32'), (first, second, third, fours, to) => {
    const rows = [first, second, third]
    times(fours, () => {
      rows.forEach((row, at) => {
        v.store(to, v.load('vector', row), 16 * at)
      })
      for (const row of rows) move(row, 16)
      move(to, 16 * together)
    })
  })

/** The sums of a token's rows, at most three, get what is added to them and go where they belong. */
const keepSums = (asm: Assembly): Call => {
  const { define, i, v, set, local, when, store } = asm
  return define(many(5, 'i32'), (sums, y, bias, accumulate, count) => {
    const four = local('v128')
    const lanes = Array.from({ length: together }, (_, k) => v.load('vector', sums, 16 * k))
    set(four, sumOfEach(asm, [...lanes, v.zero]))
    when(bias, () => set(four, v.add(four, v.load('vector', bias))))
    when(accumulate, () => set(four, v.add(v.load('vector', y), four)))
    when(
      i.equal(count, together),
      () => {
        v.storeHalf(y, four)
        store('storeFloat', y, v.lane(four, 2), 8)
      },
      () => {
        store('storeFloat', y, v.lane(four, 0))
        when(i.equal(count, 2), () => store('storeFloat', y, v.lane(four, 1), 4))
      },
    )
  })
}

/** `count` packed rows, at most three, times any number of tokens. */
const manyTokens = (asm: Assembly, keep: Call): Call => {
  const { define, i, move, set, when, repeat } = asm
  const blocks = Array.from({ length: together }, (_, at) => sumsOfPacked(asm, at + 1))
  return define(many(11, 'i32'), (rows, x, xStride, fours, tokens, y, yStride, bias, accumulate, count, sums) => {
    const block = (size: number): void => {
      asm.run(blocks[size - 1]!(rows, x, xStride, fours, sums))
      for (let token = 0; token < size; token++) {
        asm.run(keep(i.add(sums, 16 * together * token), y, bias, accumulate, count))
        move(y, yStride)
      }
      move(x, i.mul(xStride, size))
    }
    when(i.less(together - 1, tokens), () =>
      repeat(() => {
        block(together)
        move(tokens, -together)
        return i.less(together - 1, tokens)
      }),
    )
    for (let size = together - 1; size >= 1; size--)
      when(i.equal(tokens, size), () => {
        block(size)
        set(tokens, 0)
      })
  })
}

/**
 * Four times `rows` rows, from `weights` on, times one token. Four rows that are far apart go at once: so memory is read in four streams
 * that are long enough for the processor to read ahead, which is three times as fast as four rows that follow each other.
 */
const oneToken = (asm: Assembly): Call => {
  const { define, i, v, set, locals, move, when, times, load, store } = asm
  const block = sumsOfOne(asm, streams)
  return define(many(9, 'i32'), (weights, stride, x, fours, rows, y, bias, accumulate, sums) => {
    const [left, apart, next, to, from, value, four] = locals(['i32', 'i32', 'i32', 'i32', 'i32', 'f32', 'v128'])
    set(left, rows)
    set(apart, i.shiftLeft(rows, 2))
    set(next, i.mul(rows, stride))
    const row = (k: number) => i.add(weights, i.mul(next, k))
    times(left, () => {
      asm.run(block(weights, row(1), row(2), row(3), x, fours, sums))
      set(to, y)
      set(from, bias)
      set(
        four,
        sumOfEach(
          asm,
          Array.from({ length: streams }, (_, k) => v.load('vector', sums, 16 * k)),
        ),
      )
      for (let k = 0; k < streams; k++) {
        set(value, v.lane(four, k))
        when(bias, () => set(value, i.floatAdd(value, load('loadFloat', from))))
        when(accumulate, () => set(value, i.floatAdd(load('loadFloat', to), value)))
        store('storeFloat', to, value)
        move(to, apart)
        move(from, apart)
      }
      move(weights, stride)
      move(y, 4)
      when(bias, () => move(bias, 4))
    })
  })
}

/** A piece of a product: some rows of one matrix. Arguments: the piece, and memory of the thread's own (`productScratchBytes`). */
export const productPiece = (asm: Assembly): Call => {
  const { define, i, set, local, locals, move, when, repeat, load, choose } = asm
  const keep = keepSums(asm)
  const multiplyMany = manyTokens(asm, keep)
  const multiplyFew = sumsOfOne(asm, together)
  const multiplyOne = oneToken(asm)
  const packRows = pack(asm)
  const decode = decoders(asm).row
  const step = (name: keyof typeof words.product): Value => load('load', 0, stepAddress + 4 * words.product[name])
  const smaller = (a: Value, b: Value): Value => choose(i.less(a, b), a, b)
  return define(['i32', 'i32'], (piece, scratch) => {
    const matrix = local('i32')
    const of = (name: keyof typeof matrixWords): Value => load('load', matrix, 4 * matrixWords[name])
    const [first, end, row, from, tokens, pitch, count, at, lies, packed] = locals(many(10, 'i32'))
    const [there, second, third] = locals(many(3, 'i32'))
    set(matrix, stepAddress + 4 * firstMatrix)
    for (let k = 1; k < mostMatrices; k++)
      when(i.isZero(i.less(piece, of('pieces'))), () => {
        set(piece, i.sub(piece, of('pieces')))
        move(matrix, 4 * matrixSize)
      })
    set(first, i.mul(piece, of('rows')))
    set(end, i.add(first, of('rows')))
    set(end, smaller(end, of('outputs')))
    set(pitch, i.shiftLeft(step('fours'), 4))
    // Float32 rows of whole fours are read where they lie.
    set(lies, i.isZero(i.or(of('kind'), i.and(of('inputs'), 3))))
    const biasOf = (row: Value): Value => choose(of('bias'), i.add(of('bias'), i.shiftLeft(row, 2)), 0)
    const yOf = (row: Value): Value => i.add(of('y'), i.shiftLeft(row, 2))

    /** For `count` rows from `row` on, a few at a time. */
    const fewByFew = (body: () => void): void => {
      set(row, first)
      repeat(() => {
        set(count, i.sub(end, row))
        set(count, smaller(count, together))
        body()
        move(row, together)
        return i.less(row, end)
      })
    }
    /** `there`, `second`, and `third` are where these rows lie as float32. Those that are not there are read as those before. */
    const findRows = (): void => {
      set(there, i.add(of('weights'), i.mul(row, pitch)))
      when(i.isZero(lies), () => {
        set(there, i.add(scratch, sumBytes))
        set(at, 0)
        repeat(() => {
          asm.run(
            decode(
              ...[of('kind'), of('weights'), of('scales'), of('group'), of('zero')],
              ...[i.mul(i.add(row, at), of('inputs')), of('inputs'), i.add(there, i.mul(at, pitch))],
            ),
          )
          move(at, 1)
          return i.less(at, count)
        })
      })
      set(second, i.add(there, choose(i.less(1, count), pitch, 0)))
      set(third, i.add(second, choose(i.less(2, count), pitch, 0)))
    }

    when(i.and(lies, i.equal(step('tokens'), 1)), () => {
      set(count, i.shiftRight(i.sub(end, first), 2))
      asm.run(
        multiplyOne(
          ...[i.add(of('weights'), i.mul(first, pitch)), pitch, step('x'), step('fours'), count],
          ...[yOf(first), biasOf(first), step('accumulate'), scratch],
        ),
      )
      move(first, i.shiftLeft(count, 2))
    })
    when(i.less(first, end), () =>
      when(
        i.equal(step('tokens'), 1),
        () =>
          fewByFew(() => {
            findRows()
            asm.run(multiplyFew(there, second, third, 0, step('x'), step('fours'), scratch))
            asm.run(keep(scratch, yOf(row), biasOf(row), step('accumulate'), count))
          }),
        () => {
          const startOfPacked = i.add(scratch, i.add(sumBytes, i.mul(pitch, together)))
          set(packed, startOfPacked)
          fewByFew(() => {
            findRows()
            asm.run(packRows(there, second, third, step('fours'), packed))
            move(packed, i.mul(pitch, together))
          })
          set(from, 0)
          repeat(() => {
            set(tokens, i.sub(step('tokens'), from))
            set(tokens, smaller(tokens, mostTokens))
            set(packed, startOfPacked)
            fewByFew(() => {
              asm.run(
                multiplyMany(
                  ...[packed, i.add(step('x'), i.mul(from, step('xStride'))), step('xStride'), step('fours'), tokens],
                  ...[i.add(yOf(row), i.mul(from, of('yStride'))), of('yStride'), biasOf(row), step('accumulate')],
                  ...[count, scratch],
                ),
              )
              move(packed, i.mul(pitch, together))
            })
            move(from, mostTokens)
            return i.less(from, step('tokens'))
          })
        },
      ),
    )
  })
}
