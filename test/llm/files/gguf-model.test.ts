import { describe, expect, test } from 'vitest'
import {
  type Architecture,
  llamaArchitecture,
  optArchitecture,
  phiArchitecture,
} from '../../../src/llm/architecture.ts'
import { bytesSource } from '../../../src/llm/files/byte-source.ts'
import type { GgufValue } from '../../../src/llm/files/gguf.ts'
import { readGgufModel } from '../../../src/llm/files/gguf-model.ts'
import { ggufChatTemplate, ggufTokenizer } from '../../../src/llm/files/gguf-tokenizer.ts'
import { createSession, forward } from '../../../src/llm/forward.ts'
import { type Model, type ModelConfig, memoryOf } from '../../../src/llm/model.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { decodeAll } from '../../../src/llm/tokenizer/tokenizer.ts'
import { llamaByTheBook } from '../by-the-book.ts'
import { readDamaged } from './damage.ts'
import { type GgufTensor, ggufBytes, ggufMetadata, ggufTensors, type Value } from './write-gguf.ts'
import { floatParts } from './write-model.ts'

const shape: ModelConfig = {
  dimension: 64,
  hidden: 96,
  layers: 2,
  heads: 8,
  keyValueHeads: 2,
  vocabulary: 45,
  sequence: 16,
  sharedClassifier: false,
}
const equalHeads = { ...shape, keyValueHeads: 8 }
const halves = llamaArchitecture({ headSize: 8, pairs: 'halves' })
const tokens = [1, 7, 30, 0, 12]
const logitsOf = (model: Model): Promise<Float32Array> =>
  forward(createSession(model), tokens, undefined, { all: true })
const open = (bytes: Uint8Array): Promise<Model> =>
  readGgufModel(bytesSource(bytes, 'm.gguf'), 'm').then(({ model }) => model)

type Family = 'llama' | 'phi2' | 'opt'
const families: readonly (readonly [Family, ModelConfig, Architecture])[] = [
  ['llama', shape, llamaArchitecture({ headSize: 8 })],
  ['llama', { ...shape, headSize: 16, sharedClassifier: true }, llamaArchitecture({ headSize: 16, normEpsilon: 1e-3 })],
  [
    'llama',
    shape,
    llamaArchitecture({ headSize: 8, biases: { queryKeyValue: true, attentionOutput: true, feedForward: true } }),
  ],
  ['opt', { ...equalHeads, sharedClassifier: true }, optArchitecture],
  ['phi2', equalHeads, phiArchitecture({ rotaryWidth: 4 })],
]

const metadataOf = (model: Model, family: Family): Record<string, Value> => ({
  ...ggufMetadata(model, family),
  ...(model.config.headSize
    ? {
        [`${family}.attention.key_length`]: { uint32: model.config.headSize },
        [`${family}.attention.value_length`]: { uint32: model.config.headSize },
      }
    : {}),
})

describe.each(families)('a GGUF file of architecture %s', (family, config, architecture) => {
  const model = randomModel(config, 7, architecture)
  const { name: _, architecture: __, ...wanted } = model

  test('is read back as it was written and gives the same logits', async () => {
    const found = await open(ggufBytes(metadataOf(model, family), ggufTensors(model)))
    const { name, architecture: read, ...rest } = found
    expect(name).toBe('m')
    expect(rest).toEqual(wanted)
    // The epsilon went through a float32.
    expect({ ...read, normEpsilon: 0 }).toEqual({ ...architecture, normEpsilon: 0 })
    expect(read.normEpsilon).toBeCloseTo(architecture.normEpsilon, 9)
    const logits = await logitsOf(model)
    ;(await logitsOf(found)).forEach((logit, at) => {
      expect(Math.abs(logit - logits[at]!)).toBeLessThan(1e-5)
    })
  })

  test('keeps its matrices in blocks, and its logits are those of the weights the blocks stand for', async () => {
    for (const [kind, bytes] of [
      ['Q8_0', 34 / 32],
      ['Q4_0', 18 / 32],
    ] as const) {
      const found = await open(ggufBytes(metadataOf(model, family), ggufTensors(model, kind)))
      expect(found.layers[1]!.down.weights.kind).toBe(kind.toLowerCase())
      expect(memoryOf(found)).toBeLessThan((memoryOf(model) / 4) * bytes * 1.2)
      for (const [part, values] of floatParts(found)) expect(values.length).toBe(floatParts(model).get(part)!.length)
      expect((await logitsOf(found)).every(Number.isFinite)).toBe(true)
    }
  })
})

