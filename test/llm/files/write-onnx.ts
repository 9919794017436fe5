import { tensorNames } from '../../../src/llm/files/hugging-face.ts'
import type { Model } from '../../../src/llm/model.ts'
import { partsOf } from '../../../src/llm/parts.ts'
import { floatParts, joined } from './write-model.ts'

const varint = (value: bigint): Uint8Array => {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  do {
    const more = rest > 127n
    bytes.push(Number(rest & 127n) | (more ? 128 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}

/** A field with a varint. */
export const number = (field: number, value: number | bigint): Uint8Array =>
  joined(varint(BigInt(8 * field)), varint(BigInt(value)))
/** A field with a length: bytes, text or a message. */
export const message = (field: number, ...content: readonly ArrayBufferView[]): Uint8Array => {
  const bytes = joined(...content)
  return joined(varint(BigInt(8 * field + 2)), varint(BigInt(bytes.length)), bytes)
}
const text = (field: number, value: string): Uint8Array => message(field, Buffer.from(value))

/** An initialiser with its bytes in `raw_data`. */
export const initialiser = (name: string, type: number, shape: readonly number[], data: ArrayBufferView): Uint8Array =>
  message(5, ...shape.map((length) => number(1, length)), number(2, type), text(8, name), message(9, data))
/** A scalar as ONNX Runtime writes it: float32 in `float_data`, int8 and uint8 in `int32_data`, packed. */
export const floatScalar = (name: string, value: number): Uint8Array =>
  message(5, number(2, 1), message(4, Float32Array.of(value)), text(8, name))
export const integerScalar = (name: string, type: number, value: number): Uint8Array =>
  message(5, number(2, type), message(5, varint(BigInt(value))), text(8, name))
export const node = (name: string, operator: string, inputs: readonly string[]): Uint8Array =>
  message(1, ...inputs.map((input) => text(1, input)), text(2, 'out'), text(3, name), text(4, operator))

export interface OnnxOptions {
  readonly type?: 'int8' | 'uint8'
  /** Changes the parts of the graph before they are written. */
  readonly change?: (parts: Map<string, Uint8Array>) => void
}

/** A tensor as codes of one scale and zero point, as ONNX Runtime quantises weights. */
export const perTensor = (data: Float32Array, type: 'int8' | 'uint8') => {
  const zero = type === 'int8' ? 0 : 128
  const scale = Math.fround(data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / 127)
  const codes = Array.from(data, (value) => Math.round(value / scale) + zero)
  return { codes: type === 'int8' ? Int8Array.from(codes) : Uint8Array.from(codes), scale, zero }
}

/** A Llama as an ONNX file of transformers.js: constants under their names, and a node for each linear layer. */
export const onnxBytes = (model: Model, { type = 'int8', change = () => {} }: OnnxOptions = {}): Uint8Array => {
  const values = floatParts(model)
  const parts = new Map<string, Uint8Array>()
  let count = 100
  for (const { name, kind, outputs, inputs } of partsOf(model.config, model.architecture)) {
    const weight = tensorNames('llama', name)[0]!
    const data = values.get(name)!
    if (kind === 'vector') {
      parts.set(name, initialiser(weight, 1, [outputs], data))
      continue
    }
    const stem = name === 'embedding' ? weight : `onnx::MatMul_${count++}`
    const form = name === 'embedding' ? 'uint8' : type
    const { codes, scale, zero } = perTensor(data, form)
    const turned = codes.map((_, at) => codes[(at % outputs) * inputs + Math.floor(at / outputs)]!)
    const number = form === 'int8' ? 3 : 2
    parts.set(`${name} scale`, floatScalar(`${stem}_scale`, scale))
    parts.set(`${name} zero`, integerScalar(`${stem}_zero_point`, number, zero))
    if (name === 'embedding') {
      parts.set(name, initialiser(`${stem}_quantized`, number, [outputs, inputs], codes))
      continue
    }
    parts.set(name, initialiser(`${stem}_quantized`, number, [inputs, outputs], turned))
    const path = `/${weight.replace(/\.weight$/, '').replace(/\.(?!\d)/g, '/')}/MatMul_quant`
    parts.set(`${name} node`, node(path, 'MatMulInteger', ['x', `${stem}_quantized`, 'x_zero', `${stem}_zero_point`]))
  }
  change(parts)
  return joined(number(1, 8), message(2, Buffer.from('test')), message(7, ...parts.values()))
}
