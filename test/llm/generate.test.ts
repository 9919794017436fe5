import { expect, test } from 'vitest'
import { cpuBackend } from '../../src/llm/backend.ts'
import { generate } from '../../src/llm/generate.ts'
import { negativeLogLikelihoods, perplexity } from '../../src/llm/likelihood.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { tokenizerOfPieces } from '../../src/llm/tokenizer/piece-tokenizer.ts'
import { float32Weights } from '../../src/llm/weights.ts'

const config = {
  dimension: 16,
  hidden: 12,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  vocabulary: 300,
  sequence: 12,
  sharedClassifier: true,
}
const model = randomModel(config, 11)
const tokenizer = tokenizerOfPieces({
  pieces: Array.from({ length: 300 }, (_, token) =>
    token < 3 ? new Uint8Array(0) : token < 259 ? Uint8Array.of(token - 3) : Buffer.from(`<${token}>`),
  ),
  scores: new Float32Array(300),
  tokenOf: new Map(),
})
/** A sampler that says what it is told, one token a call. */
const script = (...tokens: number[]) => {
  const left = [...tokens]
  return () => left.shift() ?? 50
}

test('as many tokens as asked for, each reported once with its text', async () => {
  const seen: (readonly [number, string])[] = []
  const result = await generate({
    model,
    tokenizer,
    prompt: 'hi',
    tokens: 3,
    sampler: script(260, 261, 262),
    onToken: (token, text) => seen.push([token, text]),
  })
  expect(result.promptTokens).toEqual([1, 3 + 32, 3 + 104, 3 + 105])
  expect(result.newTokens).toEqual([260, 261, 262])
  expect(seen).toEqual([
    [260, '<260>'],
    [261, '<261>'],
    [262, '<262>'],
  ])
  expect(result).toMatchObject({ text: 'hi<260><261><262>', stopped: 'tokens' })
})

test('BOS and EOS end the text and are not part of it', async () => {
  for (const end of [1, 2]) {
    const result = await generate({ model, tokenizer, prompt: 'a', tokens: 9, sampler: script(260, end) })
    expect(result).toMatchObject({ newTokens: [260], stopped: 'end' })
  }
})

test('the sequence limit ends the text', async () => {
  const result = await generate({ model, tokenizer, prompt: 'hello', tokens: 99, sampler: script() })
  expect(result.stopped).toBe('sequence')
  expect(result.promptTokens.length + result.newTokens.length).toBe(config.sequence + 1)
})

test('a prompt longer than the sequence and a bad number of tokens are refused', async () => {
  await expect(generate({ model, tokenizer, prompt: 'x'.repeat(20), tokens: 1 })).rejects.toThrow(/shorten the prompt/)
  await expect(generate({ model, tokenizer, prompt: 'x', tokens: 0 })).rejects.toThrow(/at least 1/)
})

test('a model without any knowledge has the perplexity of its vocabulary', async () => {
  const blank = {
    ...model,
    classifier: { ...model.classifier, weights: float32Weights(new Float32Array(300 * 16)) },
  }
  const [each] = await negativeLogLikelihoods(cpuBackend(blank), [[1, 2, 3, 4]])
  expect(each).toHaveLength(3)
  for (const one of each!) expect(one).toBeCloseTo(Math.log(300), 10)
  const result = await perplexity(cpuBackend(blank), [[1, 2, 3], [4], [5, 6]])
  expect(result.perplexity).toBeCloseTo(300, 6)
  expect(result).toMatchObject({ tokens: 3 })
  expect(result.perText).toHaveLength(3)
})

test('likelihoods of a text do not depend on how it is cut into batches', async () => {
  const long = randomModel({ ...config, sequence: 200 }, 11)
  const tokens = Array.from({ length: 150 }, (_, at) => (at * 37) % 300)
  const [whole] = await negativeLogLikelihoods(cpuBackend(long), [tokens])
  const [start, other] = await negativeLogLikelihoods(cpuBackend(long), [tokens.slice(0, 80), tokens.slice(7, 20)])
  expect([...whole!.subarray(0, 79)]).toEqual([...start!])
  expect([...other!]).toEqual([...(await negativeLogLikelihoods(cpuBackend(long), [tokens.slice(7, 20)]))[0]!])
})
