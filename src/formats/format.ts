/** What every number format says about itself; `bitloom list formats` prints it. */
export interface FormatSummary {
  /** The text that names it in specs: `int4`. */
  readonly id: string
  /** What it is, one phrase with its range. */
  readonly summary: string
  /** The standard or paper (and section) that defines it. */
  readonly source: string
}

/** What `encode` does with a value outside the range: throw a RangeError, take the nearest limit, or keep the low bits. */
export type Overflow = 'error' | 'saturate' | 'wrap'

/** An integer format: exact values and codes, both `bigint`. */
export interface IntegerFormat extends FormatSummary {
  readonly kind: 'integer'
  readonly bits: number
  readonly signed: boolean
  /** Smallest value. */
  readonly min: bigint
  /** Largest value. */
  readonly max: bigint
  /** The value of a code from 0 to 2^bits - 1; any other code is a RangeError. */
  readonly decode: (code: bigint) => bigint
  /** The code of a value; `overflow` (default `error`) says what happens outside `min` to `max`. */
  readonly encode: (value: bigint, overflow?: Overflow) => bigint
}

/** Any number format; a discriminated union by `kind`. */
export type Format = IntegerFormat
