import { expect, test } from 'vitest'
import { llamaArchitecture, optArchitecture, phiArchitecture, rotaryFrequencies } from '../../src/llm/architecture.ts'
import { floatLinear } from '../../src/llm/float-linear.ts'
import { createSession, forward, type Linear } from '../../src/llm/forward.ts'
import {
  linearLayersOf,
  type Matrix,
  type Model,
  type ModelConfig,
  memoryOf,
  parameterCountOf,
} from '../../src/llm/model.ts'
import { quantiseModel } from '../../src/llm/quantised/quantised-linear.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { float32Weights, floatsOf } from '../../src/llm/weights.ts'
import { llamaByTheBook, optByTheBook, phiByTheBook } from './by-the-book.ts'
import { quantisedLinear } from './integer-linear.ts'

const config: ModelConfig = {
  dimension: 24,
  hidden: 20,
  layers: 2,
  heads: 6,
  keyValueHeads: 2,
  vocabulary: 31,
  sequence: 16,
  sharedClassifier: false,
}
const model = randomModel(config, 3)
const tokens = [1, 7, 30, 0, 12, 7, 7, 19, 4]

test('the same seed gives the same model, another seed another one', () => {
  expect(randomModel(config, 3)).toEqual(model)
  expect(randomModel(config, 4).embedding).not.toEqual(model.embedding)
})

const expectNear = (logits: Float32Array, expected: readonly number[], tolerance = 1e-4): void => {
  expect(logits.length).toBe(expected.length)
  logits.forEach((logit, at) => {
    expect(Math.abs(logit - expected[at]!)).toBeLessThan(tolerance)
  })
}

const allLogits = (any: Model): Promise<Float32Array> => forward(createSession(any), tokens, floatLinear, { all: true })

test('the forward pass is Llama by the book: norms, rotary positions, grouped-query attention, SwiGLU', async () => {
  for (const shape of [config, { ...config, keyValueHeads: 6, sharedClassifier: true }]) {
    const any = randomModel(shape, 17)
    expectNear(await allLogits(any), llamaByTheBook(any, tokens))
  }
})

test('pairs may be halves of a head, heads wider than their share, and linear layers may have biases', async () => {
  const wide: ModelConfig = { ...config, headSize: 8 }
  const architecture = llamaArchitecture({
    headSize: 8,
    pairs: 'halves',
    base: 500,
    normEpsilon: 1e-3,
    biases: { queryKeyValue: true, attentionOutput: true, feedForward: true },
  })
  const any = randomModel(wide, 5, architecture)
  expect(any.layers[0]!.query).toMatchObject({ outputs: 48, inputs: 24 })
  expect(any.layers[1]!.output).toMatchObject({ outputs: 24, inputs: 48 })
  const numbers = { epsilon: 1e-3, pairs: 'halves', frequency: (i: number, n: number) => 500 ** (-i / n) } as const
  expectNear(await allLogits(any), llamaByTheBook(any, tokens, numbers))
})

test('the forward pass is OPT by the book: learned positions, LayerNorm, ReLU, biases', async () => {
  const any = randomModel({ ...config, keyValueHeads: 6, sharedClassifier: true }, 23, optArchitecture)
  expect(any.positions).toMatchObject({ outputs: config.sequence + 2, inputs: config.dimension })
  expectNear(await allLogits(any), optByTheBook(any, tokens))
})

test('the forward pass is Phi-2 by the book: a parallel block, a part of each head turns, GELU', async () => {
  const shape: ModelConfig = { ...config, heads: 3, keyValueHeads: 3 }
  const any = randomModel(shape, 29, phiArchitecture({ rotaryWidth: 4 }))
  expect(any.classifier.bias).toHaveLength(config.vocabulary)
  expect(any.layers[0]).not.toHaveProperty('feedForwardNorm')
  expectNear(await allLogits(any), phiByTheBook(any, tokens, 4))
})

