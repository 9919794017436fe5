import { abfloatFormat } from './abfloat.ts'
import { codebookFormat } from './codebook.ts'
import { addExact, compareExact, type Dyadic, type Finite, finite, magnitudeOf, type Value } from './exact.ts'
import { flintFormat } from './flint.ts'
import type { CodebookFormat, FormatSummary } from './format.ts'
import type { Rounding } from './rounding.ts'

/** Two neighbouring values in two codes, of which one may be an outlier at the cost of the other. */
export interface OutlierVictimFormat extends FormatSummary {
  readonly kind: 'outlier-victim'
  /** Bits of one value; a pair has twice as many. */
  readonly bits: number
  readonly normal: CodebookFormat
  readonly outlier: CodebookFormat
  /** The code, unused by `normal`, that says: this is a victim, and my neighbour an outlier. */
  readonly identifier: bigint
  readonly decodePair: (left: bigint, right: bigint) => readonly [Finite, Finite]
  readonly encodePair: (left: Value, right: Value, rounding?: Rounding) => readonly [bigint, bigint]
}

/** Formats of the normal values, each with its outliers: the smallest outlier is the first one above the normal values. */
const kinds = {
  int4: { bits: 4, layout: [2, 1], bias: 2 },
  flint4: { bits: 4, layout: [2, 1], bias: 3 },
  int8: { bits: 8, layout: [4, 3], bias: 4 },
} as const

export const outlierVictimKinds = Object.keys(kinds) as readonly (keyof typeof kinds)[]

/**
 * OliVe's outlier-victim pair. A value nearer to an outlier than to a normal value (a tie: ours) is one; its neighbour, the
 * victim, is stored as the identifier and reads as zero. Where both are outliers the left one is kept.
 */
export const outlierVictimFormat = (kind: keyof typeof kinds): OutlierVictimFormat => {
  const { bits, layout, bias } = kinds[kind]
  const normal = kind === 'flint4' ? flintFormat(4) : symmetricInteger(bits)
  const outlier = abfloatFormat(layout[0], layout[1], bias)
  const identifier = 1n << BigInt(bits - 1)
  const first = outlier.smallest
  /** Twice the middle between the largest normal value and the first outlier. */
  const threshold = addExact(normal.max, first)

  const isOutlier = (value: Value): boolean => {
    if (value.kind === 'infinite') return true
    if (value.kind !== 'finite') return false
    return compareExact(finite(2n * magnitudeOf(value.significand), value.exponent), threshold) >= 0
  }
  const outlierCode = (value: Value, rounding: Rounding): bigint => {
    const code = outlier.encode(value, rounding)
    const found = outlier.decode(code)
    // The grid of the outliers has a zero, which is not for use here.
    if (found.kind === 'finite' && found.significand !== 0n) return code
    const negative = value.kind === 'finite' && value.negative
    return outlier.encode(negative ? finite(-first.significand, first.exponent) : first)
  }
  const zero = finite(0n)
  const read = (format: CodebookFormat, code: bigint): Finite => {
    const value = format.decode(code)
    return value.kind === 'finite' ? value : zero
  }

  return {
    kind: 'outlier-victim',
    id: `olive(${kind})`,
    summary: `pairs of ${kind}, one of which may be an outlier of ${outlier.id} and the other one zero`,
    source: `OliVe, ISCA 2023 (arXiv 2304.07493)${kind === 'int8' ? '; bias: ours' : ''}`,
    bits,
    normal,
    outlier,
    identifier,
    decodePair: (left, right) => {
      if (left === identifier) return [zero, right === identifier ? zero : read(outlier, right)]
      if (right === identifier) return [read(outlier, left), zero]
      return [read(normal, left), read(normal, right)]
    },
    encodePair: (left, right, rounding = 'nearest-even') => {
      if (isOutlier(left)) return [outlierCode(left, rounding), identifier]
      if (isOutlier(right)) return [identifier, outlierCode(right, rounding)]
      return [normal.encode(left, rounding), normal.encode(right, rounding)]
    },
  }
}

/** Integers from -(2^(bits-1) - 1) up in two's complement; the code that is left over repeats zero. */
const symmetricInteger = (bits: number): CodebookFormat => {
  const half = 2 ** (bits - 1)
  const values = Array.from({ length: 2 * half }, (_, code): Dyadic => {
    const significand = code === half ? 0 : code < half ? code : code - 2 * half
    return { significand: BigInt(significand), exponent: 0 }
  })
  return codebookFormat(values, {
    id: `symmetric int${bits}`,
    summary: `integers from -${half - 1} to ${half - 1}`,
    source: 'OliVe, ISCA 2023',
    ties: 'upper',
  })
}
