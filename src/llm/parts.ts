import type { Architecture } from './architecture.ts'
import {
  headSizeOf,
  keyValueWidthOf,
  type Layer,
  type Matrix,
  type Model,
  type ModelConfig,
  type Norm,
  queryWidthOf,
} from './model.ts'
import { floatsOf, type Weights } from './weights.ts'

/** One tensor of a model: a matrix of N x K, or a vector of N (`inputs` 1). */
export interface Part {
  /** `embedding`, `layers.0.query`, `layers.0.query.bias`, `finalNorm`, ... */
  readonly name: string
  readonly outputs: number
  readonly inputs: number
  readonly kind: 'matrix' | 'vector'
}

/** The tensors of a model of that shape and architecture; a shared classifier is none. */
export const partsOf = (config: ModelConfig, architecture: Architecture): Part[] => {
  const { dimension, layers, vocabulary, sequence, sharedClassifier } = config
  const { positions, biases } = architecture
  return [
    matrix('embedding', vocabulary, dimension),
    ...(positions.kind === 'learned' ? [matrix('positions', sequence + positions.offset, dimension)] : []),
    ...Array.from({ length: layers }, (_, index) => layerParts(index, config, architecture)).flat(),
    ...norm('finalNorm', config, architecture),
    ...(sharedClassifier ? [] : linear('classifier', vocabulary, dimension, biases.classifier)),
  ]
}

const layerParts = (index: number, config: ModelConfig, architecture: Architecture): Part[] => {
  const { dimension, hidden } = config
  const { biases, block, feedForward } = architecture
  const queryWidth = queryWidthOf(config)
  const keyValueWidth = keyValueWidthOf(config)
  const at = `layers.${index}`
  return [
    ...norm(`${at}.attentionNorm`, config, architecture),
    ...linear(`${at}.query`, queryWidth, dimension, biases.queryKeyValue),
    ...linear(`${at}.key`, keyValueWidth, dimension, biases.queryKeyValue),
    ...linear(`${at}.value`, keyValueWidth, dimension, biases.queryKeyValue),
    ...linear(`${at}.output`, dimension, queryWidth, biases.attentionOutput),
    ...(block === 'sequential' ? norm(`${at}.feedForwardNorm`, config, architecture) : []),
    ...(feedForward === 'gated-silu' ? linear(`${at}.gate`, hidden, dimension, biases.feedForward) : []),
    ...linear(`${at}.up`, hidden, dimension, biases.feedForward),
    ...linear(`${at}.down`, dimension, hidden, biases.feedForward),
  ]
}

const matrix = (name: string, outputs: number, inputs: number): Part => ({ name, outputs, inputs, kind: 'matrix' })
const vector = (name: string, outputs: number): Part => ({ name, outputs, inputs: 1, kind: 'vector' })

const linear = (name: string, outputs: number, inputs: number, bias: boolean): Part[] => [
  matrix(name, outputs, inputs),
  ...(bias ? [vector(`${name}.bias`, outputs)] : []),
]

const norm = (name: string, { dimension }: ModelConfig, architecture: Architecture): Part[] => [
  vector(name, dimension),
  ...(architecture.norm === 'layer' ? [vector(`${name}.bias`, dimension)] : []),
]

/** A model out of its parts, asked for one after the other in the order of `partsOf`. */
export const assembleModel = async (
  name: string,
  config: ModelConfig,
  architecture: Architecture,
  read: (part: Part) => Promise<Weights>,
): Promise<Model> => {
  const found = new Map<string, Weights>()
  for (const part of partsOf(config, architecture)) found.set(part.name, await read(part))
  return modelOfParts(name, config, architecture, found)
}

/** A model out of the weights of all its parts, by name. */
export const modelOfParts = (
  name: string,
  config: ModelConfig,
  architecture: Architecture,
  weightsOf: ReadonlyMap<string, Weights>,
): Model => {
  const found = new Map(
    partsOf(config, architecture).flatMap((part) => {
      const weights = weightsOf.get(part.name)
      return weights ? [[part.name, { part, weights }] as const] : []
    }),
  )
  const vectorOf = (key: string): Float32Array | undefined => {
    const entry = found.get(key)
    return entry && floatsOf(entry.weights)
  }
  const optionalMatrix = (key: string): Matrix | undefined => {
    const entry = found.get(key)
    if (!entry) return undefined
    const { outputs, inputs } = entry.part
    const bias = vectorOf(`${key}.bias`)
    return { name: key, outputs, inputs, weights: entry.weights, ...(bias ? { bias } : {}) }
  }
  const optionalNorm = (key: string): Norm | undefined => {
    const weight = vectorOf(key)
    const bias = vectorOf(`${key}.bias`)
    return weight && { weight, ...(bias ? { bias } : {}) }
  }
  const layerAt = (index: number): Layer => {
    const at = `layers.${index}`
    const feedForwardNorm = optionalNorm(`${at}.feedForwardNorm`)
    const gate = optionalMatrix(`${at}.gate`)
    return {
      attentionNorm: optionalNorm(`${at}.attentionNorm`)!,
      query: optionalMatrix(`${at}.query`)!,
      key: optionalMatrix(`${at}.key`)!,
      value: optionalMatrix(`${at}.value`)!,
      output: optionalMatrix(`${at}.output`)!,
      ...(feedForwardNorm ? { feedForwardNorm } : {}),
      ...(gate ? { gate } : {}),
      up: optionalMatrix(`${at}.up`)!,
      down: optionalMatrix(`${at}.down`)!,
    }
  }
  const embedding = optionalMatrix('embedding')!
  const positions = optionalMatrix('positions')
  return {
    name,
    config,
    architecture,
    embedding,
    ...(positions ? { positions } : {}),
    layers: Array.from({ length: config.layers }, (_, index) => layerAt(index)),
    finalNorm: optionalNorm('finalNorm')!,
    classifier: optionalMatrix('classifier') ?? { ...embedding, name: 'classifier' },
  }
}

/** Most of each number of a shape: far above any published model, low enough that all products stay exact integers. */
const most = {
  dimension: 2 ** 16,
  hidden: 2 ** 18,
  layers: 2 ** 10,
  heads: 2 ** 10,
  keyValueHeads: 2 ** 10,
  headSize: 2 ** 12,
  vocabulary: 2 ** 22,
  sequence: 2 ** 24,
} as const satisfies Partial<Record<keyof ModelConfig, number>>

/** What is wrong with a shape, e.g. `heads 0, allowed are 1 to 1024`, or undefined. */
export const shapeFault = (config: ModelConfig): string | undefined => {
  for (const [key, limit] of Object.entries(most) as [keyof typeof most, number][]) {
    const value = config[key]
    if (value === undefined) continue
    if (!(Number.isInteger(value) && value >= 1 && value <= limit)) return `${key} ${value}, allowed are 1 to ${limit}`
  }
  const { dimension, heads, keyValueHeads } = config
  const headSize = headSizeOf(config)
  if (config.headSize === undefined && (!Number.isInteger(headSize) || headSize % 2 !== 0))
    return `dimension ${dimension}, which is no even multiple of ${heads} heads`
  if (headSize % 2 !== 0) return `heads of ${headSize} components, which is not even`
  if (heads % keyValueHeads !== 0) return `${heads} heads, no multiple of ${keyValueHeads} key-value heads`
  return undefined
}
