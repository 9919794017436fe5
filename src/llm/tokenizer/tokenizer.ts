/** Text to the tokens of a model, and back. */
export interface Tokenizer {
  /** The tokens of a text, after those that begin every sequence; the empty text has these alone. */
  readonly encode: (text: string) => number[]
  readonly createDecoder: () => Decoder
  /** Tokens after which a text is over. */
  readonly ends: readonly number[]
}

/** A decoder of a stream: each call returns the text that became complete, `end` what was left of a cut character. */
export interface Decoder {
  readonly next: (token: number) => string
  readonly end: () => string
}

/** Tokens to text. */
export const decodeAll = (tokenizer: Tokenizer, tokens: readonly number[]): string => {
  const decoder = tokenizer.createDecoder()
  return tokens.map(decoder.next).join('') + decoder.end()
}

/** The tokens of a text without those that begin every sequence. */
export const bareTokens = (tokenizer: Tokenizer, text: string): number[] =>
  tokenizer.encode(text).slice(tokenizer.encode('').length)
