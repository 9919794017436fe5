import type { Backend, Conversation, ScoredPiece } from './backend.ts'

/** Most tokens that go through a model in one pass, of all conversations together. */
const mostTokens = 200

/**
 * Negative log-likelihood, in nats, of each token of each text given all before it in the text: one entry fewer than there are tokens.
 * Texts go through the model side by side, each with a conversation from its first pass to its last; `onBatch` is told how much is
 * known after each pass.
 */
export const negativeLogLikelihoods = async (
  backend: Backend,
  texts: readonly (readonly number[])[],
  onBatch: (batch: readonly Float64Array[]) => void = () => {},
): Promise<Float64Array[]> => {
  const results = texts.map(({ length }) => new Float64Array(Math.max(0, length - 1)))
  const waiting = results.flatMap(({ length }, index) => (length > 0 ? [index] : []))
  const running: Running[] = []
  try {
    for (;;) {
      const pieces: RunningPiece[] = []
      let room = mostTokens
      const take = (text: Running): void => {
        const piece = pieceOf(text, texts[text.index]!, room)
        pieces.push(piece)
        room -= piece.tokens.length
      }
      running.forEach(take)
      while (room > 0 && waiting.length > 0) {
        const index = waiting.shift()!
        const text = { index, done: 0, conversation: backend.open(results[index]!.length) }
        running.push(text)
        take(text)
      }
      if (pieces.length === 0) return results
      const batch = await backend.score(pieces)
      pieces.forEach(({ text }, at) => {
        results[text.index]!.set(batch[at]!, text.done)
        text.done += batch[at]!.length
      })
      onBatch(batch)
      for (const text of running.splice(0)) {
        if (text.done < results[text.index]!.length) running.push(text)
        else text.conversation.close()
      }
    }
  } finally {
    for (const { conversation } of running) conversation.close()
  }
}

/** A text that is in part through the model. */
interface Running {
  readonly index: number
  readonly conversation: Conversation
  /** Tokens predicted so far. */
  done: number
}

interface RunningPiece extends ScoredPiece {
  readonly text: Running
}

/** The next tokens of a text, `room` of them at most. */
const pieceOf = (text: Running, all: readonly number[], room: number): RunningPiece => {
  const end = Math.min(text.done + room, all.length - 1)
  const { conversation, done } = text
  return { conversation, tokens: all.slice(done, end), targets: all.slice(done + 1, end + 1), text }
}

/** `-log softmax(logits)[target]` for rows of logits. */
export const surprises = (logits: Float32Array, vocabulary: number, targets: readonly number[]): Float64Array =>
  Float64Array.from(targets, (target, row) =>
    surprise(logits.subarray(row * vocabulary, (row + 1) * vocabulary), target),
  )

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
  let [total, tokens] = [0, 0]
  const each = await negativeLogLikelihoods(backend, texts, (batch) => {
    for (const piece of batch) total += sumOf(piece)
    tokens += batch.reduce((sum, { length }) => sum + length, 0)
    onBatch({ perplexity: Math.exp(total / tokens), tokens })
  })
  // Added up anew text by text, so that the result does not depend on what went side by side.
  const sums = each.map(sumOf)
  const mean = tokens === 0 ? 0 : sumOf(sums) / tokens
  return {
    perplexity: Math.exp(mean),
    tokens,
    meanNegativeLogLikelihood: mean,
    perText: sums.map((sum, at) => (sum === 0 ? 0 : sum / each[at]!.length)),
  }
}

const sumOf = (values: Iterable<number>): number => {
  let sum = 0
  for (const value of values) sum += value
  return sum
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
