import { UserError } from '../../base/user-error.ts'
import {
  type Architecture,
  llamaArchitecture,
  optArchitecture,
  phiArchitecture,
  type RotaryScaling,
} from '../architecture.ts'
import { headSizeOf, keyValueWidthOf, type Model, type ModelConfig, queryWidthOf } from '../model.ts'
import { assembleModel, type Part, shapeFault } from '../parts.ts'
import { bytesOfWeights, floatsOf, type Weights } from '../weights.ts'
import type { ByteSource } from './byte-source.ts'
import { type Gguf, readGguf } from './gguf.ts'
import { finite, readStored } from './read-part.ts'
import type { StoredTensor } from './safetensors.ts'

/** Values of `general.architecture`. `opt` is ours: llama.cpp has no OPT; keys and names are as it calls them elsewhere. */
const architectures = ['llama', 'phi2', 'opt'] as const
type Family = (typeof architectures)[number]

/** A model out of a GGUF file, and the rest of what the file says. */
export interface GgufModel {
  readonly model: Model
  readonly metadata: Gguf['metadata']
}

/** Reads a GGUF file, tensor by tensor. */
export const readGgufModel = async (source: ByteSource, name: string): Promise<GgufModel> => {
  const { metadata, tensors } = await readGguf(source)
  const refuse = (what: string): never => {
    throw new UserError(
      'E-MODEL-CONFIG',
      `${source.where} describes no model that bitloom runs: ${what}; give a GGUF file of architecture ${architectures.join(', ')}`,
    )
  }
  const found = metadata.get('general.architecture')
  const family = architectures.find((known) => known === found) ?? refuse(`its architecture is ${shown(found)}`)
  const described = await describe(family, metadata, tensors, refuse)
  return { model: await readTensors(family, described, tensors, name, source), metadata }
}

const shown = (value: unknown): string => (value === undefined ? 'not said' : `'${String(value).slice(0, 40)}'`)

type Refuse = (what: string) => never

interface Described {
  readonly config: ModelConfig
  readonly architecture: Architecture
}

const describe = async (
  family: Family,
  metadata: Gguf['metadata'],
  tensors: Gguf['tensors'],
  refuse: Refuse,
): Promise<Described> => {
  const value = (key: string, usual?: number): number => {
    const found = metadata.get(`${family}.${key}`) ?? usual
    return typeof found === 'number' && Number.isFinite(found)
      ? found
      : refuse(`its ${family}.${key} is ${shown(found)}`)
  }
  const epsilon = (key: string): number => {
    const found = value(key)
    return found > 0 ? found : refuse(`its ${family}.${key} is ${found}`)
  }
  if (value('expert_count', 0) > 0) refuse('it is a mixture of experts')
  const heads = value('attention.head_count')
  const dimension = value('embedding_length')
  const headSize = metadata.has(`${family}.attention.key_length`) ? value('attention.key_length') : undefined
  if (metadata.has(`${family}.attention.value_length`))
    if (value('attention.value_length') !== (headSize ?? dimension / heads))
      refuse('its keys and values differ in width')
  const config: ModelConfig = {
    dimension,
    hidden: value('feed_forward_length'),
    layers: value('block_count'),
    heads,
    keyValueHeads: value('attention.head_count_kv', heads),
    ...(headSize === undefined || headSize === dimension / heads ? {} : { headSize }),
    // The embedding has the vocabulary's size even where no vocabulary is stored.
    vocabulary: tensors.get('token_embd.weight')?.shape[0] ?? refuse('it has no tensor token_embd.weight'),
    sequence: value('context_length'),
    sharedClassifier: !tensors.has('output.weight'),
  }
  const fault = shapeFault(config)
  if (fault !== undefined) refuse(fault)
  if (family === 'opt') {
    if (!config.sharedClassifier) refuse('it has a classifier of its own, which OPT has not')
    return {
      config,
      architecture: { ...optArchitecture, normEpsilon: epsilon('attention.layer_norm_epsilon') },
    }
  }
  const rotaryWidth = value('rope.dimension_count', headSizeOf(config))
  if (!(rotaryWidth >= 2 && rotaryWidth <= headSizeOf(config) && rotaryWidth % 2 === 0))
    refuse(`its rope.dimension_count is ${rotaryWidth} of heads of ${headSizeOf(config)}`)
  const base = value('rope.freq_base', 10_000)
  if (base <= 0) refuse(`its rope.freq_base is ${base}`)
  if (family === 'phi2') {
    if (scalingOf(metadata, family, refuse).kind !== 'none') refuse('its rotary positions are scaled')
    const normEpsilon = epsilon('attention.layer_norm_epsilon')
    return { config, architecture: phiArchitecture({ rotaryWidth, base, normEpsilon }) }
  }
  const architecture = llamaArchitecture({
    headSize: rotaryWidth,
    pairs: 'neighbours',
    base,
    scaling: scalingOf(metadata, family, refuse),
    normEpsilon: epsilon('attention.layer_norm_rms_epsilon'),
    biases: {
      queryKeyValue: tensors.has('blk.0.attn_q.bias'),
      attentionOutput: tensors.has('blk.0.attn_output.bias'),
      feedForward: tensors.has('blk.0.ffn_up.bias'),
    },
  })
  return { config, architecture: await withFactors(architecture, tensors.get('rope_freqs.weight'), refuse) }
}

