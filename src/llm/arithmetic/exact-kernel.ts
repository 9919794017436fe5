import { type Assembly, type Call, many, type Value } from '../cpu/assembly.ts'
import { moduleOfPieces } from '../cpu/kernels.ts'
import { firstOwn, placesOf, stepAddress } from '../cpu/step.ts'

/** Rows of weights that are multiplied at once; the rows of a matrix are padded to so many. */
export const rowsTogether = 4
/** Tokens that are multiplied at once. */
const tokensTogether = 2

/** Words of a step, addresses and strides in bytes: a piece is `rows` rows of weights, for all tokens. */
export const dotWords = placesOf(
  firstOwn,
  ...(['x', 'xStride', 'tokens', 'weights', 'stride', 'outputs', 'rows', 'eights', 'segments'] as const),
  ...(['y', 'yStride', 'segmentStride'] as const),
)

/**
 * Sums of four rows with each of `tokens` vectors, segment by segment: products of 16-bit integers, added up in 32 bits. Arguments: the
 * rows, bytes from one to the next, the first vector, bytes to the next, eights of each segment and their number, where the sums go.
 */
const dotBlock = (asm: Assembly, tokens: number): Call => {
  const { define, i, v, set, local, move, times, load } = asm
  return define(many(9, 'i32'), (first, stride, x, xStride, eights, segments, y, yStride, segmentStride) => {
    const rows = Array.from({ length: rowsTogether }, () => local('i32'))
    const vectors = Array.from({ length: tokens }, () => local('i32'))
    const results = Array.from({ length: tokens }, () => local('i32'))
    const left = local('i32')
    const values = vectors.map(() => local('v128'))
    const sums = vectors.map(() => rows.map(() => local('v128')))
    const weight = local('v128')
    rows.forEach((row, at) => {
      set(row, at === 0 ? first : i.add(rows[at - 1]!, stride))
    })
    vectors.forEach((vector, at) => {
      set(vector, at === 0 ? x : i.add(vectors[at - 1]!, xStride))
      set(results[at]!, at === 0 ? y : i.add(results[at - 1]!, yStride))
    })
    times(segments, () => {
      for (const sum of sums.flat()) set(sum, v.zero)
      set(left, load('load', eights))
      times(left, () => {
        values.forEach((value, at) => {
          set(value, v.load('vector', vectors[at]!))
        })
        rows.forEach((row, at) => {
          set(weight, v.load('vector', row))
          sums.forEach((of, token) => {
            set(of[at]!, v.addIntegers(of[at]!, v.dotHalves(weight, values[token]!)))
          })
        })
        for (const pointer of [...vectors, ...rows]) move(pointer, 16)
      })
      sums.forEach(([a, b, c, d], token) => {
        const pairs = (one: Value, other: Value): Value =>
          v.addIntegers(v.shuffle(one, other, 0, 2, 4, 6), v.shuffle(one, other, 1, 3, 5, 7))
        v.store(results[token]!, pairs(pairs(a!, b!), pairs(c!, d!)))
      })
      for (const result of results) move(result, segmentStride)
      move(eights, 4)
    })
  })
}

const dotPiece = (asm: Assembly): Call => {
  const { define, i, set, locals, move, when, repeat, times, load, choose } = asm
  const blocks = Array.from({ length: tokensTogether }, (_, at) => dotBlock(asm, at + 1))
  const step = (name: keyof typeof dotWords): Value => load('load', 0, stepAddress + 4 * dotWords[name])
  return define(['i32', 'i32'], (piece, _scratch) => {
    const [row, end, weights, x, y, pairs] = locals(many(6, 'i32'))
    set(row, i.mul(piece, step('rows')))
    set(end, i.add(row, step('rows')))
    set(end, choose(i.less(end, step('outputs')), end, step('outputs')))
    repeat(() => {
      set(weights, i.add(step('weights'), i.mul(row, step('stride'))))
      set(x, step('x'))
      set(y, i.add(step('y'), i.shiftLeft(row, 2)))
      const run = (tokens: number): void => {
        asm.run(
          blocks[tokens - 1]!(
            ...[weights, step('stride'), x, step('xStride'), step('eights'), step('segments')],
            ...[y, step('yStride'), step('segmentStride')],
          ),
        )
        move(x, i.mul(step('xStride'), tokens))
        move(y, i.mul(step('yStride'), tokens))
      }
      set(pairs, i.shiftRight(step('tokens'), 1))
      times(pairs, () => run(tokensTogether))
      when(i.and(step('tokens'), 1), () => run(1))
      move(row, rowsTogether)
      return i.less(row, end)
    })
  })
}

/** The module of exact sums. */
export const exactModule = (): Uint8Array<ArrayBuffer> => moduleOfPieces(dotPiece)
