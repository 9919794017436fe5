import {
  type CallValue,
  duplicateKey,
  type NameValue,
  type Parameter,
  type ParameterSchema,
  type ParametersOf,
  readParameters,
  type Spec,
  SpecError,
  type Word,
} from '../spec/index.ts'

/** The text of a format as the grammar gives it: a name, or a name with arguments; `text` is all that was written. */
export interface FormatText {
  readonly text: string
  readonly value: NameValue | CallValue
}

/** The name of a format text, `posit` of `posit(16,1)`. */
export const nameOf = ({ value }: FormatText): Word => (value.kind === 'call' ? value.name : value)

/**
 * The arguments by a schema: those without key take the keys of the schema in its order, what is missing its default.
 * The first mistake is thrown as a SpecError with a caret.
 */
export const readArguments = <const S extends ParameterSchema>(format: FormatText, schema: S): ParametersOf<S> =>
  readParameters(specOf(format, Object.keys(schema)), schema)

const specOf = (format: FormatText, keys: readonly string[]): Spec => {
  const { text, value } = format
  const spec: Spec = { text, family: nameOf(format), parameters: [] }
  const given = value.kind === 'call' ? value.arguments : []
  const parameters = given.map((argument, place): Parameter => {
    if (argument.key) return { key: argument.key, value: argument.value }
    const key = keys[place]
    if (key === undefined)
      throw new SpecError(
        'E-SPEC-VALUE',
        `${spec.family.text} has ${keys.length} arguments at most`,
        text,
        argument.value,
        keys.length === 0 ? `write '${spec.family.text}'` : `in this order: ${keys.join(', ')}`,
      )
    return { key: { ...argument.value, text: key }, value: argument.value }
  })
  for (const [k, { key }] of parameters.entries())
    if (parameters.slice(0, k).some((earlier) => earlier.key.text === key.text)) throw duplicateKey(text, key)
  return { ...spec, parameters }
}

/** A RangeError of a constructor, told with a caret under the whole format. */
export const built = <F>({ text, value }: FormatText, build: () => F): F => {
  try {
    return build()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new SpecError('E-SPEC-VALUE', error.message, text, value)
  }
}

/** The error of a name such as `int0` whose number is out of range. */
export const badNumber = (format: FormatText, sentence: string, cure: string): SpecError =>
  new SpecError('E-SPEC-VALUE', sentence, format.text, nameOf(format), cure)
