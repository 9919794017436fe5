import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UserError } from '../../../src/base/user-error.ts'
import { jsonTokenizer, loadJsonTokenizer } from '../../../src/llm/tokenizer/json-tokenizer.ts'
import { decodeAll } from '../../../src/llm/tokenizer/tokenizer.ts'
import { damagedTexts } from '../files/damage.ts'
import { temporaryFolder } from '../store/fake-registry.ts'
import { beginToken, byteToken, endToken, tinyTokenizerJson } from './tiny-tokenizer.ts'

const tokenizer = jsonTokenizer(tinyTokenizerJson(), {}, [endToken], 'tokenizer.json')
const bytesOf = (text: string): number[] => [...Buffer.from(text)].map(byteToken)

test('a text is spelled by merges, after what begins every sequence', () => {
  expect(tokenizer.encode('')).toEqual([beginToken])
  expect(tokenizer.encode('she')).toEqual([beginToken, ...bytesOf('s'), 258])
  expect(tokenizer.encode('the the')).toEqual([beginToken, 260, 259])
  expect(tokenizer.encode('hehe')).toEqual([beginToken, 261])
  expect(jsonTokenizer(tinyTokenizerJson(false), {}, [], 't').encode('')).toEqual([])
  expect(tokenizer.ends).toEqual([endToken])
})

test('special tokens written in a text are tokens, and are not printed', () => {
  expect(tokenizer.encode('a</s>b')).toEqual([beginToken, ...bytesOf('a'), endToken, ...bytesOf('b')])
  expect(decodeAll(tokenizer, [beginToken, ...bytesOf('a'), endToken])).toBe('a')
})

test('any text survives encoding and decoding', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom('t', 'h', 'e', ' ') }), (a, b) => {
      for (const text of [a, b, a + b]) expect(decodeAll(tokenizer, tokenizer.encode(text))).toBe(text)
    }),
  )
})

test('a character cut into several tokens is printed when it is whole, and what remains at the end is shown', () => {
  const decoder = tokenizer.createDecoder()
  const printed = bytesOf('é€').map(decoder.next)
  expect(printed).toEqual(['', 'é', '', '', '€'])
  decoder.next(byteToken(0xe2))
  expect(decoder.end()).toBe('�')
})

test('spaces stay, at the start of a stream and within', () => {
  const decoder = tokenizer.createDecoder()
  expect(tokenizer.encode(' the  the').slice(1).map(decoder.next).join('')).toBe(' the  the')
})

test('a long stream takes time in proportion to its length', () => {
  const decoder = tokenizer.createDecoder()
  const started = performance.now()
  for (let k = 0; k < 20_000; k++) decoder.next(259)
  expect(performance.now() - started).toBeLessThan(10_000)
})

test('bytes that are no text do not hold the rest back', () => {
  const decoder = tokenizer.createDecoder()
  const printed = Array.from({ length: 9 }, () => decoder.next(byteToken(0xff))).join('')
  expect(printed.length).toBeGreaterThan(5)
  expect(decoder.next(byteToken(0x41)).endsWith('A')).toBe(true)
})

test('a file is read with the configuration beside it, and a bad one is one sentence', () => {
  const folder = join(temporaryFolder(), 'm')
  mkdirSync(folder)
  const path = join(folder, 'tokenizer.json')
  const config = join(folder, 'tokenizer_config.json')
  writeFileSync(path, JSON.stringify(tinyTokenizerJson()))
  writeFileSync(config, '{}')
  expect(loadJsonTokenizer(path, config, []).encode('he')).toEqual([beginToken, 258])
  for (const [text, message] of [
    ['', /it is no JSON/],
    ['[]', /it is no JSON object/],
    ['{}', /it cannot be used \(/],
    ['{"model": 3}', /it cannot be used \(/],
    [
      JSON.stringify({ ...tinyTokenizerJson(), model: { type: 'BPE', vocab: {}, merges: [] } }),
      /it spells no English text/,
    ],
    [JSON.stringify({ ...tinyTokenizerJson(), pre_tokenizer: { type: 'Nothing' } }), /it cannot be used \(/],
  ] as const) {
    writeFileSync(path, text)
    expect(() => loadJsonTokenizer(path, undefined, []), text).toThrow(message)
    expect(() => loadJsonTokenizer(path, undefined, [])).toThrow(/; give the tokenizer file that belongs to the model$/)
  }
  expect(() => loadJsonTokenizer(join(folder, 'none.json'), undefined, [])).toThrow(/cannot read the tokenizer/)
})

test('200 damaged files are read or refused in one sentence, and those that are read spell a text or refuse it', () => {
  const path = join(temporaryFolder(), 'tokenizer.json')
  let refused = 0
  for (const damaged of damagedTexts(JSON.stringify(tinyTokenizerJson()), 21)) {
    writeFileSync(path, damaged)
    const started = performance.now()
    try {
      const found = loadJsonTokenizer(path, undefined, [])
      decodeAll(found, found.encode('the hehe, €'))
    } catch (error) {
      expect(error, damaged.slice(0, 2_000)).toBeInstanceOf(UserError)
      expect((error as UserError).message).toMatch(
        /tokenizer\.json is no tokenizer\.json [^\n]*; give the tokenizer file[^\n]*$/,
      )
      refused++
    }
    expect(performance.now() - started).toBeLessThan(2_000)
  }
  expect(refused).toBeGreaterThan(60)
})
