import type { Bits } from '../../../dsl/index.ts'
import type { FloatFormat } from '../../../formats/index.ts'
import { type Aligned, addAligned, addFloats, alignProduct } from './add.ts'
import { exactProduct, type MultiplyOptions, multiplyFloats } from './multiply.ts'
import { encodeFloat } from './round.ts'
import { type Unpacked, unpack } from './unpacked.ts'

/** `a * b + c` with two roundings into `target`, one after the product and one after the sum. */
export const multiplyThenAdd = (
  format: FloatFormat,
  target: FloatFormat,
  a: Bits,
  b: Bits,
  c: Bits,
  options: MultiplyOptions = {},
): Bits => addFloats(target, multiplyFloats(format, target, a, b, options), c, options.overflow)

/** An exact product aligned with an addend of `target`. */
export const fusedAlign = (target: FloatFormat, product: Unpacked, c: Bits): Aligned =>
  alignProduct(product, { ...unpack(target, c), leadingZeros: 0 }, target.mantissaBits + 1)

/**
 * `a * b + c`, rounded once: factors of one format, addend and result of `target`, the same or a wider one.
 *
 * Not the textbook's frame of 3p + 2 bits, in which the addend is shifted past the whole product: whichever is larger comes
 * first, as in an addition, so that adder, normalisation and sign need only the product's bits and three (ours). Subnormal
 * factors come normalised, without which that shorter frame, like the textbook's, would round wrongly.
 */
export const multiplyAddFused = (
  format: FloatFormat,
  target: FloatFormat,
  a: Bits,
  b: Bits,
  c: Bits,
  { times, overflow }: MultiplyOptions = {},
): Bits => encodeFloat(target, addAligned(fusedAlign(target, exactProduct(format, a, b, times), c)), overflow)
