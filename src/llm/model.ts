import type { Architecture } from './architecture.ts'
import { countOfWeights, memoryOfWeights, type Weights } from './weights.ts'

/** The weights of one linear layer `y = W x + b`, W row-major N x K as its file stores it. */
export interface Matrix {
  /** Where it stands in the model, e.g. `layers.0.query` or `classifier`. */
  readonly name: string
  /** N, the number of rows. */
  readonly outputs: number
  /** K, the number of columns. */
  readonly inputs: number
  readonly weights: Weights
  /** N. */
  readonly bias?: Float32Array
}

/** The weight of a norm, and the bias of a LayerNorm. */
export interface Norm {
  readonly weight: Float32Array
  readonly bias?: Float32Array
}

/** The shape of a decoder-only language model. */
export interface ModelConfig {
  /** Width of the residual stream. */
  readonly dimension: number
  /** Width inside the feed-forward block. */
  readonly hidden: number
  readonly layers: number
  /** Query heads. */
  readonly heads: number
  /** Key and value heads; fewer than `heads` means grouped-query attention. */
  readonly keyValueHeads: number
  /** Width of a head; `dimension / heads` unless said. */
  readonly headSize?: number
  /** Number of tokens that the tokenizer knows. */
  readonly vocabulary: number
  /** Longest sequence, in tokens. */
  readonly sequence: number
  /** True where the classifier is the embedding table itself. */
  readonly sharedClassifier: boolean
}

/** One transformer block. */
export interface Layer {
  readonly attentionNorm: Norm
  readonly query: Matrix
  readonly key: Matrix
  readonly value: Matrix
  readonly output: Matrix
  /** Absent where the block is parallel. */
  readonly feedForwardNorm?: Norm
  /** `w1` in llama2.c; absent where the feed-forward block is not gated. */
  readonly gate?: Matrix
  /** `w3` in llama2.c, `fc1` in OPT and Phi-2. */
  readonly up: Matrix
  /** `w2` in llama2.c, `fc2` in OPT and Phi-2. */
  readonly down: Matrix
}

/** A decoder-only language model as plain data. */
export interface Model {
  readonly name: string
  readonly config: ModelConfig
  readonly architecture: Architecture
  /** vocabulary x dimension: a row for each token. */
  readonly embedding: Matrix
  /** A row for each position, behind the architecture's offset; only where positions are learned. */
  readonly positions?: Matrix
  readonly layers: readonly Layer[]
  readonly finalNorm: Norm
  readonly classifier: Matrix
}

/** Width of one attention head. */
export const headSizeOf = ({ headSize, dimension, heads }: ModelConfig): number => headSize ?? dimension / heads

/** Width of the queries of one token over all heads. */
export const queryWidthOf = (config: ModelConfig): number => headSizeOf(config) * config.heads

/** Width of the keys (and of the values) of one token over all key-value heads. */
export const keyValueWidthOf = (config: ModelConfig): number => headSizeOf(config) * config.keyValueHeads

/** All linear layers in the order in which a forward pass uses them, the classifier last. */
export const linearLayersOf = (model: Model): Matrix[] => [
  ...model.layers.flatMap(({ query, key, value, output, gate, up, down }) => [
    query,
    key,
    value,
    output,
    ...(gate ? [gate] : []),
    up,
    down,
  ]),
  model.classifier,
]

/** The model with other linear layers, the classifier among them; embedding and norms stay. */
export const withLinearLayers = (model: Model, of: (matrix: Matrix) => Matrix): Model => ({
  ...model,
  layers: model.layers.map((layer) => ({
    ...layer,
    query: of(layer.query),
    key: of(layer.key),
    value: of(layer.value),
    output: of(layer.output),
    ...(layer.gate ? { gate: of(layer.gate) } : {}),
    up: of(layer.up),
    down: of(layer.down),
  })),
  classifier: of(model.classifier),
})

/** All trained arrays, each once: a shared classifier is its embedding. */
const arraysOf = (model: Model): (Weights | Float32Array)[] => {
  const matrix = ({ weights, bias }: Matrix) => (bias ? [weights, bias] : [weights])
  const norm = ({ weight, bias }: Norm) => (bias ? [weight, bias] : [weight])
  const classifier = model.config.sharedClassifier ? [] : matrix(model.classifier)
  return [
    ...matrix(model.embedding),
    ...(model.positions ? matrix(model.positions) : []),
    ...model.layers.flatMap(({ attentionNorm, feedForwardNorm }) => [
      ...norm(attentionNorm),
      ...(feedForwardNorm ? norm(feedForwardNorm) : []),
    ]),
    ...linearLayersOf(model).slice(0, -1).flatMap(matrix),
    ...norm(model.finalNorm),
    ...classifier,
  ]
}

/** Number of trained parameters; a shared classifier counts once. */
export const parameterCountOf = (model: Model): number =>
  arraysOf(model).reduce((sum, part) => sum + (part instanceof Float32Array ? part.length : countOfWeights(part)), 0)

/** Bytes of all weights in memory. */
export const memoryOf = (model: Model): number =>
  arraysOf(model).reduce(
    (sum, part) => sum + (part instanceof Float32Array ? part.byteLength : memoryOfWeights(part)),
    0,
  )
