import { blockFormatOf, scalarFormatOf } from '../formats/index.ts'
import { weightTypes } from '../pe/bitmod/terms.ts'
import { bitmodLevels } from './bitmod.ts'
import { stepsOf } from './blocks.ts'
import type { CodedMatrix } from './coded.ts'
import { levelsOf } from './levels.ts'

/** Codes of a table: those of 4 bits. */
export const tableCodes = 16

/**
 * What the codes of a matrix stand for, by look-up: weight (row, k) is `scale * value`, of slot `row * groups + floor(k / group)` and the
 * code's lowest four bits. Scales are float32, and the product rounded to float32 is the weight that `dequantise` gives.
 */
export interface CodeTables {
  /** N x groups. */
  readonly scales: Float32Array
  /** N x groups: which table a group has. */
  readonly tables: Uint8Array
  /** Tables x 16. */
  readonly values: Float32Array
}

/**
 * The tables of a matrix whose codes have at most 4 bits. Undefined for wider codes and for pairs, which are decoded together; for values
 * that are not finite or have more than the 8 significant bits of a bfloat16, as NF4's; and for scales that are no float32, as NVFP4's
 * two levels together.
 */
export const codeTablesOf = (matrix: CodedMatrix): CodeTables | undefined => {
  const found = tablesOf(matrix)
  if (!found) return undefined
  const { scaleOf, tables, lists } = found
  const values = Float32Array.from(lists.flatMap((list) => Array.from({ length: tableCodes }, (_, code) => list(code))))
  const scales = new Float32Array(matrix.outputs * matrix.groups)
  for (let slot = 0; slot < scales.length; slot++) {
    const scale = scaleOf(slot)
    if (Math.fround(scale) !== scale) return undefined
    scales[slot] = scale
  }
  if (!values.every((value) => Number.isFinite(value)) || !areBfloat16(values)) return undefined
  return { scales, tables: tables ?? new Uint8Array(scales.length), values }
}

const areBfloat16 = (values: Float32Array): boolean =>
  new Uint32Array(values.buffer).every((bits) => (bits & 0xffff) === 0)

/** A table as a function of a code of four bits. */
type List = (code: number) => number

interface Found {
  readonly scaleOf: (slot: number) => number
  /** Absent where there is one table. */
  readonly tables?: Uint8Array
  readonly lists: readonly List[]
}

const tablesOf = (matrix: CodedMatrix): Found | undefined => {
  switch (matrix.kind) {
    case 'integer': {
      const { bits, signed, scales, zeros } = matrix
      if (bits > 4) return undefined
      const scaleOf = (slot: number): number => scales[slot]!
      if (signed) return { scaleOf, lists: [(code) => (code < tableCodes / 2 ? code : code - tableCodes)] }
      return { scaleOf, tables: zeros, lists: Array.from({ length: 2 ** bits }, (_, zero) => (code) => code - zero) }
    }
    case 'bitmod': {
      const { weights, groups, selectors, scales, channelScales } = matrix
      if (weightTypes[weights].bits > 4) return undefined
      return {
        scaleOf: (slot) => channelScales[Math.floor(slot / groups)]! * scales[slot]!,
        tables: selectors,
        lists: bitmodLevels(weights).map(({ values }) => listOf(values)),
      }
    }
    case 'typed': {
      const { bits, formats, scales, types } = matrix
      if (bits > 4) return undefined
      const lists = formats.map((id) => listOf(levelsOf(scalarFormatOf(id)).values))
      return { scaleOf: (slot) => scales[slot]!, tables: types, lists }
    }
    case 'blocks': {
      const { bits, scales, outer } = matrix
      if (bits > 4) return undefined
      const format = blockFormatOf(matrix.format)
      const stepOf = stepsOf(format, outer)
      return { scaleOf: (slot) => stepOf(scales[slot]!), lists: [listOf(levelsOf(format.element).values)] }
    }
    case 'pairs':
      return undefined
  }
}

/** Codes that there are none of have the value 0. */
const listOf =
  (values: Float64Array): List =>
  (code) =>
    values[code] ?? 0
