import { bitLength, finite, infinite, magnitudeOf, NAN, type Value, zero } from './exact.ts'
import { roundedShift } from './rounding.ts'

const view = new DataView(new ArrayBuffer(8))

/** The exact value of a double, the sign of zero kept. */
export const fromNumber = (x: number): Value => {
  if (Number.isNaN(x)) return NAN
  if (!Number.isFinite(x)) return infinite(x < 0)
  if (x === 0) return zero(Object.is(x, -0))
  view.setFloat64(0, x)
  const bits = view.getBigUint64(0)
  const field = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xf_ffff_ffff_ffffn
  const magnitude = field === 0 ? fraction : fraction | (1n << 52n)
  return finite(x < 0 ? -magnitude : magnitude, Math.max(field, 1) - 1075)
}

/** The double nearest to a value, ties to even; NaN also for NaR. Exact for what fits 53 bits and the doubles' range. */
export const toNumber = (value: Value): number => {
  if (value.kind === 'nan' || value.kind === 'nar') return Number.NaN
  const sign = value.negative ? -1 : 1
  if (value.kind === 'infinite') return sign * Number.POSITIVE_INFINITY
  const magnitude = magnitudeOf(value.significand)
  if (magnitude === 0n) return sign * 0
  // Rounded once, to 53 bits or to the last bit of a subnormal, so that the two multiplications below are exact.
  const exponent = Math.max(bitLength(magnitude) + value.exponent - 53, -1074)
  if (exponent > 1023) return sign * Number.POSITIVE_INFINITY
  const rounded = Number(roundedShift(magnitude, exponent - value.exponent, 'nearest-even'))
  const half = Math.trunc(exponent / 2)
  return sign * rounded * 2 ** half * 2 ** (exponent - half)
}
