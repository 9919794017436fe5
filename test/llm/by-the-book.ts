import type { Matrix, Model, Norm } from '../../src/llm/model.ts'
import { floatsOf } from '../../src/llm/weights.ts'

/** Vectors in double precision. */
type Vector = readonly number[]

/** Numbers of a model that its weights do not show; each function below says the rest of its architecture itself. */
export interface BookNumbers {
  readonly epsilon?: number
  /** Radians a position of pair `pair` among `pairs`. */
  readonly frequency?: (pair: number, pairs: number) => number
  /** The partner of component `i` among those that turn. */
  readonly pairs?: 'neighbours' | 'halves'
}

const plus = (a: Vector, b: Vector): Vector => a.map((value, i) => value + b[i]!)

const times = ({ weights, outputs, inputs, bias }: Matrix, x: Vector): Vector => {
  const data = floatsOf(weights)
  return Array.from({ length: outputs }, (_, row) =>
    x.reduce((sum, value, k) => sum + value * data[row * inputs + k]!, bias?.[row] ?? 0),
  )
}

const rowOf = ({ weights, inputs }: Matrix, row: number): Vector => [
  ...floatsOf(weights).subarray(row * inputs, (row + 1) * inputs),
]

const rms =
  (epsilon: number) =>
  (x: Vector, { weight }: Norm): Vector => {
    const size = Math.sqrt(x.reduce((sum, value) => sum + value ** 2, 0) / x.length + epsilon)
    return x.map((value, i) => (value / size) * weight[i]!)
  }

const layerNorm = (x: Vector, { weight, bias }: Norm): Vector => {
  const mean = x.reduce((a, b) => a + b, 0) / x.length
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length
  return x.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[i]! + bias![i]!)
}

/** Turns the first `width` components of each head, as multiplication by a complex number. */
const turned = (
  x: Vector,
  position: number,
  head: number,
  width: number,
  { frequency = (pair, pairs) => 10_000 ** (-pair / pairs), pairs = 'neighbours' }: BookNumbers,
): Vector =>
  x.map((value, at) => {
    const i = at % head
    const base = at - i
    if (i >= width) return value
    const half = width / 2
    const pair = pairs === 'neighbours' ? Math.floor(i / 2) : i % half
    const isReal = pairs === 'neighbours' ? i % 2 === 0 : i < half
    const partner = base + (pairs === 'neighbours' ? i + (isReal ? 1 : -1) : i + (isReal ? half : -half))
    const angle = position * frequency(pair, half)
    return value * Math.cos(angle) + (isReal ? -1 : 1) * x[partner]! * Math.sin(angle)
  })

/** Causal attention: for each position and head the values of its group, weighed by the softmax of the scaled dot products. */
const attention = (
  queries: readonly Vector[],
  keys: readonly Vector[],
  values: readonly Vector[],
  heads: number,
  groups: number,
): Vector[] => {
  const size = queries[0]!.length / heads
  return queries.map((query, at) =>
    query.map((_, i) => {
      const head = Math.floor(i / size)
      const shared = Math.floor(head / (heads / groups))
      const weights = keys.slice(0, at + 1).map((key) => {
        let dot = 0
        for (let j = 0; j < size; j++) dot += query[head * size + j]! * key[shared * size + j]!
        return Math.exp(dot / Math.sqrt(size))
      })
      const total = weights.reduce((a, b) => a + b, 0)
      return weights.reduce((sum, weight, past) => sum + weight * values[past]![shared * size + (i % size)]!, 0) / total
    }),
  )
}

/** Llama in double precision, every position anew: the logits of all positions. */
export const llamaByTheBook = (m: Model, tokens: readonly number[], numbers: BookNumbers = {}): number[] => {
  const { heads, keyValueHeads, dimension, headSize = dimension / heads } = m.config
  const norm = rms(numbers.epsilon ?? 1e-5)
  const turn = (x: Vector, at: number): Vector => turned(x, at, headSize, headSize, numbers)
  let stream = tokens.map((token) => rowOf(m.embedding, token))
  for (const { attentionNorm, feedForwardNorm, query, key, value, output, gate, up, down } of m.layers) {
    const input = stream.map((x) => norm(x, attentionNorm))
    const mixed = attention(
      input.map((x, at) => turn(times(query, x), at)),
      input.map((x, at) => turn(times(key, x), at)),
      input.map((x) => times(value, x)),
      heads,
      keyValueHeads,
    )
    stream = stream.map((x, at) => plus(x, times(output, mixed[at]!)))
    stream = stream.map((x) => {
      const normed = norm(x, feedForwardNorm!)
      const raised = times(up, normed)
      const gated = times(gate!, normed).map((g, i) => (g / (1 + Math.exp(-g))) * raised[i]!)
      return plus(x, times(down, gated))
    })
  }
  return stream.flatMap((x) => [...times(m.classifier, norm(x, m.finalNorm))])
}

/** OPT in double precision: learned positions from row 2 on, LayerNorm before each half of a block, ReLU. */
export const optByTheBook = (m: Model, tokens: readonly number[]): number[] => {
  let stream = tokens.map((token, at) => plus(rowOf(m.embedding, token), rowOf(m.positions!, at + 2)))
  for (const { attentionNorm, feedForwardNorm, query, key, value, output, up, down } of m.layers) {
    const input = stream.map((x) => layerNorm(x, attentionNorm))
    const [queries, keys, values] = [query, key, value].map((matrix) => input.map((x) => times(matrix, x)))
    const mixed = attention(queries!, keys!, values!, m.config.heads, m.config.heads)
    stream = stream.map((x, at) => plus(x, times(output, mixed[at]!)))
    stream = stream.map((x) => {
      const hidden = times(up, layerNorm(x, feedForwardNorm!)).map((value) => Math.max(value, 0))
      return plus(x, times(down, hidden))
    })
  }
  return stream.flatMap((x) => [...times(m.classifier, layerNorm(x, m.finalNorm))])
}

/** Phi-2 in double precision: one LayerNorm before attention and feed-forward side by side, a part of each head turns. */
export const phiByTheBook = (m: Model, tokens: readonly number[], rotaryWidth: number): number[] => {
  const { heads, keyValueHeads, dimension } = m.config
  const turn = (x: Vector, at: number): Vector => turned(x, at, dimension / heads, rotaryWidth, { pairs: 'halves' })
  const gelu = (x: number): number => {
    const inner = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)
    return (x / 2) * (1 + (Math.exp(2 * inner) - 1) / (Math.exp(2 * inner) + 1))
  }
  let stream = tokens.map((token) => rowOf(m.embedding, token))
  for (const { attentionNorm, query, key, value, output, up, down } of m.layers) {
    const input = stream.map((x) => layerNorm(x, attentionNorm))
    const mixed = attention(
      input.map((x, at) => turn(times(query, x), at)),
      input.map((x, at) => turn(times(key, x), at)),
      input.map((x) => times(value, x)),
      heads,
      keyValueHeads,
    )
    stream = stream.map((x, at) => {
      const fed = times(down, times(up, input[at]!).map(gelu))
      return plus(plus(x, times(output, mixed[at]!)), fed)
    })
  }
  return stream.flatMap((x) => [...times(m.classifier, layerNorm(x, m.finalNorm))])
}
