import { UserError } from '../../base/user-error.ts'
import type { ByteSource } from './byte-source.ts'
import { type ProtobufField, type ProtobufReader, protobufReader } from './protobuf.ts'

/** A constant tensor of an ONNX graph. */
export interface Initialiser {
  readonly name: string
  readonly shape: readonly number[]
  /** ONNX's number of the type: 1 float32, 2 uint8, 3 int8. */
  readonly type: number
  /** Where its bytes lie, as `raw_data` or as packed numbers. */
  readonly bytes: { readonly from: number; readonly to: number } | undefined
  /** The first two of the values that are stored as int32 whatever the type is: only a lone one is of use. */
  readonly integers: readonly bigint[]
}

/** An operation of an ONNX graph. */
export interface OnnxNode {
  readonly name: string
  readonly operator: string
  readonly inputs: readonly string[]
}

/** What of an ONNX file a model is read from. */
export interface OnnxGraph {
  readonly initialisers: ReadonlyMap<string, Initialiser>
  /** Nodes by name. */
  readonly nodes: ReadonlyMap<string, OnnxNode>
}

export type Refuse = (what: string) => never

/** Numbers of the fields that are read (onnx.proto). */
const modelField = { graph: 7 }
const graphField = { node: 1, initialiser: 5 }
const nodeField = { input: 1, name: 3, operator: 4 }
const tensorField = { dims: 1, type: 2, floats: 4, integers: 5, name: 8, raw: 9, external: 13, location: 14 }

/** Most nodes and most constants of a graph, and most dimensions of a constant: far above what a model has. */
const [mostInGraph, mostDimensions] = [2 ** 17, 8]

export const onnxRefusal =
  (source: ByteSource): Refuse =>
  (what) => {
    throw new UserError(
      'E-MODEL-HEADER',
      `${source.where} is no ONNX file that bitloom reads: ${what}; give the file whole and unchanged`,
    )
  }

/** Reads names, operators and the places of the constants of an ONNX file; no weights. */
export const readOnnx = async (source: ByteSource): Promise<OnnxGraph> => {
  const refuse = onnxRefusal(source)
  const reader = protobufReader(source, refuse)
  const initialisers = new Map<string, Initialiser>()
  const nodes = new Map<string, OnnxNode>()
  let graphs = 0
  for await (const field of reader.fields(0, source.size)) {
    if (field.number !== modelField.graph || !field.isMessage) continue
    if (++graphs > 1) refuse('it holds two graphs')
    for await (const inner of reader.fields(field.from, field.to)) {
      if (!inner.isMessage) continue
      if (inner.number === graphField.node) {
        const node = await readNode(reader, inner)
        nodes.set(node.name, node)
        if (nodes.size > mostInGraph) refuse(`it has more than ${mostInGraph} operations`)
      } else if (inner.number === graphField.initialiser) {
        const tensor = await readTensor(reader, inner, refuse)
        if (initialisers.has(tensor.name)) refuse(`tensor ${tensor.name.slice(0, 80)} is there twice`)
        initialisers.set(tensor.name, tensor)
        if (initialisers.size > mostInGraph) refuse(`it has more than ${mostInGraph} constants`)
      }
    }
  }
  if (graphs === 0) refuse('it holds no graph')
  return { initialisers, nodes }
}

const readNode = async (reader: ProtobufReader, { from, to }: ProtobufField): Promise<OnnxNode> => {
  const inputs: string[] = []
  let name = ''
  let operator = ''
  for await (const field of reader.fields(from, to)) {
    if (field.number === nodeField.input) inputs.push(await reader.text(field))
    else if (field.number === nodeField.name) name = await reader.text(field)
    else if (field.number === nodeField.operator) operator = await reader.text(field)
  }
  return { name, operator, inputs }
}

const keepFirst = (values: bigint[], more: readonly bigint[]): void => {
  values.push(...more.slice(0, Math.max(0, 2 - values.length)))
}

const readTensor = async (
  reader: ProtobufReader,
  { from, to }: ProtobufField,
  refuse: Refuse,
): Promise<Initialiser> => {
  const shape: number[] = []
  const integers: bigint[] = []
  let name = ''
  let type = 0
  let bytes: Initialiser['bytes']
  for await (const field of reader.fields(from, to)) {
    if (field.number === tensorField.dims)
      for (const length of await reader.varints(field)) {
        if (length > BigInt(Number.MAX_SAFE_INTEGER)) refuse(`a tensor has a dimension of ${length}`)
        shape.push(Number(length))
        if (shape.length > mostDimensions) refuse(`a tensor has more than ${mostDimensions} dimensions`)
      }
    else if (field.number === tensorField.type) type = Number(field.value ?? 0n)
    else if (field.number === tensorField.name) name = await reader.text(field)
    else if (field.number === tensorField.integers) keepFirst(integers, await reader.varints(field))
    else if (field.number === tensorField.raw || field.number === tensorField.floats) bytes = field
    else if (field.number === tensorField.external || (field.number === tensorField.location && field.value !== 0n))
      refuse(`tensor ${name.slice(0, 80)} lies in another file`)
  }
  return { name, shape, type, bytes, integers }
}
