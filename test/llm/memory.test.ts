import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ModelConfig } from '../../src/llm/model.ts'
import { joined } from './files/write-model.ts'
import { temporaryFolder } from './store/fake-registry.ts'

const config: ModelConfig = {
  dimension: 1024,
  hidden: 2816,
  layers: 6,
  heads: 16,
  keyValueHeads: 16,
  vocabulary: 8192,
  sequence: 64,
  sharedClassifier: true,
}
const dist = new URL('../../dist/', import.meta.url).href

/** Loads the model at a path in a process of its own: bytes of its weights, and by how much the process grew. */
const grown = (path: string): { readonly weights: number; readonly growth: number } => {
  const program = `
    const { openPath } = await import('${dist}llm/open-model.js')
    const { memoryOf } = await import('${dist}llm/model.js')
    const { readFileSync } = await import('node:fs')
    const most = () => 1024 * Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
    const before = most()
    const { model } = await openPath(process.argv[1])
    const growth = most() - before
    console.log(JSON.stringify({ weights: memoryOf(model), growth }))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program, path], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

/** A directory in float16 of zeros, 170 MB, in two shards. */
const writeDirectory = (folder: string): void => {
  const { dimension, hidden, layers, vocabulary } = config
  const shapes: (readonly [string, readonly number[]])[] = [
    ['model.embed_tokens.weight', [vocabulary, dimension]],
    ['model.norm.weight', [dimension]],
    ...Array.from({ length: layers }, (_, layer): (readonly [string, readonly number[]])[] => [
      [`model.layers.${layer}.input_layernorm.weight`, [dimension]],
      [`model.layers.${layer}.post_attention_layernorm.weight`, [dimension]],
      ...['q', 'k', 'v', 'o'].map(
        (part) => [`model.layers.${layer}.self_attn.${part}_proj.weight`, [dimension, dimension]] as const,
      ),
      [`model.layers.${layer}.mlp.gate_proj.weight`, [hidden, dimension]],
      [`model.layers.${layer}.mlp.up_proj.weight`, [hidden, dimension]],
      [`model.layers.${layer}.mlp.down_proj.weight`, [dimension, hidden]],
    ]).flat(),
  ]
  const weightMap: Record<string, string> = {}
  for (const shard of [0, 1]) {
    const file = `part-${shard}.safetensors`
    const header: Record<string, unknown> = {}
    let offset = 0
    for (const [name, shape] of shapes.filter((_, at) => at % 2 === shard)) {
      const bytes = 2 * shape.reduce((a, b) => a * b, 1)
      header[name] = { dtype: 'F16', shape, data_offsets: [offset, offset + bytes] }
      weightMap[name] = file
      offset += bytes
    }
    const text = Buffer.from(JSON.stringify(header))
    writeFileSync(join(folder, file), joined(BigUint64Array.of(BigInt(text.length)), text, new Uint8Array(offset)))
  }
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }))
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({
      model_type: 'llama',
      hidden_size: dimension,
      intermediate_size: hidden,
      num_hidden_layers: layers,
      num_attention_heads: config.heads,
      max_position_embeddings: config.sequence,
      vocab_size: vocabulary,
      tie_word_embeddings: true,
    }),
  )
}

// Only Linux tells a process its own peak without that of the one it came from.
test.skipIf(process.platform !== 'linux')('a model grows the process by at most 1.3 times its weights', () => {
  const folder = temporaryFolder()
  writeDirectory(folder)
  const { weights, growth } = grown(folder)
  rmSync(folder, { recursive: true })
  expect(weights).toBeGreaterThan(150e6)
  expect(growth).toBeGreaterThan(0.9 * weights)
  expect(growth).toBeLessThan(1.3 * weights)
})
