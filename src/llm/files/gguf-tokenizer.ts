import { UserError } from '../../base/user-error.ts'
import { type ChatTemplate, chatTemplateOf } from '../tokenizer/chat-template.ts'
import { pieceTokenizerOf, tokenizerOfPieces } from '../tokenizer/piece-tokenizer.ts'
import type { Tokenizer } from '../tokenizer/tokenizer.ts'
import type { Gguf } from './gguf.ts'

/** What SentencePiece writes for a space. */
const spaceMark = '▁'

/** Kinds of tokens (`tokenizer.ggml.token_type`) that are found in a text before it is taken apart; of those the first print nothing. */
const [control, userDefined] = [3, 4]

/** The SentencePiece vocabulary (`tokenizer.ggml.model` is `llama`) in the metadata of a GGUF file, laid out as Llama's: unknown, BOS, EOS, 256 bytes, then texts. */
export const ggufTokenizer = (metadata: Gguf['metadata'], vocabulary: number, where: string): Tokenizer => {
  const refuse = (what: string): never => {
    throw new UserError(
      'E-TOKENIZER-MISSING',
      `${where} holds no tokenizer of Llama's layout: ${what}; give --tokenizer tokenizer.json`,
    )
  }
  const tokens = metadata.get('tokenizer.ggml.tokens')
  const scores = metadata.get('tokenizer.ggml.scores')
  if (!isTexts(tokens) || tokens.length !== vocabulary) return refuse(`it has no ${vocabulary} tokens`)
  if (!(scores instanceof Float32Array) || scores.length !== vocabulary || scores.some(Number.isNaN))
    return refuse(`it has no ${vocabulary} scores`)
  const [begin, end] = ['bos', 'eos'].map((name) => metadata.get(`tokenizer.ggml.${name}_token_id`))
  if (begin !== 1 || end !== 2) refuse(`BOS is ${begin} and EOS ${end}, where 1 and 2 are known`)
  for (let byte = 0; byte < 256; byte++)
    if (tokens[3 + byte]?.toUpperCase() !== `<0X${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
      refuse(`token ${3 + byte} is no byte`)
  const types = metadata.get('tokenizer.ggml.token_type')
  if (types !== undefined && !(types instanceof Int32Array && types.length === vocabulary))
    return refuse(`it has no ${vocabulary} kinds of tokens`)
  const is = (token: number, kind: number): boolean =>
    types?.[token] === kind || (kind === control && (token === begin || token === end))
  const stored = tokens.map((text, token) =>
    is(token, control) ? new Uint8Array(0) : new Uint8Array(Buffer.from(text.replaceAll(spaceMark, ' '))),
  )
  const whole = tokens.flatMap((text, token): readonly [string, number][] =>
    text !== '' && (is(token, control) || is(token, userDefined)) ? [[text.replaceAll(spaceMark, ' '), token]] : [],
  )
  return tokenizerOfPieces(pieceTokenizerOf(stored, scores), new Map(whole))
}

/** The chat template in the metadata (`tokenizer.chat_template`); undefined where there is none. */
export const ggufChatTemplate = (metadata: Gguf['metadata'], where: string): ChatTemplate | undefined => {
  const text = metadata.get('tokenizer.chat_template')
  if (typeof text !== 'string') return undefined
  const tokens = metadata.get('tokenizer.ggml.tokens')
  const texts = Object.entries(controlTokens).flatMap(([name, key]): readonly [string, string][] => {
    const token = metadata.get(`tokenizer.ggml.${key}_token_id`)
    const found = isTexts(tokens) && typeof token === 'number' ? tokens[token] : undefined
    return found === undefined ? [] : [[name, found]]
  })
  return chatTemplateOf(text, Object.fromEntries(texts), where)
}

/** What templates call tokens, and what GGUF does. */
const controlTokens = { bos_token: 'bos', eos_token: 'eos', pad_token: 'padding', unk_token: 'unknown' } as const

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && (value.length === 0 || typeof value[0] === 'string')
