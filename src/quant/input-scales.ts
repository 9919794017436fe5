import { type Fitted, roundToNearest, type WeightMatrix } from './fitted.ts'
import { type InputStatistics, outputError } from './input-statistics.ts'

/**
 * Matrices that read the same inputs, and what they read. Inputs are divided by scales, and weights multiplied; inputs of the same
 * `sources` entry, 0 to S - 1, come from one place and share their scale.
 */
export interface ScaledInputs {
  readonly matrices: readonly WeightMatrix[]
  readonly statistics: InputStatistics
  /** K. */
  readonly sources: Int32Array
}

/** The largest of the values of each source. */
const mostOfSources = (values: ArrayLike<number>, sources: Int32Array): Float64Array => {
  const most = new Float64Array(sources.reduce((last, source) => Math.max(last, source + 1), 0))
  sources.forEach((source, k) => {
    most[source] = Math.max(most[source]!, values[k]!)
  })
  return most
}

/** The largest magnitude of the weights of each input. */
const weightsOfInputs = ({ matrices, statistics }: ScaledInputs): Float64Array => {
  const most = new Float64Array(statistics.inputs)
  for (const { data } of matrices)
    data.forEach((weight, at) => {
      const k = at % statistics.inputs
      most[k] = Math.max(most[k]!, Math.abs(weight))
    })
  return most
}

/** Smallest scale of SmoothQuant's and AWQ's programs. */
const [leastSmooth, leastAwq] = [1e-5, 1e-4]

/**
 * SmoothQuant (Xiao et al., arXiv 2211.10438, section 4, Eq. 4): an input's scale is `max|X|^strength / max|W|^(1 - strength)`, one a source.
 * Inputs that were always 0, or whose weights are, get the scale 1 (ours).
 */
export const smoothScales = (inputs: ScaledInputs, strength: number): Float64Array => {
  const activations = mostOfSources(inputs.statistics.largest, inputs.sources)
  const weights = mostOfSources(weightsOfInputs(inputs), inputs.sources)
  return activations.map((most, source) =>
    most === 0 || weights[source] === 0
      ? 1
      : Math.max(most ** strength / weights[source]! ** (1 - strength), leastSmooth),
  )
}

/** Strengths that AWQ tries: 0 to 0.95 in steps of 0.05, as its program does. */
const strengths: readonly number[] = Array.from({ length: 20 }, (_, step) => step / 20)
/** Rows of a matrix that the search looks at, evenly over it (ours: the authors' program takes all, and few tokens). */
const mostRows = 256

/**
 * AWQ (Lin et al., arXiv 2306.00978, section 3.2): an input's scale is `mean|X|^strength`, normalised so that the product of the largest
 * and the smallest is 1, with the strength of least error of the outputs when weights are rounded to nearest by `fit`. The error is that of the
 * matrices themselves, from second moments; the authors' program runs the block they stand in (ours). Their search for clipping is
 * `clip=mse` of the quantiser inside.
 */
export const awqScales = (inputs: ScaledInputs, fit: (matrix: WeightMatrix) => Fitted<unknown>): Float64Array => {
  const { statistics, sources } = inputs
  const magnitudes = mostOfSources(statistics.magnitudes, sources).map((sum) => sum / Math.max(1, statistics.tokens))
  const samples = inputs.matrices.map(someRows)
  let least = Number.POSITIVE_INFINITY
  let best: Float64Array = new Float64Array(magnitudes.length).fill(1)
  for (const strength of strengths) {
    const scales = normalised(magnitudes.map((mean) => Math.max(mean ** strength, leastAwq)))
    const error = samples.reduce((sum, matrix) => sum + scaledError(matrix, scales, inputs, fit), 0)
    if (error >= least) continue
    least = error
    best = scales
  }
  return best
}

const normalised = (scales: Float64Array): Float64Array => {
  const middle = Math.sqrt(Math.max(...scales) * Math.min(...scales))
  return scales.map((scale) => scale / middle)
}

const someRows = ({ data, outputs, inputs, name }: WeightMatrix): WeightMatrix => {
  if (outputs <= mostRows) return { data, outputs, inputs, name }
  const some = new Float32Array(mostRows * inputs)
  for (let row = 0; row < mostRows; row++) {
    const from = Math.floor((row * outputs) / mostRows) * inputs
    some.set(data.subarray(from, from + inputs), row * inputs)
  }
  return { data: some, outputs: mostRows, inputs, name }
}

/** Error of the outputs of a matrix whose scaled weights are rounded. */
const scaledError = (
  matrix: WeightMatrix,
  scales: Float64Array,
  { statistics, sources }: ScaledInputs,
  fit: (matrix: WeightMatrix) => Fitted<unknown>,
): number => {
  const { data, outputs, inputs } = matrix
  const scaled = { ...matrix, data: data.map((weight, at) => weight * scales[sources[at % inputs]!]!) }
  const errors = new Float64Array(data.length)
  const fitted = fit(scaled)
  const noting: Fitted<unknown> = {
    ...fitted,
    round: (row, k, value) => {
      const rounded = fitted.round(row, k, value)
      errors[row * inputs + k] = (rounded - value) / scales[sources[k]!]!
      return rounded
    },
  }
  roundToNearest(scaled, noting)
  return outputError(errors, statistics) / outputs
}
