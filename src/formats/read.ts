import { parseValue, SpecError, unknownFormat, type Value } from '../spec/index.ts'
import type { BlockFormat } from './block-format.ts'
import { formatFamilies } from './families.ts'
import { type Format, type FormatSummary, type IntegerFormat, isScalar, type ScalarFormat } from './format.ts'

/**
 * The format that a text names: `int4`, `fp4`, `fp(e5m2)`, `posit(16,1)`. Anything wrong in the text is a SpecError
 * with a caret and what to write instead.
 */
export const formatOf = (text: string): Format => formatOfValue(text, parseValue(text))

/** The format of a value inside a longer text, such as `posit(16,1)` in `xrnpe(w=posit(16,1))`. */
export const formatOfValue = (text: string, value: Value): Format => {
  if (value.kind === 'integer')
    throw new SpecError(
      'E-SPEC-FORMAT',
      'a number format has a name',
      text,
      value,
      "write e.g. 'int4' or 'posit(16,1)'",
    )
  for (const { read } of formatFamilies) {
    const format = read({ text, value })
    if (format) return format
  }
  throw unknownFormat(text, value.kind === 'call' ? value.name : value, knownNames)
}

/** The integer format that a text names; another format is a RangeError. */
export const integerFormatOf = (text: string): IntegerFormat => {
  const format = formatOf(text)
  if (format.kind !== 'integer') throw new RangeError(`${format.id} is no integer format`)
  return format
}

/** The format of single real numbers that a text names; another one is a RangeError. */
export const scalarFormatOf = (text: string): ScalarFormat => {
  const format = formatOf(text)
  if (!isScalar(format)) throw new RangeError(`${format.id} is no format of single real numbers`)
  return format
}

/** The format of blocks that a text names, such as `mxfp4`; another one is a RangeError. */
export const blockFormatOf = (text: string): BlockFormat => {
  const format = formatOf(text)
  if (format.kind !== 'block') throw new RangeError(`${format.id} is no block format`)
  return format
}

const knownNames = [
  ...new Set(formatFamilies.flatMap(({ examples }) => examples.map((text) => text.replace(/\(.*/, '')))),
]

/** The formats `bitloom list formats` prints: the named ones, and some of each family with parameters. */
export const formats: readonly FormatSummary[] = formatFamilies
  .flatMap(({ examples }) => examples)
  .map(formatOf)
  .map(({ id, summary, source }) => ({ id, summary, source }))
