/** The weights of one linear layer `y = W x`: `data` is row-major N x K, a view into the checkpoint, never a copy. */
export interface Matrix {
  /** Where it stands in the model, e.g. `layers.0.query` or `classifier`. */
  readonly name: string
  /** N, the number of rows. */
  readonly outputs: number
  /** K, the number of columns. */
  readonly inputs: number
  readonly data: Float32Array
}

/** The shape of a Llama-architecture model. */
export interface ModelConfig {
  /** Width of the residual stream. */
  readonly dimension: number
  /** Width inside the feed-forward block. */
  readonly hidden: number
  readonly layers: number
  /** Query heads; each is `dimension / heads` wide. */
  readonly heads: number
  /** Key and value heads; fewer than `heads` means grouped-query attention. */
  readonly keyValueHeads: number
  /** Number of tokens that the tokenizer knows. */
  readonly vocabulary: number
  /** Longest sequence, in tokens. */
  readonly sequence: number
  /** True where the classifier is the embedding table itself. */
  readonly sharedClassifier: boolean
}

/** One transformer block. */
export interface Layer {
  readonly attentionNorm: Float32Array
  readonly query: Matrix
  readonly key: Matrix
  readonly value: Matrix
  readonly output: Matrix
  readonly feedForwardNorm: Float32Array
  /** `w1` in llama2.c. */
  readonly gate: Matrix
  /** `w2` in llama2.c. */
  readonly down: Matrix
  /** `w3` in llama2.c. */
  readonly up: Matrix
}

/** A Llama-architecture language model as plain data. */
export interface Model {
  readonly name: string
  readonly config: ModelConfig
  /** vocabulary x dimension, row-major. */
  readonly embedding: Float32Array
  readonly layers: readonly Layer[]
  readonly finalNorm: Float32Array
  readonly classifier: Matrix
}

/** Width of one attention head. */
export const headSizeOf = (config: ModelConfig): number => config.dimension / config.heads

/** Width of the keys (and of the values) of one token over all key-value heads. */
export const keyValueWidthOf = (config: ModelConfig): number => headSizeOf(config) * config.keyValueHeads

/** All linear layers in the order in which a forward pass uses them, the classifier last. */
export const linearLayersOf = (model: Model): Matrix[] => [
  ...model.layers.flatMap(({ query, key, value, output, gate, up, down }) => [
    query,
    key,
    value,
    output,
    gate,
    up,
    down,
  ]),
  model.classifier,
]

/** Number of trained parameters; a shared classifier counts once. */
export const parameterCountOf = (model: Model): number => {
  const matrices = linearLayersOf(model).reduce((sum, { data }) => sum + data.length, 0)
  const embedding = model.config.sharedClassifier ? 0 : model.embedding.length
  return matrices + embedding + (2 * model.config.layers + 1) * model.config.dimension
}
