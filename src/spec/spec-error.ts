import { nearest } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import { canonicalValue, type Parameter, parameterOf, type Spec, type Word } from './spec.ts'

/**
 * A mistake in the text of a spec. The message has at most four lines: the sentence, the text, a caret line under the
 * place, and what to write instead.
 */
export class SpecError extends UserError {
  override name = 'SpecError'
  /** First character of the faulty place in the text. */
  readonly from: number
  /** Character after the last faulty one. */
  readonly to: number
  constructor(code: string, sentence: string, text: string, place: Place, cure = '') {
    const lines = [sentence, ...pointAt(text, place), cure].filter((line) => line !== '')
    super(code, lines.join('\n'))
    this.from = place.from
    this.to = place.to
  }
}

/** Characters `from` (included) to `to` (excluded) of a text. */
export type Place = Pick<Word, 'from' | 'to'>

const shownWidth = 100

/** The text and a caret line under the place; a long text is cut to what stands around it. */
const pointAt = (text: string, { from, to }: Place): [string, string] => {
  const start = text.length <= shownWidth ? 0 : Math.max(0, Math.min(from - 30, text.length - shownWidth))
  const end = Math.min(text.length, start + shownWidth)
  const before = start > 0 ? '...' : ''
  const shown = before + printable(text.slice(start, end)) + (end < text.length ? '...' : '')
  const carets = Math.max(1, Math.min(to, end) - from)
  return [`  ${shown}`, `  ${' '.repeat(before.length + from - start)}${'^'.repeat(carets)}`]
}

/** The text with everything a terminal would not print as one character replaced by `?`. */
export const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?')

/** At most 40 characters of a text, for use inside a sentence. */
export const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 37)}...` : text)

const suggestion = (found: string, known: readonly string[]): string => {
  const near = nearest(found, known)
  return near === undefined ? '' : `did you mean '${near}'? `
}

/** Joins what is allowed: `int4, int8`; a long list is cut. */
const listed = (known: readonly string[]): string =>
  known.length <= 24 ? known.join(', ') : `${known.slice(0, 24).join(', ')}, ... (${known.length} in all)`

/** The error of a family that nobody knows; `one` and `many` say what families are called. */
export const unknownFamily = (
  spec: Spec,
  known: readonly string[],
  [one, many]: readonly [string, string] = ['PE family', 'families'],
): SpecError =>
  new SpecError(
    'E-SPEC-FAMILY',
    `there is no ${one} '${short(spec.family.text)}'`,
    spec.text,
    spec.family,
    `${suggestion(spec.family.text, known)}known ${many}: ${listed(known)}`,
  )

/** The family that a spec names, or the error of one that nobody knows; `called` is what families are called, one and many. */
export const familyNamed = <Family extends { readonly id: string }>(
  spec: Spec,
  families: readonly Family[],
  called?: readonly [string, string],
): Family => {
  const found = families.find(({ id }) => id === spec.family.text)
  if (found) return found
  throw unknownFamily(
    spec,
    families.map(({ id }) => id),
    called,
  )
}

/** The error of a number format that nobody knows; `name` is its place in `text`, `known` what may be meant. */
export const unknownFormat = (text: string, name: Word, known: readonly string[]): SpecError =>
  new SpecError(
    'E-SPEC-FORMAT',
    `there is no number format '${short(name.text)}'`,
    text,
    name,
    `${suggestion(name.text, known)}'bitloom list formats' shows what there is`,
  )

/** The error of a key that the family does not take. */
export const unknownKey = (spec: Spec, key: Word, allowed: readonly string[]): SpecError =>
  new SpecError(
    'E-SPEC-KEY',
    `${spec.family.text} has no parameter '${short(key.text)}'`,
    spec.text,
    key,
    allowed.length === 0
      ? `${spec.family.text} takes no parameters`
      : `${suggestion(key.text, allowed)}allowed keys: ${listed(allowed)}`,
  )

/** The error of a key that is given a second time; `again` is the second one. */
export const duplicateKey = (text: string, again: Word): SpecError =>
  new SpecError(
    'E-SPEC-DUPLICATE',
    `the parameter '${short(again.text)}' is given twice`,
    text,
    again,
    'keep one of the two',
  )

/**
 * The error of a value that the family does not take. `parameter` is the parameter or its key (then a default that is
 * not written points at the family), `found` says what is there, `allowed` a list of values or a phrase such as
 * `an integer from 2 to 65536`.
 */
export const badValue = (
  spec: Spec,
  parameter: Parameter | string,
  found: string,
  allowed: readonly string[] | string,
): SpecError => {
  const given = typeof parameter === 'string' ? parameterOf(spec, parameter) : parameter
  const key = typeof parameter === 'string' ? parameter : parameter.key.text
  const near = typeof allowed === 'string' || !given ? '' : suggestion(canonicalValue(given.value), allowed)
  return new SpecError(
    'E-SPEC-VALUE',
    `${spec.family.text} cannot have ${short(key)}=${short(found)}`,
    spec.text,
    given?.value ?? spec.family,
    `${near}allowed for '${short(key)}': ${typeof allowed === 'string' ? allowed : listed(allowed)}`,
  )
}
