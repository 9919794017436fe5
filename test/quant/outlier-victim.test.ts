import { describe, expect, it } from 'vitest'
import { fromNumber, outlierVictimFormat, toNumber } from '../../src/formats/index.ts'
import { roundToNearest } from '../../src/quant/fitted.ts'
import { roundToFloat16 } from '../../src/quant/float16.ts'
import { dequantisePairs, fitPairs, type PairOptions } from '../../src/quant/outlier-victim.ts'
import { normalMatrix, squaredError } from './normals.ts'

const quantised = (matrix: ReturnType<typeof normalMatrix>, options: PairOptions) =>
  roundToNearest(matrix, fitPairs(matrix, options))

describe.each(['int4', 'flint4', 'int8'] as const)('pairs of %s', (normal) => {
  const format = outlierVictimFormat(normal)

  it('have the codes of the definition, outliers and victims included', () => {
    const matrix = normalMatrix(2, 400, 2)
    for (const at of [3, 44, 220, 221, 500]) matrix.data[at]! *= 40
    const found = quantised(matrix, { normal, per: 'group', group: 200 })
    const restored = dequantisePairs(found)
    let outliers = 0
    for (let at = 0; at < matrix.data.length; at += 2) {
      const scale = found.scales[Math.floor(at / 200)]!
      const pair = format.encodePair(fromNumber(matrix.data[at]! / scale), fromNumber(matrix.data[at + 1]! / scale))
      expect([found.codes[at], found.codes[at + 1]]).toEqual(pair.map(Number))
      expect([restored[at]! + 0, restored[at + 1]! + 0]).toEqual(
        format.decodePair(...pair).map((value) => Math.fround(scale * toNumber(value)) + 0),
      )
      if (pair.includes(format.identifier)) outliers++
    }
    expect(outliers).toBeGreaterThan(2)
  })

  it('leave a weight without a neighbour a normal value', () => {
    const data = Float32Array.from({ length: 65 }, (_, k) => (k === 64 ? 20 : k % 2 === 0 ? 0.1 : -0.1))
    const found = quantised({ data, outputs: 1, inputs: 65, name: 'm' }, { normal, per: 'channel', group: 1 })
    expect(found.codes.includes(Number(format.identifier))).toBe(false)
    expect(dequantisePairs(found)[64]).toBe(found.scales[0]! * toNumber(format.normal.max))
  })

  it('take the weight without a neighbour into the search for the scale', () => {
    // Sixteen small weights are exact at most scales; the last one alone decides.
    const data = Float32Array.from({ length: 17 }, (_, k) => (k === 16 ? 1 : 0))
    const found = quantised({ data, outputs: 1, inputs: 17, name: 'm' }, { normal, per: 'channel', group: 1 })
    const first = (3 * Math.sqrt(1 / 17)) / toNumber(format.normal.max)
    const errors = Array.from({ length: 76 }, (_, step) => {
      const scale = roundToFloat16((0.5 + step / 50) * first)
      const value = format.normal.decode(format.normal.encode(fromNumber(1 / scale), 'nearest-even', 'saturate'))
      return { scale, error: (1 - scale * toNumber(value)) ** 2 }
    })
    const least = Math.min(...errors.map(({ error }) => error))
    expect(found.scales[0]).toBe(errors.find(({ error }) => error === least)!.scale)
    expect(found.scales[0]).not.toBe(errors[0]!.scale)
  })

  it('have a scale from 0.5 to 2 times three deviations over the largest normal value, the best of those', () => {
    const matrix = normalMatrix(1, 64, 4)
    const found = quantised(matrix, { normal, per: 'tensor', group: 1 })
    const deviation = Math.sqrt(matrix.data.reduce((sum, value) => sum + value ** 2, 0) / 64)
    const first = (3 * deviation) / toNumber(format.normal.max)
    const errorOf = (scale: number): number => {
      let error = 0
      for (let at = 0; at < 64; at += 2) {
        const pair = format.decodePair(
          ...format.encodePair(fromNumber(matrix.data[at]! / scale), fromNumber(matrix.data[at + 1]! / scale)),
        )
        pair.forEach((value, k) => {
          error += (matrix.data[at + k]! - scale * toNumber(value)) ** 2
        })
      }
      return error
    }
    const error = squaredError(matrix.data, dequantisePairs(found))
    expect(error).toBeCloseTo(errorOf(found.scales[0]!), 8)
    expect(found.scales[0]! / first).toBeGreaterThan(0.499)
    expect(found.scales[0]! / first).toBeLessThan(2.001)
    for (const part of [0.5, 0.6, 0.8, 1, 1.2, 1.5, 2]) expect(error).toBeLessThanOrEqual(errorOf(part * first) * 1.02)
  })
})

it('an outlier stays one, and a victim zero, whatever value they are rounded from later', () => {
  const data = Float32Array.from({ length: 64 }, (_, k) => (k === 1 ? 5 : k % 3 === 0 ? 0.3 : -0.4))
  const matrix = { data, outputs: 1, inputs: 64, name: 'm' }
  const fitted = fitPairs(matrix, { normal: 'int4', per: 'channel', group: 1 })
  expect(fitted.round(0, 0, 3)).toBe(0)
  const kept = fitted.round(0, 1, 0.01)
  expect(kept).toBe(fitted.finish().scales[0]! * 12)
  expect(fitted.round(0, 1, -0.01)).toBe(-kept)
})

it('a row of zeros stays one', () => {
  const matrix = { data: new Float32Array(6), outputs: 2, inputs: 3, name: 'm' }
  const found = quantised(matrix, { normal: 'int4', per: 'channel', group: 1 })
  expect([...found.scales]).toEqual([1, 1])
  expect([...dequantisePairs(found)]).toEqual(new Array(6).fill(0))
})
