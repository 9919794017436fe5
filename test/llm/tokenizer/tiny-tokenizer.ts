/** The printable characters that stand for bytes in byte-level tokenizers (GPT-2). */
const byteCharacters = ((): readonly string[] => {
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
    return String.fromCodePoint(printable ? byte : next++)
  })
})()

export const beginToken = 0
export const endToken = 1
/** Token of a byte. */
export const byteToken = (byte: number): number => 2 + byte
const merges = [
  ['h', 'e'],
  ['Ġ', 'the'],
  ['t', 'he'],
  ['he', 'he'],
] as const

/** Number of its tokens. */
export const tinyVocabulary = 258 + merges.length

/** A `tokenizer.json` of bytes and four merges, `<s>` in front of every text where `begin` says so, `</s>` at its end. */
export const tinyTokenizerJson = (begin = true): object => ({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: ['<s>', '</s>'].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: begin
    ? {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
        special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
      }
    : null,
  decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab: Object.fromEntries(
      ['<s>', '</s>', ...byteCharacters, ...merges.map(([a, b]) => a + b)].map((text, id) => [text, id]),
    ),
    merges: merges.map(([a, b]) => `${a} ${b}`),
  },
})
