import { weightTypes } from '../pe/bitmod/terms.ts'
import { type BitmodQuantised, dequantiseBitmod, formatsOfBitmod } from './bitmod.ts'
import { type BlockQuantised, dequantiseBlocks } from './blocks.ts'
import { float16BitsOf } from './float16.ts'
import { dequantiseWeights, type GroupQuantised } from './group-integer.ts'
import { dequantisePairs, type PairQuantised } from './outlier-victim.ts'
import { dequantiseTyped, type TypedQuantised } from './typed-groups.ts'

/** A quantised matrix of any kind, plain data; a discriminated union by `kind`. */
export type CodedMatrix =
  | ({ readonly kind: 'integer' } & GroupQuantised)
  | ({ readonly kind: 'bitmod' } & BitmodQuantised)
  | ({ readonly kind: 'typed' } & TypedQuantised)
  | ({ readonly kind: 'pairs' } & PairQuantised)
  | ({ readonly kind: 'blocks' } & BlockQuantised)

/** The weights that the codes stand for, N x K. */
export const dequantise = (matrix: CodedMatrix): Float32Array => {
  switch (matrix.kind) {
    case 'integer':
      return dequantiseWeights(matrix)
    case 'bitmod':
      return dequantiseBitmod(matrix)
    case 'typed':
      return dequantiseTyped(matrix)
    case 'pairs':
      return dequantisePairs(matrix)
    case 'blocks':
      return dequantiseBlocks(matrix)
  }
}

/** An array of a quantised matrix as it is saved. */
export interface CodedTensor {
  /** Type of an element, as safetensors names it. */
  readonly type: 'U8' | 'I8' | 'U16' | 'F16' | 'F32'
  /** Outermost dimension first. */
  readonly shape: readonly number[]
  readonly data: Uint8Array | Int8Array | Uint16Array | Float32Array
}

/** What a quantised matrix says about itself beside its arrays. */
export interface CodedDescription {
  readonly kind: CodedMatrix['kind']
  readonly outputs: number
  readonly inputs: number
  /** Weights along K that share a scale. */
  readonly group: number
  /** Bits of a code. */
  readonly bits: number
  /** What a code stands for, ids of `bitloom list formats`; several are chosen from by `types` or `selectors`. */
  readonly formats: readonly string[]
}

export const describeCoded = (matrix: CodedMatrix): CodedDescription => {
  const { kind, outputs, inputs, group } = matrix
  return { kind, outputs, inputs, group, bits: bitsOf(matrix), formats: formatsOf(matrix) }
}

const bitsOf = (matrix: CodedMatrix): number =>
  matrix.kind === 'bitmod' ? weightTypes[matrix.weights].bits : matrix.bits

const formatsOf = (matrix: CodedMatrix): readonly string[] => {
  switch (matrix.kind) {
    case 'integer':
      return [`${matrix.signed ? 'int' : 'uint'}${matrix.bits}`]
    case 'bitmod':
      return formatsOfBitmod(matrix.weights)
    case 'typed':
      return matrix.formats
    case 'pairs':
      return [`olive(${matrix.normal})`]
    case 'blocks':
      return [matrix.format]
  }
}

/**
 * The arrays of a matrix by name. `codes` has one code a weight, not packed, and `scales` one entry a group; beside them `zeros`,
 * `selectors` (the format of a BitMoD group), `types` (that of an ANT group), `channel_scales` (one a row) and `outer` (one), each
 * only where there are such. What holds FP16 values is F16; codes of scale formats stay codes.
 */
export const tensorsOf = (matrix: CodedMatrix): Readonly<Record<string, CodedTensor>> => {
  const { outputs, inputs, groups, codes } = matrix
  const bytes = (data: Uint8Array | Int8Array | Uint16Array, columns: number): CodedTensor => ({
    type: data instanceof Uint16Array ? 'U16' : data instanceof Int8Array ? 'I8' : 'U8',
    shape: [outputs, columns],
    data,
  })
  const halves = (data: Float32Array, columns: number): CodedTensor => ({
    type: 'F16',
    shape: [outputs, columns],
    data: Uint16Array.from(data, float16BitsOf),
  })
  const common = { codes: bytes(codes, inputs) }
  switch (matrix.kind) {
    case 'integer': {
      const scales = halves(matrix.scales, groups)
      return matrix.signed ? { ...common, scales } : { ...common, scales, zeros: bytes(matrix.zeros, groups) }
    }
    case 'bitmod': {
      const { scales, selectors, channelScales } = matrix
      const chosen = weightTypes[matrix.weights].kind === 'float' ? { selectors: bytes(selectors, groups) } : {}
      return { ...common, scales: bytes(scales, groups), ...chosen, channel_scales: halves(channelScales, 1) }
    }
    case 'typed': {
      const scales = halves(matrix.scales, groups)
      return matrix.formats.length > 1
        ? { ...common, scales, types: bytes(matrix.types, groups) }
        : { ...common, scales }
    }
    case 'pairs':
      return { ...common, scales: halves(matrix.scales, groups) }
    case 'blocks': {
      const scales = bytes(matrix.scales, groups)
      if (matrix.outer === undefined) return { ...common, scales }
      const outer = new Float32Array(Uint32Array.of(matrix.outer).buffer)
      return { ...common, scales, outer: { type: 'F32', shape: [1], data: outer } }
    }
  }
}

const bitsOfType = { U8: 8, I8: 8, U16: 16, F16: 16, F32: 32 }

/** Bits a weight costs with its share of everything else: codes packed, selectors of 2 bits, zero points as wide as codes. */
export const codedBitsPerWeight = (matrix: CodedMatrix): number => {
  const { outputs, inputs } = matrix
  const bits = bitsOf(matrix)
  const widths: Readonly<Record<string, number>> = { codes: bits, zeros: bits, selectors: 2, types: 2 }
  const total = Object.entries(tensorsOf(matrix)).reduce(
    (sum, [name, { type, data }]) => sum + data.length * (widths[name] ?? bitsOfType[type]),
    0,
  )
  return total / (outputs * inputs)
}
