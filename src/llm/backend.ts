import { setImmediate as others } from 'node:timers/promises'
import { type ThreadOptions, threadedBackend } from './cpu/backend.ts'
import { createSession, forward, type Linear } from './forward.ts'
import { surprises } from './likelihood.ts'
import type { Model } from './model.ts'

/** What runs a model: the CPU, or a GPU. */
export interface Backend {
  /** `cpu`, or `webgpu` with the adapter's name. */
  readonly name: string
  readonly model: Model
  /** An empty conversation of at most `sequence` tokens. */
  readonly open: (sequence: number) => Conversation
  /**
   * Several conversations of this backend side by side, in one pass where it can: for each of them what its `next` gives, bit for
   * bit. None may stand there twice.
   */
  readonly next: (pieces: readonly Piece[], options?: LogitOptions) => Promise<Float32Array[]>
  /** Likewise, but of each token of `targets`, in nats, `-log` of its probability behind the token of `tokens` at the same place. */
  readonly score: (pieces: readonly ScoredPiece[]) => Promise<Float64Array[]>
  /** Gives back what it holds. */
  readonly close: () => void
}

/** Tokens that a model has seen, with their keys and values; one call is awaited before the next. */
export interface Conversation {
  /** Processes tokens after those already there: logits of the last one, or of each (tokens x vocabulary) with `all`. */
  readonly next: (tokens: readonly number[], options?: LogitOptions) => Promise<Float32Array>
  readonly close: () => void
}

export interface LogitOptions {
  readonly all?: boolean
}

/** The next tokens of a conversation. */
export interface Piece {
  readonly conversation: Conversation
  readonly tokens: readonly number[]
}

/** And for each the token that comes behind it. */
export interface ScoredPiece extends Piece {
  readonly targets: readonly number[]
}

/**
 * `next` and `score` of a backend that takes one conversation after the other. Others have a turn before each, so that Ctrl-C is heard: a
 * forward pass may await nothing outside.
 */
export const oneByOne = (model: Model): Pick<Backend, 'next' | 'score'> => ({
  next: async (pieces, options) => {
    const results: Float32Array[] = []
    for (const { conversation, tokens } of pieces) {
      await others()
      results.push(await conversation.next(tokens, options))
    }
    return results
  },
  score: async (pieces) => {
    const results: Float64Array[] = []
    for (const { conversation, tokens, targets } of pieces) {
      await others()
      const logits = await conversation.next(tokens, { all: true })
      results.push(surprises(logits, model.config.vocabulary, targets))
    }
    return results
  },
})

/** How the CPU runs a model. */
export type CpuOptions = ThreadOptions

/**
 * The CPU: threads in WebAssembly (`cpu/`), or with a linear layer of its own, and for models that have no room in WebAssembly, the
 * forward pass in JavaScript.
 */
export const cpuBackend = (model: Model, linear?: Linear, options: CpuOptions = {}): Backend =>
  (linear ? undefined : threadedBackend(model, options)) ?? plainBackend(model, linear)

const plainBackend = (model: Model, linear?: Linear): Backend => ({
  name: 'cpu',
  model,
  open: (sequence) => {
    const session = createSession(model, sequence)
    return { next: (tokens, options) => forward(session, tokens, linear, options), close: () => {} }
  },
  ...oneByOne(model),
  close: () => {},
})
