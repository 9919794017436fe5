import { canonicalText } from './parse.ts'
import { canonicalValue, type Parameter, type Spec } from './spec.ts'
import { badValue, unknownKey } from './spec-error.ts'

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
export type ParameterRule = FormatRule | ChoiceRule | IntegerRule

/** The parameters of a family by key, in the order of its canonical text; write it `as const satisfies ParameterSchema`. */
export type ParameterSchema = Readonly<Record<string, ParameterRule>>

/** The values that a schema gives: integers are numbers, formats and choices one of their allowed texts. */
export type ParametersOf<S extends ParameterSchema> = {
  readonly [K in keyof S]: S[K] extends IntegerRule
    ? number
    : S[K] extends { readonly allowed: readonly (infer A)[] }
      ? A
      : never
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
