import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { llamaArchitecture, optArchitecture, phiArchitecture } from '../../../src/llm/architecture.ts'
import { createSession, forward } from '../../../src/llm/forward.ts'
import type { Model, ModelConfig } from '../../../src/llm/model.ts'
import { openPath } from '../../../src/llm/open-model.ts'
import { partsOf } from '../../../src/llm/parts.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { llamaByTheBook, optByTheBook, phiByTheBook } from '../by-the-book.ts'
import { temporaryFolder } from '../store/fake-registry.ts'
import { ggufBytes, ggufMetadata, ggufTensors } from './write-gguf.ts'
import { floatParts, llama2cBytes } from './write-model.ts'
import { huggingFaceConfig, safetensorsBytes } from './write-safetensors.ts'

/** Our name of a part, Hugging Face's and llama.cpp's; `#` is the number of the layer. Written out here, not asked of the loaders. */
type Names = readonly (readonly [ours: string, huggingFace: string, gguf: string])[]

const llamaNames: Names = [
  ['embedding', 'model.embed_tokens', 'token_embd'],
  ['layers.#.attentionNorm', 'model.layers.#.input_layernorm', 'blk.#.attn_norm'],
  ['layers.#.query', 'model.layers.#.self_attn.q_proj', 'blk.#.attn_q'],
  ['layers.#.key', 'model.layers.#.self_attn.k_proj', 'blk.#.attn_k'],
  ['layers.#.value', 'model.layers.#.self_attn.v_proj', 'blk.#.attn_v'],
  ['layers.#.output', 'model.layers.#.self_attn.o_proj', 'blk.#.attn_output'],
  ['layers.#.feedForwardNorm', 'model.layers.#.post_attention_layernorm', 'blk.#.ffn_norm'],
  ['layers.#.gate', 'model.layers.#.mlp.gate_proj', 'blk.#.ffn_gate'],
  ['layers.#.up', 'model.layers.#.mlp.up_proj', 'blk.#.ffn_up'],
  ['layers.#.down', 'model.layers.#.mlp.down_proj', 'blk.#.ffn_down'],
  ['finalNorm', 'model.norm', 'output_norm'],
  ['classifier', 'lm_head', 'output'],
]
/** llama.cpp has no OPT: the names are those it has for the like of other models. */
const optNames: Names = [
  ['embedding', 'model.decoder.embed_tokens', 'token_embd'],
  ['positions', 'model.decoder.embed_positions', 'position_embd'],
  ['layers.#.attentionNorm', 'model.decoder.layers.#.self_attn_layer_norm', 'blk.#.attn_norm'],
  ['layers.#.query', 'model.decoder.layers.#.self_attn.q_proj', 'blk.#.attn_q'],
  ['layers.#.key', 'model.decoder.layers.#.self_attn.k_proj', 'blk.#.attn_k'],
  ['layers.#.value', 'model.decoder.layers.#.self_attn.v_proj', 'blk.#.attn_v'],
  ['layers.#.output', 'model.decoder.layers.#.self_attn.out_proj', 'blk.#.attn_output'],
  ['layers.#.feedForwardNorm', 'model.decoder.layers.#.final_layer_norm', 'blk.#.ffn_norm'],
  ['layers.#.up', 'model.decoder.layers.#.fc1', 'blk.#.ffn_up'],
  ['layers.#.down', 'model.decoder.layers.#.fc2', 'blk.#.ffn_down'],
  ['finalNorm', 'model.decoder.final_layer_norm', 'output_norm'],
]
const phiNames: Names = [
  ['embedding', 'model.embed_tokens', 'token_embd'],
  ['layers.#.attentionNorm', 'model.layers.#.input_layernorm', 'blk.#.attn_norm'],
  ['layers.#.query', 'model.layers.#.self_attn.q_proj', 'blk.#.attn_q'],
  ['layers.#.key', 'model.layers.#.self_attn.k_proj', 'blk.#.attn_k'],
  ['layers.#.value', 'model.layers.#.self_attn.v_proj', 'blk.#.attn_v'],
  ['layers.#.output', 'model.layers.#.self_attn.dense', 'blk.#.attn_output'],
  ['layers.#.up', 'model.layers.#.mlp.fc1', 'blk.#.ffn_up'],
  ['layers.#.down', 'model.layers.#.mlp.fc2', 'blk.#.ffn_down'],
  ['finalNorm', 'model.final_layernorm', 'output_norm'],
  ['classifier', 'lm_head', 'output'],
]

