import { bitLength, type Dyadic, type Finite, finite, magnitudeOf } from './exact.ts'

/** Significant bits kept of a quotient, more than any threshold between two codes of a format of at most 64 bits has. */
const keptBits = 128

/**
 * `a / b`, exactly where that is a dyadic rational of at most 128 bits. Else it is cut there and one more bit says that there
 * was a rest, so that it rounds into every format of at most 64 bits, and compares with its values, as the quotient itself.
 * `b` is not zero; a zero quotient is +0.
 */
export const quotient = (a: Dyadic, b: Dyadic): Finite => {
  const [numerator, denominator] = [magnitudeOf(a.significand), magnitudeOf(b.significand)]
  if (denominator === 0n) throw new RangeError('a quotient needs a divisor other than 0')
  const negative = a.significand < 0n !== b.significand < 0n
  const exponent = a.exponent - b.exponent
  const signed = (magnitude: bigint, power: number): Finite => finite(negative ? -magnitude : magnitude, power)
  // Small integers first: most quotients here are by a power of two.
  if (numerator % denominator === 0n) return signed(numerator / denominator, exponent)
  const shift = BigInt(Math.max(0, keptBits + bitLength(denominator) - bitLength(numerator)))
  const shifted = numerator << shift
  const whole = shifted / denominator
  if (whole * denominator === shifted) return signed(whole, exponent - Number(shift))
  return signed((whole << 1n) | 1n, exponent - Number(shift) - 1)
}
