/** Gives that many random bits, as an unsigned integer. */
export type BitSource = (count: number) => bigint

/** Random bits from a source of numbers in [0, 1) of which the first 32 bits are random. */
export const bitsFrom =
  (random: () => number): BitSource =>
  (count) => {
    let bits = 0n
    for (let left = count; left > 0; left -= 32) {
      const wanted = Math.min(left, 32)
      bits = (bits << BigInt(wanted)) | BigInt(Math.floor(random() * 2 ** wanted))
    }
    return bits
  }

/**
 * Rounding with random bits: of two neighbours the one of larger magnitude is taken where `bits` random bits, added to
 * the first `bits` bits of the fraction between them, carry out. So the chance is the fraction, cut to that many bits.
 * An exact value stays and draws no bits.
 */
export interface Stochastic {
  readonly kind: 'stochastic'
  /** Random bits per rounding, at least 1. */
  readonly bits: number
  readonly source: BitSource
}

/** How a value between two neighbours is rounded; what a tie of `nearest-even` is, each format says. */
export type Rounding = 'nearest-even' | 'toward-zero' | Stochastic

/** Stochastic rounding from a bit source. */
export const stochastic = (source: BitSource, bits = 32): Stochastic => {
  if (!Number.isInteger(bits) || bits < 1) throw new RangeError(`stochastic rounding needs at least 1 bit, got ${bits}`)
  return { kind: 'stochastic', bits, source }
}

/**
 * True where a magnitude `part / whole` of the way from one neighbour to the next larger one goes to the larger one;
 * `0 <= part < whole`. `odd` says that the smaller neighbour loses ties.
 */
export const roundsUp = (rounding: Rounding, part: bigint, whole: bigint, odd: boolean): boolean => {
  if (part === 0n || rounding === 'toward-zero') return false
  if (rounding === 'nearest-even') return odd ? 2n * part >= whole : 2n * part > whole
  const scale = BigInt(rounding.bits)
  return ((part << scale) / whole + rounding.source(rounding.bits)) >> scale > 0n
}

/** `magnitude / 2^places`, rounded to an integer; ties go to the even one. A negative `places` shifts left, exactly. */
export const roundedShift = (magnitude: bigint, places: number, rounding: Rounding): bigint => {
  if (places <= 0) return magnitude << BigInt(-places)
  const whole = 1n << BigInt(places)
  const floor = magnitude >> BigInt(places)
  return roundsUp(rounding, magnitude & (whole - 1n), whole, (floor & 1n) === 1n) ? floor + 1n : floor
}
