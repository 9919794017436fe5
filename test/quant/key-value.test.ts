import { describe, expect, it } from 'vitest'
import { dequantiseWeights, quantiseWeights } from '../../src/quant/group-integer.ts'
import { type CacheOptions, roundKeys, roundValues } from '../../src/quant/key-value.ts'
import { normals, squaredError } from './normals.ts'

const [width, headSize, tokens] = [12, 4, 6]
const options: CacheOptions = { keys: 4, values: 3, per: 'channel', group: tokens }
const rounded = (
  round: (data: Float32Array, width: number, headSize: number, options: CacheOptions) => void,
  data: Float32Array,
  changed: Partial<CacheOptions> = {},
): Float32Array => {
  const copy = data.slice()
  round(copy, width, headSize, { ...options, ...changed })
  return copy
}
const data = normals(tokens * width, 4, 1)
/** Rounds one run of values by itself. */
const run = (values: readonly number[], bits: number): number[] => [
  ...dequantiseWeights(
    quantiseWeights(Float32Array.from(values), 1, values.length, { bits, group: values.length, signed: false }),
  ),
]

describe('keys', () => {
  it('are rounded channel by channel over the tokens', () => {
    const found = rounded(roundKeys, data)
    for (let channel = 0; channel < width; channel++) {
      const of = (from: Float32Array): number[] => [...from].filter((_, at) => at % width === channel)
      expect(of(found)).toEqual(run(of(data), 4))
    }
  })

  it('or head by head of each token', () => {
    const found = rounded(roundKeys, data, { per: 'token' })
    for (let from = 0; from < data.length; from += headSize)
      expect([...found.subarray(from, from + headSize)]).toEqual(run([...data.subarray(from, from + headSize)], 4))
  })

  it('of other channels lose less by channel where one is large', () => {
    const uneven = data.map((value, at) => value * (at % width === 5 ? 30 : 1))
    const error = (per: 'channel' | 'token'): number => {
      const others = (of: Float32Array): Float32Array => of.map((value, at) => (at % width === 5 ? 0 : value))
      return squaredError(others(uneven), others(rounded(roundKeys, uneven, { per })))
    }
    expect(error('channel')).toBeLessThan(error('token') / 4)
  })
})

describe('values', () => {
  it('are rounded head by head of each token', () => {
    const found = rounded(roundValues, data)
    for (let from = 0; from < data.length; from += headSize)
      expect([...found.subarray(from, from + headSize)]).toEqual(run([...data.subarray(from, from + headSize)], 3))
  })
})

it('what stays in float32 is not touched', () => {
  expect(rounded(roundKeys, data, { keys: undefined })).toEqual(data)
  expect(rounded(roundValues, data, { values: undefined })).toEqual(data)
})
