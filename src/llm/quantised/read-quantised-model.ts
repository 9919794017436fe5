import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { UserError } from '../../base/user-error.ts'
import { type Activations, activationsOf } from '../../quant/activations.ts'
import type { CodedMatrix, CodedTensor } from '../../quant/coded.ts'
import { type StoredArrays, storedCodes } from '../../quant/stored-codes.ts'
import { type ByteSource, withFile } from '../files/byte-source.ts'
import { finite, readStored } from '../files/read-part.ts'
import { describeSafetensors, type TensorDescription } from '../files/safetensors.ts'
import { assembleModel, type Part, partsOf } from '../parts.ts'
import type { Weights } from '../weights.ts'
import { type Manifest, type ManifestLayer, manifestFile, readManifest, shapeOf, weightsFile } from './manifest.ts'
import { type QuantisedMatrix, type QuantisedRun, restoredRun, restoredWeights } from './quantised-run.ts'

/** What a folder that `writeQuantisedModel` wrote says about its quantisation. */
export interface StoredQuantisation {
  /** Spec of the quantiser. */
  readonly quantiser: string
  /** What became of weights and activations, one phrase each. */
  readonly weights: string
  readonly activations: string
  /** Mean over the weights of all linear layers, scales included, codes packed. */
  readonly bitsPerWeight: number
  /** The model as it runs. */
  readonly run: QuantisedRun
}

/** A quantised model out of its folder. */
export interface QuantisedFolder {
  readonly quantised: StoredQuantisation
  /** File of its tokenizer, where it was copied into the folder. */
  readonly tokenizer: string | undefined
  readonly begin: number | undefined
  readonly ends: readonly number[]
  readonly files: readonly string[]
}

/** Whether a folder holds a quantised model: it has a manifest, and no `config.json` as Hugging Face directories do. */
export const isQuantisedFolder = (folder: string): boolean =>
  existsSync(join(folder, manifestFile)) && !existsSync(join(folder, 'config.json'))

const types = ['F32', 'F16', 'U16', 'I8', 'U8'] as const satisfies readonly CodedTensor['type'][]
type Tensors = ReadonlyMap<string, TensorDescription<(typeof types)[number]>>

/**
 * Reads `manifest.json` and `weights.safetensors`. All that the manifest says is held against itself and against the header of the weights, then
 * the weights against their digest, before anything is allocated for a tensor. The model's weights are what the codes stand for.
 */
export const readQuantisedModel = async (
  folder: string,
  name: string = basename(resolve(folder)),
): Promise<QuantisedFolder> => {
  const manifest = readManifest(folder)
  const path = join(folder, weightsFile)
  const quantised = await withFile(path, 'the model', async (source): Promise<StoredQuantisation> => {
    const { quantiser, provenance, bits_per_weight: bitsPerWeight } = manifest
    if (source.size !== manifest.weights.bytes)
      throw new UserError(
        'E-MODEL-SIZE',
        `${path} holds ${source.size} bytes where ${manifestFile} says ${manifest.weights.bytes}; give the files whole and unchanged`,
      )
    const tensors = await describeSafetensors(source, types)
    const layers = layersOf(manifest, tensors, path)
    await refuseOtherDigest(source, manifest.weights.sha256)
    const run = await readRun(source, manifest, layers, tensors, name)
    const { weights = quantiser, activations = 'as quantised' } = provenance
    return { quantiser, weights, activations, bitsPerWeight, run }
  })
  const { tokenizer: file, begin, ends } = manifest.text
  const tokenizer = file === undefined ? undefined : join(folder, file)
  return { quantised, tokenizer, begin, ends, files: [path, join(folder, manifestFile)] }
}

const refuseTensor = (what: string): never => {
  throw new UserError('E-MODEL-TENSOR', `${what}; give the files of one model, as \`bitloom quantise\` wrote them`)
}

/** A linear layer whose description was held against the file. */
interface DescribedLayer {
  readonly activations: Activations
  /** Absent where the weights stayed. */
  readonly read?: (arrays: StoredArrays) => CodedMatrix
  /** Key of an array to its name in the file. */
  readonly arrays: ReadonlyMap<string, string>
}

/** Every linear layer of the shape, in order, each with the arrays that it needs; nothing else may be in the file. */
const layersOf = (manifest: Manifest, tensors: Tensors, path: string): ReadonlyMap<string, DescribedLayer> => {
  const { config, architecture } = shapeOf(manifest)
  const parts = partsOf(config, architecture)
  const { dimension, vocabulary, sharedClassifier } = config
  const wanted = [
    ...parts.filter(isLinear),
    ...(sharedClassifier ? [{ name: 'classifier', outputs: vocabulary, inputs: dimension }] : []),
  ]
  const used = new Set(parts.filter((part) => !isLinear(part)).map(tensorName))
  for (const part of parts.filter((part) => !isLinear(part))) {
    const shape = part.kind === 'matrix' ? [part.outputs, part.inputs] : [part.outputs]
    refuseOtherShape(tensors, tensorName(part), { type: 'F32', shape }, path)
  }
  if (manifest.layers.map((layer) => layer.name).join() !== wanted.map((part) => part.name).join())
    refuseTensor(
      `${manifestFile} beside ${path} has ${manifest.layers.length} layers, and its shape ${wanted.length}, ${wanted[0]!.name} to classifier, in another order or under other names`,
    )
  const layers = new Map<string, DescribedLayer>()
  for (const [at, layer] of manifest.layers.entries()) {
    const { outputs, inputs } = wanted[at]!
    if (layer.outputs !== outputs || layer.inputs !== inputs)
      refuseTensor(
        `layer ${layer.name} of ${manifestFile} beside ${path} is ${layer.outputs} x ${layer.inputs} where its shape has ${outputs} x ${inputs}`,
      )
    const described = describedLayer(layer, tensors, path)
    for (const array of described.arrays.values()) used.add(array)
    layers.set(layer.name, described)
  }
  const surplus = [...tensors.keys()].find((key) => !used.has(key))
  if (surplus !== undefined) refuseTensor(`${path} has a tensor ${surplus.slice(0, 80)}, which no layer uses`)
  return layers
}

