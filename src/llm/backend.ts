import { floatLinear } from './float-linear.ts'
import { createSession, forward, type Linear } from './forward.ts'
import type { Model } from './model.ts'

/** What runs a model: the CPU, or a GPU. */
export interface Backend {
  /** `cpu`, or `webgpu` with the adapter's name. */
  readonly name: string
  readonly model: Model
  /** An empty conversation of at most `sequence` tokens. */
  readonly open: (sequence: number) => Conversation
  /** Gives back what it holds. */
  readonly close: () => void
}

/** Tokens that a model has seen, with their keys and values. */
export interface Conversation {
  /** Processes tokens after those already there: logits of the last one, or of each (tokens x vocabulary) with `all`. */
  readonly next: (tokens: readonly number[], options?: { readonly all?: boolean }) => Promise<Float32Array>
  readonly close: () => void
}

/** The CPU, with any linear layer. */
export const cpuBackend = (model: Model, linear: Linear = floatLinear): Backend => ({
  name: 'cpu',
  model,
  open: (sequence) => {
    const session = createSession(model, sequence)
    return { next: (tokens, options) => forward(session, tokens, linear, options), close: () => {} }
  },
  close: () => {},
})