test('rotary frequencies fall from 1 to the base, are stretched as Llama 3.1 does, or all alike', () => {
  const plain = rotaryFrequencies(8, 10_000)
  for (const [pair, value] of [1, 0.1, 0.01, 0.001].entries()) expect(plain[pair]).toBeCloseTo(value, 7)
  const linear = rotaryFrequencies(8, 10_000, { kind: 'linear', factor: 4 })
  linear.forEach((value, pair) => {
    expect(value).toBeCloseTo(plain[pair]! / 4, 7)
  })
  const scaling = {
    kind: 'llama3',
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalSequence: 100,
  } as const
  const llama3 = rotaryFrequencies(8, 10_000, scaling)
  // Wavelengths 6.3, 63, 630 and 6300: shorter than 100 / 4 stays, longer than 100 / 1 by the factor, 63 in part.
  const waves = 100 / (2 * Math.PI * 10)
  const share = (waves - 1) / 3
  const expected = [1, (1 - share) * (0.1 / 8) + share * 0.1, 0.01 / 8, 0.001 / 8]
  for (const [pair, value] of expected.entries()) expect(llama3[pair]).toBeCloseTo(value, 7)
})

test('weights in blocks and halves go through the same sums as the floats they stand for', async () => {
  const shape: ModelConfig = { ...config, dimension: 64, hidden: 96, heads: 4, keyValueHeads: 2, vocabulary: 45 }
  const architecture = llamaArchitecture({ headSize: 16 })
  for (const kind of ['q8_0', 'q4_0'] as const) {
    const stored = randomModel(shape, 31, architecture, kind)
    const logits = await allLogits(stored)
    expectNear(logits, llamaByTheBook(stored, tokens), 1e-3)
    const float = (matrix: Matrix): Matrix => ({ ...matrix, weights: float32Weights(floatsOf(matrix.weights)) })
    const layers = stored.layers.map((layer) => ({
      ...layer,
      query: float(layer.query),
      key: float(layer.key),
      value: float(layer.value),
      output: float(layer.output),
      gate: float(layer.gate!),
      up: float(layer.up),
      down: float(layer.down),
    }))
    const plain = { ...stored, embedding: float(stored.embedding), classifier: float(stored.classifier), layers }
    expect(await allLogits(plain)).toEqual(logits)
    expect(memoryOf(stored)).toBeLessThan(0.35 * memoryOf(plain))
    expect(parameterCountOf(stored)).toBe(parameterCountOf(plain))
  }
  expect(() => randomModel(config, 1, llamaArchitecture({ headSize: 4 }), 'q8_0')).toThrow(/rows of 24 weights/)
})

test('a batch gives bit for bit what token after token gives', async () => {
  const all = await forward(createSession(model), tokens, floatLinear, { all: true })
  const session = createSession(model)
  for (const [row, token] of tokens.entries()) {
    const logits = await forward(session, [token])
    expect([...logits]).toEqual([...all.subarray(row * config.vocabulary, (row + 1) * config.vocabulary)])
  }
  const split = createSession(model)
  await forward(split, tokens.slice(0, 5))
  const last = await forward(split, tokens.slice(5))
  expect([...last]).toEqual([...all.subarray((tokens.length - 1) * config.vocabulary)])
})

test('so do all architectures, whose positions go on where the last batch ended', async () => {
  for (const [architecture, heads] of [
    [optArchitecture, 6],
    [phiArchitecture({ rotaryWidth: 2 }), 6],
    [llamaArchitecture({ headSize: 4, pairs: 'halves' }), 2],
  ] as const) {
    const any = randomModel({ ...config, keyValueHeads: heads, sharedClassifier: true }, 11, architecture)
    const session = createSession(any)
    await forward(session, tokens.slice(0, 4))
    const rest = await forward(session, tokens.slice(4), floatLinear, { all: true })
    expect([...rest]).toEqual([...(await allLogits(any)).subarray(4 * config.vocabulary)])
  }
})

