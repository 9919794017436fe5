import { UserError } from '../../base/user-error.ts'
import { type PieceTokenizer, pieceTokenizerOf } from '../tokenizer/piece-tokenizer.ts'
import type { Gguf } from './gguf.ts'

/** What SentencePiece writes for a space. */
const spaceMark = '▁'

/** The SentencePiece vocabulary (`tokenizer.ggml.model` is `llama`) in the metadata of a GGUF file, laid out as Llama's: unknown, BOS, EOS, 256 bytes, then texts. */
export const ggufTokenizer = (metadata: Gguf['metadata'], vocabulary: number, where: string): PieceTokenizer => {
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
  const stored = tokens.map((text) => new Uint8Array(Buffer.from(text.replaceAll(spaceMark, ' '))))
  return pieceTokenizerOf(stored, scores)
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && (value.length === 0 || typeof value[0] === 'string')
