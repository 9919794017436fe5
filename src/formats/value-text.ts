import {
  bitLength,
  type Dyadic,
  finite,
  infinite,
  magnitudeOf,
  NAN,
  NAR,
  normalised,
  type Value,
  zero,
} from './exact.ts'

/** Most digits of a decimal that `valueText` writes out; longer values are written `m*2^e`. */
const mostDigits = 40

/**
 * The text of a value, exact: a decimal such as `-0.0625` where that has at most 40 digits, else `m*2^e` with an odd m, or `2^e`;
 * `inf`, `-inf`, `NaN`, `NaR`, `-0`.
 */
export const valueText = (value: Value | Dyadic): string => {
  const found: Value = 'kind' in value ? value : finite(value.significand, value.exponent)
  if (found.kind === 'nan') return 'NaN'
  if (found.kind === 'nar') return 'NaR'
  const sign = found.negative ? '-' : ''
  if (found.kind === 'infinite') return `${sign}inf`
  const { significand, exponent } = normalised(found)
  const magnitude = magnitudeOf(significand)
  if (magnitude === 0n) return `${sign}0`
  // Neither power of ten is computed for values that are far too long.
  const long = bitLength(magnitude) + Math.abs(exponent) > 4 * mostDigits
  const text = long ? undefined : decimal(magnitude, exponent)
  return (
    sign +
    (text !== undefined && text.length <= mostDigits ? text : `${magnitude === 1n ? '' : `${magnitude}*`}2^${exponent}`)
  )
}

const decimal = (magnitude: bigint, exponent: number): string => {
  if (exponent >= 0) return String(magnitude << BigInt(exponent))
  const digits = String(magnitude * 5n ** BigInt(-exponent)).padStart(1 - exponent, '0')
  return `${digits.slice(0, exponent)}.${digits.slice(exponent)}`
}

/** Bits kept of a decimal that is no dyadic rational, beyond the last place that any format here can tell apart. */
const keptBits = 4096
const mostExponent = 1000

/**
 * The value of a text: a decimal (`0.1`, `-3e-5`), `m*2^e`, `2^e`, `inf`, `nan`, `nar`; undefined for anything else or an
 * exponent of more than 1000 tens or 4000 twos. A decimal that is no dyadic rational is cut after 4096 fraction bits
 * and one more bit says that there was a rest, so that it rounds and compares with every format as the decimal itself.
 */
export const valueOfText = (text: string): Value | undefined => {
  const word = text.trim().toLowerCase()
  if (word === 'nan') return NAN
  if (word === 'nar') return NAR
  const infinity = /^([-+]?)inf(inity)?$/.exec(word)
  if (infinity) return infinite(infinity[1] === '-')
  if (word.length > 5000) return undefined
  const power = /^([-+]?)(?:(\d+)\*)?2\^([-+]?\d{1,4})$/.exec(word)
  if (power) {
    const exponent = Number(power[3])
    return Math.abs(exponent) > 4000 ? undefined : signed(power[1] === '-', BigInt(power[2] ?? 1), exponent)
  }
  const match = /^([-+]?)(\d*)(?:\.(\d*))?(?:e([-+]?\d{1,5}))?$/.exec(word)
  const digits = match ? match[2]! + (match[3] ?? '') : ''
  if (!match || digits === '') return undefined
  const tens = Number(match[4] ?? 0)
  if (Math.abs(tens) > mostExponent) return undefined
  const places = tens - (match[3]?.length ?? 0)
  const negative = match[1] === '-'
  if (places >= 0) return signed(negative, BigInt(digits) * 10n ** BigInt(places), 0)
  // n / 10^p = (n / 5^p) * 2^-p
  const divisor = 5n ** BigInt(-places)
  const numerator = BigInt(digits)
  if (numerator % divisor === 0n) return signed(negative, numerator / divisor, places)
  const shifted = numerator << BigInt(keptBits)
  return signed(negative, ((shifted / divisor) << 1n) | 1n, places - keptBits - 1)
}

const signed = (negative: boolean, magnitude: bigint, exponent: number): Value =>
  magnitude === 0n ? zero(negative) : finite(negative ? -magnitude : magnitude, exponent)
