import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../../src/base/user-error.ts'
import {
  type Architecture,
  llamaArchitecture,
  optArchitecture,
  phiArchitecture,
} from '../../../src/llm/architecture.ts'
import { loadHuggingFace, readHuggingFaceTensors } from '../../../src/llm/files/hugging-face.ts'
import { readHuggingFaceConfig } from '../../../src/llm/files/hugging-face-config.ts'
import { readSafetensors } from '../../../src/llm/files/safetensors.ts'
import { createSession, forward } from '../../../src/llm/forward.ts'
import { type Model, type ModelConfig, memoryOf } from '../../../src/llm/model.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { floatsOf } from '../../../src/llm/weights.ts'
import { llamaByTheBook } from '../by-the-book.ts'
import { temporaryFolder } from '../store/fake-registry.ts'
import { damagedTexts, readDamaged } from './damage.ts'
import { floatParts } from './write-model.ts'
import {
  type Family,
  huggingFaceConfig,
  huggingFaceTensors,
  roundedTo,
  safetensorsBytes,
  writeHuggingFace,
} from './write-safetensors.ts'

const shape: ModelConfig = {
  dimension: 24,
  hidden: 20,
  layers: 2,
  heads: 3,
  keyValueHeads: 1,
  vocabulary: 31,
  sequence: 16,
  sharedClassifier: false,
}
const equalHeads = { ...shape, keyValueHeads: 3 }
const llama = llamaArchitecture({ headSize: 8, pairs: 'halves' })

const families: readonly (readonly [Family, ModelConfig, Architecture])[] = [
  ['llama', shape, llama],
  ['llama', { ...shape, sharedClassifier: true, headSize: 6 }, llamaArchitecture({ headSize: 6, pairs: 'halves' })],
  ['opt', { ...equalHeads, sharedClassifier: true }, optArchitecture],
  ['phi', equalHeads, phiArchitecture({ rotaryWidth: 4 })],
]

const logitsOf = (model: Model): Promise<Float32Array> =>
  forward(createSession(model), [1, 7, 30, 0, 12], undefined, { all: true })

describe.each(families)('a %s directory', (family, config, architecture) => {
  const model = randomModel(config, 7, architecture)
  const { name: _, ...wanted } = model

  test('is read back as it was written, in one file or three, and gives the same logits', async () => {
    for (const shards of [1, 3]) {
      const folder = join(temporaryFolder(), 'tiny')
      writeHuggingFace(folder, huggingFaceConfig(model, family), huggingFaceTensors(model, family), shards)
      const { model: found, files } = await loadHuggingFace(folder)
      const { name, ...rest } = found
      expect(name).toBe('tiny')
      expect(rest).toEqual(wanted)
      expect(files).toHaveLength(shards)
      expect(await logitsOf(found)).toEqual(await logitsOf(model))
    }
  })

  test('in F16 and BF16 stays as it is stored, and has the values of the float formats', async () => {
    for (const dtype of ['F16', 'BF16'] as const) {
      const folder = temporaryFolder()
      writeHuggingFace(folder, huggingFaceConfig(model, family), huggingFaceTensors(model, family, dtype))
      const { model: found } = await loadHuggingFace(folder)
      expect(found.layers[1]!.down.weights.kind).toBe(dtype === 'F16' ? 'float16' : 'bfloat16')
      for (const [part, values] of floatParts(found))
        expect(values, part).toEqual(roundedTo(floatParts(model).get(part)!, dtype))
      // Norms and biases are float32, all else two bytes.
      expect(memoryOf(found)).toBeLessThan(1.2 * (memoryOf(model) / 2))
    }
  })
})

const written = (config: object = {}, change: (tensors: ReturnType<typeof huggingFaceTensors>) => void = () => {}) => {
  const model = randomModel(shape, 7, llama)
  const folder = temporaryFolder()
  const tensors = huggingFaceTensors(model, 'llama')
  change(tensors)
  writeHuggingFace(folder, huggingFaceConfig(model, 'llama', config), tensors)
  return { folder, model }
}

