import { describe, expect, it } from 'vitest'
import { fromNumber, specialValueFormat, toNumber } from '../../src/formats/index.ts'
import { weightNames, weightTypes } from '../../src/pe/bitmod/terms.ts'
import { type BitmodOptions, type BitmodQuantised, dequantiseBitmod, fitBitmod } from '../../src/quant/bitmod.ts'
import { bitsPerWeight, groupOverheadBits, packBitmod, rowBytes, unpackBitmod } from '../../src/quant/bitmod-packing.ts'
import { roundToNearest } from '../../src/quant/fitted.ts'
import { roundToFloat16 } from '../../src/quant/float16.ts'
import { normals } from './normals.ts'

/** Without outliers. */
const plainNormals = (count: number, seed: number): Float32Array => normals(count, seed, 0.05, 0)

const quantise = (
  data: Float32Array,
  outputs: number,
  inputs: number,
  options: BitmodOptions,
  name = 'the weights',
): BitmodQuantised => {
  const matrix = { data, outputs, inputs, name }
  return roundToNearest(matrix, fitBitmod(matrix, options))
}

const oneGroup = (values: readonly number[], weights: 'fp4' | 'fp3' | 'int4' = 'fp4'): BitmodQuantised =>
  quantise(Float32Array.from(values), 1, values.length, { weights, group: values.length })

/** What the codes stand for, without scales. */
const valuesOf = ({ weights, codes, selectors }: BitmodQuantised): number[] => {
  const bits = weights === 'fp3' ? 3 : 4
  const special = (bits === 3 ? [3, -3, 6, -6] : [5, -5, 8, -8])[selectors[0]!]!
  return [...codes].map((code) => toNumber(specialValueFormat(bits, special).decode(BigInt(code))))
}

describe('the special value of a group', () => {
  it.each([
    [[6, 5, 1, -3], 0],
    [[6, -5, 1, -3], 1],
    [[8, 4, 1, -3], 2],
    [[-8, 4, 1, -3], 3],
  ] as const)('is the one that the weights have: %j', (values, selector) => {
    const quantised = oneGroup(values)
    expect(quantised.selectors[0]).toBe(selector)
    expect(valuesOf(quantised)).toEqual(values)
  })

  it.each([
    [[4, 3, -1], 0],
    [[4, -3, -1], 1],
    [[6, 2, -1], 2],
    [[-6, 2, -1], 3],
  ] as const)('is the one that the weights have, in FP3: %j', (values, selector) => {
    const quantised = oneGroup(values, 'fp3')
    expect(quantised.selectors[0]).toBe(selector)
    expect(valuesOf(quantised)).toEqual(values)
  })

  it('is the first of those with the same error', () => {
    // Neither 5 nor -5 is used, and the other two grids are worse.
    expect(oneGroup([6, 3, -1.5, 0.5]).selectors[0]).toBe(0)
    expect(oneGroup([0, 0, 0]).selectors[0]).toBe(0)
  })

  it('is never worse than any one of them by itself, in a search over all', () => {
    const data = plainNormals(128 * 40, 4)
    for (const weights of ['fp4', 'fp3'] as const) {
      const bits = weights === 'fp3' ? 3 : 4
      const specials = bits === 3 ? [3, -3, 6, -6] : [5, -5, 8, -8]
      const quantised = quantise(data, 1, data.length, { weights, group: 128 })
      for (let g = 0; g < 40; g++) {
        const group = data.subarray(128 * g, 128 * (g + 1))
        const absmax = Math.max(...group.map(Math.abs))
        const errors = specials.map((special) => {
          const format = specialValueFormat(bits, special)
          const largest = Math.max(toNumber(format.max), -toNumber(format.min))
          const scale = absmax / largest
          return group.reduce((sum, weight) => {
            const code = format.encode(fromNumber(weight / scale))
            return sum + (weight - scale * toNumber(format.decode(code))) ** 2
          }, 0)
        })
        expect(quantised.selectors[g], `${weights} group ${g}`).toBe(errors.indexOf(Math.min(...errors)))
        const special = specials[quantised.selectors[g]!]!
        const format = specialValueFormat(bits, special)
        const scale = absmax / Math.max(toNumber(format.max), -toNumber(format.min))
        const codes = [...group].map((weight) => Number(format.encode(fromNumber(weight / scale))))
        expect([...quantised.codes.subarray(128 * g, 128 * (g + 1))]).toEqual(codes)
      }
    }
  })

  it('clips the largest weight where it is against its sign, and so is seldom the best', () => {
    const { selectors } = quantise(plainNormals(128 * 100, 9), 1, 12_800, { weights: 'fp4', group: 128 })
    expect(new Set(selectors).size).toBe(4)
    const data = plainNormals(128 * 100, 9)
    for (let g = 0; g < 100; g++) {
      const group = [...data.subarray(128 * g, 128 * (g + 1))]
      const extreme = group.reduce((one, other) => (Math.abs(other) > Math.abs(one) ? other : one))
      if (selectors[g] === 2) expect(extreme).toBeGreaterThan(0)
      if (selectors[g] === 3) expect(extreme).toBeLessThan(0)
    }
  })
})

describe('values between two of the grid', () => {
  it('half way go to the lower one, also below zero', () => {
    // Many values that only the last grids have, so that one of them is chosen and the scale is 1.
    const fp4 = oneGroup([8, ...Array.from({ length: 9 }, () => 6), 3.5, -3.5, 0.25, -0.25, 7])
    expect(valuesOf(fp4).slice(10)).toEqual([3, -4, 0, -0.5, 6])
    const fp3 = oneGroup([6, ...Array.from({ length: 12 }, () => 4), 1.5, -1.5, 3, 0.5, -0.5], 'fp3')
    expect(valuesOf(fp3).slice(13)).toEqual([1, -2, 2, 0, -1])
  })

  it('integers go to the even one, and the lowest code stays unused', () => {
    const { codes, scales } = oneGroup([7, -7, 0.5, 1.5, -2.5, -0.5, 6.5], 'int4')
    expect([...codes].map((code) => (code << 28) >> 28)).toEqual([7, -7, 0, 2, -2, 0, 6])
    expect(scales[0]).toBe(255)
  })
})

