import { checkCode } from './code.ts'
import { bitLength, finite, infinite, magnitudeOf, NAN, type Value, zero } from './exact.ts'
import type { FloatFormat, FloatLayout, Overflow } from './format.ts'
import { cannotHold, overflowError } from './refusals.ts'
import { type Rounding, roundsUp } from './rounding.ts'

/** The middle of the exponent range: 2^(exponentBits - 1) - 1, as in IEEE Std 754-2019, 3.3. */
export const usualBias = (exponentBits: number): number => 2 ** (exponentBits - 1) - 1

/**
 * A floating-point format of at most 64 bits: at most 11 exponent bits and 52 mantissa bits.
 *
 * A value is rounded as if the exponents went on upwards for ever; what then lies above the largest number overflowed
 * (IEEE Std 754-2019, 7.4). Overflow: the `special` default gives infinity, else NaN, else the limit; toward zero a
 * finite value never leaves the limit. Ties go to the even code, which is the even mantissa where there is one; without
 * mantissa bits it is the even exponent field (ours, as IEEE is silent). Unsigned formats take what rounds below their
 * smallest code as overflow (ours).
 */
export const floatFormat = (
  layout: FloatLayout,
  { id, summary, source }: { readonly id: string; readonly summary?: string; readonly source: string },
): FloatFormat => {
  checkLayout(layout)
  const { signed, exponentBits, mantissaBits, bias, lowest, special } = layout
  const magnitudeBits = exponentBits + mantissaBits
  const bits = magnitudeBits + (signed ? 1 : 0)
  const fractionBits = BigInt(mantissaBits)
  const hiddenBit = 1n << fractionBits
  const signBit = signed ? 1n << BigInt(magnitudeBits) : 0n
  const allOnes = (1n << BigInt(magnitudeBits)) - 1n
  const codes = specialCodes(layout, allOnes, signBit)
  const { infinity, nan, largest } = codes
  /** Power of two of exponent field 0 where that is normal, else of exponent field 1. */
  const lowestPower = lowest === 'normal' ? -bias : 1 - bias

  /** The magnitude of a code without its sign. */
  const magnitudeAt = (code: bigint): { significand: bigint; exponent: number } => {
    const field = code >> fractionBits
    const fraction = code & (hiddenBit - 1n)
    if (field > 0n || lowest === 'normal') {
      const power = lowestPower + Number(field) - (lowest === 'normal' ? 0 : 1)
      return { significand: hiddenBit | fraction, exponent: power - mantissaBits }
    }
    return { significand: lowest === 'flush' ? 0n : fraction, exponent: lowestPower - mantissaBits }
  }

  const signedValue = (negative: boolean, code: bigint): Value => {
    const { significand, exponent } = magnitudeAt(code)
    if (significand === 0n) return zero(negative && special !== 'fnuz')
    return finite(negative ? -significand : significand, exponent)
  }

  /** The rounded code of a magnitude above zero; beyond `allOnes` where it is too large for any exponent field. */
  const roundedCode = (magnitude: bigint, exponent: number, rounding: Rounding): bigint => {
    const power = bitLength(magnitude) + exponent - 1
    if (lowest === 'flush' && power < lowestPower) {
      // The neighbours are zero and the smallest normal number; a tie goes to zero (ours).
      const shift = lowestPower - exponent
      return roundsUp(rounding, magnitude, 1n << BigInt(shift), false) ? hiddenBit : 0n
    }
    const step = Math.max(power, lowestPower) - mantissaBits
    const base =
      (BigInt(Math.max(power, lowestPower) - lowestPower) << fractionBits) - (lowest === 'normal' ? hiddenBit : 0n)
    const places = step - exponent
    if (places <= 0) return base + (magnitude << BigInt(-places))
    const whole = 1n << BigInt(places)
    const code = base + (magnitude >> BigInt(places))
    return roundsUp(rounding, magnitude & (whole - 1n), whole, (code & 1n) === 1n) ? code + 1n : code
  }

  const overflowed = (value: Value, overflow: Overflow, limit: bigint): bigint => {
    if (overflow === 'wrap')
      throw new RangeError(`${id} cannot wrap: only integers do; choose error, saturate or special`)
    if (overflow === 'error') {
      if (value.kind !== 'finite') throw cannotHold(id, value)
      throw overflowError(id, { min, max }, value)
    }
    if (overflow === 'special') {
      const negative = value.kind !== 'nan' && value.kind !== 'nar' && value.negative
      if (infinity !== undefined && (signed || !negative)) return negative ? signBit | infinity : infinity
      if (nan !== undefined) return nan
    }
    return limit
  }

  const encode = (value: Value, rounding: Rounding = 'nearest-even', overflow: Overflow = 'special'): bigint => {
    if (value.kind === 'nan' || value.kind === 'nar') {
      if (nan === undefined) throw cannotHold(id, value)
      return nan
    }
    const sign = value.negative ? signBit : 0n
    if (value.kind === 'infinite') {
      if (infinity !== undefined && (signed || !value.negative) && overflow !== 'saturate') return sign | infinity
      return overflowed(value, overflow, value.negative && !signed ? 0n : sign | largest)
    }
    const magnitude = magnitudeOf(value.significand)
    if (magnitude === 0n) return special === 'fnuz' ? 0n : sign
    const code = roundedCode(magnitude, value.exponent, rounding)
    if (value.negative && !signed) return code <= 0n && lowest !== 'normal' ? 0n : overflowed(value, overflow, 0n)
    // Below the smallest power of a format without zero there is nothing but that power (ours).
    if (code < 0n) return sign
    if (code > largest) {
      // Toward zero, and where a `fn` code of NaN is in the way, the largest number is the nearest one below.
      if (rounding === 'toward-zero' && overflow === 'special') return sign | largest
      return overflowed(value, overflow, sign | largest)
    }
    if (code === 0n && special === 'fnuz') return 0n
    return sign | code
  }

  const at = (code: bigint) => {
    const { significand, exponent } = magnitudeAt(code)
    return finite(significand, exponent)
  }
  const max = at(largest)
  const min = signed ? finite(-max.significand, max.exponent) : at(0n)
  const smallest = at(lowest === 'normal' ? 0n : lowest === 'flush' || mantissaBits === 0 ? hiddenBit : 1n)

  return {
    kind: 'float',
    ...layout,
    id,
    summary: summary ?? describe(layout),
    source,
    bits,
    nan,
    infinity,
    min,
    max,
    smallest,
    ties: 'even',
    overflow: 'special',
    decode: (code) => {
      checkCode(id, bits, code)
      const negative = (code & signBit) !== 0n
      const magnitude = code & allOnes
      if (special === 'fnuz' && code === signBit) return NAN
      if (magnitude <= largest) return signedValue(negative, magnitude)
      return magnitude === infinity ? infinite(negative) : NAN
    },
    encode,
  }
}

