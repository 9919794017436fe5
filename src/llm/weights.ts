import { float16FromBits } from '../quant/float16.ts'
import { decodeFourBit, type FourBitWeights, isFiniteFourBit } from './four-bit.ts'

/**
 * The weights of a tensor as its file stores them, row-major; `decodeWeights` gives float32. They stay as they are stored, so that a
 * model takes no more memory than its file.
 */
export type Weights =
  | { readonly kind: 'float32'; readonly data: Float32Array }
  /** IEEE 754 binary16, or the upper half of binary32. */
  | { readonly kind: 'float16' | 'bfloat16'; readonly data: Uint16Array }
  /** Blocks of 32 as ggml has them: an FP16 scale, then 32 int8 codes (`q8_0`) or 16 bytes of two 4-bit codes (`q4_0`). */
  | { readonly kind: 'q8_0' | 'q4_0'; readonly data: Uint8Array }
  | Int8Weights
  | FourBitWeights

/** A weight is `scale * (code - zero)`; consecutive weights, `group` of them, share a scale. */
export interface Int8Weights {
  readonly kind: 'int8'
  readonly codes: Int8Array | Uint8Array
  readonly zero: number
  readonly scales: Float32Array
  readonly group: number
}

/** A kind of weights that lies in one piece in its file. */
export type StoredKind = Exclude<Weights['kind'], 'int8' | 'four-bit'>

/** Weights in a block of ggml's quantised kinds. */
export const blockWeights = 32
const blockBytes = { q8_0: 34, q4_0: 18 }

/** Bytes that `count` weights take, a multiple of 32 for the kinds in blocks. */
export const bytesOfWeights = (kind: StoredKind, count: number): number => {
  if (kind === 'float32') return 4 * count
  if (kind === 'float16' || kind === 'bfloat16') return 2 * count
  return (count / blockWeights) * blockBytes[kind]
}

/** Weights out of their bytes, little-endian, the first at the start of its buffer; a view, no copy. */
export const weightsOfBytes = (kind: StoredKind, bytes: Uint8Array): Weights => {
  const { buffer, byteOffset, byteLength } = bytes
  if (kind === 'float32') return { kind, data: new Float32Array(buffer, byteOffset, byteLength / 4) }
  if (kind === 'float16' || kind === 'bfloat16')
    return { kind, data: new Uint16Array(buffer, byteOffset, byteLength / 2) }
  return { kind, data: bytes }
}

export const float32Weights = (data: Float32Array): Weights => ({ kind: 'float32', data })

/** Number of weights. */
export const countOfWeights = (weights: Weights): number => {
  if (weights.kind === 'int8') return weights.codes.length
  if (weights.kind === 'four-bit') return 2 * weights.codes.length
  if (weights.kind === 'q8_0' || weights.kind === 'q4_0')
    return (weights.data.length / blockBytes[weights.kind]) * blockWeights
  return weights.data.length
}

/** Bytes in memory. */
export const memoryOfWeights = (weights: Weights): number => {
  if (weights.kind === 'int8') return weights.codes.byteLength + weights.scales.byteLength
  if (weights.kind !== 'four-bit') return weights.data.byteLength
  const { codes, scales, tables, values } = weights
  return codes.byteLength + scales.byteLength + tables.byteLength + values.byteLength
}

/** Weights `from`, `from + 1`, ... as float32 into all of `into`. */
export const decodeWeights = (weights: Weights, from: number, into: Float32Array): void => {
  switch (weights.kind) {
    case 'float32':
      into.set(weights.data.subarray(from, from + into.length))
      return
    case 'float16': {
      const values = float16Values()
      for (let k = 0; k < into.length; k++) into[k] = values[weights.data[from + k]!]!
      return
    }
    case 'bfloat16': {
      const words = new Uint32Array(into.buffer, into.byteOffset, into.length)
      for (let k = 0; k < into.length; k++) words[k] = weights.data[from + k]! << 16
      return
    }
    case 'int8':
      decodeInt8(weights, from, into)
      return
    case 'four-bit':
      decodeFourBit(weights, from, into)
      return
    case 'q8_0':
      decodeEights(weights.data, from, into)
      return
    case 'q4_0':
      decodeFours(weights.data, from, into)
      return
  }
}

/** All weights as float32: those of a float32 tensor themselves, else a new array. */
export const floatsOf = (weights: Weights): Float32Array => {
  if (weights.kind === 'float32') return weights.data
  const floats = new Float32Array(countOfWeights(weights))
  decodeWeights(weights, 0, floats)
  return floats
}

/** Whether no weight is infinite or undefined. */
export const areFinite = (weights: Weights): boolean => {
  switch (weights.kind) {
    case 'float32':
      return areFiniteFloats(weights.data)
    case 'int8':
      return areFiniteFloats(weights.scales)
    case 'four-bit':
      return isFiniteFourBit(weights)
    case 'float16':
      return weights.data.every((bits) => (bits & 0x7c00) !== 0x7c00)
    case 'bfloat16':
      return weights.data.every((bits) => (bits & 0x7f80) !== 0x7f80)
    case 'q8_0':
    case 'q4_0': {
      // The upper byte of a block's scale holds the whole exponent.
      for (let at = 1; at < weights.data.length; at += blockBytes[weights.kind])
        if ((weights.data[at]! & 0x7c) === 0x7c) return false
      return true
    }
  }
}

/** A sum is finite only if every term is: 2^31 float32 values cannot overflow a double. */
const areFiniteFloats = (data: Float32Array): boolean => {
  let sum = 0
  for (let index = 0; index < data.length; index++) sum += data[index]!
  return Number.isFinite(sum)
}

let float16Table: Float32Array | undefined
/** The value of each FP16 code, made once. */
const float16Values = (): Float32Array => {
  float16Table ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => float16FromBits(bits))
  return float16Table
}

const decodeInt8 = ({ codes, zero, scales, group }: Int8Weights, from: number, into: Float32Array): void => {
  for (let k = 0; k < into.length; ) {
    const at = from + k
    const index = Math.floor(at / group)
    const scale = scales[index]!
    const end = Math.min(into.length, k + (index + 1) * group - at)
    for (; k < end; k++) into[k] = scale * (codes[from + k]! - zero)
  }
}

const decodeEights = (data: Uint8Array, from: number, into: Float32Array): void => {
  const values = float16Values()
  const codes = new Int8Array(data.buffer, data.byteOffset, data.length)
  for (let k = 0; k < into.length; ) {
    const at = from + k
    const block = Math.floor(at / blockWeights)
    const base = block * blockBytes.q8_0
    const scale = values[data[base]! | (data[base + 1]! << 8)]!
    const first = base + 2 - block * blockWeights + from
    const end = Math.min(into.length, k + (block + 1) * blockWeights - at)
    for (; k < end; k++) into[k] = scale * codes[first + k]!
  }
}

/** A block's bytes hold weights 0 to 15 in their low halves and 16 to 31 in their high ones; a code is 8 too large. */
const decodeFours = (data: Uint8Array, from: number, into: Float32Array): void => {
  const values = float16Values()
  for (let k = 0; k < into.length; ) {
    const at = from + k
    const block = Math.floor(at / blockWeights)
    const base = block * blockBytes.q4_0
    const scale = values[data[base]! | (data[base + 1]! << 8)]!
    const end = Math.min(into.length, k + (block + 1) * blockWeights - at)
    for (; k < end; k++) {
      const inside = (from + k) % blockWeights
      const byte = data[base + 2 + (inside & 15)]!
      into[k] = scale * ((inside < 16 ? byte & 15 : byte >> 4) - 8)
    }
  }
}
