import { UserError } from '../base/user-error.ts'
import { type Clip, clipRatios, leastError } from './clipping.ts'
import {
  checkMatrix,
  type Fitted,
  fitShared,
  restore,
  roundToNearest,
  sharedLength,
  type WeightMatrix,
} from './fitted.ts'
import { FLOAT16_MIN_SUBNORMAL, roundHalfEven, roundToFloat16 } from './float16.ts'

/** How weights become integers. */
export interface GroupOptions {
  /** Bits of a code: 1 to 8 unsigned, 2 to 8 signed. */
  readonly bits: number
  /** Weights along K that share one scale and zero point; the last group of a row may be shorter. */
  readonly group: number
  /** False: codes 0 to 2^bits - 1 with a zero point. True: symmetric codes around 0. */
  readonly signed: boolean
}

/** What a fit may do beyond taking a group's whole range. */
export interface FitOptions {
  /** One scale and zero point for each group (unless said), for each output, or for the matrix. */
  readonly per?: 'tensor' | 'channel' | 'group'
  /** `none` unless said. */
  readonly clip?: Clip
}

/** An N x K weight matrix as integer codes: the weight is `scale * (code - zero)`. */
export interface GroupQuantised extends GroupOptions {
  /** N. */
  readonly outputs: number
  /** K. */
  readonly inputs: number
  /** Groups of each row, `ceil(K / group)`. */
  readonly groups: number
  /** N x K row-major; unsigned codes of 8 bits are a Uint8Array. */
  readonly codes: Int8Array | Uint8Array
  /** N x groups, positive, each exactly an FP16 value. */
  readonly scales: Float32Array
  /** N x groups; all 0 for signed codes. */
  readonly zeros: Uint8Array
}

/** Largest group: 65,536 products of an 8-bit activation and a weight fit a 32-bit sum. */
const LARGEST_GROUP = 65_536

/** Throws a UserError unless the options are allowed. */
const checkGroupOptions = ({ bits, group, signed }: GroupOptions): void => {
  const [least, most] = signed ? [2, 8] : [1, 8]
  if (!(Number.isInteger(bits) && bits >= least && bits <= most))
    throw new UserError(
      'E-QUANT-BITS',
      `${bits}-bit ${signed ? 'signed' : 'unsigned'} weights are not supported; give ${least} to ${most} bits`,
    )
  if (!(Number.isInteger(group) && group >= 1 && group <= LARGEST_GROUP))
    throw new UserError('E-QUANT-GROUP', `a weight group of ${group} is not supported; give 1 to ${LARGEST_GROUP}`)
}

/**
 * Scales and zero points of a matrix. The scale is rounded to FP16 first and the codes are chosen with the rounded scale (ours), to
 * nearest, ties to even (ours). Unsigned: the range, widened to include 0, over 2^bits - 1 (as GPTQ's and AWQ's programs have it, which
 * keep the scale in the weights' own format). Signed: the largest magnitude over 2^(bits-1) - 1, so the most negative code is never used
 * (BitMoD's integers, too; GPTQ's symmetric mode uses it: its scale is twice the largest magnitude over 2^bits - 1).
 */
export const fitGroups = (
  matrix: WeightMatrix,
  options: GroupOptions,
  { per = 'group', clip = 'none' }: FitOptions = {},
): Fitted<GroupQuantised> => {
  const { outputs, inputs } = matrix
  const sharing = { per, group: options.group }
  const group = sharedLength(sharing, inputs)
  const { bits, signed } = options
  checkGroupOptions({ bits, signed, group })
  checkMatrix(matrix)
  const groups = Math.ceil(inputs / group)
  const codes = bits === 8 && !signed ? new Uint8Array(outputs * inputs) : new Int8Array(outputs * inputs)
  const scales = new Float32Array(outputs * groups)
  const zeros = new Uint8Array(outputs * groups)
  const levels = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1
  const least = signed ? -levels : 0
  const ratios = clipRatios(clip)
  const fit = (values: Float32Array): Step => {
    const { low, high } = rangeOf(values)
    const candidates = ratios.map((ratio) => {
      const scale = scaleOf(ratio * (signed ? Math.max(-low, high) : high - low), levels)
      return { scale, zero: signed ? 0 : clamp(roundHalfEven((-ratio * low) / scale), 0, levels) }
    })
    return leastError(candidates, (step, limit) => errorOf(values, step, least, levels, limit))
  }
  fitShared(matrix, sharing, fit, (slot, { scale, zero }) => {
    scales[slot] = scale
    zeros[slot] = zero
  })
  return {
    round: (row, k, value) => {
      const slot = row * groups + Math.floor(k / group)
      const [scale, zero] = [scales[slot]!, zeros[slot]!]
      const code = clamp(roundHalfEven(value / scale) + zero, least, levels)
      codes[row * inputs + k] = code
      return scale * (code - zero)
    },
    finish: () => ({ outputs, inputs, group, groups, bits, signed, codes, scales, zeros }),
  }
}

interface Step {
  readonly scale: number
  readonly zero: number
}

/**
 * Round-to-nearest of an N x K matrix in groups along K with the scales and zero points of `fitGroups`; requantising symmetric codes
 * gives the same ones. `name` is for messages.
 */
export const quantiseWeights = (
  data: Float32Array,
  outputs: number,
  inputs: number,
  options: GroupOptions,
  name = 'the weights',
): GroupQuantised => {
  const matrix = { data, outputs, inputs, name }
  return roundToNearest(matrix, fitGroups(matrix, options))
}

/** Sum of squared errors, or what it is when it goes beyond the limit. */
const errorOf = (values: Float32Array, { scale, zero }: Step, least: number, most: number, limit: number): number => {
  let error = 0
  for (let k = 0; k < values.length && error < limit; k++) {
    const code = clamp(roundHalfEven(values[k]! / scale) + zero, least, most)
    error += (values[k]! - scale * (code - zero)) ** 2
  }
  return error
}

/** Smallest and largest of the values and 0. */
const rangeOf = (values: Float32Array): { low: number; high: number } => {
  let low = 0
  let high = 0
  for (let k = 0; k < values.length; k++) {
    const value = values[k]!
    if (value < low) low = value
    if (value > high) high = value
  }
  return { low, high }
}

/** An all-zero group gets scale 1; a range too small for FP16 gets its smallest subnormal. */
const scaleOf = (range: number, levels: number): number =>
  range === 0 ? 1 : Math.max(roundToFloat16(range / levels), FLOAT16_MIN_SUBNORMAL)

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value))

/** The weights that the codes stand for, N x K. */
export const dequantiseWeights = (weights: GroupQuantised): Float32Array => {
  const { scales, zeros } = weights
  return restore(weights, (code, slot) => scales[slot]! * (code - zeros[slot]!))
}
