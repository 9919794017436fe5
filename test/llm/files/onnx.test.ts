import { expect, test } from 'vitest'
import { llamaArchitecture, optArchitecture } from '../../../src/llm/architecture.ts'
import { bytesSource } from '../../../src/llm/files/byte-source.ts'
import type { HuggingFaceModel } from '../../../src/llm/files/hugging-face-config.ts'
import { readOnnxModel } from '../../../src/llm/files/onnx-model.ts'
import { type Model, type ModelConfig, memoryOf } from '../../../src/llm/model.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { floatsOf } from '../../../src/llm/weights.ts'
import { readDamaged } from './damage.ts'
import { floatParts, joined } from './write-model.ts'
import {
  floatScalar,
  initialiser,
  integerScalar,
  message,
  node,
  number,
  type OnnxOptions,
  onnxBytes,
  perTensor,
} from './write-onnx.ts'

const config: ModelConfig = {
  dimension: 48,
  hidden: 40,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  vocabulary: 45,
  sequence: 16,
  sharedClassifier: false,
}
const architecture = llamaArchitecture({ headSize: 12, pairs: 'halves' })
const described: HuggingFaceModel = { family: 'llama', config, architecture, begin: undefined, ends: [] }
const model = randomModel(config, 7, architecture)
const open = (bytes: Uint8Array, as: HuggingFaceModel = described): Promise<Model> =>
  readOnnxModel(bytesSource(bytes, 'm.onnx'), as, 'm')
const withParts = (change: OnnxOptions['change']): Promise<Model> =>
  open(onnxBytes(model, change === undefined ? {} : { change }))

test('codes are turned to rows of outputs, and stand for the weights to half a step', async () => {
  for (const type of ['int8', 'uint8'] as const) {
    const bytes = onnxBytes(model, { type })
    const found = await open(bytes)
    expect(found).toMatchObject({ name: 'm', config, architecture })
    const { codes, scale, zero } = perTensor(floatsOf(model.layers[1]!.down.weights), type)
    expect(found.layers[1]!.down.weights).toEqual({
      kind: 'int8',
      codes,
      zero,
      scales: Float32Array.of(scale),
      group: codes.length,
    })
    const wanted = floatParts(model)
    for (const [name, values] of floatParts(found)) {
      const largest = Math.max(...wanted.get(name)!.map(Math.abs))
      const worst = Math.max(...values.map((value, k) => Math.abs(value - wanted.get(name)![k]!)))
      expect(worst, name).toBeLessThan(name.endsWith('Norm') ? 1e-9 : (0.51 * largest) / 127)
    }
    expect(memoryOf(found)).toBeLessThan(bytes.length)
  }
})

test('a classifier that the file holds counts, whatever the configuration says, and one that it lacks is the embedding', async () => {
  const tied: HuggingFaceModel = { ...described, config: { ...config, sharedClassifier: true } }
  expect((await open(onnxBytes(model), tied)).config.sharedClassifier).toBe(false)
  const shared = randomModel({ ...config, sharedClassifier: true }, 7, architecture)
  const found = await open(onnxBytes(shared), described)
  expect(found.classifier.weights).toBe(found.embedding.weights)
})

test('a zero point may lie in raw bytes, and dimensions in one packed field', async () => {
  const found = await withParts((parts) => {
    parts.set('layers.0.up zero', initialiser('onnx::MatMul_105_zero_point', 3, [], Int8Array.of(-3)))
    const norm = floatParts(model).get('finalNorm')!
    parts.set(
      'finalNorm',
      message(
        5,
        message(1, Uint8Array.of(48)),
        number(2, 1),
        message(8, Buffer.from('model.norm.weight')),
        message(4, norm),
      ),
    )
  })
  expect(found.layers[0]!.up.weights).toMatchObject({ zero: -3 })
  expect(found.finalNorm).toEqual(model.finalNorm)
})

