import { checkCode } from './code.ts'
import { addExact, compareExact, type Dyadic, type Finite, finite, magnitudeOf, type Value } from './exact.ts'
import type { CodebookFormat, FormatSummary, Overflow } from './format.ts'
import { cannotHold, overflowError } from './refusals.ts'
import { type Rounding, roundsUp } from './rounding.ts'

/** Most bits of a codebook: its table is written out. */
export const mostCodebookBits = 8

/**
 * A format by its table: code c has the value `values[c]`. There must be 2^bits values, 2 to 256; unused codes repeat
 * another one's value. Zero has no sign. Values outside the limits saturate unless overflow is an error.
 */
export const codebookFormat = (
  values: readonly Dyadic[],
  { id, summary, source, ties }: FormatSummary & { readonly ties: CodebookFormat['ties'] },
): CodebookFormat => {
  const bits = Math.log2(values.length)
  if (!Number.isInteger(bits) || bits < 1 || bits > mostCodebookBits)
    throw new RangeError(`a codebook has 2, 4, 8, 16, 32, 64, 128 or 256 values, got ${values.length}`)
  const table = values.map(({ significand, exponent }) => finite(significand, exponent))
  const levels = levelsOf(table)
  const [min, max] = [levels[0]!, levels.at(-1)!]
  const smallest = levels.find(({ value }) => value.significand > 0n)
  if (!smallest) throw new RangeError('a codebook needs a value above zero')

  const encode = (value: Value, rounding: Rounding = 'nearest-even', overflow: Overflow = 'saturate'): bigint => {
    if (value.kind === 'nan' || value.kind === 'nar') throw cannotHold(id, value)
    if (overflow === 'wrap') throw new RangeError(`${id} cannot wrap: only integers do; choose error or saturate`)
    if (value.kind === 'infinite') {
      if (overflow === 'error') throw cannotHold(id, value)
      return (value.negative ? min : max).code
    }
    const above = levels.findIndex((level) => compareExact(value, level.value) <= 0)
    const upper = above < 0 ? max : levels[above]!
    const exact = above >= 0 && compareExact(value, upper.value) === 0
    if ((above === 0 && !exact) || above < 0) {
      if (overflow === 'error') throw overflowError(id, { min: min.value, max: max.value }, value)
      return upper.code
    }
    return exact ? upper.code : between(levels[above - 1]!, upper, value, rounding, ties)
  }

  return {
    kind: 'codebook',
    id,
    summary,
    source,
    ties,
    bits,
    values: table,
    min: min.value,
    max: max.value,
    smallest: smallest.value,
    overflow: 'saturate',
    decode: (code) => {
      checkCode(id, bits, code)
      return table[Number(code)]!
    },
    encode,
  }
}

interface Level {
  readonly value: Finite
  readonly code: bigint
}

/** The distinct values in ascending order, each with its first code. */
const levelsOf = (table: readonly Finite[]): readonly Level[] =>
  table
    .map((value, code) => ({ value, code: BigInt(code) }))
    .toSorted((a, b) => compareExact(a.value, b.value) || Number(a.code - b.code))
    .filter(({ value }, k, all) => k === 0 || compareExact(all[k - 1]!.value, value) !== 0)

/** The code of a value strictly between two neighbours: a part of the way from the one on zero's side to the other. */
const between = (
  lower: Level,
  upper: Level,
  value: Finite,
  rounding: Rounding,
  ties: CodebookFormat['ties'],
): bigint => {
  // Where zero itself is missing there is nothing toward it: the value keeps its sign (ours).
  const around = lower.value.negative && upper.value.significand > 0n
  if (around && rounding === 'toward-zero') return (value.negative ? lower : upper).code
  const [near, far] = value.negative ? [upper, lower] : [lower, upper]
  const part = difference(value, near.value)
  const whole = difference(far.value, near.value)
  const exponent = Math.min(part.exponent, whole.exponent)
  const at = ({ significand, exponent: e }: Dyadic): bigint => magnitudeOf(significand) << BigInt(e - exponent)
  return (roundsUp(rounding, at(part), at(whole), (ties === 'upper') !== value.negative) ? far : near).code
}

const difference = (a: Dyadic, b: Dyadic): Dyadic => addExact(a, { significand: -b.significand, exponent: b.exponent })
