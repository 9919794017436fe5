import type { ScalarFormat, Value } from '../../src/formats/index.ts'

/**
 * A second implementation of rounding, for tests: a sorted table of values and a binary search. Values are plain
 * bigints, the numbers times `2^scale`, so that nothing of `src/formats/exact.ts` is used to compare them.
 */
export interface Oracle {
  readonly scale: number
  readonly entries: readonly Entry[]
  /** The code a scaled value inside the limits rounds to. */
  readonly nearest: (x: bigint) => bigint
  readonly towardZero: (x: bigint) => bigint
}

export interface Entry {
  readonly code: bigint
  readonly x: bigint
}

/** The tie point of two neighbours, scaled, unless it is the middle. */
type Tie = (lower: Entry, upper: Entry) => bigint

/** `entries` may be in any order but hold each value once; `scale` must leave room for one bit below every tie. */
export const oracleOf = (
  entries: readonly Entry[],
  scale: number,
  ties: ScalarFormat['ties'],
  tieOf: Tie = (lower, upper) => (lower.x + upper.x) / 2n,
): Oracle => {
  const sorted = entries.toSorted((a, b) => (a.x < b.x ? -1 : a.x > b.x ? 1 : 0))
  /** Index of the largest entry that is not above x. */
  const below = (x: bigint): number => {
    let [low, high] = [0, sorted.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (sorted[middle]!.x <= x) low = middle
      else high = middle - 1
    }
    return low
  }
  const evenOf = (lower: Entry, upper: Entry, x: bigint): Entry => {
    if (ties === 'lower') return lower
    if (ties === 'upper') return upper
    if (lower.code % 2n !== upper.code % 2n) return lower.code % 2n === 0n ? lower : upper
    // Both even: around a flushed range, or around a zero with one code; the one nearer to zero.
    return x > 0n ? lower : upper
  }
  return {
    scale,
    entries: sorted,
    nearest: (x) => {
      const lower = sorted[below(x)]!
      const upper = sorted[below(x) + 1]
      if (lower.x === x || !upper) return lower.code
      const tie = tieOf(lower, upper)
      return (x < tie ? lower : x > tie ? upper : evenOf(lower, upper, x)).code
    },
    towardZero: (x) => {
      const k = below(x)
      const [lower, upper] = [sorted[k]!, sorted[k + 1]]
      if (!upper || lower.x === x) return lower.code
      if (lower.x < 0n && upper.x > 0n) return (x < 0n ? lower : upper).code
      return (x > 0n ? lower : upper).code
    },
  }
}

/** A format's own table, where the test has checked `decode` by other means: canonical finite codes, one zero. */
export const entriesOf = (format: ScalarFormat, scale: number): Entry[] => {
  const entries: Entry[] = []
  for (let code = 0n; code < 1n << BigInt(format.bits); code++) {
    const value = format.decode(code)
    if (value.kind !== 'finite' || format.encode(value) !== code) continue
    if (value.significand === 0n && value.negative) continue
    entries.push({ code, x: scaled(value, scale) })
  }
  return entries
}

const scaled = (value: Value, scale: number): bigint => {
  if (value.kind !== 'finite') throw new Error(`no finite value: ${value.kind}`)
  const places = value.exponent + scale
  if (places < 0) throw new Error(`scale ${scale} is too small for an exponent of ${value.exponent}`)
  return value.significand << BigInt(places)
}

/** Points around every pair of neighbours: the values, the ties, and one unit to each side of both. */
export function* pointsOf({ entries }: Oracle, tieOf: Tie = (a, b) => (a.x + b.x) / 2n): Generator<bigint> {
  for (const [k, lower] of entries.entries()) {
    yield lower.x
    const upper = entries[k + 1]
    if (!upper) continue
    const tie = tieOf(lower, upper)
    for (const x of [lower.x + 1n, tie - 1n, tie, tie + 1n, upper.x - 1n]) if (x > lower.x && x < upper.x) yield x
  }
}
