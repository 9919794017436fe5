import type { IntShape } from '../dsl/index.ts'

/** Numbers of `width` bits as one unsigned word of at most 32 bits, the first lowest, in two's complement. */
export const packLanes = (values: ArrayLike<number>, width: number): number => {
  let word = 0
  for (let lane = 0; lane < values.length; lane++) word |= (values[lane]! & mask(width)) << (lane * width)
  return word >>> 0
}

/** The first `count` numbers of `shape`, a whole width, in a packed word. */
export const unpackLanes = (word: number, { width, min }: IntShape, count: number): readonly number[] =>
  Array.from({ length: count }, (_, lane) => {
    const code = (word >>> (lane * width)) & mask(width)
    return min < 0n && code >= 2 ** (width - 1) ? code - 2 ** width : code
  })

const mask = (width: number): number => (width === 32 ? -1 : (1 << width) - 1)
