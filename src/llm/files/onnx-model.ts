import { UserError } from '../../base/user-error.ts'
import type { Model } from '../model.ts'
import { assembleModel, type Part } from '../parts.ts'
import type { Weights } from '../weights.ts'
import type { ByteSource } from './byte-source.ts'
import { tensorNames } from './hugging-face.ts'
import type { HuggingFaceModel } from './hugging-face-config.ts'
import { type Initialiser, type OnnxGraph, onnxRefusal, readOnnx } from './onnx.ts'
import { finite } from './read-part.ts'

/** ONNX's numbers of types. */
const [floatType, uint8Type, int8Type] = [1, 2, 3]

/**
 * Reads a Llama out of an ONNX file as transformers.js has them, quantised by ONNX Runtime: each linear layer is a MatMulInteger whose
 * constant is int8 or uint8, K x N, with one scale and one zero point; the embedding is stored so too, and norms in float32.
 * `described` comes from the `config.json` that belongs to it.
 */
export const readOnnxModel = async (source: ByteSource, described: HuggingFaceModel, name: string): Promise<Model> => {
  const refuse = onnxRefusal(source)
  const graph = await readOnnx(source)
  if (described.family !== 'llama') refuse(`its architecture is ${described.family}, and llama is known`)
  const bias = [...graph.initialisers.keys()].find((key) => key.endsWith('.bias'))
  if (bias !== undefined) refuse(`it has a bias ${bias.slice(0, 80)}`)
  // A file may hold a classifier of its own where the configuration says that it is the embedding.
  const config = { ...described.config, sharedClassifier: !graph.nodes.has(nodeName('lm_head')) }
  return assembleModel(name, config, described.architecture, async (part) => {
    const stem = tensorNames('llama', part.name)[0]!.replace(/\.weight$/, '')
    if (part.kind === 'vector')
      return finite(await readFloats(source, tensorOf(graph, `${stem}.weight`, source), part), part, source.where)
    const quantised = part.name === 'embedding' ? `${stem}.weight_quantized` : constantOf(graph, nodeName(stem), source)
    return finite(await readQuantised(source, graph, quantised, part), part, source.where)
  })
}

/** `model.layers.0.mlp.up_proj` is the node `/model/layers.0/mlp/up_proj/MatMul_quant`. */
const nodeName = (stem: string): string => `/${stem.replace(/\.(?!\d)/g, '/')}/MatMul_quant`

const missing = (source: ByteSource, what: string): UserError =>
  new UserError(
    'E-MODEL-TENSOR',
    `${source.where} has no ${what}; give an int8 file of a Llama as transformers.js has it`,
  )

const tensorOf = ({ initialisers }: OnnxGraph, name: string, source: ByteSource): Initialiser => {
  const found = initialisers.get(name)
  if (!found) throw missing(source, `tensor ${name.slice(0, 80)}`)
  return found
}

/** Name of the constant that a linear layer multiplies with. */
const constantOf = ({ nodes }: OnnxGraph, name: string, source: ByteSource): string => {
  const node = nodes.get(name)
  const constant = node?.inputs[1]
  if (node?.operator !== 'MatMulInteger' || constant === undefined) throw missing(source, `MatMulInteger ${name}`)
  return constant
}

const checked = (tensor: Initialiser, shape: readonly number[], types: readonly number[], source: ByteSource) => {
  const { name, type } = tensor
  const wrong = (what: string): never => {
    throw new UserError(
      'E-MODEL-TENSOR',
      `${source.where} holds ${name.slice(0, 80)} ${what}; give files that belong together, unchanged`,
    )
  }
  if (tensor.shape.join() !== shape.join())
    wrong(
      `as ${tensor.shape.join(' x ') || 'one number'} where config.json asks for ${shape.join(' x ') || 'one number'}`,
    )
  if (!types.includes(type)) wrong(`as type ${type} where ${types.join(' or ')} is known`)
  return wrong
}

const readFloats = async (source: ByteSource, tensor: Initialiser, { outputs }: Part): Promise<Weights> => {
  const data = await floats(source, tensor, [outputs])
  return { kind: 'float32', data }
}

const floats = async (source: ByteSource, tensor: Initialiser, shape: readonly number[]): Promise<Float32Array> => {
  const wrong = checked(tensor, shape, [floatType], source)
  const count = shape.reduce((product, length) => product * length, 1)
  const { bytes } = tensor
  if (!bytes || bytes.to - bytes.from !== 4 * count) return wrong(`without its ${4 * count} bytes`)
  return new Float32Array((await source.read(bytes.from, 4 * count)).buffer)
}

/** A scalar of int8 or uint8, in raw bytes or as an integer. */
const zeroOf = async (source: ByteSource, tensor: Initialiser, type: number): Promise<number> => {
  const wrong = checked(tensor, [], [type], source)
  const { bytes, integers } = tensor
  const [low, high] = type === int8Type ? [-128n, 127n] : [0n, 255n]
  const value = ((): bigint | undefined => (integers.length === 1 ? BigInt.asIntN(64, integers[0]!) : undefined))()
  if (value !== undefined) return value >= low && value <= high ? Number(value) : wrong(`with the value ${value}`)
  if (!bytes || bytes.to - bytes.from !== 1) return wrong('without its value')
  const [byte] = await source.read(bytes.from, 1)
  return type === int8Type ? (byte! << 24) >> 24 : byte!
}

const readQuantised = async (source: ByteSource, graph: OnnxGraph, name: string, part: Part): Promise<Weights> => {
  const { outputs, inputs } = part
  const count = outputs * inputs
  const tensor = tensorOf(graph, name, source)
  const stem = name.replace(/_quantized$/, '')
  const isTable = part.name === 'embedding'
  const wrong = checked(tensor, isTable ? [outputs, inputs] : [inputs, outputs], [uint8Type, int8Type], source)
  const { bytes, type } = tensor
  if (!bytes || bytes.to - bytes.from !== count) return wrong(`without its ${count} bytes`)
  const scales = await floats(source, tensorOf(graph, `${stem}_scale`, source), [])
  const zero = await zeroOf(source, tensorOf(graph, `${stem}_zero_point`, source), type)
  const rows = isTable
    ? await source.read(bytes.from, count)
    : await readTransposed(source, bytes.from, inputs, outputs)
  const codes = type === int8Type ? new Int8Array(rows.buffer) : rows
  return { kind: 'int8', codes, zero, scales, group: count }
}

/** Columns that are exchanged at once: both sides of a tile stay in the cache. */
const tile = 32
/** Bytes that are read at once: what is read lies in memory beside the result. */
const stripBytes = 2 ** 16

/** A matrix of bytes in the file, its rows and columns exchanged. */
const readTransposed = async (
  source: ByteSource,
  from: number,
  rows: number,
  columns: number,
): Promise<Uint8Array<ArrayBuffer>> => {
  const result = new Uint8Array(rows * columns)
  const height = Math.min(rows, Math.max(1, Math.floor(stripBytes / columns)))
  // One buffer for all, because what was read would stay in memory until somebody collects it.
  const buffer = new Uint8Array(height * columns)
  for (let top = 0; top < rows; top += height) {
    const count = Math.min(height, rows - top)
    const strip = await source.read(from + top * columns, count * columns, buffer)
    for (let left = 0; left < columns; left += tile)
      for (let row = 0; row < count; row++)
        for (let column = left; column < Math.min(columns, left + tile); column++)
          result[column * rows + top + row] = strip[row * columns + column]!
  }
  return result
}
