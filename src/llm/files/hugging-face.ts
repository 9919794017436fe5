import { existsSync, readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import * as z from 'zod'
import { readLimited } from '../../base/files.ts'
import { reasonOf, UserError } from '../../base/user-error.ts'
import type { Model } from '../model.ts'
import { assembleModel, type Part } from '../parts.ts'
import type { Weights } from '../weights.ts'
import { withFile } from './byte-source.ts'
import { generationEnds, type HuggingFaceModel, readHuggingFaceConfig } from './hugging-face-config.ts'
import { finite, readStored } from './read-part.ts'
import { readSafetensors, type StoredTensor } from './safetensors.ts'

/** A model out of a Hugging Face directory, with the files that its weights came from. */
export interface HuggingFaceDirectory {
  readonly model: Model
  readonly begin: number | undefined
  readonly ends: readonly number[]
  readonly files: readonly string[]
}

const mostJsonBytes = 2 ** 26
const indexName = 'model.safetensors.index.json'

/** Reads a directory with `config.json` and one or several `*.safetensors`, tensor by tensor. */
export const loadHuggingFace = async (
  folder: string,
  name: string = basename(resolve(folder)),
): Promise<HuggingFaceDirectory> => {
  const configPath = join(folder, 'config.json')
  if (!existsSync(configPath))
    throw new UserError(
      'E-MODEL-MISSING',
      `there is no config.json in ${folder}, so it is no Hugging Face directory; give one, or a model file (llama2.c checkpoint, GGUF or ONNX)`,
    )
  const described = readHuggingFaceConfig(readLimited(configPath, 'the model', mostJsonBytes).toString(), configPath)
  const files = weightFiles(folder)
  const model = await withFiles(files, async (tensors) => readHuggingFaceTensors(tensors, described, name, folder))
  const generation = join(folder, 'generation_config.json')
  const ends = existsSync(generation)
    ? generationEnds(readLimited(generation, 'the model', mostJsonBytes).toString())
    : undefined
  return { model, files, begin: described.begin, ends: ends ?? described.ends }
}

/** All tensors of the files while they are open. */
const withFiles = async (
  files: readonly string[],
  work: (tensors: ReadonlyMap<string, StoredTensor>) => Promise<Model>,
  tensors: ReadonlyMap<string, StoredTensor> = new Map(),
): Promise<Model> => {
  const [first, ...rest] = files
  if (first === undefined) return work(tensors)
  return withFile(first, 'the model', async (source) => {
    const found = await readSafetensors(source)
    for (const name of found.keys())
      if (tensors.has(name))
        throw new UserError(
          'E-MODEL-TENSOR',
          `tensor ${name.slice(0, 80)} is in ${first} and in another file of the model; give the files of one model only`,
        )
    return withFiles(rest, work, new Map([...tensors, ...found]))
  })
}

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) })

/** The files that the index names, else the only `*.safetensors` of the folder. */
const weightFiles = (folder: string): string[] => {
  const index = join(folder, indexName)
  if (existsSync(index)) return indexedFiles(folder, index)
  const found = ((): string[] => {
    try {
      return readdirSync(folder).filter((name) => name.endsWith('.safetensors'))
    } catch (error) {
      throw new UserError('E-READ', `cannot read the model ${folder}: ${reasonOf(error)}; check the path`, {
        cause: error,
      })
    }
  })()
  if (found.length === 1) return [join(folder, found[0]!)]
  throw new UserError(
    'E-MODEL-MISSING',
    `${folder} holds ${found.length} files *.safetensors and no ${indexName} that says which belong together; give a directory with one file or with the index`,
  )
}

const indexedFiles = (folder: string, index: string): string[] => {
  const refuse = (what: string): never => {
    throw new UserError('E-MODEL-CONFIG', `${index} is no index of safetensors: ${what}; give the file unchanged`)
  }
  const json = ((): unknown => {
    try {
      return JSON.parse(readLimited(index, 'the model', mostJsonBytes).toString())
    } catch (error) {
      if (error instanceof UserError) throw error
      return refuse('it is no JSON')
    }
  })()
  const result = indexSchema.safeParse(json)
  const names = [
    ...new Set(Object.values(result.success ? result.data.weight_map : refuse('it has no weight_map'))),
  ].sort()
  const outside = names.find((name) => !/^[A-Za-z0-9_-][A-Za-z0-9._-]*\.safetensors$/.test(name))
  if (outside !== undefined || names.length === 0)
    refuse(outside === undefined ? 'it names no file' : `'${outside.slice(0, 80)}' is no file name beside it`)
  return names.map((name) => join(folder, name))
}

