import type { BitmodFormat } from './bitmod.ts'
import type { BlockFormat } from './block-format.ts'
import type { ComplexUnitsFormat } from './complex-units.ts'
import type { Finite, Value } from './exact.ts'
import type { OutlierVictimFormat } from './outlier-victim.ts'
import type { Rounding } from './rounding.ts'

/** What every number format says about itself; `bitloom list formats` prints it. */
export interface FormatSummary {
  /** The canonical text that names it in specs: `int4`, `posit(16,1)`. */
  readonly id: string
  /** What it is, one phrase. */
  readonly summary: string
  /** The standard or paper (and section) that defines it. */
  readonly source: string
}

/**
 * What `encode` does with a value that rounds to a number outside the limits: throw a RangeError, take the nearest
 * limit, keep the low bits (integers only), or take the special code that the format has for it (infinity, else NaN,
 * else the limit).
 */
export type Overflow = 'error' | 'saturate' | 'wrap' | 'special'

/**
 * A format of single real numbers. Codes are unsigned integers of `bits` bits. A code is canonical when encoding its
 * value gives it back; the others are second names of a value (NaN payloads, a second zero).
 */
export interface ScalarBase extends FormatSummary {
  readonly bits: number
  /** Smallest finite value; for a signed format the most negative one. */
  readonly min: Finite
  /** Largest finite value. */
  readonly max: Finite
  /** Smallest value above zero. */
  readonly smallest: Finite
  /** Where `nearest-even` puts the middle between two codes: on the even code, or on the lower or upper value. */
  readonly ties: 'even' | 'lower' | 'upper'
  /** What `encode` does on overflow unless told otherwise. */
  readonly overflow: Overflow
  /** The value of a code; a code out of range is a RangeError. */
  readonly decode: (code: bigint) => Value
  /**
   * The code of the rounded value; rounding is `nearest-even` and overflow the format's own unless said. An infinity
   * counts as overflow where the format has none. A NaN or NaR that the format cannot hold is a RangeError.
   */
  readonly encode: (value: Value, rounding?: Rounding, overflow?: Overflow) => bigint
}

/** Two's complement, unsigned, or sign and magnitude. */
export interface IntegerFormat extends ScalarBase {
  readonly kind: 'integer'
  readonly representation: 'twos-complement' | 'unsigned' | 'sign-magnitude'
  readonly signed: boolean
}

/** Fields and rules of a floating-point format; from the top bit: sign (if signed), exponent field, mantissa field. */
export interface FloatLayout {
  readonly signed: boolean
  readonly exponentBits: number
  /** Bits of the fraction, without the hidden bit. */
  readonly mantissaBits: number
  /** An exponent field f stands for the power 2^(f - bias). */
  readonly bias: number
  /**
   * What exponent field 0 holds: subnormals and zero; zero alone, whatever the mantissa (`flush`); or normal numbers
   * like every other field, so that there is no zero.
   */
  readonly lowest: 'subnormal' | 'flush' | 'normal'
  /**
   * Which codes are no numbers. `ieee`: the largest exponent field, infinity at mantissa 0 and NaN else. `fn`: all
   * ones after the sign is NaN, there is no infinity. `fnuz`: the code of -0 is NaN, there is no infinity and no -0.
   * `finite`: none.
   */
  readonly special: 'ieee' | 'fn' | 'fnuz' | 'finite'
}

export interface FloatFormat extends ScalarBase, FloatLayout {
  readonly kind: 'float'
  /** The NaN that encoding gives, or undefined. */
  readonly nan: bigint | undefined
  /** The code of +infinity, or undefined. */
  readonly infinity: bigint | undefined
}

/** A posit of `bits` bits with `es` exponent bits; the code of NaR is a one and zeros. */
export interface PositFormat extends ScalarBase {
  readonly kind: 'posit'
  readonly es: number
}

/** A table of values: code c has the value `values[c]`; of equal values the first code is the canonical one. */
export interface CodebookFormat extends ScalarBase {
  readonly kind: 'codebook'
  readonly ties: 'lower' | 'upper'
  readonly values: readonly Finite[]
}

/** Any format of single real numbers; a discriminated union by `kind`. */
export type ScalarFormat = IntegerFormat | FloatFormat | PositFormat | CodebookFormat

/** Any number format; a discriminated union by `kind`. */
export type Format = ScalarFormat | ComplexUnitsFormat | OutlierVictimFormat | BitmodFormat | BlockFormat

/** True for formats of single real numbers. */
export const isScalar = (format: Format): format is ScalarFormat =>
  format.kind === 'integer' || format.kind === 'float' || format.kind === 'posit' || format.kind === 'codebook'
