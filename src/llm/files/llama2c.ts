import { basename } from 'node:path'
import { UserError } from '../../base/user-error.ts'
import { llamaArchitecture } from '../architecture.ts'
import { headSizeOf, type Model, type ModelConfig } from '../model.ts'
import { assembleModel, type Part, partsOf, shapeFault } from '../parts.ts'
import type { Weights } from '../weights.ts'
import { type ByteSource, withFile } from './byte-source.ts'
import { finite, readStored } from './read-part.ts'

/** `ak42`, which versions 1 and 2 begin with. */
export const llama2cMagic = 0x616b3432
const legacyHeaderBytes = 28
const versionedHeaderBytes = 256
const cure = 'give a checkpoint of llama2.c (legacy, version 1 or 2), whole and unchanged'

/** Reads and checks a checkpoint of llama2.c, tensor by tensor. */
export const loadLlama2c = (path: string, name: string = basename(path).replace(/\.bin$/, '')): Promise<Model> =>
  withFile(path, 'the model', (source) => readLlama2c(source, name))

/**
 * Reads a checkpoint of llama2.c (`export.py`): legacy and version 1 are float32, version 2 has int8 matrices whose weights share a
 * float32 scale in groups.
 */
export const readLlama2c = async (source: ByteSource, name: string): Promise<Model> => {
  const header = await readHeader(source)
  const { config, version, group } = header
  const architecture = llamaArchitecture({ headSize: headSizeOf(config) })
  const parts = partsOf(config, architecture)
  const { places, end } = version === 0 ? legacyPlaces(parts, config) : versionedPlaces(parts, group)
  if (source.size !== end) {
    const found = source.size < end ? 'truncated' : 'too long or of another format'
    throw new UserError(
      'E-MODEL-SIZE',
      `${source.where} is ${found}: it holds ${source.size} bytes where its header (${describe(config)}) asks for ${end}; ${cure}`,
    )
  }
  return assembleModel(name, config, architecture, async (part) => {
    const weights = await readPlace(source, part, places.get(part.name)!)
    return finite(weights, part, source.where)
  })
}

interface Header {
  readonly config: ModelConfig
  readonly version: 0 | 1 | 2
  /** Weights that share a scale; 0 where there are no scales. */
  readonly group: number
}

const describe = ({ dimension, hidden, layers, vocabulary }: ModelConfig): string =>
  `dimension ${dimension}, hidden ${hidden}, layers ${layers}, vocabulary ${vocabulary}`

const refusal = (source: ByteSource, what: string): UserError =>
  new UserError('E-MODEL-HEADER', `${source.where} is no llama2.c checkpoint: ${what}; ${cure}`)

/**
 * Int32, little-endian: dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len. In the legacy form they begin the file
 * and a negative vocab_size says that the classifier is not shared; in the others magic and version come before them, a byte (shared)
 * and the int32 group behind them.
 */
const readHeader = async (source: ByteSource): Promise<Header> => {
  const bytes = await source.read(0, Math.min(source.size, versionedHeaderBytes))
  const view = new DataView(bytes.buffer)
  const versioned = bytes.length >= 8 && view.getUint32(0, true) === llama2cMagic
  const length = versioned ? versionedHeaderBytes : legacyHeaderBytes
  if (bytes.length < length)
    throw new UserError(
      'E-MODEL-SIZE',
      `${source.where} is truncated: it holds ${bytes.length} bytes, less than the ${length} of a header; ${cure}`,
    )
  const version = versioned ? view.getInt32(4, true) : 0
  if (version !== 0 && version !== 1 && version !== 2)
    throw refusal(source, `its header says version ${version}, known are 1 and 2`)
  const word = (index: number): number => view.getInt32((versioned ? 8 : 0) + 4 * index, true)
  const shared = versioned ? view.getUint8(36) : Number(word(5) > 0)
  if (shared > 1) throw refusal(source, `its header says ${shared} where 0 or 1 tells whether the classifier is shared`)
  const config: ModelConfig = {
    dimension: word(0),
    hidden: word(1),
    layers: word(2),
    heads: word(3),
    keyValueHeads: word(4),
    vocabulary: versioned ? word(5) : Math.abs(word(5)),
    sequence: word(6),
    sharedClassifier: shared === 1,
  }
  const fault = shapeFault(config)
  if (fault !== undefined) throw refusal(source, `its header says ${fault}`)
  const group = version === 2 ? view.getInt32(37, true) : 0
  if (version === 2 && !(group >= 1 && config.dimension % group === 0))
    throw refusal(
      source,
      `its header says groups of ${group} weights, which do not divide dimension ${config.dimension}`,
    )
  return { config, version, group }
}

/** Where a tensor lies: its weights, and behind int8 codes their scales. */
interface Place {
  readonly offset: number
  readonly group: number
}

interface Places {
  readonly places: ReadonlyMap<string, Place>
  /** First byte behind the last tensor. */
  readonly end: number
}

/** The same tensor of every layer lies together. */
const layerOrder = (parts: readonly Part[], kinds: readonly string[]): Part[] =>
  kinds.flatMap((kind) => parts.filter(({ name }) => name.startsWith('layers.') && name.split('.')[2] === kind))
const byName = (parts: readonly Part[], name: string): Part[] => parts.filter((part) => part.name === name)
const matrixKinds = ['gate', 'down', 'up']
const attentionKinds = ['query', 'key', 'value', 'output']

const legacyPlaces = (parts: readonly Part[], config: ModelConfig): Places => {
  const before = [
    ...byName(parts, 'embedding'),
    ...layerOrder(parts, ['attentionNorm', ...attentionKinds, 'feedForwardNorm', ...matrixKinds]),
    ...byName(parts, 'finalNorm'),
  ]
  const first = placed(before, legacyHeaderBytes, 0)
  // Two rotary tables that no reader uses any more.
  const tables = 4 * config.sequence * headSizeOf(config)
  const last = placed(byName(parts, 'classifier'), first.end + tables, 0)
  return { places: new Map([...first.places, ...last.places]), end: last.end }
}

const versionedPlaces = (parts: readonly Part[], group: number): Places => {
  const norms = placed(
    [...layerOrder(parts, ['attentionNorm', 'feedForwardNorm']), ...byName(parts, 'finalNorm')],
    versionedHeaderBytes,
    0,
  )
  const matrices = placed(
    [
      ...byName(parts, 'embedding'),
      ...layerOrder(parts, [...attentionKinds, ...matrixKinds]),
      ...byName(parts, 'classifier'),
    ],
    norms.end,
    group,
  )
  return { places: new Map([...norms.places, ...matrices.places]), end: matrices.end }
}

const placed = (parts: readonly Part[], start: number, group: number): Places => {
  const places = new Map<string, Place>()
  let offset = start
  for (const part of parts) {
    places.set(part.name, { offset, group })
    const count = part.outputs * part.inputs
    offset += group === 0 ? 4 * count : count + 4 * (count / group)
  }
  return { places, end: offset }
}

const readPlace = async (source: ByteSource, part: Part, { offset, group }: Place): Promise<Weights> => {
  const count = part.outputs * part.inputs
  if (group === 0) return readStored(source, 'float32', offset, count)
  const codes = new Int8Array((await source.read(offset, count)).buffer)
  const scales = new Float32Array((await source.read(offset + count, 4 * (count / group))).buffer)
  return { kind: 'int8', codes, zero: 0, scales, group }
}
