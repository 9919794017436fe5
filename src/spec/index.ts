export {
  type ChoiceRule,
  type FormatRule,
  fullSpec,
  type IntegerRule,
  type ParameterRule,
  type ParameterSchema,
  type ParametersOf,
  readParameters,
  type SpecRule,
} from './parameters.ts'
export { canonicalText, maximumSpecLength, parseSpec, parseValue } from './parse.ts'
export * from './spec.ts'
export {
  badValue,
  duplicateKey,
  familyNamed,
  SpecError,
  unknownFamily,
  unknownFormat,
  unknownKey,
} from './spec-error.ts'
