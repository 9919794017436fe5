import { readLimited } from '../../base/files.ts'
import { UserError } from '../../base/user-error.ts'
import { mergeBest } from './byte-pair-merge.ts'
import type { Decoder, Tokenizer } from './tokenizer.ts'

/** Token that begins every sequence (BOS). */
const BEGIN_TOKEN = 1
/** Token that ends a sequence (EOS). */
const END_TOKEN = 2
/** Token of what the vocabulary cannot spell. */
const UNKNOWN_TOKEN = 0
const FIRST_BYTE_TOKEN = 3
const FIRST_TEXT_TOKEN = FIRST_BYTE_TOKEN + 256
const LARGEST_FILE_BYTES = 2 ** 26
const LONGEST_TOKEN_BYTES = 2 ** 12

/** A SentencePiece byte-pair tokenizer as llama2.c stores it; byte tokens hold their one raw byte. */
export interface PieceTokenizer {
  /** Bytes of each token; empty for BOS and EOS. */
  readonly pieces: readonly Uint8Array[]
  /** Merge priority of each token: the highest merges first. */
  readonly scores: Float32Array
  /** Token of a piece, its bytes read as Latin-1; control and byte tokens are not in it. */
  readonly tokenOf: ReadonlyMap<string, number>
}

/** Reads a llama2.c tokenizer file of exactly `vocabulary` tokens. */
export const loadTokenizer = (path: string, vocabulary: number): PieceTokenizer =>
  parseTokenizer(readLimited(path, 'the tokenizer', LARGEST_FILE_BYTES), vocabulary, path)

/**
 * Parses a llama2.c tokenizer: int32 longest token, then per token float32 score, int32 length, bytes. Byte tokens
 * (3 to 258) are either `<0xNN>` or, in the old form, the raw byte. `where` names the file in messages.
 */
export const parseTokenizer = (bytes: Uint8Array, vocabulary: number, where: string): PieceTokenizer => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const refuse = (what: string): never => {
    throw new UserError(
      'E-TOKENIZER',
      `${where} is no llama2.c tokenizer of ${vocabulary} tokens: ${what}; give the tokenizer file that belongs to the model`,
    )
  }
  if (bytes.byteLength < 4 + 8 * vocabulary) refuse(`it holds only ${bytes.byteLength} bytes`)
  const longest = view.getInt32(0, true)
  if (longest < 1 || longest > LONGEST_TOKEN_BYTES) refuse(`its longest token is said to be ${longest} bytes`)
  const stored: Uint8Array[] = []
  const scores = new Float32Array(vocabulary)
  let offset = 4
  for (let token = 0; token < vocabulary; token++) {
    if (offset + 8 > bytes.byteLength) refuse(`it ends within token ${token}`)
    const score = view.getFloat32(offset, true)
    const length = view.getInt32(offset + 4, true)
    if (Number.isNaN(score)) refuse(`the score of token ${token} is not a number`)
    if (length < 0 || length > LONGEST_TOKEN_BYTES) refuse(`token ${token} is said to be ${length} bytes long`)
    offset += 8
    if (offset + length > bytes.byteLength) refuse(`it ends within token ${token}`)
    scores[token] = score
    stored.push(bytes.slice(offset, offset + length))
    offset += length
  }
  if (offset !== bytes.byteLength) refuse(`${bytes.byteLength - offset} bytes follow its last token`)
  return pieceTokenizerOf(stored, scores)
}

/** A tokenizer out of its tokens as they are stored and their scores. */
export const pieceTokenizerOf = (stored: readonly Uint8Array[], scores: Float32Array): PieceTokenizer => {
  const pieces = stored.map((bytes, token) => pieceOf(token, bytes))
  const tokenOf = new Map<string, number>()
  for (let token = FIRST_TEXT_TOKEN; token < pieces.length; token++) {
    const text = latin1(pieces[token]!)
    if (text !== '' && !tokenOf.has(text)) tokenOf.set(text, token)
  }
  return { pieces, scores, tokenOf }
}

