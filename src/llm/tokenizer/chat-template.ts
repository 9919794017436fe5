import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Template } from '@huggingface/jinja'
import * as z from 'zod'
import { readLimited } from '../../base/files.ts'
import { parsedJson } from '../../base/plain-data.ts'
import { reasonOf, UserError } from '../../base/user-error.ts'

/** A turn of a conversation. */
export interface ChatMessage {
  readonly role: 'user' | 'assistant'
  readonly content: string
}

/** Writes a conversation as the text that a model was trained on, up to where its next answer begins. */
export type ChatTemplate = (messages: readonly ChatMessage[]) => string

/** Longest file that is read. */
const mostBytes = 2 ** 26
/** Longest template, in characters: a hundred times the long ones. */
const mostCharacters = 2 ** 20

/** A control token, by its text or as `tokenizer_config.json` describes tokens at length. */
const token = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish()
const named = z.looseObject({ name: z.string(), template: z.string() })
const schema = z.looseObject({
  chat_template: z.union([z.string(), z.array(named)]).nullish(),
  bos_token: token,
  eos_token: token,
  pad_token: token,
  unk_token: token,
})
const controlTokens = ['bos_token', 'eos_token', 'pad_token', 'unk_token'] as const

/**
 * The chat template beside a `tokenizer.json`: the file `chat_template.jinja`, else that of `tokenizer_config.json`, of several the one
 * named `default`. Undefined where there is none.
 */
export const chatTemplateBeside = (tokenizerPath: string): ChatTemplate | undefined => {
  const [config, own] = ['tokenizer_config.json', 'chat_template.jinja'].map((name) =>
    join(dirname(tokenizerPath), name),
  ) as [string, string]
  const described = existsSync(config) ? readConfig(config) : {}
  const { chat_template: inside } = described
  const tokens = Object.fromEntries(
    controlTokens.flatMap((name) => {
      const value = described[name]
      return value ? [[name, typeof value === 'string' ? value : value.content]] : []
    }),
  )
  if (existsSync(own)) return chatTemplateOf(readLimited(own, 'the chat template', mostBytes).toString(), tokens, own)
  const text = typeof inside === 'string' ? inside : inside?.find(({ name }) => name === 'default')?.template
  return text === undefined ? undefined : chatTemplateOf(text, tokens, config)
}

const readConfig = (path: string): z.infer<typeof schema> => {
  const result = schema.safeParse(parsedJson(readLimited(path, 'the chat template', mostBytes).toString()))
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  throw refusal(path, `${issue.path.join('.') || 'its text'}: ${issue.message}`)
}

const refusal = (where: string, what: string, cause?: unknown): UserError =>
  new UserError(
    'E-CHAT-TEMPLATE',
    `${where} holds no chat template that bitloom can use: ${what}; give the file that belongs to the model, or remove it and write the whole prompt yourself`,
    { cause },
  )

/** A template in Jinja, as Hugging Face has them; `tokens` are the texts of control tokens, `where` names the file in messages. */
export const chatTemplateOf = (text: string, tokens: Readonly<Record<string, string>>, where: string): ChatTemplate => {
  const careful = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw refusal(where, reasonOf(error).slice(0, 160), error)
    }
  }
  if (text.length > mostCharacters)
    throw refusal(where, `it has ${text.length} characters, at most ${mostCharacters} are read`)
  const template = careful(() => new Template(text))
  return (messages) => careful(() => template.render({ messages, add_generation_prompt: true, ...tokens }))
}
