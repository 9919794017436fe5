import { UserError } from '../base/user-error.ts'
import type { RotaryPositions } from './architecture.ts'
import { floatLinear } from './float-linear.ts'
import { headSizeOf, keyValueWidthOf, type Layer, type Matrix, type Model, type Norm, queryWidthOf } from './model.ts'
import { decodeWeights } from './weights.ts'

/**
 * One linear layer applied to several tokens, without its bias: `input` is tokens x K row-major, the result tokens x N row-major.
 * Float32, quantised and hardware paths all have this type; the result may be overwritten by the caller.
 */
export type Linear = (matrix: Matrix, input: Float32Array, tokens: number) => Float32Array | Promise<Float32Array>

/** The state of one conversation: how many tokens were seen, and their keys and values (the KV cache). */
export interface Session {
  readonly model: Model
  /** Number of tokens processed so far. */
  position: number
  /** Longest sequence that fits, in tokens. */
  readonly sequence: number
  /** Per layer: sequence x key-value width, rows below `position` are valid. */
  readonly keys: readonly Float32Array[]
  readonly values: readonly Float32Array[]
  /** Where positions are rotary. */
  readonly turns?: Turns
}

/** Cosine and sine of position times frequency, sequence x pairs; by `turnsOf`. */
export interface Turns {
  readonly rotary: RotaryPositions
  readonly cosine: Float32Array
  readonly sine: Float32Array
}

