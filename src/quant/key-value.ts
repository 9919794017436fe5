import { roundToNearest } from './fitted.ts'
import { dequantiseWeights, fitGroups } from './group-integer.ts'

/** How keys and values of past tokens are kept. */
export interface CacheOptions {
  /** Bits of a key and of a value, 2 to 8, or undefined for float32. */
  readonly keys: number | undefined
  readonly values: number | undefined
  /** What shares a scale of the keys: a channel over the tokens of a group, or a head of a token. */
  readonly per: 'channel' | 'token'
  /** Tokens that are quantised together; those behind the last whole group stay in float32. */
  readonly group: number
}

/** Rounds `rows` of `width` values in place, asymmetrically, each run of `length` of a row with an FP16 scale and a zero point of its own. */
const roundRuns = (data: Float32Array, rows: number, width: number, length: number, bits: number): void => {
  const matrix = { data, outputs: rows, inputs: width, name: 'keys or values' }
  data.set(dequantiseWeights(roundToNearest(matrix, fitGroups(matrix, { bits, group: length, signed: false }))))
}

/** Keys of some tokens, tokens x width, rounded in place, all heads side by side. */
export const roundKeys = (
  keys: Float32Array,
  width: number,
  headSize: number,
  { keys: bits, per }: CacheOptions,
): void => {
  if (bits === undefined) return
  const tokens = keys.length / width
  if (per === 'token') {
    roundRuns(keys, tokens, width, headSize, bits)
    return
  }
  const channels = new Float32Array(keys.length)
  keys.forEach((value, at) => {
    channels[(at % width) * tokens + Math.floor(at / width)] = value
  })
  roundRuns(channels, width, tokens, tokens, bits)
  channels.forEach((value, at) => {
    keys[(at % tokens) * width + Math.floor(at / tokens)] = value
  })
}

/** Values of some tokens, tokens x width, rounded in place: each head of each token has a scale. */
export const roundValues = (values: Float32Array, width: number, headSize: number, options: CacheOptions): void => {
  if (options.values !== undefined) roundRuns(values, values.length / width, width, headSize, options.values)
}
