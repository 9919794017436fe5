import { type Bits, cat, mux, range } from '../../../dsl/index.ts'
import type { PositFormat } from '../../../formats/index.ts'
import type { Unpacked } from '../float/unpacked.ts'
import { normaliseSticky, shiftRightSticky } from '../shifters.ts'
import { fractionBits } from './decode.ts'

/** Any number as the nearest posit. */
export const encodePosit = (format: PositFormat, number: Unpacked): Bits =>
  roundToPosit(format, normaliseForPosit(format, number))

/**
 * The number without leading zeros, its significand cut to what rounding asks for: the hidden bit, the longest fraction, a bit
 * to round by and a sticky bit.
 */
export const normaliseForPosit = (format: PositFormat, number: Unpacked): Unpacked => {
  const { significand, leadingZeros, exponent, bias } = number
  const width = Math.min(significand.width, fractionBits(format) + 3)
  const { normalised, places } = normaliseSticky(significand, leadingZeros, width)
  return {
    ...number,
    exponent: exponent.sub(places),
    significand: normalised,
    bias: bias - (significand.width - width),
    leadingZeros: 0,
  }
}

/**
 * A number without leading zeros as the nearest posit: the string of regime, exponent and fraction is written out, rounded at the code's last bit to
 * nearest, ties to even, and complemented for a negative number. Nothing rounds to zero, nor beyond the largest posit
 * (Standard for Posit Arithmetic, 2022). NaN and infinity become NaR.
 *
 * The regime is 10 or 01 moved right with its first bit following, so one shift writes it and moves the rest. The power of
 * two is clamped one step below the lowest, where all of the code is zeros, and then that code's last bit is set.
 */
export const roundToPosit = (format: PositFormat, x: Unpacked): Bits => {
  const { bits, es } = format
  const top = (bits - 2) * 2 ** es
  const { width } = x.significand
  const power = x.exponent.add(width - 1 - x.bias).sat(range(-top - 1, top))
  const fields = power.bits(Math.max(power.shape.width, es + 1))
  const regime = fields.slice(fields.width - 1, es)
  const isNegative = regime.bit(regime.width - 1)
  const run = mux(isNegative, regime.not(), regime)
  const places = regime.width > 1 ? run.slice(regime.width - 2, 0).unsigned() : isNegative.and(false).int()
  const string = cat(
    isNegative.not().bits(),
    isNegative.bits(),
    ...(es > 0 ? [fields.slice(es - 1, 0)] : []),
    ...(width > 1 ? [x.significand.slice(width - 2, 0)] : []),
  )
  // The code without its sign, a bit to round by and a sticky bit.
  const shifted = shiftRightSticky(string, places, bits + 1, isNegative.not())
  const cut = shifted.slice(bits, 2)
  const up = shifted.bit(1).and(shifted.bit(0).or(cut.bit(0)).or(cut.any().not()))
  const magnitude = cut.unsigned().add(up.int()).bits(bits)
  const code = mux(x.sign, magnitude.unsigned().neg().bits(bits), magnitude)
  return mux(x.nan.or(x.infinite), code.and(0).or(1n << BigInt(bits - 1)), mux(x.zero, code.and(0), code))
}