test('a Llama of Hugging Face, whose pairs are halves, has the same logits through GGUF, whose pairs are neighbours', async () => {
  const model = randomModel(shape, 9, halves)
  const found = await open(ggufBytes(metadataOf(model, 'llama'), ggufTensors(model)))
  expect(found.architecture.positions).toMatchObject({ pairs: 'neighbours' })
  const logits = await logitsOf(model)
  ;(await logitsOf(found)).forEach((logit, at) => {
    expect(Math.abs(logit - logits[at]!)).toBeLessThan(1e-5)
  })
})

test('query, key and value of Phi-2 may be one tensor, weight and bias', async () => {
  const model = randomModel(equalHeads, 7, phiArchitecture({ rotaryWidth: 4 }))
  const tensors = ggufTensors(model)
  for (const layer of [0, 1])
    for (const end of ['weight', 'bias']) {
      const names = ['q', 'k', 'v'].map((part) => `blk.${layer}.attn_${part}.${end}`)
      const parts = names.map((name) => tensors.get(name)!)
      for (const name of names) tensors.delete(name)
      tensors.set(`blk.${layer}.attn_qkv.${end}`, {
        kind: 'F32',
        shape: [192, ...parts[0]!.shape.slice(1)],
        data: Float32Array.from(parts.flatMap(({ data }) => [...data])),
      })
    }
  const { architecture: _, ...found } = await open(ggufBytes(metadataOf(model, 'phi2'), tensors))
  const { architecture: __, ...wanted } = model
  expect(found).toEqual({ ...wanted, name: 'm' })
})

test('rotary positions are scaled linearly, by factors of each pair, or from another base', async () => {
  const model = randomModel(shape, 9)
  const expectLike = async (
    metadata: Record<string, Value>,
    extra: readonly (readonly [string, GgufTensor])[],
    frequency: (pair: number, pairs: number) => number,
  ): Promise<void> => {
    const tensors = new Map([...ggufTensors(model), ...extra])
    const found = await open(ggufBytes({ ...metadataOf(model, 'llama'), ...metadata }, tensors))
    const expected = llamaByTheBook(model, tokens, { frequency })
    ;(await logitsOf(found)).forEach((logit, at) => {
      expect(Math.abs(logit - expected[at]!)).toBeLessThan(1e-4)
    })
  }
  await expectLike({ 'llama.rope.freq_base': { float32: 500 } }, [], (i, n) => 500 ** (-i / n))
  const linear = { 'llama.rope.scaling.type': { text: 'linear' }, 'llama.rope.scaling.factor': { float32: 4 } }
  await expectLike(linear, [], (i, n) => 10_000 ** (-i / n) / 4)
  await expectLike({ 'llama.rope.scale_linear': { float32: 2 } }, [], (i, n) => 10_000 ** (-i / n) / 2)
  const factors = Float32Array.of(1, 2, 4, 8)
  const stored = { kind: 'F32', shape: [4], data: factors } as const
  await expectLike({}, [['rope_freqs.weight', stored]], (i, n) => 10_000 ** (-i / n) / factors[i]!)
})

const model = randomModel(shape, 7)
const bytesWith = (
  metadata: Record<string, Value | undefined>,
  change: (tensors: Map<string, GgufTensor>) => void = () => {},
): Uint8Array => {
  const tensors = ggufTensors(model)
  change(tensors)
  const all = Object.entries({ ...ggufMetadata(model, 'llama'), ...metadata })
  return ggufBytes(Object.fromEntries(all.filter((entry): entry is [string, Value] => entry[1] !== undefined)), tensors)
}

