import { UserError } from '../base/user-error.ts'
import { type Backend, cpuBackend } from './backend.ts'
import type { Linear } from './forward.ts'
import type { Model } from './model.ts'
import { greedy, type Sampler } from './sample.ts'
import { decodeAll, type Tokenizer } from './tokenizer.ts'

/** What to generate. */
export interface GenerateOptions {
  readonly model: Model
  readonly tokenizer: Tokenizer
  readonly prompt: string
  /** Most tokens to generate after the prompt. */
  readonly tokens: number
  /** What runs the model; the CPU unless given. */
  readonly backend?: Backend
  /** The linear layer of the CPU where no backend is given. */
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
  /** From the start to the first new token, and from there to the last one; the second is 0 for a single token. */
  readonly seconds: { readonly prompt: number; readonly decode: number }
}

/** Tokens a second after the first, which needs the whole prompt; undefined where there is no second one. */
export const decodeRateOf = ({ newTokens, seconds }: Generated): number | undefined =>
  newTokens.length > 1 && seconds.decode > 0 ? (newTokens.length - 1) / seconds.decode : undefined

/** Processes the prompt as one batch, then one token at a time until a token that ends a text, `tokens` or the sequence limit. */
export const generate = async (options: GenerateOptions): Promise<Generated> => {
  checkCount(options.tokens)
  const { backend = cpuBackend(options.model, options.linear) } = options
  try {
    return await generateOn(backend, options)
  } finally {
    if (!options.backend) backend.close()
  }
}

const generateOn = async (backend: Backend, options: GenerateOptions): Promise<Generated> => {
  const { tokenizer, sampler = greedy, onToken } = options
  const { sequence } = backend.model.config
  const promptTokens = tokenizer.encode(options.prompt)
  const conversation = backend.open(promptTokens.length + options.tokens)
  const decoder = tokenizer.createDecoder()
  for (const token of promptTokens) decoder.next(token)
  const newTokens: number[] = []
  const started = performance.now()
  let [first, last] = [started, started]
  const finish = (stopped: Generated['stopped']): Generated => ({
    promptTokens,
    newTokens,
    text: decodeAll(tokenizer, [...promptTokens, ...newTokens]),
    stopped,
    seconds: { prompt: (first - started) / 1000, decode: (last - first) / 1000 },
  })
  try {
    let pending: readonly number[] = promptTokens
    for (;;) {
      if (newTokens.length === options.tokens) return finish('tokens')
      // The last new token has not gone through the model yet.
      if (newTokens.length > 0 && promptTokens.length + newTokens.length > sequence) return finish('sequence')
      const token = sampler(await conversation.next(pending))
      last = performance.now()
      if (newTokens.length === 0) first = last
      if (tokenizer.ends.includes(token)) return finish('end')
      newTokens.push(token)
      onToken?.(token, decoder.next(token))
      pending = [token]
    }
  } finally {
    conversation.close()
  }
}

const checkCount = (tokens: number): void => {
  if (!(Number.isInteger(tokens) && tokens >= 1))
    throw new UserError('E-TOKENS', `${tokens} tokens cannot be generated; give a whole number of at least 1`)
}
