import { afterAll, describe, expect, test } from 'vitest'
import { type Architecture, llamaArchitecture, optArchitecture, phiArchitecture } from '../../src/llm/architecture.ts'
import type { Backend } from '../../src/llm/backend.ts'
import { threadedBackend } from '../../src/llm/cpu/backend.ts'
import { gpuBackend } from '../../src/llm/gpu/backend.ts'
import { type Gpu, openGpu } from '../../src/llm/gpu/device.ts'
import { type Matrix, type Model, type ModelConfig, withLinearLayers } from '../../src/llm/model.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { floatsOf, type Weights } from '../../src/llm/weights.ts'
import { int8Groups } from './files/write-model.ts'
import { perTensor } from './files/write-onnx.ts'
import { asDtype } from './files/write-safetensors.ts'
import { swiftShaderEnvironment } from './gpu-here.ts'

Object.assign(process.env, swiftShaderEnvironment() ?? {})
const gpu: Gpu | string = swiftShaderEnvironment() ? await openGpu() : 'Chromium with SwiftShader is not installed'
const missing = typeof gpu === 'string' ? ` (skipped: ${gpu})` : ''
afterAll(() => {
  if (typeof gpu !== 'string') gpu.device.destroy()
})

const tolerance = 1e-3
const config: ModelConfig = {
  dimension: 64,
  hidden: 96,
  layers: 2,
  heads: 8,
  keyValueHeads: 2,
  vocabulary: 101,
  sequence: 300,
  sharedClassifier: false,
}
const equalHeads = { ...config, keyValueHeads: 8 }

const expectNear = (found: Float32Array, wanted: Float32Array): void => {
  expect(found.length).toBe(wanted.length)
  const worst = found.reduce((largest, value, at) => Math.max(largest, Math.abs(value - wanted[at]!)), 0)
  expect(worst).toBeLessThan(tolerance)
}

const tokensOf = (count: number, vocabulary: number): number[] =>
  Array.from({ length: count }, (_, k) => (k * k * 7 + 3) % vocabulary)

/** On the GPU and on the CPU in WebAssembly: a prompt, one token, two, and a few more, each from where the one before ended. */
const compare = async (model: Model, prompt: number, all: boolean): Promise<void> => {
  if (typeof gpu === 'string') return
  const cpu = threadedBackend(model, { threads: 2 })!
  const there = gpuOf(gpu, model)
  const [one, other] = [cpu.open(300), there.open(300)]
  for (const count of [prompt, 1, 2, 7]) {
    const tokens = tokensOf(count, model.config.vocabulary)
    expectNear(await other.next(tokens, { all }), await one.next(tokens, { all }))
  }
  other.close()
  cpu.close()
}

/** Without `close`, which would take the device from the other tests. */
const gpuOf = (one: Gpu, model: Model): Backend => gpuBackend(one, model)

/** The model with its matrices in another form. */
const stored = (model: Model, form: (values: Float32Array, matrix: Matrix) => Weights): Model =>
  withLinearLayers(model, (matrix) => ({ ...matrix, weights: form(floatsOf(matrix.weights), matrix) }))

const shapes: readonly (readonly [string, ModelConfig, Architecture])[] = [
  ['Llama with grouped-query attention', config, llamaArchitecture({ headSize: 8 })],
  [
    'Llama of ragged sizes, pairs of halves, with biases',
    { ...config, dimension: 54, hidden: 43, heads: 3, keyValueHeads: 1, headSize: 10, vocabulary: 47 },
    llamaArchitecture({
      headSize: 10,
      pairs: 'halves',
      base: 500,
      biases: { queryKeyValue: true, attentionOutput: true, feedForward: true },
    }),
  ],
  [
    'Llama with heads wider than a workgroup',
    { ...config, heads: 2, keyValueHeads: 1, headSize: 80 },
    llamaArchitecture({ headSize: 80 }),
  ],
  ['OPT', { ...equalHeads, sharedClassifier: true }, optArchitecture],
  [
    'OPT of ragged sizes',
    { ...equalHeads, heads: 3, keyValueHeads: 3, dimension: 54, headSize: 18, hidden: 43, vocabulary: 47 },
    optArchitecture,
  ],
  ['Phi-2', equalHeads, phiArchitecture({ rotaryWidth: 4 })],
]

describe.skipIf(typeof gpu === 'string')(`the GPU gives the logits of the CPU within 1e-3${missing}`, () => {
  test.each(shapes)(
    '%s: prompts of 1, 3, 32, 128 and 150 tokens, then one by one',
    async (_, shape, architecture) => {
      const model = randomModel(shape, 5, architecture)
      for (const prompt of [1, 3, 32]) await compare(model, prompt, true)
      for (const prompt of [128, 150]) await compare(model, prompt, false)
    },
    120_000,
  )

  test.each(['q8_0', 'q4_0'] as const)('weights in blocks %s', async (kind) => {
    await compare(randomModel(config, 6, llamaArchitecture({ headSize: 8 }), kind), 9, true)
  })

  test('weights in float16, bfloat16, int8 in groups and per tensor, and uint8 with a zero point', async () => {
    const ragged = { ...config, dimension: 48, hidden: 42, heads: 4, keyValueHeads: 2 }
    for (const [shape, groups] of [
      [config, [16]],
      [ragged, [16, 6]],
    ] as const) {
      const model = randomModel(shape, 7)
      await compare(
        stored(model, (data) => ({ kind: 'float16', data: asDtype(data, 'F16') as Uint16Array })),
        5,
        true,
      )
      await compare(
        stored(model, (data) => ({ kind: 'bfloat16', data: asDtype(data, 'BF16') as Uint16Array })),
        5,
        true,
      )
      for (const type of ['int8', 'uint8'] as const)
        await compare(
          stored(model, (data) => {
            const { codes, scale, zero } = perTensor(data, type)
            return { kind: 'int8', codes, zero, scales: Float32Array.of(scale), group: data.length }
          }),
          5,
          true,
        )
      for (const group of groups)
        await compare(
          stored(model, (data) => {
            const [codes, scales] = int8Groups(data, group)
            return { kind: 'int8', codes, zero: 0, scales, group }
          }),
          5,
          true,
        )
    }
  }, 120_000)

  test('a vocabulary of more workgroups than go along one dimension', async () => {
    await compare(randomModel({ ...config, dimension: 8, heads: 2, layers: 1, vocabulary: 140_001 }, 2), 1, false)
  }, 120_000)

  test('tokens that are none are refused as on the CPU', async () => {
    if (typeof gpu === 'string') return
    const conversation = gpuOf(gpu, randomModel(config, 1)).open(4)
    await expect(conversation.next([101])).rejects.toThrow(/token 101 is outside the vocabulary/)
    await expect(conversation.next([])).rejects.toThrow(/no token to process/)
    await expect(conversation.next([1, 2, 3, 4, 5])).rejects.toThrow(/5 tokens do not fit .* holds 4/)
  })
})
