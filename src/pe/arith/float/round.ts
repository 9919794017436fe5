import { type Bits, type Bool, cat, type Int, mux, range, u } from '../../../dsl/index.ts'
import type { FloatFormat } from '../../../formats/index.ts'
import { normaliseLeft, shiftRightSticky, withSticky } from '../shifters.ts'
import { lowestPower, type Roundable, type Unpacked } from './unpacked.ts'

/** A number in place for rounding: its bits stand where the format's bits stand. */
export interface Placed extends Pick<Unpacked, 'sign' | 'infinite' | 'nan'> {
  /** Steps above the lowest exponent, never below it; without meaning where the hidden bit is 0. */
  readonly steps: Int
  /** Hidden bit, mantissa, guard bit, sticky bit. */
  readonly significand: Bits
}

/** What happens to numbers beyond the largest: the format's special code, or the largest number (infinities too). */
export type FloatOverflow = 'special' | 'saturate'

/**
 * Brings the highest 1 to the hidden bit, or as near as the lowest exponent allows: a number below it becomes subnormal,
 * or, where there are no subnormals, zero or the lowest normal number, whichever is nearer (a tie goes to zero; as
 * src/formats rounds).
 *
 * Where no exponent can lie below the lowest, one shift to the left with a limit does it; else it is a shift to the left and
 * one to the right.
 */
export const place = (format: FloatFormat, x: Roundable): Placed => {
  const { lowest } = format
  const width = format.mantissaBits + 3
  const { sign, infinite, nan } = x
  const above = x.exponent.add(x.significand.width - 1 - x.bias - lowestPower(format)).named('steps_above')
  const reaches = (least: bigint): boolean => above.shape.min >= least

  if (lowest === 'subnormal' && reaches(0n)) {
    const limit = reaches(BigInt(x.leadingZeros)) ? undefined : above
    const { normalised, places } = normaliseLeft(x.significand, x.leadingZeros, { limit })
    const steps = above.sub(places).wrap(u(above.shape.width)).named('steps')
    return { sign, infinite, nan, steps, significand: withSticky(normalised, width).named('placed') }
  }

  const { normalised, places } = normaliseLeft(x.significand, x.leadingZeros)
  const from = above.sub(places).named('steps_from')
  const steps = from.sat(range(0, from.shape.max > 0n ? from.shape.max : 0n))
  const significand = withSticky(normalised, width).named('placed')
  if (from.shape.min >= 0n) return { sign, infinite, nan, steps, significand }
  if (lowest === 'subnormal') {
    const below = from.neg().sat(range(0, -from.shape.min))
    return {
      sign,
      infinite,
      nan,
      steps,
      significand: shiftRightSticky(significand, below, width).named('denormalised'),
    }
  }
  const isBelow = from.shape.max < 0n ? sign.or(true) : from.lt(0)
  const nearest = lowest === 'flush' ? roundsToLowest(from, significand) : sign.and(false)
  const one = nearest
    .int()
    .shl(width - 1)
    .bits(width)
  return { sign, infinite, nan, steps, significand: mux(isBelow, one, significand) }
}

/** Above half of the lowest normal number. */
const roundsToLowest = (from: Int, significand: Bits): Bool => {
  const rest = significand.slice(significand.width - 2, 0).any()
  return significand
    .bit(significand.width - 1)
    .and(rest)
    .and(from.eq(-1))
}

/**
 * Rounds to nearest, ties to the even code, and packs. Field and mantissa are one integer, so that a carry out of the
 * mantissa goes on into the exponent, and from the largest number to infinity (IEEE Std 754-2019, 4.3.1 and 7.4). NaN is
 * the format's one NaN, the payload is not kept. A format without NaN gets its largest number in its place (ours).
 */
export const round = (format: FloatFormat, x: Placed, overflow: FloatOverflow = 'special'): Bits => {
  const { signed, exponentBits, mantissaBits, lowest, special } = format
  const magnitudeBits = exponentBits + mantissaBits
  const largest = format.encode(format.max)
  const { width } = x.significand
  const field = mux(x.significand.bit(width - 1), lowest === 'normal' ? x.steps : x.steps.add(1), 0)
  const cut = mantissaBits > 0 ? cat(field.bits(), x.significand.slice(width - 2, 2)) : field.bits()
  const [guard, sticky] = [x.significand.bit(1), x.significand.bit(0)]
  const rounded = cut
    .unsigned()
    .add(guard.and(sticky.or(cut.bit(0))).int())
    .named('rounded')

  // What is beyond the range becomes infinity, else NaN, else the limit.
  const beyond = rounded.shape.max > largest ? rounded.gt(largest).or(x.infinite) : x.infinite
  const infinity = overflow === 'special' ? format.infinity : undefined
  const magnitude = chosen(beyond, infinity ?? largest, rounded.bits(magnitudeBits))
  const overflowsToNan = overflow === 'special' && infinity === undefined && format.nan !== undefined
  const nan = overflowsToNan ? x.nan.or(beyond) : x.nan
  if (!signed) return unsignedCode(format, { ...x, nan }, magnitude, overflow)

  if (format.nan === undefined) return cat(x.sign.bits(), chosen(nan, largest, magnitude))
  const code = chosen(nan, BigInt.asUintN(magnitudeBits, format.nan), magnitude)
  const sign = special === 'fnuz' ? mux(nan, true, x.sign.and(magnitude.any())) : x.sign.and(nan.not())
  return cat(sign.bits(), code)
}

/** Negative numbers are beyond the range of a format without sign, unless they round to zero (as src/formats has it). */
const unsignedCode = (format: FloatFormat, x: Placed, magnitude: Bits, overflow: FloatOverflow): Bits => {
  const below = x.sign.and(format.lowest === 'normal' ? x.significand.any().or(x.infinite) : magnitude.any())
  const code = chosen(below, 0n, magnitude)
  if (format.nan === undefined) return chosen(x.nan, format.encode(format.max), code)
  return chosen(overflow === 'special' ? x.nan.or(below) : x.nan, format.nan, code)
}

const chosen = (condition: Bool, literal: bigint, otherwise: Bits): Bits => mux(condition.not(), otherwise, literal)

/** Any number as a code of the format, rounded once. */
export const encodeFloat = (format: FloatFormat, x: Roundable, overflow?: FloatOverflow): Bits =>
  round(format, place(format, x), overflow)