describe('scales', () => {
  it("are integers of 8 bits times the row's largest over 255, in FP16", () => {
    const data = Float32Array.from([6, 0, 3, 0, 0.01, 0, 0, 0])
    const quantised = quantise(data, 1, 8, { weights: 'fp4', group: 2 })
    // Each group's one value is the largest of some grid; the first grid, 6, has no error.
    expect([...quantised.selectors]).toEqual([0, 0, 0, 0])
    const channel = roundToFloat16(1 / 255)
    expect(quantised.channelScales[0]).toBe(channel)
    expect([...quantised.scales]).toEqual([255, Math.round(0.5 / channel), 0, 0])
  })

  it('of a row of zeros are 1 and 0, and of a tiny row above 0', () => {
    const zeros = quantise(new Float32Array(6), 2, 3, { weights: 'fp3', group: 2 })
    expect([...zeros.channelScales]).toEqual([1, 1])
    expect([...zeros.scales]).toEqual([0, 0, 0, 0])
    expect([...dequantiseBitmod(zeros)]).toEqual([0, 0, 0, 0, 0, 0])
    const tiny = quantise(Float32Array.from([1e-9, -1e-9]), 1, 2, { weights: 'fp4', group: 2 })
    expect(tiny.channelScales[0]).toBe(2 ** -24)
    // Far above FP16's range everything saturates, and stays finite.
    const huge = quantise(Float32Array.from([3e38, 1]), 1, 2, { weights: 'int8', group: 2 })
    expect(huge.channelScales[0]).toBe(65_504)
    expect(huge.scales[0]).toBe(255)
  })

  it.each([
    ['fp4', 0.11],
    ['fp3', 0.22],
    ['int8', 0.01],
    ['int6', 0.04],
    ['int4', 0.17],
  ] as const)('bring %s weights back to within %f of their rms', (weights, limit) => {
    const data = plainNormals(32 * 200, 6)
    const back = dequantiseBitmod(quantise(data, 32, 200, { weights, group: 64 }))
    const rms = (values: Float32Array): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length)
    const error = rms(data.map((x, k) => x - back[k]!)) / rms(data)
    expect(error).toBeLessThan(limit)
    expect(error).toBeGreaterThan(limit / 3)
  })
})

describe('what cannot be quantised', () => {
  it('is refused with a sentence', () => {
    const data = Float32Array.from([1, Number.NaN])
    expect(() => quantise(data, 1, 2, { weights: 'fp4', group: 2 }, 'layer 0')).toThrow(
      'weight 1 of layer 0 is NaN, only finite weights can be quantised',
    )
    expect(() => quantise(data, 1, 3, { weights: 'fp4', group: 2 })).toThrow(RangeError)
    for (const group of [0, 1.5, 4097])
      expect(() => quantise(data, 1, 2, { weights: 'fp4', group })).toThrow('give 1 to 4096')
  })
})

describe('weights in memory', () => {
  it.each(weightNames)('%s come back from their bytes', (weights) => {
    for (const [outputs, inputs, group] of [
      [3, 128, 128],
      [2, 37, 16],
      [1, 1, 4],
    ] as const) {
      const quantised = quantise(plainNormals(outputs * inputs, 2), outputs, inputs, { weights, group })
      const bytes = packBitmod(quantised)
      expect(bytes.length).toBe(outputs * rowBytes(quantised))
      expect(unpackBitmod(bytes, { weights, group, outputs, inputs })).toEqual(quantised)
    }
  })

  it('cost what the paper says: the overhead of a group of 128, and a channel scale', () => {
    const costOf = (weights: (typeof weightNames)[number]): number =>
      bitsPerWeight({ weights, group: 128, outputs: 1, inputs: 4096 })
    expect(groupOverheadBits({ weights: 'fp4', group: 128 }) / 128).toBe(0.078125)
    expect(groupOverheadBits({ weights: 'int6', group: 128 }) / 128).toBe(0.0625)
    expect(costOf('fp4')).toBe(4 + 0.078125 + 16 / 4096)
    expect(costOf('fp3')).toBe(3 + 0.078125 + 16 / 4096)
    for (const weights of ['int8', 'int6'] as const)
      expect(costOf(weights)).toBe(weightTypes[weights].bits + 0.0625 + 16 / 4096)
  })

  it('have the channel scale first, then scale, selector and codes, lowest bits first', () => {
    const quantised = oneGroup([8, 4, 1, -3])
    const [low, high] = [packBitmod(quantised)[0]!, packBitmod(quantised)[1]!]
    expect(low + 256 * high).toBe(0x1c04)
    // Scale 255; selector 2, then the codes 8, 6, 2 and 13 of four bits each.
    expect([...packBitmod(quantised).subarray(2)]).toEqual([
      0xff,
      2 + (8 << 2) + ((6 << 6) & 0xff),
      (6 >> 2) + (2 << 2) + ((13 << 6) & 0xff),
      13 >> 2,
    ])
  })

  it('of another length are refused', () => {
    const shape = { weights: 'fp4', group: 8, outputs: 2, inputs: 8 } as const
    expect(() => unpackBitmod(new Uint8Array(3), shape)).toThrow('2 x 8 fp4 weights in groups of 8 are 16 bytes, got 3')
  })
})
