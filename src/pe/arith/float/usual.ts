import { type FloatFormat, knownFloats } from '../../../formats/index.ts'

const known = (id: string): FloatFormat => knownFloats.find((format) => format.id === id)!

/** Half precision, the format of activations beside integer weights. */
export const fp16 = known('fp16')
/** Single precision, the format of their sums. */
export const fp32 = known('fp32')
