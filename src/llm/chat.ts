import { UserError } from '../base/user-error.ts'
import type { Backend, Conversation } from './backend.ts'
import { continued, type Generated } from './generate.ts'
import type { OpenedModel } from './open-model.ts'
import type { Sampler } from './sample.ts'
import type { ChatMessage, ChatTemplate } from './tokenizer/chat-template.ts'
import { bareTokens } from './tokenizer/tokenizer.ts'

/** A conversation with a model. */
export interface Chat {
  /**
   * Answers a message; `onToken` gets what each token adds to the answer, which may be nothing. A message too long for the
   * conversation is a UserError and leaves it as it was.
   */
  readonly say: (message: string, onToken?: (text: string) => void) => Promise<Answer>
  readonly close: () => void
}

/** What a model said, and what that took. */
export interface Answer {
  readonly answer: string
  /** Tokens before the first new one that the model had not seen yet. */
  readonly promptTokens: number
  readonly tokens: number
  readonly stopped: Generated['stopped']
  /** Older exchanges that were left out so that this one fits. */
  readonly forgotten: number
  readonly promptSeconds: number
  /** From the end of the prompt on. */
  readonly seconds: number
}

export interface ChatOptions {
  readonly backend: Backend
  readonly opened: Pick<OpenedModel, 'tokenizer' | 'prefix'>
  /** Without one, each message is the beginning of a text of its own, which the model continues. */
  readonly template: ChatTemplate | undefined
  readonly sampler: Sampler
  /** Most tokens of an answer. */
  readonly tokens: number
  /** Longest conversation, in tokens; at most the model's sequence. */
  readonly context: number
}

/** Tokens of a prompt that are processed at once, so that a long one can be interrupted. */
const promptPiece = 64

/** Opens a conversation. Where it grows too long, its oldest exchanges are forgotten. */
export const openChat = ({ backend, opened, template, sampler, tokens: most, context }: ChatOptions): Chat => {
  const { tokenizer, prefix } = opened
  let history: readonly ChatMessage[] = []
  let conversation: Conversation | undefined
  /** Tokens that are in the conversation. */
  let seen: number[] = []

  const tokensOf = (messages: readonly ChatMessage[]): readonly number[] =>
    template
      ? bareTokens(tokenizer, template(messages))
      : [...prefix, ...bareTokens(tokenizer, messages.at(-1)?.content ?? '')]

  const fitted = (message: string) => {
    const all: readonly ChatMessage[] = [...history, { role: 'user', content: message }]
    for (let from = 0; ; from += 2) {
      const messages = all.slice(from)
      const tokens = tokensOf(messages)
      if (tokens.length + most <= context || messages.length === 1) return { messages, tokens, forgotten: from / 2 }
    }
  }
  const close = (): void => {
    conversation?.close()
    conversation = undefined
    seen = []
  }
  const next = async (one: Conversation, tokens: readonly number[]): Promise<Float32Array> =>
    (await backend.next([{ conversation: one, tokens }]))[0]!
  /** Logits behind `tokens`, of which those are processed that the conversation has not seen. */
  const logitsBehind = async (tokens: readonly number[]): Promise<{ logits: Float32Array; processed: number }> => {
    if (seen.length >= tokens.length || seen.some((token, at) => token !== tokens[at])) close()
    conversation ??= backend.open(context)
    const from = seen.length
    let logits: Float32Array = new Float32Array(0)
    for (let at = from; at < tokens.length; at += promptPiece) {
      const piece = tokens.slice(at, at + promptPiece)
      logits = await next(conversation, piece)
      seen.push(...piece)
    }
    return { logits, processed: tokens.length - from }
  }

  const say = async (message: string, onToken: (text: string) => void = () => {}): Promise<Answer> => {
    const { messages, tokens, forgotten } = fitted(message)
    if (tokens.length === 0) throw new UserError('E-PROMPT-EMPTY', 'there is no token to process; give a prompt')
    if (tokens.length > context)
      throw new UserError(
        'E-SEQUENCE',
        `the prompt is ${tokens.length} tokens long and the conversation may have ${context}; shorten it${context < backend.model.config.sequence ? `, or give --context up to ${backend.model.config.sequence}` : ''}`,
      )
    const started = performance.now()
    const { logits, processed } = await logitsBehind(tokens)
    const answering = performance.now()
    const decoder = tokenizer.createDecoder()
    for (const token of tokens) decoder.next(token)
    let answer = ''
    const put = (text: string): void => {
      answer += text
      onToken(text)
    }
    let count = 0
    const stopped = await continued({
      logits,
      seen: seen.length,
      most,
      sequence: context,
      ends: tokenizer.ends,
      sampler,
      next: async (token) => {
        const behind = await next(conversation!, [token])
        seen.push(token)
        return behind
      },
      onToken: (token) => {
        count++
        put(decoder.next(token))
      },
    })
    const rest = decoder.end()
    if (rest !== '') put(rest)
    if (template) history = [...messages, { role: 'assistant', content: answer }]
    return {
      answer,
      promptTokens: processed,
      tokens: count,
      stopped,
      forgotten,
      promptSeconds: (answering - started) / 1000,
      seconds: (performance.now() - answering) / 1000,
    }
  }
  return { say, close }
}
