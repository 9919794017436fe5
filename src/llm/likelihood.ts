import type { Backend } from './backend.ts'

/** Bounds the memory of the logits: 64 x 32,000 float32 values are 8 MB. */
const BATCH_TOKENS = 64

/**
 * Negative log-likelihood, in nats, of each token given all before it: one entry fewer than there are tokens. `onBatch` gets those of
 * a batch when it is done.
 */
export const negativeLogLikelihoods = async (
  backend: Backend,
  tokens: readonly number[],
  onBatch: (batch: Float64Array) => void = () => {},
): Promise<Float64Array> => {
  const { vocabulary } = backend.model.config
  const result = new Float64Array(Math.max(0, tokens.length - 1))
  if (result.length === 0) return result
  const conversation = backend.open(result.length)
  try {
    for (let start = 0; start < result.length; start += BATCH_TOKENS) {
      const batch = tokens.slice(start, Math.min(start + BATCH_TOKENS, result.length))
      const logits = await conversation.next(batch, { all: true })
      for (let row = 0; row < batch.length; row++)
        result[start + row] = surprise(
          logits.subarray(row * vocabulary, (row + 1) * vocabulary),
          tokens[start + row + 1]!,
        )
      onBatch(result.subarray(start, start + batch.length))
    }
  } finally {
    conversation.close()
  }
  return result
}

/** `-log softmax(logits)[token]`. */
const surprise = (logits: Float32Array, token: number): number => {
  let largest = Number.NEGATIVE_INFINITY
  for (let k = 0; k < logits.length; k++) largest = Math.max(largest, logits[k]!)
  let total = 0
  for (let k = 0; k < logits.length; k++) total += Math.exp(logits[k]! - largest)
  return Math.log(total) + largest - logits[token]!
}

/** Likelihood of several texts, each on its own. */
export interface Perplexity {
  /** exp of the mean over all predicted tokens. */
  readonly perplexity: number
  /** Number of predicted tokens. */
  readonly tokens: number
  /** Mean over all predicted tokens, in nats. */
  readonly meanNegativeLogLikelihood: number
  /** Mean of each text, in nats; 0 for a text with nothing to predict. */
  readonly perText: readonly number[]
}

/** How far a perplexity has come. */
export interface PerplexitySoFar {
  readonly perplexity: number
  /** Predicted tokens. */
  readonly tokens: number
}

/** Perplexity of token lists, each on its own from its first token on; `onBatch` is told how far it has come. */
export const perplexity = async (
  backend: Backend,
  texts: readonly (readonly number[])[],
  onBatch: (soFar: PerplexitySoFar) => void = () => {},
): Promise<Perplexity> => {
  const perText: number[] = []
  let total = 0
  let tokens = 0
  for (const text of texts) {
    let sum = 0
    const each = await negativeLogLikelihoods(backend, text, (batch) => {
      for (const surprise of batch) sum += surprise
      tokens += batch.length
      onBatch({ perplexity: Math.exp((total + sum) / tokens), tokens })
    })
    perText.push(each.length === 0 ? 0 : sum / each.length)
    total += sum
  }
  const mean = tokens === 0 ? 0 : total / tokens
  return { perplexity: Math.exp(mean), tokens, meanNegativeLogLikelihood: mean, perText }
}

/**
 * Tokens of a text cut into windows that a model can hold, none overlapping: each begins with the tokens that begin every sequence
 * (`prefix`), so that no window is longer than `context` and every token of the text stands in one. Without a prefix the first token of
 * a window is not predicted.
 */
export const windowsOf = (tokens: readonly number[], prefix: readonly number[], context: number): number[][] => {
  const step = context - prefix.length
  if (step < 1) throw new RangeError(`windows of ${context} tokens hold nothing behind ${prefix.length} others`)
  return Array.from({ length: Math.ceil(tokens.length / step) }, (_, index) => [
    ...prefix,
    ...tokens.slice(index * step, (index + 1) * step),
  ])
}