/** A model out of tensors under their names in Hugging Face directories; `where` names the directory in messages. */
export const readHuggingFaceTensors = (
  tensors: ReadonlyMap<string, StoredTensor>,
  { family, config, architecture }: HuggingFaceModel,
  name: string,
  where: string,
): Promise<Model> => {
  const used = new Set<string>()
  const read = async (part: Part): Promise<Weights> => {
    const names = tensorNames(family, part.name)
    const key = names.find((candidate) => tensors.has(candidate))
    const tensor = key === undefined ? undefined : tensors.get(key)
    if (key === undefined || !tensor)
      throw new UserError('E-MODEL-TENSOR', `${where} has no tensor ${names[0]}; give the files of the whole model`)
    used.add(key)
    const wanted = part.kind === 'matrix' ? [part.outputs, part.inputs] : [part.outputs]
    if (tensor.shape.join() !== wanted.join())
      throw new UserError(
        'E-MODEL-TENSOR',
        `tensor ${key} in ${tensor.source.where} is ${tensor.shape.join(' x ')} where config.json asks for ${wanted.join(' x ')}; give files that belong together`,
      )
    const weights = await readStored(tensor.source, tensor.kind, tensor.offset, part.outputs * part.inputs)
    return finite(weights, part, tensor.source.where)
  }
  return assembleModel(name, config, architecture, read).then((model) => {
    const surplus = [...tensors.keys()].find((key) => !used.has(key) && !isIdle(key, config.sharedClassifier))
    if (surplus === undefined) return model
    throw new UserError(
      'E-MODEL-TENSOR',
      `${where} has a tensor ${surplus.slice(0, 80)}, which its architecture ${family} does not use; give a plain model of that architecture`,
    )
  })
}

/** Tensors that say nothing new: tables that follow from the configuration, and a tied classifier stored again. */
const isIdle = (key: string, sharedClassifier: boolean): boolean =>
  key.endsWith('.rotary_emb.inv_freq') || (sharedClassifier && key === 'lm_head.weight')

/** Parts of a layer as the families call them. */
const layerNames: Readonly<Record<HuggingFaceModel['family'], Readonly<Record<string, string>>>> = {
  llama: {
    attentionNorm: 'input_layernorm',
    query: 'self_attn.q_proj',
    key: 'self_attn.k_proj',
    value: 'self_attn.v_proj',
    output: 'self_attn.o_proj',
    feedForwardNorm: 'post_attention_layernorm',
    gate: 'mlp.gate_proj',
    up: 'mlp.up_proj',
    down: 'mlp.down_proj',
  },
  opt: {
    attentionNorm: 'self_attn_layer_norm',
    query: 'self_attn.q_proj',
    key: 'self_attn.k_proj',
    value: 'self_attn.v_proj',
    output: 'self_attn.out_proj',
    feedForwardNorm: 'final_layer_norm',
    up: 'fc1',
    down: 'fc2',
  },
  phi: {
    attentionNorm: 'input_layernorm',
    query: 'self_attn.q_proj',
    key: 'self_attn.k_proj',
    value: 'self_attn.v_proj',
    output: 'self_attn.dense',
    up: 'mlp.fc1',
    down: 'mlp.fc2',
  },
}
const otherNames: Readonly<Record<HuggingFaceModel['family'], Readonly<Record<string, string>>>> = {
  llama: { embedding: 'model.embed_tokens', finalNorm: 'model.norm', classifier: 'lm_head' },
  opt: {
    embedding: 'model.decoder.embed_tokens',
    positions: 'model.decoder.embed_positions',
    finalNorm: 'model.decoder.final_layer_norm',
    classifier: 'lm_head',
  },
  phi: { embedding: 'model.embed_tokens', finalNorm: 'model.final_layernorm', classifier: 'lm_head' },
}

/** Names under which a part may be stored, the usual one first: some files leave the leading `model.` out. */
export const tensorNames = (family: HuggingFaceModel['family'], part: string): string[] => {
  const bias = part.endsWith('.bias')
  const path = (bias ? part.slice(0, -'.bias'.length) : part).split('.')
  const layers = family === 'opt' ? 'model.decoder.layers' : 'model.layers'
  const stem =
    path[0] === 'layers' ? `${layers}.${path[1]}.${layerNames[family][path[2]!]}` : otherNames[family][path[0]!]
  const name = `${stem}.${bias ? 'bias' : 'weight'}`
  return name.startsWith('model.') ? [name, name.slice('model.'.length)] : [name]
}