/** An empty conversation with `model`; `sequence` (at most the model's) bounds the memory of the KV cache. */
export const createSession = (model: Model, sequence: number = model.config.sequence): Session => {
  const { config, architecture } = model
  const length = Math.min(sequence, config.sequence)
  const rows = (): Float32Array[] => model.layers.map(() => new Float32Array(length * keyValueWidthOf(config)))
  const { positions } = architecture
  try {
    return {
      model,
      position: 0,
      sequence: length,
      keys: rows(),
      values: rows(),
      ...(positions.kind === 'rotary' ? { turns: turnsOf(positions, length) } : {}),
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw conversationTooLarge(model, length, error)
  }
}

/** The error of a conversation of `sequence` tokens whose keys and values have no room. */
export const conversationTooLarge = ({ name }: Model, sequence: number, cause?: unknown): UserError =>
  new UserError(
    'E-CONTEXT-MEMORY',
    `a conversation of ${sequence} tokens with model ${name} does not fit the memory that is there; make it shorter, in chat and ppl with --context, in run with --tokens`,
    { cause },
  )

export const turnsOf = (rotary: RotaryPositions, length: number): Turns => {
  const pairs = rotary.frequencies.length
  const cosine = new Float32Array(length * pairs)
  const sine = new Float32Array(length * pairs)
  for (let position = 0; position < length; position++)
    for (let pair = 0; pair < pairs; pair++) {
      const angle = Math.fround(position * rotary.frequencies[pair]!)
      cosine[position * pairs + pair] = Math.cos(angle)
      sine[position * pairs + pair] = Math.sin(angle)
    }
  return { rotary, cosine, sine }
}

/**
 * Processes `tokens` as one batch after those already in the session and returns logits: 1 x vocabulary for the last
 * token, or tokens x vocabulary with `all`. Between linear layers values are float32 and sums in double precision.
 */
export const forward = async (
  session: Session,
  tokens: readonly number[],
  linear: Linear = floatLinear,
  options: { readonly all?: boolean } = {},
): Promise<Float32Array> => {
  const { model } = session
  const count = tokens.length
  checkTokens(model, session.position, session.sequence, tokens)
  const stream = embed(model, session.position, tokens)
  for (const [index, layer] of model.layers.entries()) {
    const normed = normalise(model, stream, layer.attentionNorm, count)
    const query = await apply(linear, layer.query, normed, count)
    const key = await apply(linear, layer.key, normed, count)
    const value = await apply(linear, layer.value, normed, count)
    rotate(session, query, count)
    rotate(session, key, count)
    const start = session.position * keyValueWidthOf(model.config)
    session.keys[index]!.set(key, start)
    session.values[index]!.set(value, start)
    addTo(stream, await apply(linear, layer.output, attend(session, index, query, count), count))

    const { feedForwardNorm } = layer
    const input = feedForwardNorm ? normalise(model, stream, feedForwardNorm, count) : normed
    const hidden = await feedForward(model, layer, linear, input, count)
    addTo(stream, await apply(linear, layer.down, hidden, count))
  }
  session.position += count
  const rows = options.all ? count : 1
  const last = stream.subarray((count - rows) * model.config.dimension)
  return apply(linear, model.classifier, normalise(model, last, model.finalNorm, rows), rows)
}

/** Throws a UserError unless `tokens` can follow the first `position` ones of a conversation of at most `sequence`. */
export const checkTokens = (model: Model, position: number, sequence: number, tokens: readonly number[]): void => {
  const { vocabulary } = model.config
  if (tokens.length === 0) throw new UserError('E-PROMPT-EMPTY', 'there is no token to process; give a prompt')
  if (position + tokens.length > sequence)
    throw new UserError(
      'E-SEQUENCE',
      `${position + tokens.length} tokens do not fit model ${model.name}, which holds ${sequence}; shorten the prompt or ask for fewer tokens`,
    )
  for (const token of tokens)
    if (!(Number.isInteger(token) && token >= 0 && token < vocabulary))
      throw new UserError(
        'E-TOKEN',
        `token ${token} is outside the vocabulary of model ${model.name}, 0 to ${vocabulary - 1}; use the tokenizer that belongs to the model`,
      )
}

/** The residual stream of tokens from `position` on, tokens x dimension: their embeddings, plus those of their positions where they are learned. */
export const embed = (model: Model, position: number, tokens: readonly number[]): Float32Array<ArrayBuffer> => {
  const { dimension } = model.config
  const stream = new Float32Array(tokens.length * dimension)
  const learned = model.architecture.positions.kind === 'learned' ? model.architecture.positions : undefined
  const row = new Float32Array(dimension)
  tokens.forEach((token, at) => {
    const place = stream.subarray(at * dimension, (at + 1) * dimension)
    decodeWeights(model.embedding.weights, token * dimension, place)
    if (!learned || !model.positions) return
    decodeWeights(model.positions.weights, (position + at + learned.offset) * dimension, row)
    addTo(place, row)
  })
  return stream
}

const apply = async (linear: Linear, matrix: Matrix, input: Float32Array, tokens: number): Promise<Float32Array> => {
  const result = await linear(matrix, input, tokens)
  const { bias, outputs } = matrix
  if (bias)
    for (let token = 0; token < tokens; token++)
      for (let row = 0; row < outputs; row++) result[token * outputs + row]! += bias[row]!
  return result
}

const normalise = ({ architecture }: Model, x: Float32Array, norm: Norm, rows: number): Float32Array =>
  architecture.norm === 'rms'
    ? rmsNorm(x, norm.weight, rows, architecture.normEpsilon)
    : layerNorm(x, norm, rows, architecture.normEpsilon)

/** `x / rms(x) * weight` for each row of `x`. */
const rmsNorm = (x: Float32Array, weight: Float32Array, rows: number, epsilon: number): Float32Array => {
  const width = weight.length
  const result = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) {
    const base = row * width
    let squares = 0
    for (let i = 0; i < width; i++) squares += x[base + i]! * x[base + i]!
    const scale = 1 / Math.sqrt(squares / width + epsilon)
    for (let i = 0; i < width; i++) result[base + i] = weight[i]! * (scale * x[base + i]!)
  }
  return result
}

/** `(x - mean(x)) / deviation(x) * weight + bias` for each row of `x`. */
const layerNorm = (x: Float32Array, { weight, bias }: Norm, rows: number, epsilon: number): Float32Array => {
  const width = weight.length
  const result = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) {
    const base = row * width
    let sum = 0
    for (let i = 0; i < width; i++) sum += x[base + i]!
    const mean = sum / width
    let squares = 0
    for (let i = 0; i < width; i++) squares += (x[base + i]! - mean) ** 2
    const scale = 1 / Math.sqrt(squares / width + epsilon)
    for (let i = 0; i < width; i++) result[base + i] = weight[i]! * (scale * (x[base + i]! - mean)) + (bias?.[i] ?? 0)
  }
  return result
}