test.each([
  ['no architecture', { 'general.architecture': undefined }, /its architecture is not said/],
  ['another architecture', { 'general.architecture': { text: 'mamba' } }, /its architecture is 'mamba'/],
  ['no block count', { 'llama.block_count': undefined }, /its llama\.block_count is not said/],
  ['a text for a number', { 'llama.block_count': { text: 'two' } }, /its llama\.block_count is 'two'/],
  ['absurdly many blocks', { 'llama.block_count': { uint32: 2 ** 31 } }, /layers 2147483648, allowed are 1 to 1024/],
  ['no heads', { 'llama.attention.head_count': { uint32: 0 } }, /heads 0, allowed/],
  ['a hidden width per layer', { 'llama.feed_forward_length': { texts: [] } }, /its llama\.feed_forward_length/],
  ['experts', { 'llama.expert_count': { uint32: 8 } }, /mixture of experts/],
  ['YaRN', { 'llama.rope.scaling.type': { text: 'yarn' } }, /rope scaling is 'yarn' by not said/],
  ['too many rotary components', { 'llama.rope.dimension_count': { uint32: 10 } }, /is 10 of heads of 8/],
  ['an odd number of them', { 'llama.rope.dimension_count': { uint32: 3 } }, /is 3 of heads of 8/],
  ['a rotary base of 0', { 'llama.rope.freq_base': { float32: 0 } }, /freq_base is 0/],
  ['an epsilon of 0', { 'llama.attention.layer_norm_rms_epsilon': { float32: 0 } }, /epsilon is 0/],
  ['keys and values of two widths', { 'llama.attention.value_length': { uint32: 4 } }, /differ in width/],
] as const)('%s is refused in one sentence', async (_, metadata, message) => {
  const bytes = bytesWith(metadata as Record<string, Value | undefined>)
  await expect(open(bytes)).rejects.toThrow(message)
  await expect(open(bytes)).rejects.toMatchObject({ code: 'E-MODEL-CONFIG' })
  await expect(open(bytes)).rejects.toThrow(
    /^m\.gguf describes no model [^\n]*; give a GGUF file of architecture llama/,
  )
})

test('tensors that are missing, too many, of another shape or not finite are refused by name', async () => {
  const down = 'blk.1.ffn_down.weight'
  await expect(open(bytesWith({}, (tensors) => tensors.delete(down)))).rejects.toThrow(/has no tensor blk\.1\.ffn_down/)
  const extra = (tensors: Map<string, GgufTensor>) => tensors.set('blk.1.attn_q_norm.weight', tensors.get(down)!)
  await expect(open(bytesWith({}, extra))).rejects.toThrow(/has a tensor blk\.1\.attn_q_norm\.weight, which .* llama/)
  const turned = (tensors: Map<string, GgufTensor>) => tensors.set(down, { ...tensors.get(down)!, shape: [96, 64] })
  await expect(open(bytesWith({}, turned))).rejects.toThrow(/ffn_down\.weight as 96 x 64 where .* asks for 64 x 96/)
  for (const kind of ['F32', 'F16', 'Q8_0', 'Q4_0'] as const) {
    const infinite = (tensors: Map<string, GgufTensor>) =>
      tensors.set(down, {
        kind,
        shape: [64, 96],
        data: new Float32Array(64 * 96).fill(Number.POSITIVE_INFINITY, 77, 78),
      })
    await expect(open(bytesWith({}, infinite)), kind).rejects.toThrow(/undefined weight in layers\.1\.down/)
  }
  const gone = (tensors: Map<string, GgufTensor>) => tensors.delete('token_embd.weight')
  await expect(open(bytesWith({}, gone))).rejects.toThrow(/no tensor token_embd\.weight/)
  const factors = { kind: 'F32', shape: [4], data: Float32Array.of(1, 0, 1, 1) } as const
  await expect(open(bytesWith({}, (tensors) => tensors.set('rope_freqs.weight', factors)))).rejects.toThrow(
    /not positive/,
  )
})

test('200 damaged files are read or refused', async () => {
  const refused = await readDamaged(
    ggufBytes(ggufMetadata(model, 'llama'), ggufTensors(model, 'Q8_0')),
    (source) => readGgufModel(source, 'm'),
    { seed: 6, front: 2_500 },
  )
  expect(refused).toBeGreaterThan(100)
})

const words = ['▁', 'a', '▁a', 'é']
const vocabulary = [
  '<unk>',
  '<s>',
  '</s>',
  ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  ...words,
]
const scores = Float32Array.from(vocabulary, (_, at) => -at)
const tokenizerData = (change: Readonly<Record<string, GgufValue | undefined>> = {}): ReadonlyMap<string, GgufValue> =>
  new Map(
    Object.entries<GgufValue | undefined>({
      'tokenizer.ggml.tokens': vocabulary,
      'tokenizer.ggml.scores': scores,
      'tokenizer.ggml.bos_token_id': 1,
      'tokenizer.ggml.eos_token_id': 2,
      ...change,
    }).filter((entry): entry is [string, GgufValue] => entry[1] !== undefined),
  )

