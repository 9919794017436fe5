import { type BlockFormat, blockCodecOf, blockFormatOf, fromNumber, outerScaleOf, toNumber } from '../formats/index.ts'
import { absmaxOf, checkMatrix, type Fitted, restore, type WeightMatrix } from './fitted.ts'
import { levelsOf, symmetricLevelsOf } from './levels.ts'

/** An N x K matrix in blocks along K: the weight is `outer * scale * 2^unit * element`. */
export interface BlockQuantised {
  /** Id of the block format. */
  readonly format: string
  readonly bits: number
  /** N. */
  readonly outputs: number
  /** K. */
  readonly inputs: number
  /** Elements of a block; the last one of a row may be shorter. */
  readonly group: number
  /** Blocks of each row, `ceil(K / group)`. */
  readonly groups: number
  /** N x K row-major, codes of the element format. */
  readonly codes: Uint8Array | Uint16Array
  /** N x groups, codes of the scale format. */
  readonly scales: Uint8Array | Uint16Array
  /** The code of the scale of the whole matrix, or undefined where the format has none. */
  readonly outer: number | undefined
}

/**
 * Scales of a matrix in an MX or NV format, by the format's own rule, each row in blocks of its own; the second-level scale is one for the
 * matrix. `format` has no zero point and its parts fit tables.
 */
export const fitBlocks = (matrix: WeightMatrix, format: BlockFormat): Fitted<BlockQuantised> => {
  const { data, outputs, inputs } = matrix
  checkMatrix(matrix)
  if (format.zero) throw new RangeError(`${format.id} has zero points`)
  const { block: group, element } = format
  const codec = blockCodecOf(format)
  const outer = format.outer ? Number(outerScaleOf(format, [fromNumber(absmaxOf(data))])) : undefined
  const groups = Math.ceil(inputs / group)
  const scales = format.scale.bits <= 8 ? new Uint8Array(outputs * groups) : new Uint16Array(outputs * groups)
  const steps = new Float64Array(outputs * groups)
  const stepOf = stepsOf(format, outer)
  for (let row = 0; row < outputs; row++) {
    const found = codec.encode(data.subarray(row * inputs, (row + 1) * inputs), outer).scales
    for (let index = 0; index < groups; index++) {
      scales[row * groups + index] = found[index]!
      steps[row * groups + index] = stepOf(found[index]!)
    }
  }
  const { codeOf, values } = element.kind === 'integer' ? symmetricLevelsOf(element) : levelsOf(element)
  const codes = element.bits <= 8 ? new Uint8Array(outputs * inputs) : new Uint16Array(outputs * inputs)
  return {
    round: (row, k, value) => {
      const step = steps[row * groups + Math.floor(k / group)]!
      const code = codeOf(value / step)
      codes[row * inputs + k] = code
      return step * values[code]!
    },
    finish: () => ({ format: format.id, bits: element.bits, outputs, inputs, group, groups, codes, scales, outer }),
  }
}

/** What 1 of an element stands for, by the code of its scale. */
export const stepsOf = (format: BlockFormat, outer: number | undefined): ((code: number) => number) => {
  const factor =
    (format.outer && outer !== undefined ? toNumber(format.outer.decode(BigInt(outer))) : 1) * 2 ** format.unit
  const { values } = levelsOf(format.scale)
  return (code) => values[code]! * factor
}

/** The weights that the codes stand for, N x K. */
export const dequantiseBlocks = (quantised: BlockQuantised): Float32Array => {
  const { scales, outer } = quantised
  const format = blockFormatOf(quantised.format)
  const stepOf = stepsOf(format, outer)
  const { values } = levelsOf(format.element)
  return restore(quantised, (code, slot) => stepOf(scales[slot]!) * values[code]!)
}
