import { codecOf, type ScalarFormat, toNumber } from '../formats/index.ts'
import { oddBits } from '../formats/odd-bits.ts'
import { roundHalfEven } from './float16.ts'

/** A scalar format of at most 16 bits as a quantiser needs it. */
export interface Levels {
  readonly format: ScalarFormat
  /** The value of each code as a double; NaN for what is no number. */
  readonly values: Float64Array
  /** Largest magnitude; of two's-complement integers that of the largest value, so that both signs reach it. */
  readonly largest: number
  /** The code of a double, rounded as the format rounds, saturated. */
  readonly codeOf: (value: number) => number
}

/** Tables of a format, made once. */
export const levelsOf = (format: ScalarFormat): Levels => {
  const known = made.get(format)
  if (known) return known
  const { codeOfBits } = codecOf(format, 'saturate')
  const values = Float64Array.from({ length: 2 ** format.bits }, (_, code) => toNumber(format.decode(BigInt(code))))
  const most = toNumber(format.max)
  const largest = format.kind === 'integer' ? most : Math.max(most, -toNumber(format.min))
  const levels = { format, values, largest, codeOf: (value: number) => codeOfBits(oddBits(value)) }
  made.set(format, levels)
  return levels
}
const made = new WeakMap<ScalarFormat, Levels>()

/** Of two's-complement integers, ties to even; the lowest code is unused, so that both signs reach as far. */
export const symmetricLevelsOf = (format: ScalarFormat): Levels => {
  const levels = levelsOf(format)
  const { largest } = levels
  const mask = 2 ** format.bits - 1
  return { ...levels, codeOf: (value) => Math.max(-largest, Math.min(largest, roundHalfEven(value))) & mask }
}

/** Sum of squared errors of values in a format with a scale, or what it is when it goes beyond the limit. */
export const levelsError = (
  values: Float32Array,
  { codeOf, values: table }: Levels,
  scale: number,
  limit: number,
): number => {
  let error = 0
  for (let k = 0; k < values.length && error < limit; k++)
    error += (values[k]! - scale * table[codeOf(values[k]! / scale)]!) ** 2
  return error
}
