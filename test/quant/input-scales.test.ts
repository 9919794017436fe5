import { describe, expect, it } from 'vitest'
import { roundToNearest, type WeightMatrix } from '../../src/quant/fitted.ts'
import { dequantiseWeights, fitGroups } from '../../src/quant/group-integer.ts'
import { awqScales, type ScaledInputs, smoothScales } from '../../src/quant/input-scales.ts'
import { addInputs, emptyStatistics } from '../../src/quant/input-statistics.ts'
import { normalMatrix, normals } from './normals.ts'

const tokens = 60
/** Inputs of which two are much larger than the others. */
const inputOf = (seed: number): Float32Array =>
  normals(tokens * 16, seed, 1).map((value, at) => value * (at % 16 === 5 ? 40 : at % 16 === 9 ? 15 : 1))
const input = inputOf(3)
const statistics = emptyStatistics(16)
addInputs(statistics, input, tokens)
const matrices = [normalMatrix(6, 16, 1), normalMatrix(4, 16, 2)]
const own: ScaledInputs = { matrices, statistics, sources: Int32Array.from({ length: 16 }, (_, k) => k) }
const shared: ScaledInputs = { ...own, sources: Int32Array.from({ length: 16 }, (_, k) => k % 8) }

const most = (values: Iterable<number>): number => Math.max(...[...values].map(Math.abs))
const column = (data: Float32Array, k: number): number[] => [...data].filter((_, at) => at % 16 === k)

describe('SmoothQuant', () => {
  it('divides by the largest input to the strength, and by the largest weight to the rest', () => {
    for (const strength of [0, 0.3, 0.5, 1]) {
      const scales = smoothScales(own, strength)
      for (let k = 0; k < 16; k++) {
        const weight = most(matrices.flatMap(({ data }) => column(data, k)))
        expect(scales[k]! / (most(column(input, k)) ** strength / weight ** (1 - strength))).toBeCloseTo(1, 9)
      }
    }
  })

  it('has one scale for inputs of one source, by the largest of them', () => {
    const scales = smoothScales(shared, 0.5)
    expect(scales).toHaveLength(8)
    const largest = (at: number): number => most([...column(input, at), ...column(input, at + 8)])
    const weight = (at: number): number =>
      most(matrices.flatMap(({ data }) => [...column(data, at), ...column(data, at + 8)]))
    for (let at = 0; at < 8; at++) expect(scales[at]! / Math.sqrt(largest(at) / weight(at))).toBeCloseTo(1, 9)
  })

  it('leaves inputs that were always 0', () => {
    const silent = emptyStatistics(16)
    addInputs(silent, new Float32Array(16), 1)
    expect([...smoothScales({ ...own, statistics: silent }, 0.5)]).toEqual(new Array(16).fill(1))
  })
})

describe('AWQ', () => {
  const fit = (matrix: WeightMatrix) => fitGroups(matrix, { bits: 3, group: 8, signed: false })
  /** At most 256 rows, evenly over the matrix. */
  const looked = (matrix: WeightMatrix): WeightMatrix => {
    const rows = Array.from({ length: Math.min(256, matrix.outputs) }, (_, row) =>
      matrix.outputs > 256 ? Math.floor((row * matrix.outputs) / 256) : row,
    )
    const data = Float32Array.from(rows.flatMap((row) => [...matrix.data.subarray(16 * row, 16 * row + 16)]))
    return { ...matrix, data, outputs: rows.length }
  }
  /** Mean squared error of the outputs with scaled weights rounded, from the inputs themselves. */
  const errorWith = (scales: ArrayLike<number>, { matrices, sources }: ScaledInputs, input: Float32Array): number =>
    matrices.map(looked).reduce((sum, matrix) => {
      const data = matrix.data.map((weight, at) => weight * scales[sources[at % 16]!]!)
      const rounded = dequantiseWeights(roundToNearest({ ...matrix, data }, fit({ ...matrix, data })))
      let error = 0
      for (let token = 0; token < tokens; token++)
        for (let row = 0; row < matrix.outputs; row++) {
          let output = 0
          for (let k = 0; k < 16; k++) {
            const at = row * 16 + k
            output += (rounded[at]! / scales[sources[k]!]! - matrix.data[at]!) * input[token * 16 + k]!
          }
          error += output ** 2
        }
      return sum + error / tokens / matrix.outputs
    }, 0)

  /** The same shape from other seeds, so that the best strengths differ. */
  const other = (seed: number): ScaledInputs => {
    const more = emptyStatistics(16)
    addInputs(more, inputOf(seed), tokens)
    const many = normalMatrix(300, 16, seed)
    // The first 256 rows lose nothing, whatever the scales.
    many.data.fill(0, 0, 256 * 16)
    return { matrices: [many], statistics: more, sources: own.sources }
  }

  it.each([
    ['each input', own, input],
    ['shared sources', shared, input],
    ['more rows than are looked at', other(11), inputOf(11)],
    ['another seed', other(31), inputOf(31)],
  ])('takes the strength of least error of the outputs, with %s', (_, inputs, input) => {
    const scales = awqScales(inputs, fit)
    const count = scales.length
    const means = Array.from({ length: count }, (_, at) => {
      const members = [...inputs.sources.keys()].filter((k) => inputs.sources[k] === at)
      return Math.max(...members.map((k) => column(input, k).reduce((sum, x) => sum + Math.abs(x), 0) / tokens))
    })
    const tried = Array.from({ length: 20 }, (_, step) => {
      const raw = means.map((mean) => mean ** (step / 20))
      const middle = Math.sqrt(Math.max(...raw) * Math.min(...raw))
      return raw.map((scale) => scale / middle)
    })
    const errors = tried.map((each) => errorWith(each, inputs, input))
    const best = errors.indexOf(Math.min(...errors))
    expect(best).toBeGreaterThan(0)
    scales.forEach((scale, at) => {
      expect(scale / tried[best]![at]!).toBeCloseTo(1, 9)
    })
    expect(Math.max(...scales) * Math.min(...scales)).toBeCloseTo(1, 9)
  })

  it('scales nothing where rounding loses nothing', () => {
    const scales = awqScales(own, () => ({ round: (_row, _k, value) => value, finish: () => undefined }))
    expect([...scales]).toEqual(new Array(16).fill(1))
  })
})