test.each<[string, NonNullable<OnnxOptions['change']>, RegExp]>([
  ['no norm', (parts) => parts.delete('finalNorm'), /has no tensor model\.norm\.weight/],
  ['no node', (parts) => parts.delete('layers.1.gate node'), /has no MatMulInteger \/model\/layers\.1\/mlp\/gate_proj/],
  [
    'a node of another operation',
    (parts) =>
      parts.set('layers.1.gate node', node('/model/layers.1/mlp/gate_proj/MatMul_quant', 'MatMul', ['x', 'y'])),
    /has no MatMulInteger/,
  ],
  ['no scale', (parts) => parts.delete('layers.0.query scale'), /has no tensor onnx::MatMul_100_scale/],
  ['no zero point', (parts) => parts.delete('layers.0.query zero'), /has no tensor onnx::MatMul_100_zero_point/],
  [
    'a shape that is not turned',
    (parts) => parts.set('layers.0.up', initialiser('onnx::MatMul_105_quantized', 3, [40, 48], new Int8Array(1920))),
    /MatMul_105_quantized as 40 x 48 where config\.json asks for 48 x 40/,
  ],
  [
    'codes of another type',
    (parts) => parts.set('layers.0.up', initialiser('onnx::MatMul_105_quantized', 6, [48, 40], new Int8Array(1920))),
    /as type 6 where 2 or 3 is known/,
  ],
  [
    'too few codes',
    (parts) => parts.set('layers.0.up', initialiser('onnx::MatMul_105_quantized', 3, [48, 40], new Int8Array(1919))),
    /without its 1920 bytes/,
  ],
  [
    'a scale of two numbers',
    (parts) => parts.set('layers.0.up scale', initialiser('onnx::MatMul_105_scale', 1, [2], Float32Array.of(1, 2))),
    /MatMul_105_scale as 2 where config\.json asks for one number/,
  ],
  [
    'an infinite scale',
    (parts) => parts.set('layers.0.up scale', floatScalar('onnx::MatMul_105_scale', Number.POSITIVE_INFINITY)),
    /infinite or undefined weight in layers\.0\.up/,
  ],
  [
    'a zero point beyond its type',
    (parts) => parts.set('layers.0.up zero', integerScalar('onnx::MatMul_105_zero_point', 3, 300)),
    /with the value 300/,
  ],
  [
    'a zero point of another type',
    (parts) => parts.set('layers.0.up zero', integerScalar('onnx::MatMul_105_zero_point', 2, 3)),
    /as type 2 where 3 is known/,
  ],
  [
    'a bias',
    (parts) => parts.set('b', initialiser('model.layers.0.mlp.up_proj.bias', 1, [1], Float32Array.of(1))),
    /it has a bias model\.layers\.0\.mlp\.up_proj\.bias/,
  ],
  ['a tensor twice', (parts) => parts.set('again', parts.get('finalNorm')!), /model\.norm\.weight is there twice/],
  [
    'data in another file',
    (parts) => parts.set('finalNorm', message(5, message(8, Buffer.from('model.norm.weight')), number(14, 1))),
    /model\.norm\.weight lies in another file/,
  ],
  [
    'an endless number',
    (parts) => parts.set('x', message(5, number(1, 0), new Uint8Array(20).fill(255))),
    /without an end/,
  ],
  [
    'an absurd dimension',
    (parts) => parts.set('x', message(5, number(1, 2n ** 63n))),
    /a dimension of 9223372036854775808/,
  ],
  [
    'absurdly many dimensions',
    (parts) => parts.set('x', message(5, ...Array.from({ length: 100 }, () => number(1, 1)))),
    /a tensor has more than 8 dimensions/,
  ],
  [
    'a zero point of many numbers',
    (parts) =>
      parts.set(
        'layers.0.up zero',
        message(
          5,
          number(2, 3),
          message(5, new Uint8Array(99)),
          message(8, Buffer.from('onnx::MatMul_105_zero_point')),
        ),
      ),
    /MatMul_105_zero_point without its value/,
  ],
  ['a name that is none', (parts) => parts.set('x', message(5, number(8, 3))), /field 8 is no name/],
])('%s is refused in one sentence', async (_, change, wanted) => {
  await expect(withParts(change)).rejects.toThrow(wanted)
  await expect(withParts(change)).rejects.toThrow(/^m\.onnx (is|has|holds) [^\n]*; give [^\n]*$/)
})

test('files without a graph, with two, of another architecture, or no protobuf at all are refused', async () => {
  const bytes = onnxBytes(model)
  await expect(open(new Uint8Array(0))).rejects.toThrow(/it holds no graph/)
  await expect(open(joined(bytes, message(7)))).rejects.toThrow(/it holds two graphs/)
  await expect(open(Buffer.from('not a protobuf'))).rejects.toThrow(/a field of kind 6/)
  await expect(open(bytes.subarray(0, bytes.length - 1))).rejects.toThrow(/field 7 is said to be \d+ bytes long/)
  await expect(open(Uint8Array.of(8))).rejects.toThrow(/it ends within a field, at byte 1/)
  const opt: HuggingFaceModel = { ...described, family: 'opt', architecture: optArchitecture }
  await expect(open(bytes, opt)).rejects.toThrow(/its architecture is opt, and llama is known/)
})

test('absurdly many constants or operations are refused before they fill the memory', async () => {
  // Each a message of one field, its name.
  const many = (field: number, name: number): Uint8Array =>
    Buffer.concat(
      Array.from({ length: 2 ** 17 + 1 }, (_, at) => {
        const entry = Buffer.from([8 * field + 2, 6, 8 * name + 2, 4, 0, 0, 0, 0])
        entry.write(at.toString(36).padStart(4), 4)
        return entry
      }),
    )
  await expect(open(message(7, many(5, 8)))).rejects.toThrow(/it has more than 131072 constants; give/)
  await expect(open(message(7, many(1, 3)))).rejects.toThrow(/it has more than 131072 operations; give/)
})

test('200 damaged files are read or refused', async () => {
  const bytes = onnxBytes(randomModel({ ...config, layers: 1 }, 7, architecture))
  const one = { ...described, config: { ...config, layers: 1 } }
  const refused = await readDamaged(bytes, (source) => readOnnxModel(source, one, 'm'), {
    seed: 2,
    front: bytes.length,
  })
  expect(refused).toBeGreaterThan(60)
})
