import type { Bits, Int } from '../../../dsl/index.ts'
import type { FloatFormat } from '../../../formats/index.ts'
import { encodeFloat, type FloatOverflow } from './round.ts'
import { unpack, unpackInteger } from './unpacked.ts'

/** A code of one format as the nearest code of another; infinities and NaN become what `round` says. */
export const convertFloat = (from: FloatFormat, to: FloatFormat, code: Bits, overflow?: FloatOverflow): Bits =>
  encodeFloat(to, unpack(from, code), overflow)

/** `value * 2^-fractionBits` as the nearest code of the format; the code of 0 is +0. */
export const integerToFloat = (to: FloatFormat, value: Int, fractionBits = 0, overflow?: FloatOverflow): Bits =>
  encodeFloat(to, unpackInteger(value, fractionBits), overflow)
