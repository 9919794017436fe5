import { product } from './arithmetic.ts'
import { type BlockFormat, topMantissaBits, topPower } from './block-format.ts'
import {
  addExact,
  compareExact,
  type Dyadic,
  type Finite,
  finite,
  floorLog2,
  magnitudeOf,
  multiplyExact,
  type Value,
} from './exact.ts'
import { quotient } from './quotient.ts'
import { roundedShift } from './rounding.ts'

/** 1, the scale of blocks without a second-level scale. */
export const one = finite(1n)

const zeroValue = finite(0n)

/** The largest magnitude of the values; 0 for none. */
export const largestOf = (values: readonly Finite[]): Dyadic =>
  values
    .map(({ significand, exponent }) => finite(magnitudeOf(significand), exponent))
    .reduce<Dyadic>((most, value) => (compareExact(value, most) > 0 ? value : most), zeroValue)

/**
 * The code of the second-level scale for all the values of a tensor or channel: the largest magnitude over the largest
 * product of a scale and an element. Infinities and NaN are left out, zeros alone give 1 and what rounds to zero the smallest
 * scale (all ours). A RangeError for a format without such a scale.
 */
export const outerScaleOf = (format: BlockFormat, values: readonly Value[]): bigint => {
  const { outer, element, scale, product: limit } = format
  if (!outer) throw new RangeError(`${format.id} has no second-level scale`)
  const largest = largestOf(values.filter((value) => value.kind === 'finite'))
  const top = limit ? limit.max : multiplyExact(scale.max, element.max)
  return largest.significand === 0n ? outer.encode(one) : positive(outer, quotient(largest, top))
}

/** The value of a second-level scale, 1 where the format has none or none is given; a RangeError unless it is above 0. */
export const outerValue = ({ id, outer }: BlockFormat, code: bigint | undefined): Finite => {
  if (!outer) {
    if (code !== undefined) throw new RangeError(`${id} has no second-level scale`)
    return one
  }
  const value = code === undefined ? one : outer.decode(code)
  if (value.kind !== 'finite' || value.significand <= 0n)
    throw new RangeError(`${id} needs a second-level scale above 0, got code ${code} of ${outer.id}`)
  return value
}

/**
 * The scale code of a block of finite values, by the format's rule, for a given second-level scale. All zeros give the smallest
 * power of two or, for the other rules, 1 (ours); a scale that would round to zero becomes the smallest one (ours), and one that
 * is too large the largest.
 */
export const scaleCodeOf = (format: BlockFormat, values: readonly Finite[], outer: Finite): bigint => {
  const { scale, element, rule } = format
  const largest = largestOf(values)
  const zeros = largest.significand === 0n
  if (rule === 'absmax' || rule === 'range') {
    if (zeros) return scale.encode(one)
    if (rule === 'absmax') return positive(scale, quotient(largest, multiplyExact(element.max, outer)))
    const { low, high } = widenedRange(values)
    const levels = finite((1n << BigInt(element.bits)) - 1n)
    const range = addExact(high, finite(-low.significand, low.exponent))
    return positive(scale, quotient(range, multiplyExact(levels, outer)))
  }
  if (zeros) return scale.encode(scale.smallest)
  const power = floorLog2(largest)
  const top = topPower(format)
  if (rule === 'rceil') {
    const unit = finite(1n, format.unit)
    const fits = (exponent: number): boolean =>
      compareExact(largest, multiplyExact(multiplyExact(element.max, unit), finite(1n, exponent))) <= 0
    return powerCode(scale, fits(power - top) ? power - top : power - top + 1)
  }
  if (rule === 'ceil') return powerCode(scale, power - top + (compareExact(largest, finite(1n, power)) > 0 ? 1 : 0))
  const half = finite(1n, power - topMantissaBits(element) - 1)
  return powerCode(scale, floorLog2(rule === 'even' ? addExact(largest, half) : largest) - top)
}

/** The zero point of a block, as a number: what the value 0 becomes, within the limits of an element. */
export const zeroPointOf = ({ element }: BlockFormat, values: readonly Finite[], step: Finite): bigint => {
  const [least, most] = [element.min.significand, element.max.significand]
  const zero = least - integerOf(quotient(widenedRange(values).low, step))
  return zero < least ? least : zero > most ? most : zero
}

/** The nearest integer, ties to even. */
const integerOf = ({ significand, exponent }: Finite): bigint => {
  const magnitude = roundedShift(magnitudeOf(significand), -exponent, 'nearest-even')
  return significand < 0n ? -magnitude : magnitude
}

/** Smallest and largest of the values and 0. */
const widenedRange = (values: readonly Finite[]): { readonly low: Finite; readonly high: Finite } => ({
  low: values.reduce((low, value) => (compareExact(value, low) < 0 ? value : low), zeroValue),
  high: values.reduce((high, value) => (compareExact(value, high) > 0 ? value : high), zeroValue),
})

const powerCode = (scale: BlockFormat['scale'], exponent: number): bigint =>
  scale.encode(finite(1n, exponent), 'nearest-even', 'saturate')

/** The code of a scale above zero; never that of zero. */
const positive = (scale: BlockFormat['scale'], value: Finite): bigint => {
  const code = scale.encode(value, 'nearest-even', 'saturate')
  const found = scale.decode(code)
  return found.kind === 'finite' && found.significand === 0n ? scale.encode(scale.smallest) : code
}

/** The value of a scale code with its second-level scale and unit: what 1 of an element stands for. */
export const stepOf = ({ scale, unit }: BlockFormat, code: bigint, outer: Value): Value =>
  product(product(scale.decode(code), outer), finite(1n, unit))
