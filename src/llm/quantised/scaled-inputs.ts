import type { ScaledInputs } from '../../quant/input-scales.ts'
import { dividedStatistics, type InputStatistics } from '../../quant/input-statistics.ts'
import { headSizeOf, type Layer, type Matrix, type Model, type Norm, queryWidthOf, withLinearLayers } from '../model.ts'
import { float32Weights, floatsOf } from '../weights.ts'
import { type ModelStatistics, matrixOf, readersOf } from './calibration.ts'

/** What makes the inputs of some linear layers, so that a scale can be taken off there exactly. */
export interface ScalingPlace {
  readonly source: 'attention-norm' | 'feed-forward-norm' | 'final-norm' | 'value' | 'up'
  /** Index of the layer; that of the last one behind it for the final norm. */
  readonly layer: number
  /** Names of the matrices that read them. */
  readonly readers: readonly string[]
  /** For each input the place in its source: heads that share values share scales. */
  readonly sources: Int32Array
}

/**
 * Places where inputs can be scaled and nothing else changes: behind each norm, as in SmoothQuant, and as in AWQ behind `up` (where the
 * activation function lets scales through: gated SiLU and ReLU, not GELU) and behind values. AWQ's program leaves out values where
 * query heads share them; here such inputs share a scale (ours).
 */
export const scalingPlacesOf = (model: Model): readonly ScalingPlace[] => {
  const { config, architecture } = model
  const itself = (width: number): Int32Array => Int32Array.from({ length: width }, (_, k) => k)
  const readers = readersOf(model)
  const readingAs = (name: string): readonly string[] => readers.find((names) => names.includes(name))!
  const norm = itself(config.dimension)
  const places = model.layers.flatMap((of, layer): ScalingPlace[] => [
    { source: 'attention-norm', layer, readers: readingAs(of.query.name), sources: norm },
    { source: 'value', layer, readers: [of.output.name], sources: valueSources(model) },
    ...(of.feedForwardNorm
      ? [{ source: 'feed-forward-norm', layer, readers: readingAs(of.up.name), sources: norm } as const]
      : []),
    ...(architecture.feedForward === 'gelu-tanh'
      ? []
      : [{ source: 'up', layer, readers: [of.down.name], sources: itself(config.hidden) } as const]),
  ])
  const last = {
    source: 'final-norm',
    layer: model.layers.length,
    readers: [model.classifier.name],
    sources: norm,
  } as const
  return [...places, last]
}

/** Row of `value` that each input of `output` is a mean of. */
const valueSources = ({ config }: Model): Int32Array => {
  const { heads, keyValueHeads } = config
  const headSize = headSizeOf(config)
  return Int32Array.from({ length: queryWidthOf(config) }, (_, k) => {
    const head = Math.floor(k / headSize)
    return Math.floor((head * keyValueHeads) / heads) * headSize + (k % headSize)
  })
}

/** What a search for the scales of a place looks at. */
export const inputsOfPlace = (model: Model, statistics: ModelStatistics, place: ScalingPlace): ScaledInputs => ({
  matrices: place.readers.map((name) => {
    const { weights, outputs, inputs } = matrixOf(model, name)
    return { data: floatsOf(weights), outputs, inputs, name }
  }),
  statistics: statisticsOf(statistics, place.readers[0]!),
  sources: place.sources,
})

/** The statistics of a matrix. */
const statisticsOf = (statistics: ModelStatistics, name: string): InputStatistics => {
  const found = statistics.get(name)
  if (!found) throw new RangeError(`there are no statistics of ${name}`)
  return found
}

/** Scales of a place, one for each of its sources. */
export interface PlacedScales {
  readonly place: ScalingPlace
  readonly scales: Float64Array
}

/** The model with inputs divided where they come from and weights multiplied: the same function. */
export const withInputScales = (model: Model, placed: readonly PlacedScales[]): Model => {
  const columns = new Map<string, Float64Array>()
  const rows = new Map<string, Float64Array>()
  const norms = new Map<string, Float64Array>()
  for (const { place, scales } of placed) {
    const { source, layer } = place
    for (const name of place.readers)
      columns.set(
        name,
        Float64Array.from(place.sources, (at) => scales[at]!),
      )
    if (source === 'value' || source === 'up') rows.set(model.layers[layer]![source].name, scales)
    else norms.set(`${source} ${layer}`, scales)
  }
  const scaled = withLinearLayers(model, (matrix) =>
    scaledMatrix(matrix, columns.get(matrix.name), rows.get(matrix.name)),
  )
  const layers = scaled.layers.map((of, layer): Layer => {
    const { attentionNorm, feedForwardNorm } = of
    const feedForward = norms.get(`feed-forward-norm ${layer}`)
    return {
      ...of,
      attentionNorm: dividedNorm(attentionNorm, norms.get(`attention-norm ${layer}`)),
      ...(feedForwardNorm ? { feedForwardNorm: dividedNorm(feedForwardNorm, feedForward) } : {}),
    }
  })
  const finalNorm = dividedNorm(model.finalNorm, norms.get(`final-norm ${model.layers.length}`))
  return { ...scaled, layers, finalNorm, config: { ...model.config, sharedClassifier: false } }
}

const scaledMatrix = (matrix: Matrix, columns: Float64Array | undefined, rows: Float64Array | undefined): Matrix => {
  if (!columns && !rows) return matrix
  const { inputs, weights, bias } = matrix
  const data = floatsOf(weights).map(
    (weight, at) => (weight * (columns?.[at % inputs] ?? 1)) / (rows?.[Math.floor(at / inputs)] ?? 1),
  )
  return {
    ...matrix,
    weights: float32Weights(data),
    ...(bias && rows ? { bias: bias.map((value, row) => value / rows[row]!) } : {}),
  }
}

const dividedNorm = (norm: Norm, scales: Float64Array | undefined): Norm => {
  if (!scales) return norm
  const divided = (values: Float32Array): Float32Array => values.map((value, k) => value / scales[k]!)
  return { weight: divided(norm.weight), ...(norm.bias ? { bias: divided(norm.bias) } : {}) }
}

/** The statistics of the scaled model. */
export const withScaledStatistics = (statistics: ModelStatistics, placed: readonly PlacedScales[]): ModelStatistics => {
  const scaled = new Map(statistics)
  for (const { place, scales } of placed) {
    const ofInputs = Float64Array.from(place.sources, (at) => scales[at]!)
    const shared = dividedStatistics(statisticsOf(statistics, place.readers[0]!), ofInputs)
    for (const name of place.readers) scaled.set(name, shared)
  }
  return scaled
}