/** Norms, biases and tables of embeddings are in float32; all other parts are linear layers. */
const isLinear = ({ name, kind }: Part): boolean => kind === 'matrix' && name !== 'embedding' && name !== 'positions'

const tensorName = ({ name }: Pick<Part, 'name'>): string => (name.endsWith('.bias') ? name : `${name}.weight`)

const describedLayer = (layer: ManifestLayer, tensors: Tensors, path: string): DescribedLayer => {
  const { name, outputs, inputs } = layer
  const refuse = (what: string): never =>
    refuseTensor(`layer ${name} of ${manifestFile} beside ${path} cannot be read: ${what}`)
  const activations = readActivations(layer.activations, refuse)
  const codes = layer.kind === 'float32' ? undefined : storedCodes(layer, refuse)
  const shapes = codes?.tensors ?? { weight: { type: 'F32', shape: [outputs, inputs] } as const }
  const arrays = new Map(Object.keys(shapes).map((key) => [key, `${name}.${key}`]))
  if ([...arrays.values()].toSorted().join() !== layer.tensors.toSorted().join())
    refuse(
      `its tensors are ${layer.tensors.join(', ').slice(0, 200)}, and its kind has ${[...arrays.values()].join(', ')}`,
    )
  for (const [key, shape] of Object.entries(shapes)) refuseOtherShape(tensors, arrays.get(key)!, shape, path)
  return { activations, arrays, ...(codes ? { read: codes.read } : {}) }
}

const readActivations = (text: string, refuse: (what: string) => never): Activations => {
  try {
    return activationsOf(text)
  } catch {
    return refuse(
      `its activations are ${text.slice(0, 80)}, allowed are float, fp16, int2 to int8 and formats of \`bitloom list formats\``,
    )
  }
}

const refuseOtherShape = (
  tensors: Tensors,
  name: string,
  wanted: Pick<CodedTensor, 'type' | 'shape'>,
  path: string,
): void => {
  const found = tensors.get(name)
  if (!found) {
    refuseTensor(`${path} has no tensor ${name}`)
    return
  }
  const said = ({ type, shape }: Pick<CodedTensor, 'type' | 'shape'>): string => `${type} of ${shape.join(' x ')}`
  if (said(found) !== said(wanted))
    refuseTensor(
      `tensor ${name} in ${path} is ${said(found).slice(0, 100)} where ${manifestFile} asks for ${said(wanted)}`,
    )
}

/** Bytes that are hashed at once. */
const pieceBytes = 2 ** 20

const refuseOtherDigest = async ({ where, size, read }: ByteSource, wanted: string): Promise<void> => {
  const hash = createHash('sha256')
  const piece = new Uint8Array(Math.min(size, pieceBytes))
  for (let from = 0; from < size; from += piece.length)
    hash.update(await read(from, Math.min(piece.length, size - from), piece))
  if (hash.digest('hex') === wanted) return
  throw new UserError(
    'E-MODEL-DAMAGED',
    `${where} has another sha256 than ${manifestFile} beside it says; give both files as \`bitloom quantise\` wrote them`,
  )
}

const readRun = async (
  source: ByteSource,
  manifest: Manifest,
  layers: ReadonlyMap<string, DescribedLayer>,
  tensors: Tensors,
  name: string,
): Promise<QuantisedRun> => {
  const { config, architecture } = shapeOf(manifest)
  const floats = (tensor: string): Promise<Weights> => {
    const { offset, bytes } = tensors.get(tensor)!
    return readStored(source, 'float32', offset, bytes / 4)
  }
  const matrices = new Map<string, QuantisedMatrix>()
  const weightsOf = restoredWeights(layers.values())
  const restored = async (name: string): Promise<Weights> => {
    const layer = layers.get(name)!
    const { activations, read, arrays } = layer
    if (!read) {
      matrices.set(name, { activations })
      return floats(arrays.get('weight')!)
    }
    const bytes: Record<string, Uint8Array<ArrayBuffer>> = {}
    for (const [key, array] of arrays) {
      const { offset, bytes: length } = tensors.get(array)!
      bytes[key] = await source.read(offset, length)
    }
    const coded = read(bytes)
    matrices.set(name, { coded, activations })
    return weightsOf(coded)
  }
  const read = async (part: Part): Promise<Weights> =>
    finite(await (isLinear(part) ? restored(part.name) : floats(tensorName(part))), part, source.where)
  const model = await assembleModel(name, config, architecture, read)
  if (!config.sharedClassifier) return restoredRun(model, matrices)
  const { activations, read: coded } = layers.get('classifier')!
  if (!coded) {
    // The table of embeddings, which is not kept twice.
    matrices.set('classifier', { activations })
    return restoredRun(model, matrices)
  }
  const { outputs, inputs } = model.classifier
  const weights = await read({ name: 'classifier', outputs, inputs, kind: 'matrix' })
  return restoredRun({ ...model, classifier: { ...model.classifier, weights } }, matrices)
}
