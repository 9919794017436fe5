import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Backend, cpuBackend } from '../../src/llm/backend.ts'
import { perplexity, windowsOf } from '../../src/llm/likelihood.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { readTexts } from '../../src/llm/read-texts.ts'
import { temporaryFolder } from './store/fake-registry.ts'

test('windows hold every token once, in order, behind the prefix, none longer than the context', () => {
  expect(windowsOf([5, 6, 7, 8, 9], [1], 3)).toEqual([
    [1, 5, 6],
    [1, 7, 8],
    [1, 9],
  ])
  expect(windowsOf([], [1], 3)).toEqual([])
  expect(() => windowsOf([5], [1, 1], 2)).toThrow(/windows of 2 tokens hold nothing behind 2 others/)
  fc.assert(
    fc.property(
      fc.array(fc.nat(50), { maxLength: 40 }),
      fc.array(fc.nat(5), { maxLength: 3 }),
      fc.integer({ min: 1, max: 9 }),
      (tokens, prefix, step) => {
        const windows = windowsOf(tokens, prefix, prefix.length + step)
        for (const window of windows) {
          expect(window.slice(0, prefix.length)).toEqual(prefix)
          expect(window.length).toBeLessThanOrEqual(prefix.length + step)
          expect(window.length).toBeGreaterThan(prefix.length)
        }
        expect(windows.flatMap((window) => window.slice(prefix.length))).toEqual(tokens)
      },
    ),
  )
})

test('progress counts predicted tokens over all texts and ends with the result', async () => {
  const config = { dimension: 8, hidden: 8, layers: 1, heads: 2, keyValueHeads: 1, vocabulary: 40, sequence: 300 }
  const model = randomModel({ ...config, sharedClassifier: true }, 1)
  const seen: { tokens: number; perplexity: number }[] = []
  const texts = [Array.from({ length: 250 }, (_, k) => k % 40), [1], [3, 4, 5]]
  const result = await perplexity(cpuBackend(model), texts, (soFar) => seen.push(soFar))
  expect(seen.map(({ tokens }) => tokens)).toEqual([200, 251])
  expect(seen.at(-1)!.perplexity).toBeCloseTo(result.perplexity, 9)
  expect(result.tokens).toBe(251)
  const [first] = result.perText
  const [alone] = (await perplexity(cpuBackend(model), texts.slice(0, 1))).perText
  expect(first).toBe(alone)
})

test('a conversation is open only while its text goes through: one text that goes on, and those that fit beside it', async () => {
  const config = { dimension: 8, hidden: 8, layers: 1, heads: 2, keyValueHeads: 1, vocabulary: 40, sequence: 300 }
  const backend = cpuBackend(randomModel({ ...config, sharedClassifier: true }, 1))
  const open = new Set<number>()
  let opened = 0
  const passes: number[][] = []
  const counting: Backend = {
    ...backend,
    open: (sequence) => {
      const number = opened++
      open.add(number)
      const conversation = backend.open(sequence)
      const close = (): void => {
        open.delete(number)
        conversation.close()
      }
      return { ...conversation, close }
    },
    score: (pieces) => {
      expect(pieces.map(({ tokens }) => tokens.length)).not.toContain(0)
      passes.push([...open])
      return backend.score(pieces)
    },
  }
  const text = (length: number): number[] => Array.from({ length }, (_, k) => k % 40)
  await perplexity(counting, [205, 205, 205, 3, 3, 3].map(text))
  // 200; 4 and 196; 8 and 192; 12, 2, 2 and 2.
  expect(passes).toEqual([[0], [0, 1], [1, 2], [2, 3, 4, 5]])
  passes.length = 0
  await perplexity(
    counting,
    Array.from({ length: 204 }, () => text(2)),
  )
  expect(passes.map(({ length }) => length)).toEqual([200, 4])
  expect(open.size).toBe(0)
})

test('a text file is one text, a .json file a list of them, and others are refused', () => {
  const folder = temporaryFolder()
  const at = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }
  expect(readTexts(at('a.txt', 'one\ntwo'))).toEqual(['one\ntwo'])
  expect(readTexts(at('a.json', '["one", "", "two"]'))).toEqual(['one', 'two'])
  for (const [name, content, message] of [
    ['b.txt', '  \n', /holds no text/],
    ['b.json', '[]', /holds no text/],
    ['c.json', '{"a": 1}', /is no list of texts/],
    ['d.json', '[1]', /is no list of texts/],
    ['e.json', '[', /is no JSON/],
    ['f.txt', Uint8Array.of(0xff, 0xfe), /is no UTF-8/],
  ] as const)
    expect(() => readTexts(at(name, content)), name).toThrow(message)
  expect(() => readTexts(join(folder, 'none'))).toThrow(/cannot read the text .*none: no such file/)
})
