/** A piece of the text of a spec: characters `from` (included) to `to` (excluded), counted from 0. */
export interface Word {
  readonly text: string
  readonly from: number
  readonly to: number
}

/** A bare name, `int4`. */
export interface NameValue extends Word {
  readonly kind: 'name'
}
/** A decimal integer of at most 15 digits, `128` or `-1`. */
export interface IntegerValue extends Word {
  readonly kind: 'integer'
  readonly value: number
}
/** A name with arguments, `posit(16,1)` or `mxfp4(block=32)`; `text` is what was written. */
export interface CallValue extends Word {
  readonly kind: 'call'
  readonly name: Word
  readonly arguments: readonly Argument[]
}
/** What stands behind a key. */
export type Value = NameValue | IntegerValue | CallValue

/** One argument of a call: by place (`key` undefined) or by name. */
export interface Argument {
  readonly key: Word | undefined
  readonly value: Value
}

/** `key=value` in a spec. */
export interface Parameter {
  readonly key: Word
  readonly value: Value
}

/** A spec as plain data: `mixpe(w=int4, group=128)` has the family `mixpe` and two parameters, in the order written. */
export interface Spec {
  readonly text: string
  readonly family: Word
  readonly parameters: readonly Parameter[]
}

/** The parameter of that key, or undefined where the spec does not set it. */
export const parameterOf = (spec: Spec, key: string): Parameter | undefined =>
  spec.parameters.find((parameter) => parameter.key.text === key)

/** One canonical text of a value: no spaces, integers without leading zeros, `posit(16,1)`. */
export const canonicalValue = (value: Value): string => {
  if (value.kind === 'integer') return String(value.value)
  if (value.kind === 'name') return value.text
  const inner = value.arguments.map(
    (argument) => (argument.key ? `${argument.key.text}=` : '') + canonicalValue(argument.value),
  )
  return `${value.name.text}(${inner.join(',')})`
}

/**
 * One canonical text of a spec: parameters sorted by key, brackets always there, `mixpe(a=int8, w=int4)`. Specs that
 * differ only in spaces or order have the same. `fullSpec` also fills in the defaults, in the family's own order.
 */
export const canonical = (spec: Spec): string => {
  const parts = spec.parameters.map(({ key, value }) => `${key.text}=${canonicalValue(value)}`)
  return `${spec.family.text}(${parts.toSorted().join(', ')})`
}
