import { type FloatFormat, knownFloats, scalarFormatOf } from '../../../formats/index.ts'

const known = (id: string): FloatFormat => knownFloats.find((format) => format.id === id)!

/** Half precision, the format of activations beside integer weights. */
export const fp16 = known('fp16')
/** Single precision, the format of their sums. */
export const fp32 = known('fp32')

/** A floating-point format by name; a RangeError where the name is another format's. */
export const floatNamed = (text: string): FloatFormat => {
  const format = scalarFormatOf(text)
  if (format.kind !== 'float') throw new RangeError(`${text} is no floating-point format`)
  return format
}
