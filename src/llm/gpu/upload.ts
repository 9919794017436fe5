import { UserError } from '../../base/user-error.ts'
import { float16FromBits } from '../../quant/float16.ts'
import type { Matrix } from '../model.ts'
import { blockWeights, decodeWeights, type Weights } from '../weights.ts'
import type { Gpu } from './device.ts'
import type { GpuKind } from './kernels.ts'

/** A matrix on the GPU. */
export interface GpuMatrix {
  readonly outputs: number
  readonly inputs: number
  /** Fours of weights in a row: `ceil(inputs / 4)`. */
  readonly fours: number
  readonly kind: GpuKind
  readonly weights: GPUBuffer
  readonly bias: GPUBuffer | undefined
  /** Of kinds with codes. */
  readonly scales: GPUBuffer | undefined
  /** Fours that share a scale, and the zero point; of int8 and uint8 only. */
  readonly group4: number
  readonly zero: number
}

/** Uploads a matrix as it is stored: float32, float16, bfloat16, ggml's blocks and int8, each row padded to fours. */
export const uploadMatrix = (gpu: Gpu, matrix: Matrix): GpuMatrix => {
  const { outputs, inputs, bias } = matrix
  const fours = Math.ceil(inputs / 4)
  const { kind, data, scales, group4 = 1, zero = 0 } = packed(matrix, fours)
  return {
    outputs,
    inputs,
    fours,
    kind,
    weights: uploadArray(gpu, data, matrix.name),
    bias: bias && uploadArray(gpu, bias, matrix.name),
    scales: scales && uploadArray(gpu, scales, matrix.name),
    group4,
    zero,
  }
}

/** A buffer with the bytes of an array. */
export const uploadArray = ({ device }: Gpu, data: ArrayBufferView, name: string): GPUBuffer => {
  const { maxStorageBufferBindingSize } = device.limits
  const size = Math.max(16, Math.ceil(data.byteLength / 4) * 4)
  if (size > maxStorageBufferBindingSize)
    throw new UserError(
      'E-GPU-MEMORY',
      `${name} takes ${size} bytes, and an array on this GPU at most ${maxStorageBufferBindingSize}; give --backend cpu`,
    )
  const buffer = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE, mappedAtCreation: true })
  new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  buffer.unmap()
  return buffer
}

interface Packed {
  readonly kind: GpuKind
  readonly data: ArrayBufferView
  readonly scales?: Float32Array
  readonly group4?: number
  readonly zero?: number
}

const packed = ({ weights, outputs, inputs }: Matrix, fours: number): Packed => {
  const pad = <T extends Float32Array | Uint16Array | Int8Array | Uint8Array>(data: T): T =>
    inputs === 4 * fours ? data : padded(data, outputs, inputs, 4 * fours)
  switch (weights.kind) {
    case 'float32':
    case 'float16':
    case 'bfloat16':
      return { kind: weights.kind, data: pad(weights.data) }
    case 'q8_0':
    case 'q4_0':
      return packBlocks(weights.data, weights.kind)
    case 'int8': {
      const { codes, scales, group, zero } = weights
      const kind = codes instanceof Int8Array ? 'int8' : 'uint8'
      if (scales.length === 1) return { kind, data: pad(codes), scales, group4: outputs * fours, zero }
      if (inputs % 4 === 0 && group % 4 === 0) return { kind, data: codes, scales, group4: group / 4, zero }
      return { kind: 'float32', data: decodedRows(weights, outputs, inputs, fours) }
    }
    case 'four-bit':
      return { kind: 'float32', data: decodedRows(weights, outputs, inputs, fours) }
  }
}

/** Rows of `width` elements, zeros behind them. */
const padded = <T extends Float32Array | Uint16Array | Int8Array | Uint8Array>(
  data: T,
  rows: number,
  inputs: number,
  width: number,
): T => {
  const result = new (data.constructor as new (length: number) => T)(rows * width)
  for (let row = 0; row < rows; row++) result.set(data.subarray(row * inputs, (row + 1) * inputs), row * width)
  return result
}

const decodedRows = (weights: Weights, rows: number, inputs: number, fours: number): Float32Array => {
  const result = new Float32Array(rows * 4 * fours)
  for (let row = 0; row < rows; row++)
    decodeWeights(weights, row * inputs, result.subarray(row * 4 * fours, row * 4 * fours + inputs))
  return result
}

/** Scales apart from codes, codes in the order of the weights: four bytes, or eight halves of bytes, in a word. */
const packBlocks = (data: Uint8Array, stored: 'q8_0' | 'q4_0'): Packed => {
  const codeBytes = stored === 'q8_0' ? blockWeights : blockWeights / 2
  const blocks = data.length / (2 + codeBytes)
  const scales = new Float32Array(blocks)
  const codes = new Uint8Array(blocks * codeBytes)
  for (let block = 0; block < blocks; block++) {
    const from = block * (2 + codeBytes)
    scales[block] = float16FromBits(data[from]! | (data[from + 1]! << 8))
    const to = block * codeBytes
    if (stored === 'q8_0') codes.set(data.subarray(from + 2, from + 2 + codeBytes), to)
    else
      for (let k = 0; k < codeBytes; k++) {
        // Low halves hold weights 0 to 15 of a block, high halves 16 to 31.
        const half = k < 8 ? 0 : 4
        const pair = from + 2 + 2 * (k % 8)
        codes[to + k] = ((data[pair]! >> half) & 15) | (((data[pair + 1]! >> half) & 15) << 4)
      }
  }
  return { kind: stored === 'q8_0' ? 'q8' : 'q4', data: codes, scales }
}