const shape: ModelConfig = {
  dimension: 32,
  hidden: 40,
  layers: 3,
  heads: 4,
  keyValueHeads: 2,
  vocabulary: 37,
  sequence: 16,
  sharedClassifier: false,
}
const equalHeads = { ...shape, keyValueHeads: 4 }
const tokens = [1, 7, 30, 0, 12, 12, 5]

/** The name of a part in one of the columns of a table. */
const nameOf = (part: string, names: Names, column: 1 | 2): string => {
  const [, layer] = /^layers\.(\d+)\./.exec(part) ?? []
  const [stem, end] = part.endsWith('.bias') ? [part.slice(0, -5), 'bias'] : [part, 'weight']
  const row = names.find(([ours]) => ours === stem.replace(/^layers\.\d+/, 'layers.#'))
  return `${row![column].replace('#', layer ?? '')}.${end}`
}

/** The model as a directory of Hugging Face and as a GGUF file. */
const written = (
  model: Model,
  names: Names,
  families: readonly ['llama' | 'opt' | 'phi', 'llama' | 'opt' | 'phi2'],
) => {
  const folder = temporaryFolder()
  const values = floatParts(model)
  const parts = partsOf(model.config, model.architecture)
  const tensors = parts.map(({ name, kind, outputs, inputs }) => ({
    name,
    dtype: 'F32' as const,
    shape: kind === 'matrix' ? [outputs, inputs] : [outputs],
    data: values.get(name)!,
  }))
  mkdirSync(join(folder, 'directory'))
  writeFileSync(join(folder, 'directory', 'config.json'), JSON.stringify(huggingFaceConfig(model, families[0])))
  writeFileSync(
    join(folder, 'directory', 'model.safetensors'),
    safetensorsBytes(new Map(tensors.map((tensor) => [nameOf(tensor.name, names, 1), tensor]))),
  )
  // As converters do, with rows of Llama's queries and keys in another order.
  const ordered = [...ggufTensors(model).values()]
  writeFileSync(
    join(folder, 'model.gguf'),
    ggufBytes(
      ggufMetadata(model, families[1]),
      new Map(parts.map(({ name }, at) => [nameOf(name, names, 2), ordered[at]!])),
    ),
  )
  return { directory: join(folder, 'directory'), gguf: join(folder, 'model.gguf') }
}

const expectLogits = async (path: string, expected: readonly number[]): Promise<Float32Array> => {
  const { model } = await openPath(path)
  const logits = await forward(createSession(model), tokens, undefined, { all: true })
  expect(logits).toHaveLength(expected.length)
  expect(Math.max(...logits.map((logit, at) => Math.abs(logit - expected[at]!))), path).toBeLessThan(1e-4)
  return logits
}

test('a random Llama has the logits of the definition through safetensors and GGUF, and another through llama2.c', async () => {
  const model = randomModel(shape, 31, llamaArchitecture({ headSize: 8, pairs: 'halves' }))
  const { directory, gguf } = written(model, llamaNames, ['llama', 'llama'])
  const expected = llamaByTheBook(model, tokens, { pairs: 'halves' })
  await expectLogits(directory, expected)
  await expectLogits(gguf, expected)

  // Its pairs are neighbours, so that the same weights are another model.
  const neighbours = randomModel(shape, 31)
  const folder = temporaryFolder()
  const wanted = llamaByTheBook(neighbours, tokens)
  expect(Math.max(...wanted.map((value, at) => Math.abs(value - expected[at]!)))).toBeGreaterThan(0.01)
  for (const version of [0, 1] as const) {
    const path = join(folder, `model-${version}.bin`)
    writeFileSync(path, llama2cBytes(neighbours, version))
    await expectLogits(path, wanted)
  }
})

test('a random OPT has the logits of the definition through safetensors and GGUF', async () => {
  const model = randomModel({ ...equalHeads, sharedClassifier: true }, 32, optArchitecture)
  const { directory, gguf } = written(model, optNames, ['opt', 'opt'])
  const expected = optByTheBook(model, tokens)
  expect(await expectLogits(gguf, expected)).toEqual(await expectLogits(directory, expected))
})

test('a random Phi-2 has the logits of the definition through safetensors and GGUF', async () => {
  const model = randomModel(equalHeads, 33, phiArchitecture({ rotaryWidth: 4 }))
  const { directory, gguf } = written(model, phiNames, ['phi', 'phi2'])
  const expected = phiByTheBook(model, tokens, 4)
  expect(await expectLogits(gguf, expected)).toEqual(await expectLogits(directory, expected))
})
