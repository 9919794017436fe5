import { codeTablesOf, tableCodes } from '../quant/code-tables.ts'
import type { CodedMatrix } from '../quant/coded.ts'
import { float16FromBits } from '../quant/float16.ts'

/**
 * Weights as codes of 4 bits, rows in groups along K: a weight is `scale * values[code]`, of the scale and the table of its group. Its float32
 * is that product, rounded.
 */
export interface FourBitWeights {
  readonly kind: 'four-bit'
  /** N x K / 2 bytes: in each 16 the low halves are codes of 16 weights, the high ones of the next 16, as in ggml's Q4_0. */
  readonly codes: Uint8Array
  /** K, a multiple of 32. */
  readonly inputs: number
  /** Weights that share a scale, a multiple of 32; the last group of a row may be shorter. */
  readonly group: number
  /** N x groups. */
  readonly scales: Float32Array
  /** N x groups: which table a group has. */
  readonly tables: Uint8Array
  /** Tables x 16, finite, each exactly a bfloat16. */
  readonly values: Float32Array
}

/** Weights whose codes lie together. */
export const blockCodes = 32
/** Bytes of their codes. */
export const blockBytes = blockCodes / 2

/** Groups of a row, the last one perhaps shorter. */
export const groupsOf = ({ inputs, group }: Pick<FourBitWeights, 'inputs' | 'group'>): number =>
  Math.ceil(inputs / group)

/**
 * The codes of a matrix packed. Undefined where they are none of 4 bits or fewer that a table decodes (`codeTablesOf`), and where rows or
 * groups do not end with a block of 32.
 */
export const fourBitWeights = (matrix: CodedMatrix): FourBitWeights | undefined => {
  const { inputs, codes } = matrix
  const group = Math.min(matrix.group, inputs)
  if (inputs % blockCodes !== 0 || group % blockCodes !== 0) return undefined
  const found = codeTablesOf(matrix)
  if (!found) return undefined
  const packed = new Uint8Array(codes.length / 2)
  for (let block = 0; block < codes.length; block += blockCodes)
    for (let k = 0; k < blockBytes; k++)
      packed[block / 2 + k] = (codes[block + k]! & 15) | ((codes[block + blockBytes + k]! & 15) << 4)
  return { kind: 'four-bit', codes: packed, inputs, group, ...found }
}

/** Bytes of a Q4_0 block's scale. */
const scaleBytes = 2

/** Weights in ggml's Q4_0, whose rows end with a block, as codes with tables. */
export const fourBitOfBlocks = (data: Uint8Array, inputs: number): FourBitWeights => {
  const blocks = data.length / (scaleBytes + blockBytes)
  const codes = new Uint8Array(blocks * blockBytes)
  const scales = new Float32Array(blocks)
  for (let block = 0; block < blocks; block++) {
    const from = block * (scaleBytes + blockBytes)
    scales[block] = float16FromBits(data[from]! | (data[from + 1]! << 8))
    codes.set(data.subarray(from + scaleBytes, from + scaleBytes + blockBytes), block * blockBytes)
  }
  const values = Float32Array.from({ length: tableCodes }, (_, code) => code - tableCodes / 2)
  return { kind: 'four-bit', codes, inputs, group: blockCodes, scales, tables: new Uint8Array(blocks), values }
}

/** Weights `from`, `from + 1`, ... as float32 into all of `into`. */
export const decodeFourBit = (weights: FourBitWeights, from: number, into: Float32Array): void => {
  const { codes, inputs, group, scales, tables, values } = weights
  const groups = groupsOf(weights)
  for (let k = 0; k < into.length; ) {
    const at = from + k
    const [row, column] = [Math.floor(at / inputs), at % inputs]
    const index = Math.floor(column / group)
    const slot = row * groups + index
    const scale = scales[slot]!
    const table = tables[slot]! * tableCodes
    const end = Math.min(into.length, k + Math.min(inputs, (index + 1) * group) - column)
    for (; k < end; k++) {
      const weight = from + k
      const inside = weight % blockCodes
      const byte = codes[(weight - inside) / 2 + (inside % blockBytes)]!
      into[k] = scale * values[table + (inside < blockBytes ? byte & 15 : byte >> 4)]!
    }
  }
}

/** Whether no weight is infinite: of the largest scale and the largest value, the product. */
export const isFiniteFourBit = ({ scales, values }: FourBitWeights): boolean => {
  let [scale, value] = [0, 0]
  for (let slot = 0; slot < scales.length; slot++) {
    if (!Number.isFinite(scales[slot])) return false
    scale = Math.max(scale, Math.abs(scales[slot]!))
  }
  for (const one of values) value = Math.max(value, Math.abs(one))
  return Number.isFinite(Math.fround(scale * value))
}
