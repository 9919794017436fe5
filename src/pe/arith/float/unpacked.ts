import { type Bits, type Bool, cat, type Int, mux, range } from '../../../dsl/index.ts'
import type { FloatFormat } from '../../../formats/index.ts'

/**
 * A number on its way through an arithmetic unit, unpacked from a float, a posit or an integer: sign and magnitude,
 * `significand * 2^(exponent - bias)`. What is not a signal is known where the hardware is described.
 */
export interface Unpacked {
  readonly sign: Bool
  /** Power of two of the significand's lowest bit, plus `bias`. */
  readonly exponent: Int
  /** 0 for zero; where bits were cut off, the lowest bit is 1 if any of them was (sticky). */
  readonly significand: Bits
  readonly zero: Bool
  /** Over `zero` and the magnitude. */
  readonly infinite: Bool
  /** NaN or NaR; over all else. */
  readonly nan: Bool
  readonly bias: number
  /** At most so many zeros stand above the highest 1 of a significand that is not 0. */
  readonly leadingZeros: number
}

/** Power of two of the lowest normal number of a format, or of its lowest number where all are normal. */
export const lowestPower = ({ lowest, bias }: Pick<FloatFormat, 'lowest' | 'bias'>): number =>
  lowest === 'normal' ? -bias : 1 - bias

/**
 * The fields of a code. A significand of mantissaBits + 1 bits; subnormals keep their leading zeros and have the exponent of
 * the lowest normal numbers, so unpacking costs two gates beside the detection of zero, infinity and NaN.
 */
export const unpack = (format: FloatFormat, code: Bits): Unpacked => {
  const { signed, exponentBits, mantissaBits, bias, lowest, special } = format
  const magnitudeBits = exponentBits + mantissaBits
  const no = code.bit(0).and(false)
  const magnitude = code.slice(magnitudeBits - 1, 0)
  const field = code.slice(magnitudeBits - 1, mantissaBits)
  const mantissa = mantissaBits > 0 ? code.slice(mantissaBits - 1, 0) : undefined
  const hasMantissa = mantissa?.any() ?? no
  const sign = signed ? code.bit(magnitudeBits) : no
  const normal = lowest === 'normal' ? no.not() : field.any().named('is_normal')
  const kept = mantissa && lowest === 'flush' ? mux(normal, mantissa, 0) : mantissa
  const top = special === 'ieee' ? field.all() : no
  const nan =
    special === 'ieee'
      ? top.and(hasMantissa)
      : special === 'fn'
        ? magnitude.all()
        : special === 'fnuz'
          ? sign.and(magnitude.any().not())
          : no
  return {
    sign,
    exponent:
      lowest === 'normal'
        ? field.unsigned()
        : field
            .unsigned()
            .sat(range(1, 2 ** exponentBits - 1))
            .named('exponent'),
    significand: kept ? cat(normal.bits(), kept) : normal.bits(),
    zero: (lowest === 'flush' ? normal.not() : normal.or(hasMantissa).not()).and(
      special === 'fnuz' ? sign.not() : true,
    ),
    infinite: top.and(hasMantissa.not()),
    nan,
    bias: bias + mantissaBits,
    leadingZeros: lowest === 'subnormal' ? mantissaBits : 0,
  }
}

/** An integer times 2^-fractionBits as sign and magnitude. */
export const unpackInteger = (value: Int, fractionBits = 0): Unpacked => {
  const no = value.bit(0).and(false)
  const negative = value.shape.min < 0n ? value.lt(0) : no
  const magnitude = value.shape.min < 0n ? mux(negative, value.neg(), value) : value
  const largest = -value.shape.min > value.shape.max ? -value.shape.min : value.shape.max
  const significand = magnitude.bits(range(0, largest).width)
  return {
    sign: negative,
    exponent: no.int(),
    significand,
    zero: significand.any().not(),
    infinite: no,
    nan: no,
    bias: fractionBits,
    leadingZeros: significand.width - 1,
  }
}

/** What rounding asks of a number: zero shows in its significand. */
export type Roundable = Omit<Unpacked, 'zero'>

/** The number without a flag that no register behind it needs. */
export const roundable = ({ zero: _, ...number }: Unpacked): Roundable => number
