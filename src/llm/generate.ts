import { UserError } from '../base/user-error.ts'
import { type Backend, cpuBackend } from './backend.ts'
import type { Linear } from './forward.ts'
import type { Model } from './model.ts'
import { greedy, type Sampler } from './sample.ts'
import { decodeAll, type Tokenizer } from './tokenizer/tokenizer.ts'

/** What to generate. */
export interface GenerateOptions {
  readonly model: Model
  readonly tokenizer: Tokenizer
  readonly prompt: string
  /** Most tokens to generate after the prompt. */
  readonly tokens: number
  /** The linear layer; threads in WebAssembly unless given. */
  readonly linear?: Linear
  readonly sampler?: Sampler
  /** Called for each new token, with the text that became complete with it. */
  readonly onToken?: (token: number, text: string) => void
}

/** What was generated and why it ended: enough tokens, the model's own end of text, or a full KV cache. */
export interface Generated {
  readonly promptTokens: readonly number[]
  readonly newTokens: readonly number[]
  /** Prompt and continuation. */
  readonly text: string
  readonly stopped: 'tokens' | 'end' | 'sequence'
}

/** What a text is continued with. */
export interface Continuation {
  /** Logits behind the last of `seen` tokens. */
  readonly logits: Float32Array
  readonly seen: number
  /** Most new tokens, at least 1. */
  readonly most: number
  /** Tokens that the conversation holds. */
  readonly sequence: number
  readonly ends: readonly number[]
  readonly sampler: Sampler
  /** Takes a token through the model, for the logits behind it. */
  readonly next: (token: number) => Promise<Float32Array>
  /** Called for each new token, before it goes through the model. */
  readonly onToken: (token: number) => void
}

/** New tokens until one that ends a text, `most` or a full conversation; the last one does not go through the model. */
export const continued = async (continuation: Continuation): Promise<Generated['stopped']> => {
  const { seen, most, sequence, ends, sampler, next, onToken } = continuation
  let { logits } = continuation
  for (let count = 1; ; count++) {
    const token = sampler(logits)
    if (ends.includes(token)) return 'end'
    onToken(token)
    if (count === most) return 'tokens'
    if (seen + count > sequence) return 'sequence'
    logits = await next(token)
  }
}

/** Processes the prompt as one batch, then one token at a time until a token that ends a text, `tokens` or the sequence limit. */
export const generate = async (options: GenerateOptions): Promise<Generated> => {
  checkCount(options.tokens)
  const backend = cpuBackend(options.model, options.linear)
  try {
    return await generateOn(backend, options)
  } finally {
    backend.close()
  }
}

const generateOn = async (backend: Backend, options: GenerateOptions): Promise<Generated> => {
  const { tokenizer, sampler = greedy, onToken } = options
  const promptTokens = tokenizer.encode(options.prompt)
  const conversation = backend.open(promptTokens.length + options.tokens)
  const decoder = tokenizer.createDecoder()
  for (const token of promptTokens) decoder.next(token)
  const newTokens: number[] = []
  try {
    const stopped = await continued({
      logits: await conversation.next(promptTokens),
      seen: promptTokens.length,
      most: options.tokens,
      sequence: backend.model.config.sequence,
      ends: tokenizer.ends,
      sampler,
      next: (token) => conversation.next([token]),
      onToken: (token) => {
        newTokens.push(token)
        onToken?.(token, decoder.next(token))
      },
    })
    return { promptTokens, newTokens, text: decodeAll(tokenizer, [...promptTokens, ...newTokens]), stopped }
  } finally {
    conversation.close()
  }
}

const checkCount = (tokens: number): void => {
  if (!(Number.isInteger(tokens) && tokens >= 1))
    throw new UserError('E-TOKENS', `${tokens} tokens cannot be generated; give a whole number of at least 1`)
}