test('Llama 3.1 scales its rotary positions, wherever the configuration says so', async () => {
  const scaling = {
    rope_type: 'llama3',
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 32,
  }
  const frequency = (pair: number, pairs: number): number => {
    const plain = 500 ** (-pair / pairs)
    const wave = (2 * Math.PI) / plain
    if (wave < 32 / 4) return plain
    if (wave > 32) return plain / 8
    const share = (32 / wave - 1) / 3
    return (1 - share) * (plain / 8) + share * plain
  }
  for (const config of [
    { rope_theta: 500, rope_scaling: scaling },
    { rope_theta: undefined, rope_parameters: { ...scaling, rope_theta: 500 } },
  ]) {
    const { folder, model } = written(config)
    const found = await loadHuggingFace(folder)
    const expected = llamaByTheBook(model, [1, 7, 30, 0, 12], { pairs: 'halves', frequency })
    const logits = await logitsOf(found.model)
    logits.forEach((logit, at) => {
      expect(Math.abs(logit - expected[at]!)).toBeLessThan(1e-4)
    })
  }
})

test('tensors may leave the leading model. out, and a tied classifier may be stored again', async () => {
  const { folder, model } = written({ tie_word_embeddings: true }, (tensors) => {
    for (const [name, tensor] of [...tensors]) {
      tensors.delete(name)
      tensors.set(name.replace(/^model\./, ''), tensor)
    }
    tensors.set('layers.0.self_attn.rotary_emb.inv_freq', { dtype: 'F32', shape: [1], data: Float32Array.of(1) })
  })
  const { model: found } = await loadHuggingFace(folder)
  expect(found.classifier.weights).toBe(found.embedding.weights)
  expect(floatsOf(found.embedding.weights)).toEqual(floatsOf(model.embedding.weights))
})

test('the tokens that end a text come from generation_config.json, else from config.json', async () => {
  const { folder } = written({ eos_token_id: 2 })
  expect((await loadHuggingFace(folder)).ends).toEqual([2])
  writeFileSync(join(folder, 'generation_config.json'), '{"eos_token_id": [3, 4]}')
  expect((await loadHuggingFace(folder)).ends).toEqual([3, 4])
  writeFileSync(join(folder, 'generation_config.json'), '{"do_sample": true}')
  expect((await loadHuggingFace(folder)).ends).toEqual([2])
})

test('a sliding window shortens the sequence, since keys beyond it would count here', async () => {
  const { folder } = written({ model_type: 'mistral', sliding_window: 5 })
  expect((await loadHuggingFace(folder)).model.config.sequence).toBe(5)
})

test.each([
  ['another architecture', { model_type: 'gpt2' }, /model_type/],
  ['no hidden size', { hidden_size: undefined }, /hidden_size/],
  ['half a head', { num_attention_heads: 2.5 }, /num_attention_heads/],
  ['heads that do not divide', { num_attention_heads: 5 }, /dimension 24, which is no even multiple of 5 heads/],
  ['heads beyond the groups', { num_key_value_heads: 2 }, /3 heads, no multiple of 2 key-value heads/],
  ['an absurd vocabulary', { vocab_size: 2 ** 40 }, /vocabulary 1099511627776, allowed are 1 to/],
  ['an absurd head', { head_dim: 2 ** 40 }, /headSize 1099511627776/],
  ['another activation', { hidden_act: 'gelu' }, /hidden_act/],
  ['scaling that is not known', { rope_scaling: { rope_type: 'yarn', factor: 2 } }, /rope scaling 'yarn' is none of/],
  [
    'scaling without its factor',
    { rope_scaling: { type: 'linear' } },
    /rope scaling 'linear' .* with all their numbers/,
  ],
  [
    'factors the wrong way round',
    {
      rope_scaling: {
        rope_type: 'llama3',
        factor: 8,
        low_freq_factor: 4,
        high_freq_factor: 4,
        original_max_position_embeddings: 9,
      },
    },
    /high_freq_factor 4 is not above low_freq_factor 4/,
  ],
  ['an infinite epsilon', { rms_norm_eps: -1 }, /rms_norm_eps/],
])('a configuration with %s is refused in one sentence', async (_, extra, message) => {
  const { folder } = written(extra)
  await expect(loadHuggingFace(folder)).rejects.toThrow(message)
  await expect(loadHuggingFace(folder)).rejects.toMatchObject({ code: 'E-MODEL-CONFIG' })
  await expect(loadHuggingFace(folder)).rejects.toThrow(/^\S+config\.json describes no model [^\n]*; give a directory/)
})

test.each([
  ['opt', { word_embed_proj_dim: 12 }, /embeddings are 12 wide and its layers 24/],
  ['opt', { do_layer_norm_before: false }, /do_layer_norm_before/],
  ['phi', { partial_rotary_factor: 0.1 }, /turns 0 of 8 components/],
  ['phi', { partial_rotary_factor: 0.4 }, /turns 3 of 8 components/],
  ['phi', { qk_layernorm: true }, /qk_layernorm/],
] as const)('%s with %o is refused', (family, extra, message) => {
  const text = JSON.stringify(huggingFaceConfig(randomModel(equalHeads, 1), family, extra))
  expect(() => readHuggingFaceConfig(text, 'config.json')).toThrow(message)
})

