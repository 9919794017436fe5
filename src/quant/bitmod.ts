import { UserError } from '../base/user-error.ts'
import { bitmodFormat, integerFormat } from '../formats/index.ts'
import { type WeightName, weightTypes } from '../pe/bitmod/terms.ts'
import { type Clip, clipRatios, leastError } from './clipping.ts'
import { absmaxOf, checkMatrix, type Fitted, fitShared, restore, type WeightMatrix } from './fitted.ts'
import { FLOAT16_MIN_SUBNORMAL, roundHalfEven, roundToFloat16 } from './float16.ts'
import { type Levels, levelsError, levelsOf, symmetricLevelsOf } from './levels.ts'

/** How weights become BitMoD's. */
export interface BitmodOptions {
  readonly weights: WeightName
  /** Weights along K that share a scale and a special value; the last group of a row may be shorter. */
  readonly group: number
}

/**
 * An N x K weight matrix in BitMoD's formats: a weight is `channelScale * scale * value`, where `value` is what its code stands for
 * with the special value that its group's selector chooses.
 */
export interface BitmodQuantised extends BitmodOptions {
  /** N. */
  readonly outputs: number
  /** K. */
  readonly inputs: number
  /** Groups of each row, `ceil(K / group)`. */
  readonly groups: number
  /** N x K row-major, codes as they are stored, without sign. */
  readonly codes: Uint8Array
  /** N x groups, 0 to 3; 0 for integers. */
  readonly selectors: Uint8Array
  /** N x groups, 0 to 255. */
  readonly scales: Uint8Array
  /** N, above 0, each exactly an FP16 value. */
  readonly channelScales: Float32Array
}

/** Largest group, as the tile's. */
const largestGroup = 4096
const largestScale = 255

/** Throws a UserError unless the group has a size that the hardware takes. */
const checkGroup = (group: number): void => {
  if (Number.isInteger(group) && group >= 1 && group <= largestGroup) return
  throw new UserError('E-QUANT-GROUP', `a BitMoD group of ${group} is not supported; give 1 to ${largestGroup}`)
}

/**
 * Selectors and scales of a matrix, group by group along K (BitMoD, HPCA 2025, Algorithm 1 and III-C).
 *
 * FP4 and FP3: each of the four grids, in the selector's order, gets the scale `absmax / largest value`, its nearest values, ties to
 * the lower one, and a mean squared error; the first grid of the least error stays. A special value against the sign of the
 * largest weight clips that weight, as in the paper. Integers: `absmax / (2^(bits-1) - 1)`, ties to even, the lowest code unused.
 * `clip: 'mse'` tries parts of `absmax` as well (ours: the paper has no such search).
 *
 * A row's scales then become integers of 8 bits times one FP16 scale, the row's largest over 255; a group may so get scale 0. Codes
 * stay those of the scale before. In doubles, where the authors' program selects in FP16 and keeps scales above 1e-5 (ours). A group
 * of zeros has selector, scale and codes 0, and a row of zeros the channel scale 1 (ours).
 */
export const fitBitmod = (
  matrix: WeightMatrix,
  { weights, group }: BitmodOptions,
  clip: Clip = 'none',
): Fitted<BitmodQuantised> => {
  const { outputs, inputs } = matrix
  checkGroup(group)
  checkMatrix(matrix)
  const groups = Math.ceil(inputs / group)
  const grids = bitmodLevels(weights)
  const codes = new Uint8Array(outputs * inputs)
  const selectors = new Uint8Array(outputs * groups)
  const exactScales = new Float64Array(outputs * groups)
  fitShared(
    matrix,
    { per: 'group', group },
    (values) => bestGrid(values, grids, clip),
    (slot, { selector, scale }) => {
      selectors[slot] = selector
      exactScales[slot] = scale
    },
  )
  const scales = new Uint8Array(outputs * groups)
  const channelScales = new Float32Array(outputs)
  for (let row = 0; row < outputs; row++) {
    const rowScales = exactScales.subarray(row * groups, (row + 1) * groups)
    const largest = Math.max(...rowScales)
    const channel = largest === 0 ? 1 : Math.max(roundToFloat16(largest / largestScale), FLOAT16_MIN_SUBNORMAL)
    channelScales[row] = channel
    rowScales.forEach((scale, index) => {
      scales[row * groups + index] = Math.min(largestScale, roundHalfEven(scale / channel))
    })
  }
  return {
    round: (row, k, value) => {
      const slot = row * groups + Math.floor(k / group)
      const scale = exactScales[slot]!
      if (scale === 0) return 0
      const { codeOf, values } = grids[selectors[slot]!]!
      const code = codeOf(value / scale)
      codes[row * inputs + k] = code
      return channelScales[row]! * scales[slot]! * values[code]!
    },
    finish: () => ({ weights, group, outputs, inputs, groups, codes, selectors, scales, channelScales }),
  }
}

/** The weights that the codes stand for, N x K. */
export const dequantiseBitmod = (quantised: BitmodQuantised): Float32Array => {
  const { weights, selectors, scales, channelScales } = quantised
  const grids = bitmodLevels(weights)
  return restore(
    quantised,
    (code, slot, row) => channelScales[row]! * scales[slot]! * grids[selectors[slot]!]!.values[code]!,
  )
}

/** The grids that a group chooses from, in the selector's order. */
export const bitmodLevels = (weights: WeightName): readonly Levels[] => {
  const { kind, bits } = weightTypes[weights]
  return kind === 'integer'
    ? [symmetricLevelsOf(integerFormat(bits))]
    : bitmodFormat(bits === 3 ? 3 : 4, 1).grids.map((format) => levelsOf(format))
}

/** Ids of the formats of such weights, in the selector's order. */
export const formatsOfBitmod = (weights: WeightName): readonly string[] =>
  bitmodLevels(weights).map(({ format }) => format.id)

interface GroupScale {
  readonly selector: number
  readonly scale: number
}

const bestGrid = (group: Float32Array, grids: readonly Levels[], clip: Clip): GroupScale => {
  const absmax = absmaxOf(group)
  if (absmax === 0) return { selector: 0, scale: 0 }
  const candidates = grids.flatMap(({ largest }, selector) =>
    clipRatios(clip).map((ratio) => ({ selector, scale: (ratio * absmax) / largest })),
  )
  return leastError(candidates, ({ selector, scale }, limit) => levelsError(group, grids[selector]!, scale, limit))
}
