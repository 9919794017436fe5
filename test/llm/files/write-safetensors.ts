import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codecOf, formatOf, type ScalarFormat } from '../../../src/formats/index.ts'
import { tensorNames } from '../../../src/llm/files/hugging-face.ts'
import type { Model } from '../../../src/llm/model.ts'
import { partsOf } from '../../../src/llm/parts.ts'
import { floatParts, joined } from './write-model.ts'

export type Dtype = 'F32' | 'F16' | 'BF16'

const fp16 = codecOf(formatOf('fp16') as ScalarFormat)
const bf16 = codecOf(formatOf('bf16') as ScalarFormat)

/** Float32 values in a float type, rounded by the number formats of `src/formats`. */
export const asDtype = (data: Float32Array, dtype: Dtype): Float32Array | Uint16Array => {
  if (dtype === 'F32') return data
  return (dtype === 'F16' ? fp16 : bf16).encode(data) as Uint16Array
}

/** The values that are left of them, by the same formats. */
export const roundedTo = (data: Float32Array, dtype: Dtype): Float32Array => {
  if (dtype === 'F32') return data
  const codec = dtype === 'F16' ? fp16 : bf16
  return codec.decode(codec.encode(data))
}

export interface Tensor {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly data: Float32Array
}

export const safetensorsBytes = (tensors: ReadonlyMap<string, Tensor>): Uint8Array<ArrayBuffer> => {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } }
  const pieces: (Float32Array | Uint16Array)[] = []
  let offset = 0
  for (const [name, { dtype, shape, data }] of tensors) {
    const stored = asDtype(data, dtype)
    header[name] = { dtype, shape, data_offsets: [offset, offset + stored.byteLength] }
    offset += stored.byteLength
    pieces.push(stored)
  }
  const text = Buffer.from(JSON.stringify(header).padEnd(400, ' '))
  return joined(BigUint64Array.of(BigInt(text.length)), text, ...pieces)
}

export type Family = 'llama' | 'opt' | 'phi'

/** The tensors of a model under their names in Hugging Face directories. */
export const huggingFaceTensors = (model: Model, family: Family, dtype: Dtype = 'F32'): Map<string, Tensor> => {
  const values = floatParts(model)
  return new Map(
    partsOf(model.config, model.architecture).map(({ name, outputs, inputs, kind }): [string, Tensor] => [
      tensorNames(family, name)[0]!,
      { dtype, shape: kind === 'matrix' ? [outputs, inputs] : [outputs], data: values.get(name)! },
    ]),
  )
}

/** What `config.json` says of a model; `extra` adds or replaces keys. */
export const huggingFaceConfig = ({ config }: Model, family: Family, extra: object = {}): object => {
  const common = {
    model_type: family,
    vocab_size: config.vocabulary,
    hidden_size: config.dimension,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    max_position_embeddings: config.sequence,
  }
  if (family === 'opt') return { ...common, ffn_dim: config.hidden, ...extra }
  return {
    ...common,
    intermediate_size: config.hidden,
    num_key_value_heads: config.keyValueHeads,
    tie_word_embeddings: config.sharedClassifier,
    ...(family === 'llama' ? { rms_norm_eps: 1e-5, rope_theta: 10_000 } : { partial_rotary_factor: 0.5 }),
    ...(config.headSize ? { head_dim: config.headSize } : {}),
    ...extra,
  }
}

/** Writes a directory with the tensors in as many shards as asked for. */
export const writeHuggingFace = (
  folder: string,
  config: object,
  tensors: ReadonlyMap<string, Tensor>,
  shards = 1,
): void => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  if (shards === 1) {
    writeFileSync(join(folder, 'model.safetensors'), safetensorsBytes(tensors))
    return
  }
  const weightMap: Record<string, string> = {}
  for (let shard = 0; shard < shards; shard++) {
    const file = `model-0000${shard + 1}-of-0000${shards}.safetensors`
    const mine = new Map([...tensors].filter((_, at) => at % shards === shard))
    for (const name of mine.keys()) weightMap[name] = file
    writeFileSync(join(folder, file), safetensorsBytes(mine))
  }
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }))
}
