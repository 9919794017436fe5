import type { IntShape } from '../dsl/index.ts'

/**
 * Numbers `from` to before `to` of `values` side by side in words of 32 bits from `at` on, the first lowest, in two's complement;
 * what those words held is lost. A width is a power of two, at most 32; an operand that is one number is a lane of 32 bits.
 */
export const writeLanes = (
  words: Int32Array,
  at: number,
  values: ArrayLike<number>,
  [from, to]: readonly [number, number],
  width: number,
): void => {
  const perWord = 32 / width
  for (let first = from, place = at; first < to; first += perWord, place++) {
    let word = 0
    const end = Math.min(to, first + perWord)
    for (let k = first; k < end; k++) word |= (values[k]! & mask(width)) << ((k - first) * width)
    words[place] = word
  }
}

/** The first `count` numbers of `shape`, a whole width, in a packed word. */
export const unpackLanes = (word: number, { width, min }: IntShape, count: number): readonly number[] =>
  Array.from({ length: count }, (_, lane) => {
    const code = (word >>> (lane * width)) & mask(width)
    return min < 0n && code >= 2 ** (width - 1) ? code - 2 ** width : code
  })

const mask = (width: number): number => (width === 32 ? -1 : (1 << width) - 1)
