import { type Assembly, type Call, many, type Value } from './assembly.ts'
import { decoders } from './decode.ts'
import { sumOfEach } from './lanes.ts'
import { blockBytes, keepFour, manyTokens, packedBytes, packFour, rowsTogether } from './packed-product.ts'
import { firstMatrix, matrixSize, matrixWords, mostMatrices, stepAddress, words } from './step.ts'

/**
 * Of a sum's products those of k = 0, 4, 8, ... are added up in that order, those of k = 1, 5, 9, ... and so on; then the four,
 * (0 + 1) + (2 + 3), as in `float-linear.ts`; then the bias, and what is there. So no result depends on how many rows and tokens are
 * multiplied at once.
 */

/** Rows that are multiplied with a single token at once. */
const streams = 4
/** Most rows of a piece that several tokens are multiplied with: few enough that threads end together. */
const mostPackedRows = 48

/** Bytes of a thread's own memory that products take: sums, a few decoded rows, then packed ones; `fours` of the longest row. */
export const productScratchBytes = (fours: number): number =>
  blockBytes + 16 * fours * streams + (mostPackedRows / rowsTogether) * packedBytes(fours)

/** Rows for a piece of many tokens, at most `rows` or a little more: whole blocks. */
export const packedRows = (rows: number): number =>
  Math.min(mostPackedRows, rowsTogether * Math.ceil(rows / rowsTogether))

/**
 * The sums of four rows with one vector, four lanes of each sum at `to`. A function of its own that does no more, because beside other
 * code V8 no longer keeps all of it in registers: the rate halves. Arguments: addresses of the rows, of the vector, fours of columns,
 * `to`.
 */
const sumsOfOne = (asm: Assembly): Call => {
  const { define, set, v, move, times, local } = asm
  return define(many(7, 'i32'), (first, second, third, fourth, x, fours, to) => {
    const pointers = [first, second, third, fourth]
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

const sumsAt = (asm: Assembly, sums: Value): Value =>
  sumOfEach(
    asm,
    Array.from({ length: streams }, (_, k) => asm.v.load('vector', sums, 16 * k)),
  )

/**
 * Four times `rows` rows, from `weights` on, times one token. Four rows that are far apart go at once: so memory is read in four streams
 * that are long enough for the processor to read ahead, which is three times as fast as four rows that follow each other.
 */
const oneToken = (asm: Assembly, block: Call): Call => {
  const { define, i, v, set, locals, move, when, times, load, store } = asm
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
      set(four, sumsAt(asm, sums))
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
  const keep = keepFour(asm)
  const multiplyMany = manyTokens(asm, keep)
  const multiplyFew = sumsOfOne(asm)
  const multiplyOne = oneToken(asm, multiplyFew)
  const packRows = packFour(asm)
  const decode = decoders(asm).row
  const step = (name: keyof typeof words.product): Value => load('load', 0, stepAddress + 4 * words.product[name])
  const smaller = (a: Value, b: Value): Value => choose(i.less(a, b), a, b)
  return define(['i32', 'i32'], (piece, scratch) => {
    const matrix = local('i32')
    const of = (name: keyof typeof matrixWords): Value => load('load', matrix, 4 * matrixWords[name])
    const [first, end, row, pitch, count, at, lies] = locals(many(7, 'i32'))
    const [there, second, third, fourth, half, packed, to] = locals(many(7, 'i32'))
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

    /** For the rows from `first` on, `size` of them at a time. */
    const inBlocks = (size: number, body: () => void): void => {
      set(row, first)
      repeat(() => {
        body()
        move(row, size)
        return i.less(row, end)
      })
    }
    /** Where four rows from one on lie as float32. Those that are not there, of fewer than four, are read as those before. */
    const findRows = (from: Value): void => {
      set(count, i.sub(end, from))
      set(count, smaller(count, streams))
      set(there, i.add(of('weights'), i.mul(from, pitch)))
      when(i.isZero(lies), () => {
        set(there, i.add(scratch, blockBytes))
        set(at, 0)
        repeat(() => {
          asm.run(
            decode(
              ...[of('kind'), of('weights'), of('scales'), of('group'), of('zero')],
              ...[i.mul(i.add(from, at), of('inputs')), of('inputs'), i.add(there, i.mul(at, pitch))],
            ),
          )
          move(at, 1)
          return i.less(at, count)
        })
      })
      set(second, i.add(there, choose(i.less(1, count), pitch, 0)))
      set(third, i.add(second, choose(i.less(2, count), pitch, 0)))
      set(fourth, i.add(third, choose(i.less(3, count), pitch, 0)))
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
          inBlocks(streams, () => {
            findRows(row)
            asm.run(multiplyFew(there, second, third, fourth, step('x'), step('fours'), scratch))
            asm.run(keep(sumsAt(asm, scratch), yOf(row), biasOf(row), step('accumulate'), count))
          }),
        () => {
          set(packed, i.add(scratch, i.add(blockBytes, i.mul(pitch, streams))))
          set(to, packed)
          inBlocks(rowsTogether, () => {
            for (let at = 0; at < rowsTogether; at += streams) {
              set(half, i.add(row, at))
              when(i.less(half, end), () => {
                findRows(half)
                asm.run(packRows(there, second, third, fourth, step('fours'), i.add(to, 4 * at)))
              })
            }
            move(to, i.mul(step('fours'), packedBytes(1)))
          })
          asm.run(
            multiplyMany(
              ...[packed, i.sub(end, first), step('x'), step('fours'), step('tokens'), yOf(first), of('yStride')],
              ...[biasOf(first), step('accumulate'), scratch],
            ),
          )
        },
      ),
    )
  })
}