test('the vocabulary in the metadata spells texts as SentencePiece does', () => {
  const tokenizer = ggufTokenizer(tokenizerData(), vocabulary.length, 'm.gguf')
  expect(tokenizer.encode('a é')).toEqual([1, 261, 259, 262])
  for (const text of ['a a', 'é\n€', '  x']) expect(decodeAll(tokenizer, tokenizer.encode(text))).toBe(text)
})

test('control tokens and those of a user are found in a text, the longest first, and what follows begins with a space', () => {
  const more = [...vocabulary, '<|a|>', '<|a|>b', '[U▁V]', '']
  const types = Int32Array.from(more, () => 1)
  types.set([3, 3, 4, 3], vocabulary.length)
  const tokenizer = ggufTokenizer(
    tokenizerData({
      'tokenizer.ggml.tokens': more,
      'tokenizer.ggml.scores': Float32Array.from(more, (_, at) => -at),
      'tokenizer.ggml.token_type': types,
    }),
    more.length,
    'm.gguf',
  )
  const a = 261
  expect(tokenizer.encode('')).toEqual([1])
  expect(tokenizer.encode('a')).toEqual([1, a])
  expect(tokenizer.encode('<s>a<|a|>ba<|a|>a</s>')).toEqual([1, 1, a, 264, a, 263, a, 2])
  expect(tokenizer.encode('[U V]')).toEqual([1, 265])
  expect(decodeAll(tokenizer, [261, 263, 264, 260, 1, 2])).toBe(' aa')
  expect(decodeAll(tokenizer, [265])).toBe('[U V]')
})

test('the template in the metadata writes a conversation, with the texts of the control tokens', () => {
  const template =
    '{{ bos_token }}{% for message in messages %}[{{ message.content }}]{{ eos_token }}{% endfor %}{{ pad_token }}'
  const change = { 'tokenizer.chat_template': template, 'tokenizer.ggml.padding_token_id': 0 }
  const messages = [{ role: 'user', content: 'Hi' }] as const
  expect(ggufChatTemplate(tokenizerData(change), 'm.gguf')!(messages)).toBe('<s>[Hi]</s><unk>')
  expect(ggufChatTemplate(tokenizerData(), 'm.gguf')).toBeUndefined()
  for (const [text, message] of [
    ['{% if x %}', /^m\.gguf holds no chat template that bitloom can use: /],
    [' '.repeat(2 ** 20 + 1), /it has 1048577 characters, at most 1048576 are read/],
  ] as const)
    expect(() => ggufChatTemplate(tokenizerData({ 'tokenizer.chat_template': text }), 'm.gguf')).toThrow(message)
})

test.each([
  ['no tokens', { 'tokenizer.ggml.tokens': undefined }, /no 263 tokens/],
  ['too few tokens', { 'tokenizer.ggml.tokens': vocabulary.slice(1) }, /no 263 tokens/],
  ['tokens that are no texts', { 'tokenizer.ggml.tokens': new Float32Array(263) }, /no 263 tokens/],
  ['no scores', { 'tokenizer.ggml.scores': undefined }, /no 263 scores/],
  ['a score that is no number', { 'tokenizer.ggml.scores': scores.with(3, Number.NaN) }, /no 263 scores/],
  ['another BOS', { 'tokenizer.ggml.bos_token_id': 128_000 }, /BOS is 128000 and EOS 2/],
  ['too few kinds', { 'tokenizer.ggml.token_type': Int32Array.of(1) }, /no 263 kinds of tokens/],
  ['kinds that are no numbers', { 'tokenizer.ggml.token_type': 'x' }, /no 263 kinds of tokens/],
  ['other bytes', { 'tokenizer.ggml.tokens': vocabulary.with(13, 'x') }, /token 13 is no byte/],
])('a vocabulary with %s is refused', (_, change, message) => {
  expect(() => ggufTokenizer(tokenizerData(change), 263, 'm.gguf')).toThrow(message)
  expect(() => ggufTokenizer(tokenizerData(change), 263, 'm.gguf')).toThrow(/; give --tokenizer tokenizer\.json$/)
})
