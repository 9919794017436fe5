import { describe, expect, it } from 'vitest'
import { fromNumber, scalarFormatOf, toNumber } from '../../src/formats/index.ts'
import { roundToNearest } from '../../src/quant/fitted.ts'
import { roundToFloat16 } from '../../src/quant/float16.ts'
import { dequantiseTyped, fitTyped, type TypedOptions } from '../../src/quant/typed-groups.ts'
import { normalMatrix, squaredError } from './normals.ts'

const quantised = (
  matrix: ReturnType<typeof normalMatrix>,
  names: readonly string[],
  options: Partial<TypedOptions> = {},
) =>
  roundToNearest(
    matrix,
    fitTyped(matrix, { formats: names.map(scalarFormatOf), per: 'group', group: 16, clip: 'none', ...options }),
  )

describe('one format', () => {
  it.each(['fp4', 'fp3', 'e2m3', 'e3m2', 'e5m2', 'nf4', 'flint4', 'posit(8,0)', 'posit(4,1)', 'int6'])(
    '%s: codes are those of the format for the weight over its scale, and stand for its value times the scale',
    (name) => {
      const matrix = normalMatrix(3, 37, 5)
      const { codes, scales, types, groups } = quantised(matrix, [name])
      const format = scalarFormatOf(name)
      expect(groups).toBe(3)
      expect(types.every((type) => type === 0)).toBe(true)
      const restored = dequantiseTyped(quantised(matrix, [name]))
      matrix.data.forEach((weight, at) => {
        const scale = scales[Math.floor(at / 37) * 3 + Math.floor((at % 37) / 16)]!
        expect(scale).toBe(roundToFloat16(scale))
        const code = format.encode(fromNumber(weight / scale), 'nearest-even', 'saturate')
        expect(codes[at]).toBe(Number(code))
        expect(restored[at]).toBe(Math.fround(scale * toNumber(format.decode(code))))
      })
    },
  )

  it('puts the largest magnitude on the largest value, also where it is negative', () => {
    const matrix = { data: Float32Array.of(1, -3, 0.5, 2), outputs: 1, inputs: 4, name: 'm' }
    for (const [name, largest] of [
      ['fp4', 6],
      ['int4', 7],
      ['e2m3', 7.5],
      ['pot3', 4],
    ] as const)
      expect(quantised(matrix, [name]).scales[0]).toBe(roundToFloat16(3 / largest))
  })

  it('keeps zeros, with the scale 1, and the smallest scale for what is too small', () => {
    const zeros = quantised({ data: new Float32Array(4), outputs: 1, inputs: 4, name: 'm' }, ['fp4'])
    expect([zeros.scales[0], ...dequantiseTyped(zeros)]).toEqual([1, 0, 0, 0, 0])
    const tiny = quantised({ data: new Float32Array(4).fill(1e-9), outputs: 1, inputs: 4, name: 'm' }, ['fp4'])
    expect(tiny.scales[0]).toBe(2 ** -24)
  })

  it('scales posits so that no power of two would have less error', () => {
    const matrix = normalMatrix(1, 64, 9)
    const format = scalarFormatOf('posit(8,0)')
    const absmax = Math.max(...matrix.data.map(Math.abs))
    const found = quantised(matrix, ['posit(8,0)'], { group: 64 })
    const errors = Array.from({ length: 7 }, (_, power) => {
      const scale = roundToFloat16(absmax / 2 ** power)
      return matrix.data.reduce(
        (sum, weight) =>
          sum + (weight - scale * toNumber(format.decode(format.encode(fromNumber(weight / scale))))) ** 2,
        0,
      )
    })
    expect(squaredError(matrix.data, dequantiseTyped(found))).toBeCloseTo(Math.min(...errors), 10)
    // The best place is neither end: the search does something.
    expect(errors.indexOf(Math.min(...errors))).toBeGreaterThan(0)
    expect(errors.indexOf(Math.min(...errors))).toBeLessThan(6)
  })
})

describe('several formats', () => {
  const names = ['int4', 'flint4', 'pot4']
  const matrix = normalMatrix(6, 80, 3)

  it('are chosen from for each group by squared error', () => {
    const mixed = quantised(matrix, names)
    expect(new Set(mixed.types).size).toBeGreaterThan(1)
    const alone = names.map((name) => dequantiseTyped(quantised(matrix, [name])))
    const restored = dequantiseTyped(mixed)
    for (let from = 0; from < 480; from += 16) {
      const error = (of: Float32Array): number =>
        squaredError(matrix.data.subarray(from, from + 16), of.subarray(from, from + 16))
      const errors = alone.map(error)
      expect(mixed.types[from / 16]).toBe(errors.indexOf(Math.min(...errors)))
      expect(error(restored)).toBe(Math.min(...errors))
    }
  })

  it('are chosen from for the matrix, by the error of all groups together', () => {
    const { types } = quantised(matrix, names, { choice: 'tensor' })
    const errors = names.map((name) => squaredError(matrix.data, dequantiseTyped(quantised(matrix, [name]))))
    expect(new Set(types)).toEqual(new Set([errors.indexOf(Math.min(...errors))]))
  })
})

describe('what shares a scale', () => {
  const matrix = normalMatrix(4, 20, 1)
  it('is a group, an output or the matrix', () => {
    const absmax = (values: Float32Array): number => Math.max(...values.map(Math.abs))
    const rows = [0, 1, 2, 3].map((row) => matrix.data.subarray(20 * row, 20 * row + 20))
    expect([...quantised(matrix, ['fp4'], { per: 'channel' }).scales]).toEqual(
      rows.map((row) => roundToFloat16(absmax(row) / 6)),
    )
    const tensor = quantised(matrix, ['fp4'], { per: 'tensor' })
    expect([...tensor.scales]).toEqual(new Array(4).fill(roundToFloat16(absmax(matrix.data) / 6)))
    expect([tensor.group, tensor.groups]).toEqual([20, 1])
    expect(quantised(matrix, ['fp4']).scales[1]).toBe(roundToFloat16(absmax(rows[0]!.subarray(16)) / 6))
  })

  it('has less error where the range is clipped at the least squared error', () => {
    for (const per of ['group', 'channel', 'tensor'] as const) {
      const error = (clip: 'none' | 'mse'): number =>
        squaredError(matrix.data, dequantiseTyped(quantised(matrix, ['fp3'], { per, clip })))
      expect(error('mse')).toBeLessThan(error('none'))
    }
  })
})

it('refuses weights that are no numbers, and matrices of another size', () => {
  const wrong = { data: Float32Array.of(1, Number.NaN), outputs: 1, inputs: 2, name: 'layers.0.up' }
  expect(() => quantised(wrong, ['fp4'])).toThrow(/weight 1 of layers\.0\.up is NaN/)
  expect(() => quantised({ ...wrong, inputs: 3 }, ['fp4'])).toThrow(RangeError)
})
