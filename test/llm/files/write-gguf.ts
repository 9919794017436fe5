import { codecOf, formatOf, type ScalarFormat } from '../../../src/formats/index.ts'
import { ggufName } from '../../../src/llm/files/gguf-model.ts'
import { headSizeOf, type Model } from '../../../src/llm/model.ts'
import { partsOf } from '../../../src/llm/parts.ts'
import { floatParts, joined } from './write-model.ts'
import { asDtype } from './write-safetensors.ts'

export type GgmlKind = 'F32' | 'F16' | 'BF16' | 'Q8_0' | 'Q4_0'
const kindNumbers: Readonly<Record<GgmlKind, number>> = { F32: 0, F16: 1, Q4_0: 2, Q8_0: 8, BF16: 30 }

export type Value =
  | { readonly uint32: number }
  | { readonly float32: number }
  | { readonly text: string }
  | { readonly flag: boolean }
  | { readonly texts: readonly string[] }
  | { readonly floats: Float32Array }
  | { readonly raw: Uint8Array; readonly type: number }

export interface GgufTensor {
  readonly kind: GgmlKind
  /** Outermost dimension first. */
  readonly shape: readonly number[]
  readonly data: Float32Array
}

const fp16 = codecOf(formatOf('fp16') as ScalarFormat)

/** Blocks of 32 weights as ggml quantises them, the scale by the FP16 of `src/formats`. */
export const blocksOf = (data: Float32Array, kind: 'Q8_0' | 'Q4_0'): Uint8Array => {
  const blocks: Uint8Array[] = []
  for (let at = 0; at < data.length; at += 32) {
    const block = data.subarray(at, at + 32)
    const largest = block.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0)
    const scale = kind === 'Q8_0' ? Math.abs(largest) / 127 : largest / -8
    const inverse = scale === 0 ? 0 : 1 / scale
    const codes =
      kind === 'Q8_0'
        ? Uint8Array.from(block, (value) => Math.round(value * inverse) & 255)
        : Uint8Array.from({ length: 16 }, (_, k) => {
            const [low, high] = [block[k]!, block[k + 16]!].map((value) =>
              Math.max(0, Math.min(15, Math.floor(value * inverse + 8.5))),
            )
            return low! | (high! << 4)
          })
    blocks.push(joined(fp16.encode(Float32Array.of(scale)), codes))
  }
  return new Uint8Array(Buffer.concat(blocks))
}

/** The values that such blocks stand for, from the definition. */
export const valuesOfBlocks = (bytes: Uint8Array, kind: 'Q8_0' | 'Q4_0'): Float32Array => {
  const size = kind === 'Q8_0' ? 34 : 18
  const values: number[] = []
  for (let at = 0; at < bytes.length; at += size) {
    const scale = fp16.decode(Uint16Array.of(bytes[at]! + 256 * bytes[at + 1]!))[0]!
    const codes = [...bytes.subarray(at + 2, at + size)]
    if (kind === 'Q8_0') values.push(...codes.map((code) => scale * (code > 127 ? code - 256 : code)))
    else
      values.push(...codes.map((code) => scale * ((code % 16) - 8)), ...codes.map((code) => scale * ((code >> 4) - 8)))
  }
  return Float32Array.from(values)
}

const bytesOf = ({ kind, data }: GgufTensor): ArrayBufferView =>
  kind === 'Q8_0' || kind === 'Q4_0' ? blocksOf(data, kind) : asDtype(data, kind)

const text = (value: string): Uint8Array => {
  const bytes = Buffer.from(value)
  return joined(BigUint64Array.of(BigInt(bytes.length)), bytes)
}

const valueBytes = (value: Value): Uint8Array => {
  if ('uint32' in value) return joined(Uint32Array.of(4, value.uint32))
  if ('float32' in value) return joined(Uint32Array.of(6), Float32Array.of(value.float32))
  if ('text' in value) return joined(Uint32Array.of(8), text(value.text))
  if ('flag' in value) return joined(Uint32Array.of(7), Uint8Array.of(value.flag ? 1 : 0))
  if ('raw' in value) return joined(Uint32Array.of(value.type), value.raw)
  if ('floats' in value)
    return joined(Uint32Array.of(9, 6), BigUint64Array.of(BigInt(value.floats.length)), value.floats)
  return joined(Uint32Array.of(9, 8), BigUint64Array.of(BigInt(value.texts.length)), ...value.texts.map(text))
}