test('tensors that are missing, too many, of another shape or undefined are refused by name', async () => {
  const down = 'model.layers.1.mlp.down_proj.weight'
  const refused = async (change: Parameters<typeof written>[1], message: RegExp): Promise<void> => {
    await expect(loadHuggingFace(written({}, change).folder)).rejects.toThrow(message)
  }
  await refused((tensors) => tensors.delete(down), /has no tensor model\.layers\.1\.mlp\.down_proj\.weight; give/)
  await refused(
    (tensors) => tensors.set('model.layers.0.self_attn.q_proj.bias', { ...tensors.get('model.norm.weight')! }),
    /has a tensor model\.layers\.0\.self_attn\.q_proj\.bias, which its architecture llama does not use/,
  )
  await refused(
    (tensors) => tensors.set(down, { ...tensors.get(down)!, shape: [20, 24] }),
    /down_proj\.weight in .* is 20 x 24 where config\.json asks for 24 x 20/,
  )
  await refused((tensors) => {
    const { data } = tensors.get(down)!
    tensors.set(down, { dtype: 'F16', shape: [24, 20], data: data.map((value, k) => (k === 3 ? Number.NaN : value)) })
  }, /infinite or undefined weight in layers\.1\.down/)
})

test('files that are missing or belong to other models are refused', async () => {
  const { folder } = written()
  const file = join(folder, 'model.safetensors')
  writeFileSync(join(folder, 'other.safetensors'), readFileSync(file))
  await expect(loadHuggingFace(folder)).rejects.toThrow(
    /holds 2 files \*\.safetensors and no model\.safetensors\.index/,
  )
  const index = join(folder, 'model.safetensors.index.json')
  for (const [text, message] of [
    ['{', /it is no JSON/],
    ['{"weight_map": 3}', /it has no weight_map/],
    ['{"weight_map": {}}', /it names no file/],
    ['{"weight_map": {"a": "../x.safetensors"}}', /'\.\.\/x\.safetensors' is no file name beside it/],
    ['{"weight_map": {"a": "/etc/passwd"}}', /is no file name beside it/],
    ['{"weight_map": {"a": "gone.safetensors"}}', /cannot read the model .*gone\.safetensors: no such file/],
    ['{"weight_map": {"a": "model.safetensors", "b": "other.safetensors"}}', /is in .* and in another file/],
  ] as const) {
    writeFileSync(index, text)
    await expect(loadHuggingFace(folder)).rejects.toThrow(message)
  }
  rmSync(index)
  renameSync(file, join(folder, 'gone'))
  rmSync(join(folder, 'other.safetensors'))
  await expect(loadHuggingFace(folder)).rejects.toThrow(/holds 0 files/)
  rmSync(join(folder, 'config.json'))
  await expect(loadHuggingFace(folder)).rejects.toThrow(
    /^there is no config\.json in .*, so it is no Hugging Face directory; give one/,
  )
})

test('200 damaged weight files of a model are read or refused', async () => {
  const model = randomModel(shape, 7, llama)
  const described = readHuggingFaceConfig(JSON.stringify(huggingFaceConfig(model, 'llama')), 'config.json')
  const refused = await readDamaged(
    safetensorsBytes(huggingFaceTensors(model, 'llama', 'BF16')),
    async (source) => readHuggingFaceTensors(await readSafetensors(source), described, 'm', 'damaged.file'),
    { seed: 5, front: 3000 },
  )
  expect(refused).toBeGreaterThan(100)
})

test.each(families)(
  '200 damaged configurations of %s are read or refused in one sentence',
  (family, config, architecture) => {
    const extra = family === 'llama' ? { rope_scaling: { type: 'linear', factor: 2 }, eos_token_id: [1, 2] } : {}
    const text = JSON.stringify(huggingFaceConfig(randomModel(config, 1, architecture), family, extra))
    let refused = 0
    for (const damaged of damagedTexts(text, 12))
      try {
        readHuggingFaceConfig(damaged, 'config.json')
      } catch (error) {
        expect(error, damaged).toBeInstanceOf(UserError)
        expect((error as UserError).message).toMatch(/^config\.json describes no model [^\n]*; give a directory[^\n]*$/)
        refused++
      }
    expect(refused).toBeGreaterThan(100)
  },
)