const scalingOf = (metadata: Gguf['metadata'], family: Family, refuse: Refuse): RotaryScaling => {
  const kind = metadata.get(`${family}.rope.scaling.type`)
  const factor = metadata.get(`${family}.rope.scaling.factor`) ?? metadata.get(`${family}.rope.scale_linear`)
  if (kind === 'none' || (kind === undefined && factor === undefined)) return { kind: 'none' }
  if ((kind === undefined || kind === 'linear') && typeof factor === 'number' && factor > 0 && factor < 2 ** 20)
    return { kind: 'linear', factor }
  return refuse(`its rope scaling is ${shown(kind)} by ${shown(factor)}, where none and linear are known`)
}

/** Llama 3.1's scaling is stored as a factor for each pair, by which its frequency is divided. */
const withFactors = async (
  architecture: Architecture,
  stored: StoredTensor | undefined,
  refuse: Refuse,
): Promise<Architecture> => {
  const { positions } = architecture
  if (!stored || positions.kind !== 'rotary') return architecture
  const { frequencies } = positions
  if (stored.shape.join() !== String(frequencies.length))
    return refuse(`rope_freqs.weight is ${stored.shape.join(' x ')} where ${frequencies.length} pairs turn`)
  const factors = floatsOf(await readStored(stored.source, stored.kind, stored.offset, frequencies.length))
  if (!factors.every((factor) => factor > 0 && Number.isFinite(factor)))
    refuse('a factor in rope_freqs.weight is not positive')
  return {
    ...architecture,
    positions: { ...positions, frequencies: frequencies.map((value, k) => value / factors[k]!) },
  }
}

const readTensors = async (
  family: Family,
  { config, architecture }: Described,
  tensors: Gguf['tensors'],
  name: string,
  source: ByteSource,
): Promise<Model> => {
  const used = new Set(['rope_freqs.weight'])
  const wrong = (what: string): UserError => new UserError('E-MODEL-TENSOR', `${source.where} ${what}`)
  const model = await assembleModel(name, config, architecture, async (part) => {
    const { key, row } = placeOf(part, config, tensors)
    const tensor = tensors.get(key)
    if (!tensor) throw wrong(`has no tensor ${key}; give the file of the whole model`)
    used.add(key)
    const rows = key.includes('attn_qkv') ? queryWidthOf(config) + 2 * keyValueWidthOf(config) : part.outputs
    const wanted = part.kind === 'matrix' ? [rows, part.inputs] : [rows]
    if (tensor.shape.join() !== wanted.join())
      throw wrong(
        `holds ${key} as ${tensor.shape.join(' x ')} where its metadata asks for ${wanted.join(' x ')}; give the file unchanged`,
      )
    return finite(await readRows(tensor, row, part), part, source.where)
  })
  const surplus = [...tensors.keys()].find((key) => !used.has(key))
  if (surplus !== undefined)
    throw wrong(
      `has a tensor ${surplus.slice(0, 80)}, which its architecture ${family} does not use; give a plain model of that architecture`,
    )
  return model
}

const readRows = ({ source, kind, offset }: StoredTensor, row: number, { outputs, inputs }: Part): Promise<Weights> =>
  readStored(source, kind, offset + bytesOfWeights(kind, row * inputs), outputs * inputs)

const layerNames: Readonly<Record<string, string>> = {
  attentionNorm: 'attn_norm',
  query: 'attn_q',
  key: 'attn_k',
  value: 'attn_v',
  output: 'attn_output',
  feedForwardNorm: 'ffn_norm',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
}
const otherNames: Readonly<Record<string, string>> = {
  embedding: 'token_embd',
  positions: 'position_embd',
  finalNorm: 'output_norm',
  classifier: 'output',
}

/** Name of the tensor that holds a part, e.g. `blk.0.attn_q.weight`. */
export const ggufName = (part: string): string => {
  const bias = part.endsWith('.bias')
  const path = (bias ? part.slice(0, -'.bias'.length) : part).split('.')
  const stem = path[0] === 'layers' ? `blk.${path[1]}.${layerNames[path[2]!]}` : otherNames[path[0]!]
  return `${stem}.${bias ? 'bias' : 'weight'}`
}

/** The tensor of a part and its first row there: query, key and value may be stored as one (Phi-2). */
const placeOf = (part: Part, config: ModelConfig, tensors: Gguf['tensors']): { key: string; row: number } => {
  const key = ggufName(part.name)
  const fused = key.replace(/attn_[qkv]\./, 'attn_qkv.')
  if (tensors.has(key) || !tensors.has(fused)) return { key, row: 0 }
  const kind = part.name.split('.')[2]
  const before = { query: 0, key: queryWidthOf(config), value: queryWidthOf(config) + keyValueWidthOf(config) }
  return { key: fused, row: before[kind as keyof typeof before] }
}
