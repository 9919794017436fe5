import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { readLimited } from '../../base/files.ts'
import { reasonOf, UserError } from '../../base/user-error.ts'
import type { Decoder, Tokenizer } from './tokenizer.ts'

const mostBytes = 2 ** 26
/** A character has at most four bytes, and a token at least one: what is longer undecided is no character. */
const mostPending = 8
/** What a decoder prints for bytes that are no whole character yet. */
const replacement = '�'

/** Reads a `tokenizer.json` of Hugging Face, with the `tokenizer_config.json` beside it where there is one; `ends` are the model's. */
export const loadJsonTokenizer = (path: string, configPath: string | undefined, ends: readonly number[]): Tokenizer => {
  const read = (file: string): object => parseJson(readLimited(file, 'the tokenizer', mostBytes), file)
  return jsonTokenizer(read(path), configPath === undefined ? {} : read(configPath), ends, path)
}

const refusal = (where: string, what: string, cause?: unknown): UserError =>
  new UserError(
    'E-TOKENIZER',
    `${where} is no tokenizer.json that bitloom reads: ${what}; give the tokenizer file that belongs to the model`,
    { cause },
  )

const parseJson = (bytes: Buffer, where: string): object => {
  const json = ((): unknown => {
    try {
      return JSON.parse(bytes.toString())
    } catch (error) {
      throw refusal(where, 'it is no JSON', error)
    }
  })()
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw refusal(where, 'it is no JSON object')
  return json
}

/** A tokenizer out of the contents of the two files; `where` names them in messages. */
export const jsonTokenizer = (json: object, config: object, ends: readonly number[], where: string): Tokenizer => {
  const careful = <T>(what: string, work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw refusal(where, `${what} (${reasonOf(error).slice(0, 120)})`, error)
    }
  }
  const library = careful('it cannot be used', () => new LibraryTokenizer(json, config))
  const textOf = (tokens: number[]): string => {
    if (tokens.length === 0) return ''
    return careful('it cannot be used', () =>
      library.decode(tokens, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    )
  }
  const tokenizer: Tokenizer = {
    ends,
    encode: (text) => careful('it cannot spell a text', () => [...library.encode(text).ids]),
    createDecoder: () => createDecoder(textOf),
  }
  // A file that lacks something says so at once, not in the middle of a text.
  const spelled = tokenizer.encode('A test.')
  if (spelled.length <= tokenizer.encode('').length) throw refusal(where, 'it spells no English text')
  if (!spelled.every((token) => Number.isInteger(token) && token >= 0))
    throw refusal(where, 'it gives tokens that are no numbers')
  return tokenizer
}

/**
 * Decodes token by token: what a token adds is seen in the text of the last ones, since a tokenizer may print a token in another way
 * at the start of a text. Nothing is printed while the text ends within a character.
 */
const createDecoder = (textOf: (tokens: number[]) => string): Decoder => {
  let tokens: number[] = []
  /** Tokens at the front of `tokens` whose text is out. */
  let done = 0
  const rest = (): string => textOf(tokens).slice(textOf(tokens.slice(0, done)).length)
  return {
    next: (token) => {
      tokens.push(token)
      const text = rest()
      if (text.endsWith(replacement) && tokens.length - done < mostPending) return ''
      tokens = tokens.slice(done)
      done = tokens.length
      return text
    },
    end: rest,
  }
}