/** Control tokens print nothing; both forms of a byte token print their byte. */
const pieceOf = (token: number, stored: Uint8Array): Uint8Array => {
  if (token === BEGIN_TOKEN || token === END_TOKEN) return new Uint8Array(0)
  if (token < FIRST_BYTE_TOKEN || token >= FIRST_TEXT_TOKEN) return stored
  const written = /^<0x([0-9A-Fa-f]{2})>$/.exec(latin1(stored))
  return written ? Uint8Array.of(Number.parseInt(written[1]!, 16)) : stored
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

/** Text to tokens: BOS, a leading space as SentencePiece puts it, then greedy merges of the best-scored pair. */
export const encode = (tokenizer: PieceTokenizer, text: string): number[] => {
  if (text === '') return [BEGIN_TOKEN]
  const symbols: number[] = []
  for (const character of ` ${text}`) {
    const bytes = Buffer.from(character, 'utf8')
    const token = tokenizer.tokenOf.get(bytes.toString('latin1'))
    if (token !== undefined) symbols.push(token)
    else for (const byte of bytes) symbols.push(byteToken(tokenizer, byte))
  }
  const merge = (left: number, right: number): number | undefined =>
    isText(left) && isText(right)
      ? tokenizer.tokenOf.get(latin1(tokenizer.pieces[left]!) + latin1(tokenizer.pieces[right]!))
      : undefined
  return [BEGIN_TOKEN, ...mergeBest(symbols, merge, tokenizer.scores)]
}

const isText = (token: number): boolean => token >= FIRST_TEXT_TOKEN

const byteToken = (tokenizer: PieceTokenizer, byte: number): number => {
  const token = FIRST_BYTE_TOKEN + byte
  const piece = tokenizer.pieces[token]
  return piece?.length === 1 && piece[0] === byte ? token : UNKNOWN_TOKEN
}

/** Decodes token by token; drops the space after BOS; bytes of one UTF-8 character may come in several tokens. */
export const createDecoder = (tokenizer: PieceTokenizer): Decoder => {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  let previous = -1
  return {
    next: (token) => {
      const piece = tokenizer.pieces[token]
      if (!piece)
        throw new UserError(
          'E-TOKEN',
          `token ${token} is outside the tokenizer's 0 to ${tokenizer.pieces.length - 1}; use the tokenizer that belongs to the model`,
        )
      const afterBegin = previous === BEGIN_TOKEN && piece[0] === 0x20
      previous = token
      return utf8.decode(afterBegin ? piece.subarray(1) : piece, { stream: true })
    },
    end: () => utf8.decode(),
  }
}

/** Tokens to text. */
export const decode = (tokenizer: PieceTokenizer, tokens: readonly number[]): string => {
  const decoder = createDecoder(tokenizer)
  return tokens.map(decoder.next).join('') + decoder.end()
}

/**
 * The tokenizer as models use it: BOS begins a text, BOS or EOS ends it. Where a text of `control` stands its token is taken, and what
 * follows begins with a space as a text does (as llama.cpp has it).
 */
export const tokenizerOfPieces = (
  pieces: PieceTokenizer,
  control: ReadonlyMap<string, number> = new Map(),
): Tokenizer => {
  // The longest first, because one may begin like another.
  const texts = [...control.keys()].sort((a, b) => b.length - a.length).map(escaped)
  const between = texts.length > 0 ? new RegExp(`(${texts.join('|')})`) : undefined
  const tokensOf = (text: string, part: number): readonly number[] =>
    part % 2 === 1 ? [control.get(text)!] : encode(pieces, text).slice(1)
  return {
    ends: [BEGIN_TOKEN, END_TOKEN],
    encode: (text) => (between ? [BEGIN_TOKEN, ...text.split(between).flatMap(tokensOf)] : encode(pieces, text)),
    createDecoder: () => createDecoder(pieces),
  }
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