test('the classifier is asked only for the last token unless all are wanted', async () => {
  const calls: string[] = []
  const linear: Linear = async (matrix, input, count) => {
    calls.push(`${matrix.name} ${count}`)
    return floatLinear(matrix, input, count)
  }
  const last = await forward(createSession(model), tokens, linear)
  expect(last.length).toBe(config.vocabulary)
  expect(calls).toEqual(linearLayersOf(model).map(({ name }) => `${name} ${name === 'classifier' ? 1 : 9}`))
  calls.length = 0
  const all = await forward(createSession(model), tokens, linear, { all: true })
  expect(all.length).toBe(tokens.length * config.vocabulary)
  expect(calls.at(-1)).toBe('classifier 9')
})

test('query heads share the keys and values of their group', async () => {
  const grouped = await forward(createSession(model), tokens)
  const repeated = randomModel({ ...config, keyValueHeads: 6 }, 3)
  const widen = ({ weights, inputs, name }: Matrix): Matrix => {
    const data = floatsOf(weights)
    const wide = Float32Array.from({ length: 24 * inputs }, (_, at) => {
      const row = Math.floor(at / inputs)
      const shared = Math.floor(Math.floor(row / 4) / 3) * 4 + (row % 4)
      return data[shared * inputs + (at % inputs)]!
    })
    return { name, outputs: 24, inputs, weights: float32Weights(wide) }
  }
  const full = {
    ...model,
    config: repeated.config,
    layers: model.layers.map((layer) => ({ ...layer, key: widen(layer.key), value: widen(layer.value) })),
  }
  expect([...(await forward(createSession(full), tokens))]).toEqual([...grouped])
})

test('attention is causal: later tokens change no earlier logits', async () => {
  const width = config.vocabulary
  const a = await forward(createSession(model), tokens, floatLinear, { all: true })
  const b = await forward(createSession(model), [...tokens.slice(0, 6), 2, 3, 5], floatLinear, { all: true })
  expect([...a.subarray(0, 6 * width)]).toEqual([...b.subarray(0, 6 * width)])
  expect([...a.subarray(6 * width)]).not.toEqual([...b.subarray(6 * width)])
})

test('position matters: the same token at another place has other logits', async () => {
  const logits = await forward(createSession(model), [5, 6, 5], floatLinear, { all: true })
  const swapped = await forward(createSession(model), [6, 5, 5], floatLinear, { all: true })
  expect([...logits.subarray(62)]).not.toEqual([...swapped.subarray(62)])
})

test('8-bit weights and activations stay close to float, 4-bit weights less so, and are themselves repeatable', async () => {
  const float = await forward(createSession(model), tokens)
  const distance = async (linear: Linear): Promise<number> => {
    const logits = await forward(createSession(model), tokens, linear)
    return Math.hypot(...logits.map((logit, at) => logit - float[at]!)) / Math.hypot(...float)
  }
  const eight = quantisedLinear(quantiseModel(model, { bits: 8, group: 16, signed: true }))
  const four = quantisedLinear(quantiseModel(model, { bits: 4, group: 16, signed: false }))
  expect(await distance(eight)).toBeLessThan(0.05)
  expect(await distance(eight)).toBeLessThan(await distance(four))
  expect(await distance(four)).toBeLessThan(0.5)
  expect(await distance(four)).toBe(await distance(four))
})

test('tokens outside the vocabulary, none at all, and more than the sequence holds are refused', async () => {
  const session = createSession(model)
  await expect(forward(session, [31])).rejects.toThrow(/token 31 is outside the vocabulary .* 0 to 30/)
  await expect(forward(session, [])).rejects.toThrow(/no token to process/)
  await expect(forward(session, new Array(17).fill(1))).rejects.toThrow(/17 tokens do not fit .* holds 16; shorten/)
  await forward(session, new Array(16).fill(1))
  await expect(forward(session, [1])).rejects.toThrow(/17 tokens do not fit/)
})
