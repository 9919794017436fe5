import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeBest } from '../../../src/llm/tokenizer/byte-pair-merge.ts'
import {
  createDecoder,
  decode,
  encode,
  type PieceTokenizer,
  parseTokenizer,
} from '../../../src/llm/tokenizer/piece-tokenizer.ts'

const words: readonly (readonly [string, number])[] = [
  ['ab', -1],
  ['bc', -2],
  ['abc', -3],
  [' abc', -4],
  ['aa', -5],
  [' a', -6],
  [' ', -20],
  ['a', -21],
  ['b', -22],
  ['c', -23],
  ['é', -24],
]
const firstWord = 259
const idOf = (text: string): number => firstWord + words.findIndex(([word]) => word === text)

/** A tokenizer file with the words above, its byte tokens raw (the old form) or written `<0xNN>`. */
const file = (raw: boolean): Uint8Array => {
  const hexadecimal = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
  const entries: (readonly [Buffer, number])[] = [
    [Buffer.from('<unk>'), 0],
    [Buffer.from('\n<s>\n'), 0],
    [Buffer.from('\n</s>\n'), 0],
    ...Array.from({ length: 256 }, (_, byte): readonly [Buffer, number] => [
      raw ? Buffer.of(byte) : Buffer.from(hexadecimal(byte)),
      0,
    ]),
    ...words.map(([word, score]): readonly [Buffer, number] => [Buffer.from(word), score]),
  ]
  const parts = entries.map(([bytes, score]) => {
    const head = Buffer.alloc(8)
    head.writeFloatLE(score)
    head.writeInt32LE(bytes.length, 4)
    return Buffer.concat([head, bytes])
  })
  const longest = Buffer.alloc(4)
  longest.writeInt32LE(7)
  return Buffer.concat([longest, ...parts])
}

const size = firstWord + words.length
const both: readonly PieceTokenizer[] = [true, false].map((raw) => parseTokenizer(file(raw), size, 't.bin'))

test('the best-scored pair merges first, after BOS and a leading space', () => {
  for (const tokenizer of both) {
    expect(encode(tokenizer, 'abc')).toEqual([1, idOf(' abc')])
    expect(encode(tokenizer, 'bc')).toEqual([1, idOf(' '), idOf('bc')])
    expect(encode(tokenizer, 'aab')).toEqual([1, idOf(' a'), idOf('ab')])
    expect(encode(tokenizer, 'aaa')).toEqual([1, idOf(' '), idOf('aa'), idOf('a')])
    expect(encode(tokenizer, '')).toEqual([1])
  }
})

test('of equal pairs the leftmost merges first', () => {
  expect(encode(both[0]!, 'baaa').slice(-2)).toEqual([idOf('aa'), idOf('a')])
})

test('what the vocabulary lacks is spelled in bytes, in both forms of the file', () => {
  for (const tokenizer of both) {
    expect(encode(tokenizer, 'é€')).toEqual([1, idOf(' '), idOf('é'), 3 + 0xe2, 3 + 0x82, 3 + 0xac])
    expect(encode(tokenizer, '<s>')).toEqual([1, idOf(' '), 3 + 0x3c, 3 + 0x73, 3 + 0x3e])
  }
})

test('any text survives encoding and decoding', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ') }), (a, b) => {
      for (const tokenizer of both)
        for (const text of [a, b, a + b]) expect(decode(tokenizer, encode(tokenizer, text))).toBe(text)
    }),
  )
})

test('a character cut into several tokens is printed when it is whole, and what remains at the end is shown', () => {
  const decoder = createDecoder(both[1]!)
  expect([1, idOf(' a'), 3 + 0xe2, 3 + 0x82, 3 + 0xac].map(decoder.next)).toEqual(['', 'a', '', '', '€'])
  decoder.next(3 + 0xe2)
  expect(decoder.end()).toBe('\uFFFD')
})

test('only the space right after BOS is dropped', () => {
  expect(decode(both[0]!, [1, idOf(' a'), idOf(' a')])).toBe('a a')
  expect(decode(both[0]!, [idOf(' a')])).toBe(' a')
})

test('the heap merges as a plain scan over all pairs does', () => {
  const scores = Float32Array.from({ length: 300 }, (_, token) => ((token * 7919) % 13) - 20)
  const merge = (left: number, right: number): number | undefined =>
    (left * 31 + right * 17) % 3 === 0 ? undefined : 10 + ((left * 31 + right * 17) % 290)
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 299 }), { maxLength: 40 }), (symbols) => {
      const tokens = [...symbols]
      for (;;) {
        let best: { at: number; merged: number } | undefined
        for (let at = 0; at + 1 < tokens.length; at++) {
          const merged = merge(tokens[at]!, tokens[at + 1]!)
          if (merged !== undefined && (!best || scores[merged]! > scores[best.merged]!)) best = { at, merged }
        }
        if (!best) break
        tokens.splice(best.at, 2, best.merged)
      }
      expect(mergeBest(symbols, merge, scores)).toEqual(tokens)
    }),
  )
})

test('a long text takes far less than quadratic time', () => {
  const text = 'abc aaa cab '.repeat(20_000)
  const start = performance.now()
  const tokens = encode(both[0]!, text)
  expect(performance.now() - start).toBeLessThan(10_000)
  expect(decode(both[0]!, tokens)).toBe(text)
})

test('truncated, overlong and absurd tokenizer files are refused in one sentence', () => {
  const good = file(true)
  const refuse = (bytes: Uint8Array, vocabulary: number, message: RegExp): void =>
    expect(() => parseTokenizer(bytes, vocabulary, 't.bin')).toThrow(message)
  for (let length = 0; length < good.length; length++)
    refuse(good.subarray(0, length), size, /^t\.bin is no llama2\.c tokenizer of 270 tokens: .*give the tokenizer/)
  refuse(good, size - 1, /11 bytes follow|10 bytes follow/)
  refuse(good, 32_000, /holds only/)
  const absurd = (at: number, value: number): Uint8Array => {
    const copy = Buffer.from(good)
    copy.writeInt32LE(value, at)
    return copy
  }
  refuse(absurd(0, -1), size, /longest token/)
  refuse(absurd(8, 2 ** 30), size, /token 0 is said to be 1073741824 bytes/)
  refuse(absurd(8, -4), size, /token 0 is said/)
  refuse(absurd(4, 0x7fc00000), size, /score of token 0/)
})

test('a token outside the vocabulary is refused', () => {
  expect(() => decode(both[0]!, [size])).toThrow(/token 270 is outside the tokenizer's 0 to 269/)
})