const padded = (bytes: Uint8Array, alignment: number): Uint8Array =>
  joined(bytes, new Uint8Array((alignment - (bytes.length % alignment)) % alignment))

/** A GGUF file of version 3. */
export const ggufBytes = (
  metadata: Readonly<Record<string, Value>>,
  tensors: ReadonlyMap<string, GgufTensor>,
  { version = 3, alignment = 32 } = {},
): Uint8Array<ArrayBuffer> => {
  const entries: Uint8Array[] = []
  const pieces: Uint8Array[] = []
  let offset = 0
  for (const [name, tensor] of tensors) {
    const piece = padded(joined(bytesOf(tensor)), alignment)
    const dimensions = BigUint64Array.from(tensor.shape.toReversed(), BigInt)
    entries.push(
      joined(
        text(name),
        Uint32Array.of(tensor.shape.length),
        dimensions,
        Uint32Array.of(kindNumbers[tensor.kind]),
        BigUint64Array.of(BigInt(offset)),
      ),
    )
    pieces.push(piece)
    offset += piece.length
  }
  const keys = Object.entries(metadata).map(([key, value]) => joined(text(key), valueBytes(value)))
  const head = joined(
    Buffer.from('GGUF'),
    Uint32Array.of(version),
    BigUint64Array.of(BigInt(tensors.size), BigInt(keys.length)),
    ...keys,
    ...entries,
  )
  return joined(padded(head, alignment), ...pieces)
}

/** What the metadata says of a model. */
export const ggufMetadata = (
  { config, architecture }: Model,
  family: 'llama' | 'phi2' | 'opt',
): Record<string, Value> => ({
  'general.architecture': { text: family },
  [`${family}.context_length`]: { uint32: config.sequence },
  [`${family}.embedding_length`]: { uint32: config.dimension },
  [`${family}.block_count`]: { uint32: config.layers },
  [`${family}.feed_forward_length`]: { uint32: config.hidden },
  [`${family}.attention.head_count`]: { uint32: config.heads },
  [`${family}.attention.head_count_kv`]: { uint32: config.keyValueHeads },
  [`${family}.attention.layer_norm_${family === 'llama' ? 'rms_' : ''}epsilon`]: { float32: architecture.normEpsilon },
  ...(architecture.positions.kind === 'rotary'
    ? { [`${family}.rope.dimension_count`]: { uint32: 2 * architecture.positions.frequencies.length } }
    : {}),
})

/** Rows of a head from pairs that are halves to pairs that are neighbours, as converters to GGUF put them for Llama. */
const neighbours = (data: Float32Array, headSize: number, inputs: number): Float32Array => {
  const result = new Float32Array(data.length)
  for (let row = 0; row < data.length / inputs; row++) {
    const within = row % headSize
    const pair = within % (headSize / 2)
    const to = row - within + 2 * pair + (within < headSize / 2 ? 0 : 1)
    result.set(data.subarray(row * inputs, (row + 1) * inputs), to * inputs)
  }
  return result
}

/** The tensors of a model; Llama's queries and keys are put in the order of GGUF where its pairs are halves. */
export const ggufTensors = (model: Model, kind: GgmlKind = 'F32'): Map<string, GgufTensor> => {
  const values = floatParts(model)
  const { positions, norm } = model.architecture
  const reorder = norm === 'rms' && positions.kind === 'rotary' && positions.pairs === 'halves'
  return new Map(
    partsOf(model.config, model.architecture).map((part): [string, GgufTensor] => {
      const { name, outputs, inputs } = part
      const turns = reorder && /\.(query|key)$/.test(name)
      const data = values.get(name)!
      return [
        ggufName(name),
        {
          kind: part.kind === 'matrix' ? kind : 'F32',
          shape: part.kind === 'matrix' ? [outputs, inputs] : [outputs],
          data: turns ? neighbours(data, headSizeOf(model.config), inputs) : data,
        },
      ]
    }),
  )
}
