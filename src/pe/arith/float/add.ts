import { type Bits, type Bool, cat, type Int, type IntShape, mux, range, u } from '../../../dsl/index.ts'
import type { FloatFormat } from '../../../formats/index.ts'
import { shiftRightSticky, withSticky } from '../shifters.ts'
import { encodeFloat, type FloatOverflow } from './round.ts'
import { type Unpacked, unpack } from './unpacked.ts'

/** Two numbers, the one of the higher exponent and the other shifted under it, ready for one addition. */
export interface Aligned {
  /** Of the first number, as in `Unpacked`. */
  readonly sign: Bool
  readonly exponent: Int
  readonly bias: number
  /** The first number's significand, `frame` bits. */
  readonly first: Bits
  /** The other one's in the same places, and a sticky bit. */
  readonly second: Bits
  /** The signs differ. */
  readonly subtracts: Bool
  readonly infinite: Bool
  readonly nan: Bool
  /** Sign of an infinite sum; undefined where the first number is never below the second: then it has that sign. */
  readonly infiniteSign: Bool | undefined
}

/**
 * Bits under the highest bit of the first number that make its sum with the other right when it is rounded to `precision`
 * bits, with a sticky bit under them. Let d be the distance of the highest bits and z the first number's leading zeros. If
 * d > z + 1, the sum loses at most z + 1 bits at the top: there are precision + 2 + z of them, one to round by. If not, it may
 * lose all of them, and nothing is cut off: one bit has its place where the sticky bit is.
 */
export const frameOf = (a: Unpacked, b: Unpacked, precision: number): number =>
  Math.max(
    precision + 2 + Math.max(a.leadingZeros, b.leadingZeros),
    a.significand.width + b.leadingZeros,
    b.significand.width + a.leadingZeros,
  )

/** Aligns two numbers of which `larger` has the larger magnitude, or the same. */
export const alignOrdered = (larger: Unpacked, smaller: Unpacked, precision: number): Aligned => {
  const frame = frameOf(larger, smaller, precision)
  const [first, other] = [framed(larger, frame), framed(smaller, frame)]
  const distance = larger.exponent
    .sub(smaller.exponent)
    .add(other.bias - first.bias)
    .named('distance')
  const subtracts = larger.sign.xor(smaller.sign).named('subtracts')
  return {
    sign: larger.sign,
    ...first,
    second: shiftRightSticky(smaller.significand, distance.wrap(placesOf(distance)), frame + 1).named('aligned'),
    subtracts,
    infinite: larger.infinite.or(smaller.infinite),
    nan: larger.nan.or(smaller.nan).or(larger.infinite.and(smaller.infinite).and(subtracts)),
    infiniteSign: undefined,
  }
}

/**
 * Aligns a product and a number of the format it is added in, by their exponents alone. `precision` is that format's.
 *
 * The leading zeros of `addend`'s subnormals need no room in the frame, because no bit below its format's last place counts;
 * leave them out of `addend.leadingZeros`. A zero product never comes first, so that it cuts nothing off.
 */
export const alignProduct = (product: Unpacked, addend: Unpacked, precision: number): Aligned => {
  const frame = frameOf(product, addend, precision)
  const [p, a] = [framed(product, frame), framed(addend, frame)]
  const rebased = p.exponent.add(a.bias - p.bias)
  const distance = rebased.sub(a.exponent).named('distance')
  const swapped = product.zero.or(distance.lt(0)).named('addend_first')
  const exponent = mux(swapped, a.exponent, rebased)
  // The higher exponent is not below the addend's lowest one: no bit for a sign.
  const hasSign = a.exponent.shape.min < 0n
  const subtracts = product.sign.xor(addend.sign).named('subtracts')
  const second = withSticky(mux(swapped, p.first, a.first), frame + 1)
  const places = mux(distance.lt(0), distance.neg(), distance)
  return {
    sign: mux(swapped, addend.sign, product.sign),
    exponent: hasSign ? exponent : exponent.wrap(u(exponent.shape.width)),
    bias: a.bias,
    first: mux(swapped, a.first, p.first),
    second: shiftRightSticky(second, places.wrap(placesOf(distance)), frame + 1).named('aligned'),
    subtracts,
    infinite: product.infinite.or(addend.infinite),
    nan: product.nan.or(addend.nan).or(product.infinite.and(addend.infinite).and(subtracts)),
    infiniteSign: mux(product.infinite, product.sign, addend.sign),
  }
}

/** Whole bits for the magnitude of a distance. */
const placesOf = ({ shape: { min, max } }: Int): IntShape => u(range(0, -min > max ? -min : max).width)

/** In the places of the frame, under the highest bit. */
const framed = (x: Unpacked, frame: number): Pick<Aligned, 'exponent' | 'bias' | 'first'> => ({
  exponent: x.exponent,
  bias: x.bias + frame - x.significand.width,
  first: withSticky(x.significand, frame),
})

/**
 * The sum of aligned numbers, exact but for its sticky bit: one adder, and where the second may be above the first one more
 * to turn the sign round. Exact cancellation gives +0, and -0 comes out of -0 + -0 alone (IEEE Std 754-2019, 6.3).
 */
export const addAligned = (x: Aligned): Unpacked => {
  const width = x.first.width + 1
  // -b is b turned round plus 1, and the 1 goes where the first number has no sticky bit.
  const turned = mux(x.subtracts, x.second.not(), x.second)
  const total = cat(x.first, x.subtracts.bits()).unsigned().add(turned.unsigned()).named('total')
  const carry = total.bit(width)
  const below = x.infiniteSign ? x.subtracts.and(carry.not()).named('turns_sign') : undefined
  const low = total.bits(width)
  const magnitude = below ? mux(below, low.unsigned().neg().bits(width), low) : low
  const significand = cat(carry.and(x.subtracts.not()).bits(), magnitude).named('magnitude')
  const isZero = significand.any().not().named('cancels')
  const sign = mux(isZero, x.sign.and(x.subtracts.not()), below ? x.sign.xor(below) : x.sign)
  return {
    sign: x.infiniteSign ? mux(x.infinite, x.infiniteSign, sign) : sign,
    exponent: x.exponent,
    significand,
    zero: isZero,
    infinite: x.infinite,
    nan: x.nan,
    bias: x.bias + 1,
    leadingZeros: width,
  }
}

/** Two codes of one format, unpacked, the one of larger magnitude first: codes without sign are in the order of magnitudes. */
export const orderFloats = (format: FloatFormat, a: Bits, b: Bits): readonly [Unpacked, Unpacked] => {
  const bits = format.exponentBits + format.mantissaBits
  const swapped = a
    .slice(bits - 1, 0)
    .unsigned()
    .lt(b.slice(bits - 1, 0).unsigned())
  return [unpack(format, mux(swapped, b, a)), unpack(format, mux(swapped, a, b))]
}

/** `a + b`, rounded. */
export const addFloats = (format: FloatFormat, a: Bits, b: Bits, overflow?: FloatOverflow): Bits => {
  const [larger, smaller] = orderFloats(format, a, b)
  const zeros = { leadingZeros: 0 }
  const aligned = alignOrdered({ ...larger, ...zeros }, { ...smaller, ...zeros }, format.mantissaBits + 1)
  return encodeFloat(format, addAligned(aligned), overflow)
}
