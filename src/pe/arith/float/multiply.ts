import type { Bits, Int } from '../../../dsl/index.ts'
import type { FloatFormat } from '../../../formats/index.ts'
import { normaliseLeft } from '../shifters.ts'
import { encodeFloat, type FloatOverflow } from './round.ts'
import { type Unpacked, unpack } from './unpacked.ts'

/** How significands are multiplied: both without sign, the product exact. */
export type Multiplier = (a: Int, b: Int) => Int
export const plainMultiplier: Multiplier = (a, b) => a.mul(b)

/** The exact product: significands multiplied, exponents added. Zero times infinity is NaN (IEEE Std 754-2019, 7.2). */
export const multiply = (a: Unpacked, b: Unpacked, times: Multiplier = plainMultiplier): Unpacked => ({
  sign: a.sign.xor(b.sign),
  exponent: a.exponent.add(b.exponent),
  significand: times(a.significand.unsigned(), b.significand.unsigned()).bits(
    a.significand.width + b.significand.width,
  ),
  zero: a.zero.or(b.zero),
  infinite: a.infinite.or(b.infinite),
  nan: a.nan.or(b.nan).or(a.infinite.and(b.zero)).or(a.zero.and(b.infinite)),
  bias: a.bias + b.bias,
  leadingZeros: a.leadingZeros + b.leadingZeros + 1,
})

/** The same number without leading zeros. */
export const normalise = (x: Unpacked): Unpacked => {
  const { normalised, places } = normaliseLeft(x.significand, x.leadingZeros)
  return { ...x, significand: normalised, exponent: x.exponent.sub(places), leadingZeros: 0 }
}

export interface MultiplyOptions {
  readonly times?: Multiplier | undefined
  readonly overflow?: FloatOverflow | undefined
}

/**
 * The exact product of two numbers of one format, without leading zeros but one: subnormals are normalised before, which
 * takes narrower shifts than normalising the product (ours).
 */
export const exactProduct = (format: FloatFormat, a: Bits, b: Bits, times?: Multiplier): Unpacked =>
  multiply(normalise(unpack(format, a)), normalise(unpack(format, b)), times)

/** `a * b`, rounded into `target`. */
export const multiplyFloats = (
  format: FloatFormat,
  target: FloatFormat,
  a: Bits,
  b: Bits,
  { times, overflow }: MultiplyOptions = {},
): Bits => encodeFloat(target, exactProduct(format, a, b, times), overflow)
