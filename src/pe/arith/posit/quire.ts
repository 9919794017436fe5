import { type Bits, type Bool, cat, type Int, type IntShape, range, s, u } from '../../../dsl/index.ts'
import type { PositFormat } from '../../../formats/index.ts'
import { type Multiplier, multiply } from '../float/multiply.ts'
import { type Unpacked, unpackInteger } from '../float/unpacked.ts'
import { repeated, shiftLeftFilled } from '../shifters.ts'
import { decodePosit } from './decode.ts'
import { encodePosit } from './encode.ts'

/** Places behind the point of a quire: its last place is the square of the smallest posit. */
export const quireFractionBits = ({ bits, es }: Pick<PositFormat, 'bits' | 'es'>): number => 2 * (bits - 2) * 2 ** es

/** What a quire of that many bits holds, in units of its last place: as far below zero as above (as src/formats has it). */
export const quireShape = (bits: number): IntShape => {
  const limit = (1n << BigInt(bits - 1)) - 1n
  return range(-limit, limit)
}

/** One product for a quire: in units of its last place, and whether a factor was NaR. */
export interface QuireTerm {
  readonly units: Int
  readonly nar: Bool
}

/** The exact product of two posits as it is added to a quire. */
export const quireTerm = (format: PositFormat, a: Bits, b: Bits, times?: Multiplier): QuireTerm =>
  inQuirePlaces(format, multiply(decodePosit(format, a), decodePosit(format, b), times))

/** A product of two posits of the format in a quire's places. */
export const inQuirePlaces = (format: PositFormat, product: Unpacked): QuireTerm => {
  const { turned, sign, nar } = turnedInPlaces(format, product)
  return { units: turned.add(sign.int()), nar }
}

/** A product in a quire's places, a negative one turned round bit by bit: the term is `turned`, and 1 more where `sign`. */
export interface TurnedTerm {
  readonly turned: Int
  readonly sign: Bool
  readonly nar: Bool
}

/**
 * The product is shifted from the lowest place upwards; of the bits of its fraction that lie below, none is ever 1, because a
 * posit near the smallest has no fraction.
 */
export const turnedInPlaces = (format: PositFormat, product: Unpacked): TurnedTerm => {
  const { sign, significand, bias } = product
  const fraction = quireFractionBits(format)
  // The smallest posits' product has its one bit in place 0; zeros may come with a lower power, and stay zeros.
  const above = product.exponent.add(fraction)
  const places = above.wrap(u(range(0, 2 * fraction).width))
  const width = 2 * fraction + 2
  const turned = cat(sign.bits(), significand.xor(repeated(sign, significand.width)))
  const shifted = shiftLeftFilled(turned, places, sign)
  return {
    turned: shifted
      .signed()
      .wrap(s(width + bias + 1))
      .shr(bias),
    sign,
    nar: product.nan,
  }
}

/** A quire: the sum in units of its last place; sticky flags. */
export interface QuireState {
  readonly sum: Int
  /** The sum left the range at some time and was cut to the limit. */
  readonly saturated: Bool
  readonly nar: Bool
}

/** The quire with one more term, as `quireOf` of src/formats adds: beyond the range it stays at the limit. */
export const addToQuire = (state: QuireState, term: QuireTerm): QuireState => {
  const { shape } = state.sum
  const total = state.sum.add(term.units)
  return {
    sum: total.sat(shape),
    saturated: state.saturated.or(total.gt(shape.max)).or(total.lt(shape.min)),
    nar: state.nar.or(term.nar),
  }
}

/** A quire's sum as the nearest posit. */
export const readQuire = (format: PositFormat, sum: Int, nar: Bool): Bits =>
  encodePosit(format, { ...unpackInteger(sum, quireFractionBits(format)), nan: nar })
