import { canonicalText } from './parse.ts'
import { canonicalValue, type Parameter, type Spec } from './spec.ts'
import { badValue, SpecError, unknownKey } from './spec-error.ts'

/** A number format by its text, one of `allowed`. */
export interface FormatRule {
  readonly kind: 'format'
  readonly allowed: readonly string[]
  readonly default: string
  /** What the parameter means, one phrase for help texts. */
  readonly summary: string
}
/** A word of a fixed list. */
export interface ChoiceRule {
  readonly kind: 'choice'
  readonly allowed: readonly string[]
  readonly default: string
  readonly summary: string
}
/** An integer from `min` to `max`; `check` gives what is allowed for a value it refuses, e.g. `a multiple of 8`. */
export interface IntegerRule {
  readonly kind: 'integer'
  readonly min: number
  readonly max: number
  readonly default: number
  readonly summary: string
  readonly check?: (value: number) => string | undefined
}
/** A whole spec, `gptq(of=group-integer(w=int4))`. */
export interface SpecRule {
  readonly kind: 'spec'
  /** The full text of the spec inside, all its parameters said; what is wrong in it is a SpecError. */
  readonly read: (inside: Spec) => string
  /** A full text. */
  readonly default: string
  readonly summary: string
}
export type ParameterRule = FormatRule | ChoiceRule | IntegerRule | SpecRule

/** The parameters of a family by key, in the order of its canonical text; write it `as const satisfies ParameterSchema`. */
export type ParameterSchema = Readonly<Record<string, ParameterRule>>

/** The values that a schema gives: integers are numbers, formats and choices one of their allowed texts, specs their full text. */
export type ParametersOf<S extends ParameterSchema> = {
  readonly [K in keyof S]: S[K] extends IntegerRule
    ? number
    : S[K] extends { readonly allowed: readonly (infer A)[] }
      ? A
      : string
}

/** The parameters of a spec with defaults filled in; the first violation, in the order written, is thrown as a SpecError. */
export const readParameters = <const S extends ParameterSchema>(spec: Spec, schema: S): ParametersOf<S> => {
  const values = new Map<string, string | number>(Object.entries(schema).map(([key, rule]) => [key, rule.default]))
  for (const parameter of spec.parameters) {
    const rule = Object.hasOwn(schema, parameter.key.text) ? schema[parameter.key.text] : undefined
    if (!rule) throw unknownKey(spec, parameter.key, Object.keys(schema))
    values.set(parameter.key.text, readOne(spec, parameter, rule))
  }
  return Object.fromEntries(values) as ParametersOf<S>
}

const readOne = (spec: Spec, parameter: Parameter, rule: ParameterRule): string | number => {
  const found = canonicalValue(parameter.value)
  if (rule.kind === 'spec') return rule.read(specInside(spec, parameter))
  if (rule.kind !== 'integer') {
    const match = rule.allowed.find((text) => canonicalText(text) === found)
    if (match === undefined) throw badValue(spec, parameter, found, rule.allowed)
    return match
  }
  const range = `an integer from ${rule.min} to ${rule.max}`
  if (parameter.value.kind !== 'integer') throw badValue(spec, parameter, found, range)
  const value = parameter.value.value
  if (value < rule.min || value > rule.max) throw badValue(spec, parameter, found, range)
  const refused = rule.check?.(value)
  if (refused !== undefined) throw badValue(spec, parameter, found, `${range}, ${refused}`)
  return value
}

/** The full text of a family's parameters, defaults included, in the schema's order: one name for one design. */
export const fullSpec = <S extends ParameterSchema>(family: string, schema: S, values: ParametersOf<S>): string =>
  `${family}(${Object.keys(schema)
    .map((key) => `${key}=${String(values[key])}`)
    .join(', ')})`

/** The value of a parameter as a spec in the same text, so that carets point into it. */
const specInside = (spec: Spec, parameter: Parameter): Spec => {
  const { value } = parameter
  if (value.kind === 'integer')
    throw badValue(spec, parameter, canonicalValue(value), 'a name with parameters, such as group-integer(w=int4)')
  if (value.kind === 'name') return { text: spec.text, family: value, parameters: [] }
  const parameters = value.arguments.map(({ key, value: inside }) => {
    if (key) return { key, value: inside }
    throw new SpecError(
      'E-SPEC-SYNTAX',
      `the parameters of ${value.name.text} have keys`,
      spec.text,
      inside,
      `write such as 'w=${canonicalValue(inside)}'`,
    )
  })
  return { text: spec.text, family: value.name, parameters }
}