/** Codes without sign: infinity, NaN and the largest number. */
const specialCodes = (
  { exponentBits, mantissaBits, special }: FloatLayout,
  allOnes: bigint,
  signBit: bigint,
): { readonly infinity: bigint | undefined; readonly nan: bigint | undefined; readonly largest: bigint } => {
  if (special === 'finite') return { infinity: undefined, nan: undefined, largest: allOnes }
  if (special === 'fn') return { infinity: undefined, nan: allOnes, largest: allOnes - 1n }
  if (special === 'fnuz') return { infinity: undefined, nan: signBit, largest: allOnes }
  const infinity = ((1n << BigInt(exponentBits)) - 1n) << BigInt(mantissaBits)
  // The quiet NaN: the top mantissa bit set (IEEE Std 754-2019, 6.2.1); without mantissa bits there is none.
  const nan = mantissaBits === 0 ? undefined : infinity | (1n << BigInt(mantissaBits - 1))
  return { infinity, nan, largest: infinity - 1n }
}

const checkLayout = ({ signed, exponentBits, mantissaBits, bias, lowest, special }: FloatLayout): void => {
  const refuse = (sentence: string): never => {
    throw new RangeError(`a floating-point format ${sentence}`)
  }
  if (!(Number.isInteger(exponentBits) && exponentBits >= 1 && exponentBits <= 11))
    refuse(`has 1 to 11 exponent bits, got ${exponentBits}`)
  if (!(Number.isInteger(mantissaBits) && mantissaBits >= 0 && mantissaBits <= 52))
    refuse(`has 0 to 52 mantissa bits, got ${mantissaBits}`)
  if (!(Number.isInteger(bias) && Math.abs(bias) <= 2048)) refuse(`has a bias from -2048 to 2048, got ${bias}`)
  if (special === 'ieee' && exponentBits < 2) refuse("needs 2 exponent bits or more for special='ieee'")
  if (special === 'fn' && exponentBits + mantissaBits < 2) refuse("needs 2 bits or more for special='fn'")
  if (special === 'fnuz' && (!signed || lowest === 'normal'))
    refuse("needs a sign and a zero for special='fnuz', whose NaN is the code of -0")
}

const describe = (layout: FloatLayout): string => {
  const { signed, exponentBits, mantissaBits, bias, lowest, special } = layout
  const specials = {
    ieee: 'infinities and NaN as in IEEE 754',
    fn: 'NaN and no infinity',
    fnuz: 'one NaN, no infinity, one zero',
    finite: 'no infinity, no NaN',
  }
  const low = { subnormal: 'subnormals', flush: 'no subnormals', normal: 'no zero' }
  const power = `${exponentBits} exponent and ${mantissaBits} mantissa bits`
  return `${signed ? 'sign' : 'unsigned'}, ${power}, bias ${bias}, ${low[lowest]}, ${specials[special]}`
}
