import { type Arithmetic, product } from './arithmetic.ts'
import { checkCode } from './code.ts'
import { bitLength, type Finite, finite, zero } from './exact.ts'
import type { FloatFormat } from './format.ts'

/** The l of the offset 2^-l that stands for the product of the fractions: m, 3 at m = 4, 4 above (L-Mul, equation 1). */
export const lMulOffset = (mantissaBits: number): number =>
  mantissaBits <= 3 ? mantissaBits : mantissaBits === 4 ? 3 : 4

/**
 * L-Mul as hardware does it: the codes without sign are added as integers, less the bias, plus the offset, as in the
 * paper's figure 2. Each carry c out of the mantissas goes into the exponent: with the sum f of fractions and offset the
 * result is 2^(x + y + c) * (1 + f - c), c = floor(f), always a code; equation 1 has 2^(x + y) * (1 + f).
 *
 * Zeros and subnormals count as zero and what falls below the smallest normal number is zero (ours); infinities and NaN
 * behave as in a product. Without mantissa bits there is no offset (ours): the product of powers of two is exact.
 */
export const lMul = (format: FloatFormat, { overflow = format.overflow }: Pick<Arithmetic, 'overflow'> = {}) => {
  const { bits, bias, mantissaBits, signed } = format
  if (format.lowest === 'normal') throw new RangeError(`${format.id} has no zero, which L-Mul needs`)
  const magnitudeBits = signed ? bits - 1 : bits
  const mask = (1n << BigInt(magnitudeBits)) - 1n
  const smallestNormal = 1n << BigInt(mantissaBits)
  const largest = format.encode(format.max)
  const offset = mantissaBits === 0 ? 0n : 1n << BigInt(mantissaBits - lMulOffset(mantissaBits))
  const shift = offset - (BigInt(bias) << BigInt(mantissaBits))
  return (a: bigint, b: bigint): bigint => {
    checkCode(format.id, bits, a)
    checkCode(format.id, bits, b)
    const [x, y] = [format.decode(a), format.decode(b)]
    if (x.kind !== 'finite' || y.kind !== 'finite') return format.encode(product(x, y), 'nearest-even', overflow)
    const negative = x.negative !== y.negative
    const none = format.encode(zero(negative))
    if ((a & mask) < smallestNormal || (b & mask) < smallestNormal) return none
    const code = (a & mask) + (b & mask) + shift
    if (code < smallestNormal) return none
    if (code <= largest) return negative ? (1n << BigInt(magnitudeBits)) | code : code
    const beyond = finite(format.max.significand * 4n, format.max.exponent)
    return format.encode(
      negative ? { ...beyond, significand: -beyond.significand, negative } : beyond,
      'nearest-even',
      overflow,
    )
  }
}

/** Equation 1 of the paper on two positive values of `mantissaBits` fraction bits: 2^(x + y) * (1 + f), exactly. */
export const lMulEquation = (x: Finite, y: Finite, mantissaBits: number): Finite => {
  const places = Math.max(fractionBits(x), fractionBits(y), lMulOffset(mantissaBits))
  const one = 1n << BigInt(places)
  const fraction = (value: Finite): bigint => (value.significand << BigInt(places - fractionBits(value))) - one
  const power = fractionBits(x) + x.exponent + fractionBits(y) + y.exponent
  const offset = mantissaBits === 0 ? 0n : 1n << BigInt(places - lMulOffset(mantissaBits))
  return finite(one + fraction(x) + fraction(y) + offset, power - places)
}

const fractionBits = ({ significand }: Finite): number => bitLength(significand) - 1

/** Errors of L-Mul against the exact product; relative ones are `approximation / product - 1`. */
export interface LMulErrors {
  /** Pairs of mantissas: all of them, as the exponents change no relative error. */
  readonly pairs: number
  readonly meanRelative: number
  readonly meanAbsoluteRelative: number
  readonly worstRelative: number
  /** Mean of approximation less product, in units of 2^(x + y). */
  readonly mean: number
}

/** Error statistics over all pairs of mantissas of 0 to 10 bits, of the adder or of the equation. */
export const lMulErrors = (mantissaBits: number, variant: 'adder' | 'equation' = 'adder'): LMulErrors => {
  if (!Number.isInteger(mantissaBits) || mantissaBits < 0 || mantissaBits > 10)
    throw new RangeError(`L-Mul error statistics take 0 to 10 mantissa bits, got ${mantissaBits}`)
  const one = 2 ** mantissaBits
  const offset = mantissaBits === 0 ? 0 : 2 ** (mantissaBits - lMulOffset(mantissaBits))
  let [sum, absolute, worst, plain] = [0, 0, 0, 0]
  for (let x = one; x < 2 * one; x++)
    for (let y = one; y < 2 * one; y++) {
      const fraction = x + y - 2 * one + offset
      const carries = variant === 'equation' ? 0 : Math.floor(fraction / one)
      const approximation = 2 ** carries * (one + fraction - carries * one)
      // In units of 2^(-2 m), where all is an integer.
      const error = approximation * one - x * y
      const relative = error / (x * y)
      sum += relative
      absolute += Math.abs(relative)
      if (Math.abs(relative) > Math.abs(worst)) worst = relative
      plain += error
    }
  const pairs = one * one
  return {
    pairs,
    meanRelative: sum / pairs,
    meanAbsoluteRelative: absolute / pairs,
    worstRelative: worst,
    mean: plain / one / one / pairs,
  }
}
