import { UserError } from '../base/user-error.ts'
import { floatLinear } from './float-linear.ts'
import { createSession, forward, type Linear } from './forward.ts'
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

/** Processes the prompt as one batch, then one token at a time until a token that ends a text, `tokens` or the sequence limit. */
export const generate = async (options: GenerateOptions): Promise<Generated> => {
  const { model, tokenizer, linear = floatLinear, sampler = greedy, onToken } = options
  checkCount(options.tokens)
  const promptTokens = tokenizer.encode(options.prompt)
  const session = createSession(model, promptTokens.length + options.tokens)
  const decoder = tokenizer.createDecoder()
  for (const token of promptTokens) decoder.next(token)
  const newTokens: number[] = []
  const finish = (stopped: Generated['stopped']): Generated => ({
    promptTokens,
    newTokens,
    text: decodeAll(tokenizer, [...promptTokens, ...newTokens]),
    stopped,
  })
  let pending: readonly number[] = promptTokens
  for (;;) {
    if (newTokens.length === options.tokens) return finish('tokens')
    if (newTokens.length > 0 && session.position === model.config.sequence) return finish('sequence')
    const token = sampler(await forward(session, pending, linear))
    if (tokenizer.ends.includes(token)) return finish('end')
    newTokens.push(token)
    onToken?.(token, decoder.next(token))
    pending = [token]
  }
}

const checkCount = (tokens: number): void => {
  if (!(Number.isInteger(tokens) && tokens >= 1))
    throw new UserError('E-TOKENS', `${tokens} tokens cannot be generated; give a whole number of at least 1`)
}