/** Rotary position embedding in place: each pair of a head's first components turns, the others stay. */
const rotate = ({ model, position, turns }: Session, x: Float32Array, rows: number): void => {
  if (!turns) return
  const { rotary, cosine, sine } = turns
  const headSize = headSizeOf(model.config)
  const pairs = rotary.frequencies.length
  const [step, distance] = rotary.pairs === 'neighbours' ? [2, 1] : [1, pairs]
  const width = x.length / rows
  for (let row = 0; row < rows; row++) {
    const table = (position + row) * pairs
    for (let head = row * width; head < (row + 1) * width; head += headSize)
      for (let pair = 0; pair < pairs; pair++) {
        const at = head + step * pair
        const even = x[at]!
        const odd = x[at + distance]!
        x[at] = even * cosine[table + pair]! - odd * sine[table + pair]!
        x[at + distance] = even * sine[table + pair]! + odd * cosine[table + pair]!
      }
  }
}

/** Causal attention of `rows` new tokens over all cached ones: rows x query width. */
const attend = (session: Session, layer: number, query: Float32Array, rows: number): Float32Array => {
  const { config } = session.model
  const { heads, keyValueHeads } = config
  const headSize = headSizeOf(config)
  const queryWidth = queryWidthOf(config)
  const width = keyValueWidthOf(config)
  const keys = session.keys[layer]!
  const values = session.values[layer]!
  const result = new Float32Array(rows * queryWidth)
  const weights = new Float64Array(session.position + rows)
  const mixed = new Float64Array(headSize)
  const scale = 1 / Math.sqrt(headSize)
  for (let row = 0; row < rows; row++) {
    const seen = session.position + row + 1
    for (let head = 0; head < heads; head++) {
      const queryAt = row * queryWidth + head * headSize
      const shared = Math.floor((head * keyValueHeads) / heads) * headSize
      let largest = Number.NEGATIVE_INFINITY
      for (let past = 0; past < seen; past++) {
        // Two sums, which a processor adds up side by side; a head's size is even.
        let even = 0
        let odd = 0
        const keyAt = past * width + shared
        for (let i = 0; i < headSize; i += 2) {
          even += query[queryAt + i]! * keys[keyAt + i]!
          odd += query[queryAt + i + 1]! * keys[keyAt + i + 1]!
        }
        const dot = (even + odd) * scale
        weights[past] = dot
        if (dot > largest) largest = dot
      }
      let total = 0
      mixed.fill(0)
      for (let past = 0; past < seen; past++) {
        const weight = Math.exp(weights[past]! - largest)
        total += weight
        const valueAt = past * width + shared
        for (let i = 0; i < headSize; i++) mixed[i]! += weight * values[valueAt + i]!
      }
      for (let i = 0; i < headSize; i++) result[queryAt + i] = mixed[i]! / total
    }
  }
  return result
}

/** What goes into the layer's `down`: tokens x hidden. */
const feedForward = async (
  { architecture }: Model,
  { gate, up }: Layer,
  linear: Linear,
  input: Float32Array,
  tokens: number,
): Promise<Float32Array> => {
  if (gate) {
    const gated = await apply(linear, gate, input, tokens)
    return swiGlu(gated, await apply(linear, up, input, tokens))
  }
  const hidden = await apply(linear, up, input, tokens)
  return architecture.feedForward === 'relu' ? relu(hidden) : geluTanh(hidden)
}

/** `silu(gate) * up`, element by element, into `gate`. */
const swiGlu = (gate: Float32Array, up: Float32Array): Float32Array => {
  for (let i = 0; i < gate.length; i++) gate[i] = (gate[i]! / (1 + Math.exp(-gate[i]!))) * up[i]!
  return gate
}

const relu = (x: Float32Array): Float32Array => {
  for (let i = 0; i < x.length; i++) x[i] = Math.max(0, x[i]!)
  return x
}

/** The tanh form of GELU (Hendrycks and Gimpel 2016), `gelu_new` of Hugging Face. */
const geluTanh = (x: Float32Array): Float32Array => {
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    x[i] = 0.5 * value * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)))
  }
  return x
}

const addTo = (stream: Float32Array, addend: Float32Array): void => {
  for (let i = 0; i < stream.length; i++) stream[i]! += addend[i]!
}
