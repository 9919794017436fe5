import { describe, expect, it } from 'vitest'
import { dequantise } from '../../src/quant/coded.ts'
import { matrixQuantiserFamilies } from '../../src/quant/families.ts'
import { roundToNearest, type WeightMatrix } from '../../src/quant/fitted.ts'
import { gptq, inverseFactor } from '../../src/quant/gptq.ts'
import { dequantiseWeights, fitGroups } from '../../src/quant/group-integer.ts'
import { addInputs, emptyStatistics, type InputStatistics, outputError } from '../../src/quant/input-statistics.ts'
import { parseSpec } from '../../src/spec/index.ts'
import { normalMatrix, normals } from './normals.ts'

/** Statistics of inputs that have much in common, so that columns can make good what others lost. */
const correlated = (inputs: number, seed: number, tokens = 200): InputStatistics => {
  const [common, own] = [normals(tokens * 3, seed, 1), normals(tokens * inputs, seed + 1, 0.4)]
  const mix = normals(3 * inputs, seed + 2, 1)
  const input = own.map((value, at) => {
    const [token, k] = [Math.floor(at / inputs), at % inputs]
    return value + [0, 1, 2].reduce((sum, m) => sum + common[3 * token + m]! * mix[m * inputs + k]!, 0)
  })
  const statistics = emptyStatistics(inputs)
  addInputs(statistics, input, tokens)
  return statistics
}

const symmetric = ({ inputs, moments }: InputStatistics, damp: number): number[][] => {
  const mean = Array.from({ length: inputs }, (_, k) => moments[k * inputs + k]!).reduce((a, b) => a + b, 0) / inputs
  return Array.from({ length: inputs }, (_, i) =>
    Array.from(
      { length: inputs },
      (_, j) => moments[Math.min(i, j) * inputs + Math.max(i, j)]! + (i === j ? damp * mean : 0),
    ),
  )
}

/** By Gauss and Jordan. */
const inverseOf = (matrix: readonly (readonly number[])[]): number[][] => {
  const size = matrix.length
  const rows = matrix.map((row, i) => [...row, ...Array.from({ length: size }, (_, j) => (i === j ? 1 : 0))])
  for (let i = 0; i < size; i++) {
    const pivot = rows[i]![i]!
    rows[i] = rows[i]!.map((value) => value / pivot)
    for (let other = 0; other < size; other++) {
      if (other === i) continue
      const factor = rows[other]![i]!
      rows[other] = rows[other]!.map((value, k) => value - factor * rows[i]![k]!)
    }
  }
  return rows.map((row) => row.slice(size))
}

/**
 * GPTQ as its paper derives it from Optimal Brain Quantization: a weight is rounded, and those not yet rounded change by
 * `-(w - q) / [H_F^-1]_kk * (H_F^-1)_:k`, with the Hessian of what is left.
 */
const byTheBook = (
  matrix: WeightMatrix,
  statistics: InputStatistics,
  order: readonly number[],
  damp: number,
  round: (row: number, k: number, value: number) => number,
): number[] => {
  const { data, outputs, inputs } = matrix
  const hessian = symmetric(statistics, damp)
  const result = new Array<number>(data.length)
  for (let row = 0; row < outputs; row++) {
    const weights = [...data.subarray(row * inputs, (row + 1) * inputs)]
    order.forEach((k, step) => {
      const left = order.slice(step)
      const inverse = inverseOf(left.map((i) => left.map((j) => hessian[i]![j]!)))
      const rounded = round(row, k, weights[k]!)
      const error = (weights[k]! - rounded) / inverse[0]![0]!
      result[row * inputs + k] = rounded
      left.forEach((j, at) => {
        weights[j]! -= error * inverse[at]![0]!
      })
    })
  }
  return result
}

describe('the factor of the inverse', () => {
  it.each([1, 2, 5, 12])('times its transpose is the inverse, %d rows', (size) => {
    const statistics = correlated(size, 4)
    const hessian = symmetric(statistics, 0.01)
    const upper = Float64Array.from(hessian.flatMap((row, i) => row.map((value, j) => (j < i ? 0 : value))))
    const factor = inverseFactor(upper, size)
    const inverse = inverseOf(hessian)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        let sum = 0
        for (let m = 0; m < size; m++) sum += factor[m * size + i]! * factor[m * size + j]!
        expect(sum).toBeCloseTo(inverse[i]![j]!, 8)
        if (j < i) expect(factor[i * size + j]).toBe(0)
      }
  })
})

describe('GPTQ', () => {
  const options = { bits: 3, group: 8, signed: false } as const

  it.each([
    ['columns', 1],
    ['columns', 5],
    ['activations', 5],
    ['activations', 8],
  ] as const)('is that of its derivation: %s first, %d rows', (order, outputs) => {
    const matrix = normalMatrix(outputs, 12, 6)
    const statistics = correlated(12, 9)
    const power = (k: number): number => statistics.moments[k * 12 + k]!
    const columns = Array.from({ length: 12 }, (_, k) => k)
    const places = order === 'columns' ? columns : columns.toSorted((a, b) => power(b) - power(a))
    const book = fitGroups(matrix, options)
    const expected = byTheBook(matrix, statistics, places, 0.05, book.round)
    const found = gptq(matrix, fitGroups(matrix, options), statistics, { damp: 0.05, order })
    expect(found.codes).toEqual(book.finish().codes)
    expect([...dequantiseWeights(found)]).toEqual(expected.map(Math.fround))
  })

  const errorOf = (matrix: WeightMatrix, values: Float32Array, statistics: InputStatistics): number =>
    outputError(
      values.map((value, at) => value - matrix.data[at]!),
      statistics,
    )

  it.each(matrixQuantiserFamilies.map(({ id }) => id))(
    'loses less of the outputs than rounding to nearest: %s',
    (id) => {
      const matrix = normalMatrix(10, 70, 3)
      const statistics = correlated(70, 30, 400)
      const { fit } = matrixQuantiserFamilies.find((family) => family.id === id)!.apply(parseSpec(id))
      const near = dequantise(roundToNearest(matrix, fit(matrix)))
      const better = dequantise(gptq(matrix, fit(matrix), statistics, { damp: 0.01, order: 'columns' }))
      expect(errorOf(matrix, better, statistics)).toBeLessThan(0.7 * errorOf(matrix, near, statistics))
    },
  )

  it('rounds to nearest where inputs have nothing in common, or were always 0', () => {
    const matrix = normalMatrix(3, 20, 8)
    const near = roundToNearest(matrix, fitGroups(matrix, options))
    const apart = emptyStatistics(20)
    for (let k = 0; k < 20; k++)
      addInputs(
        apart,
        Float32Array.from({ length: 20 }, (_, at) => (at === k ? k : 0)),
        1,
      )
    for (const statistics of [apart, emptyStatistics(20)])
      expect(gptq(matrix, fitGroups(matrix, options), statistics, { damp: 0.01, order: 'columns' })).toEqual(near)
  })

  it('refuses statistics of another number of inputs', () => {
    const matrix = normalMatrix(3, 20, 8)
    const attempt = () =>
      gptq(matrix, fitGroups(matrix, options), emptyStatistics(19), { damp: 0.01, order: 'columns' })
    expect(attempt).toThrow(/statistics of 19 inputs for a matrix of 20/)
  })
})
