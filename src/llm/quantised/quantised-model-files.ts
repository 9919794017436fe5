import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { writeWhole, writeWholeInPieces } from '../../base/files.ts'
import { activationsText } from '../../quant/activations.ts'
import { codedBitsPerWeight, describeCoded, tensorsOf } from '../../quant/coded.ts'
import { type SavedTensor, safetensorsPieces } from '../files/write-safetensors.ts'
import { linearLayersOf, type Matrix, type Model, type Norm } from '../model.ts'
import { floatsOf } from '../weights.ts'
import {
  type Manifest,
  type ManifestLayer,
  manifestFile,
  manifestVersion,
  plainArchitecture,
  weightsFile,
} from './manifest.ts'
import type { QuantisedRun } from './quantised-run.ts'

/** All arrays of a quantised model by name, and what its layers became. */
const arraysOf = ({ model, matrices }: QuantisedRun) => {
  const tensors: Record<string, SavedTensor> = {}
  const layers = linearLayersOf(model).map((matrix): ManifestLayer => {
    const { name, outputs, inputs } = matrix
    const found = matrices.get(name)
    const activations = activationsText(found?.activations ?? { kind: 'float32' })
    const coded = found?.coded
    if (!coded) {
      tensors[`${name}.weight`] = floatTensor(matrix)
      return { name, kind: 'float32', outputs, inputs, bits_per_weight: 32, activations, tensors: [`${name}.weight`] }
    }
    const named = Object.entries(tensorsOf(coded)).map(([key, tensor]) => [`${name}.${key}`, tensor] as const)
    for (const [key, tensor] of named) tensors[key] = tensor
    return {
      name,
      ...describeCoded(coded),
      formats: [...describeCoded(coded).formats],
      bits_per_weight: codedBitsPerWeight(coded),
      activations,
      tensors: named.map(([key]) => key),
    }
  })
  const others = othersOf(model)
  return { tensors: { ...tensors, ...others }, layers, others: Object.keys(others) }
}

const floatTensor = ({ weights, outputs, inputs }: Matrix): SavedTensor => ({
  type: 'F32',
  shape: [outputs, inputs],
  data: floatsOf(weights),
})
const vectorTensor = (data: Float32Array): SavedTensor => ({ type: 'F32', shape: [data.length], data })

const othersOf = (model: Model): Record<string, SavedTensor> => {
  const norm = (name: string, of: Norm | undefined): Record<string, SavedTensor> => ({
    ...(of ? { [`${name}.weight`]: vectorTensor(of.weight) } : {}),
    ...(of?.bias ? { [`${name}.bias`]: vectorTensor(of.bias) } : {}),
  })
  return Object.assign(
    { 'embedding.weight': floatTensor(model.embedding) },
    model.positions ? { 'positions.weight': floatTensor(model.positions) } : {},
    ...model.layers.flatMap(({ attentionNorm, feedForwardNorm }, index) => [
      norm(`layers.${index}.attentionNorm`, attentionNorm),
      norm(`layers.${index}.feedForwardNorm`, feedForwardNorm),
    ]),
    norm('finalNorm', model.finalNorm),
    ...linearLayersOf(model).map(({ name, bias }) => (bias ? { [`${name}.bias`]: vectorTensor(bias) } : {})),
  )
}

/**
 * Writes a quantised model into a folder: `weights.safetensors` with codes, scales and everything else that the model needs, then
 * `manifest.json`, which says what they are. Each file appears whole or not at all, and the manifest last.
 */
export const writeQuantisedModel = (
  folder: string,
  run: QuantisedRun,
  said: Pick<Manifest, 'quantiser' | 'text' | 'provenance'>,
): Manifest => {
  const { tensors, layers, others } = arraysOf(run)
  const hash = createHash('sha256')
  let bytes = 0
  const pieces = function* (): Generator<Uint8Array> {
    for (const piece of safetensorsPieces(tensors, { quantiser: said.quantiser })) {
      hash.update(piece)
      bytes += piece.length
      yield piece
    }
  }
  writeWholeInPieces(join(folder, weightsFile), pieces(), 'choose another folder with --out')
  const count = layers.reduce((sum, { outputs, inputs }) => sum + outputs * inputs, 0)
  const bits = layers.reduce((sum, layer) => sum + layer.bits_per_weight * layer.outputs * layer.inputs, 0)
  const manifest: Manifest = {
    version: manifestVersion,
    model: run.model.name,
    quantiser: said.quantiser,
    config: run.model.config,
    architecture: plainArchitecture(run.model),
    text: said.text,
    weights: { file: weightsFile, bytes, sha256: hash.digest('hex') },
    bits_per_weight: bits / count,
    layers,
    others,
    provenance: said.provenance,
  }
  writeWhole(join(folder, manifestFile), `${JSON.stringify(manifest, undefined, 2)}\n`)
  return manifest
}
