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
 * Rows of weights and tokens that are multiplied at once: nine sums and four operands stay in the 16 registers of x86. The innermost loop
 * has four columns only, because V8 moves loads in front of sums, and more of them than there are registers go through memory.
 */
const together = 3
/** Rows that are multiplied with a single token at once. */
const streams = 4
/** Tokens that a few rows meet before the next rows come: results of more lie in more pages than a processor has at hand. */
const mostTokens = 24
/** Room for sums in a thread's own memory, before its rows. */
export const sumBytes = 192

/**
 * The sums of rows with each of `tokens` vectors, four lanes of each sum at `to`, those of a token's rows beside one another. A function of
 * its own that does no more, because beside other code V8 no longer keeps all of it in registers: the rate halves. Arguments: addresses
 * of the rows, of the first vector, bytes from one vector to the next, fours of columns, `to`.
 */
const sumsOf = (asm: Assembly, rows: number, tokens: number): Call => {
  const { define, set, v, i, move, times, local } = asm
  return define(many(8, 'i32'), (first, second, third, fourth, x, xStride, fours, to) => {
    const pointers = [first, second, third, fourth].slice(0, rows)
    const vectors = Array.from({ length: tokens }, () => local('i32'))
    const weights = pointers.map(() => local('v128'))
    const sums = vectors.map(() => pointers.map(() => local('v128')))
    const four = local('v128')
    vectors.forEach((vector, at) => {
      set(vector, at === 0 ? x : i.add(vectors[at - 1]!, xStride))
    })
    for (const sum of sums.flat()) set(sum, v.zero)
    times(fours, () => {
      weights.forEach((weight, at) => {
        set(weight, v.load('vector', pointers[at]!))
      })
      vectors.forEach((vector, at) => {
        set(four, v.load('vector', vector))
        sums[at]!.forEach((sum, row) => {
          set(sum, v.add(sum, v.mul(weights[row]!, four)))
        })
      })
      for (const pointer of [...pointers, ...vectors]) move(pointer, 16)
    })
    sums.flat().forEach((sum, at) => {
      v.store(to, sum, 16 * at)
    })
  })
}

/** `count` rows, at most three, that follow each other times any number of tokens; `sums` is room for nine vectors. */
const fewRows = (asm: Assembly): Call => {
  const { define, i, v, set, local, locals, move, when, repeat, store, choose } = asm
  const blocks = Array.from({ length: together }, (_, at) => sumsOf(asm, together, at + 1))
  return define(
    many(12, 'i32'),
    (weights, stride, x, xStride, fours, tokens, y, yStride, bias, accumulate, count, sums) => {
      const [second, third] = locals(['i32', 'i32'])
      const four = local('v128')
      // Rows that are not there are read as those before, and not written.
      set(second, i.add(weights, choose(i.less(1, count), stride, 0)))
      set(third, i.add(second, choose(i.less(2, count), stride, 0)))
      const block = (size: number): void => {
        asm.run(blocks[size - 1]!(weights, second, third, 0, x, xStride, fours, sums))
        for (let token = 0; token < size; token++) {
          const lanes = Array.from({ length: together }, (_, k) => v.load('vector', sums, 16 * (token * together + k)))
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
    },
  )
}

/**
 * Four times `rows` rows, from `weights` on, times one token. Four rows that are far apart go at once: so memory is read in four streams
 * that are long enough for the processor to read ahead, which is three times as fast as four rows that follow each other.
 */
const oneToken = (asm: Assembly): Call => {
  const { define, i, v, set, locals, move, when, times, load, store } = asm
  const block = sumsOf(asm, streams, 1)
  return define(many(9, 'i32'), (weights, stride, x, fours, rows, y, bias, accumulate, sums) => {
    const [left, apart, next, to, from, value, four] = locals(['i32', 'i32', 'i32', 'i32', 'i32', 'f32', 'v128'])
    set(left, rows)
    set(apart, i.shiftLeft(rows, 2))
    set(next, i.mul(rows, stride))
    const row = (k: number) => i.add(weights, i.mul(next, k))
    times(left, () => {
      asm.run(block(weights, row(1), row(2), row(3), x, 0, fours, sums))
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

/** A piece of a product: some rows of one matrix. Arguments: the piece, and memory of the thread's own for sums and three rows. */
export const productPiece = (asm: Assembly): Call => {
  const { define, i, set, local, locals, move, when, repeat, load, choose } = asm
  const multiply = fewRows(asm)
  const multiplyOne = oneToken(asm)
  const decode = decoders(asm).row
  const step = (name: keyof typeof words.product): Value => load('load', 0, stepAddress + 4 * words.product[name])
  const smaller = (a: Value, b: Value): Value => choose(i.less(a, b), a, b)
  return define(['i32', 'i32'], (piece, scratch) => {
    const matrix = local('i32')
    const of = (name: keyof typeof matrixWords): Value => load('load', matrix, 4 * matrixWords[name])
    const [first, end, row, from, tokens, pitch, there, count, at, lies] = locals(many(10, 'i32'))
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
    when(i.less(first, end), () => {
      set(from, 0)
      repeat(() => {
        set(tokens, i.sub(step('tokens'), from))
        set(tokens, smaller(tokens, mostTokens))
        set(row, first)
        repeat(() => {
          set(count, i.sub(end, row))
          set(count, smaller(count, together))
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
          asm.run(
            multiply(
              ...[there, pitch, i.add(step('x'), i.mul(from, step('xStride'))), step('xStride'), step('fours'), tokens],
              ...[i.add(yOf(row), i.mul(from, of('yStride'))), of('yStride'), biasOf(row), step('accumulate')],
              ...[count, scratch],
            ),
          )
          move(row, together)
          return i.less(row, end)
        })
        move(from, mostTokens)
        return i.less(from, step('tokens'))
      })
    })
  })
}
