import { UserError } from '../base/user-error.ts'
import { bitmodFormat, toNumber } from '../formats/index.ts'
import { type WeightName, type WeightType, weightTypes } from '../pe/bitmod/terms.ts'
import { FLOAT16_MIN_SUBNORMAL, roundHalfEven, roundToFloat16 } from './float16.ts'

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
 * Round to nearest, group by group along K (BitMoD, HPCA 2025, Algorithm 1 and III-C). `name` is for messages.
 *
 * FP4 and FP3: each of the four grids, in the selector's order, gets the scale `absmax / largest value`, its nearest values, ties to
 * the lower one, and a mean squared error; the first grid of the least error stays. A special value against the sign of the
 * largest weight clips that weight, as in the paper. Integers: `absmax / (2^(bits-1) - 1)`, ties to even, the lowest code unused.
 *
 * A row's scales then become integers of 8 bits times one FP16 scale, the row's largest over 255; a group may so get scale 0. Codes
 * stay those of the scale before. In doubles, where the authors' program selects in FP16 and keeps scales above 1e-5 (ours). A group
 * of zeros has selector, scale and codes 0, and a row of zeros the channel scale 1 (ours).
 */
export const quantiseBitmod = (
  data: Float32Array,
  outputs: number,
  inputs: number,
  { weights, group }: BitmodOptions,
  name = 'the weights',
): BitmodQuantised => {
  checkGroup(group)
  if (data.length !== outputs * inputs)
    throw new RangeError(`${name}: ${data.length} values are no ${outputs} x ${inputs} matrix`)
  const groups = Math.ceil(inputs / group)
  const grids = gridsOf(weightTypes[weights])
  const codes = new Uint8Array(outputs * inputs)
  const selectors = new Uint8Array(outputs * groups)
  const scales = new Uint8Array(outputs * groups)
  const channelScales = new Float32Array(outputs)
  for (let row = 0; row < outputs; row++) {
    const groupScales = Array.from({ length: groups }, (_, index) => {
      const from = row * inputs + index * group
      const to = Math.min(from + group, (row + 1) * inputs)
      const absmax = absmaxOf(data, from, to, name)
      const best = leastError(data.subarray(from, to), absmax, grids)
      codes.set(best.codes, from)
      selectors[row * groups + index] = best.selector
      return best.scale
    })
    const largest = Math.max(0, ...groupScales)
    const channel = largest === 0 ? 1 : Math.max(roundToFloat16(largest / largestScale), FLOAT16_MIN_SUBNORMAL)
    channelScales[row] = channel
    groupScales.forEach((scale, index) => {
      scales[row * groups + index] = Math.min(largestScale, roundHalfEven(scale / channel))
    })
  }
  return { weights, group, outputs, inputs, groups, codes, selectors, scales, channelScales }
}

/** The weights that the codes stand for, N x K. */
export const dequantiseBitmod = (quantised: BitmodQuantised): Float32Array => {
  const { weights, group, outputs, inputs, groups, codes, selectors, scales, channelScales } = quantised
  const grids = gridsOf(weightTypes[weights])
  const result = new Float32Array(outputs * inputs)
  for (let row = 0; row < outputs; row++)
    for (let k = 0; k < inputs; k++) {
      const at = row * groups + Math.floor(k / group)
      const value = grids[selectors[at]!]!.values[codes[row * inputs + k]!]!
      result[row * inputs + k] = channelScales[row]! * scales[at]! * value
    }
  return result
}

/** The values of a format, by code. */
interface Grid {
  readonly values: readonly number[]
  readonly largest: number
  /** The code nearest to a value. */
  readonly nearest: (value: number) => number
}

const gridsOf = (type: WeightType): readonly Grid[] =>
  type.kind === 'integer' ? [integerGrid(type.bits)] : specialGrids(type.bits)

const integerGrid = (bits: number): Grid => {
  const [count, largest] = [2 ** bits, 2 ** (bits - 1) - 1]
  return {
    values: Array.from({ length: count }, (_, code) => (code > largest ? code - count : code)),
    largest,
    nearest: (value) => Math.max(-largest, Math.min(largest, roundHalfEven(value))) & (count - 1),
  }
}

const specialGrids = (bits: number): readonly Grid[] =>
  bitmodFormat(bits === 3 ? 3 : 4, 1).grids.map((format) => {
    const values = format.values.map(toNumber)
    const levels = values.map((value, code) => ({ value, code })).sort((a, b) => a.value - b.value)
    const middles = levels.slice(1).map(({ value }, k) => (levels[k]!.value + value) / 2)
    return {
      values,
      largest: Math.max(...values.map(Math.abs)),
      nearest: (value) => {
        let level = 0
        while (level < middles.length && value > middles[level]!) level++
        return levels[level]!.code
      },
    }
  })

interface GroupCodes {
  readonly selector: number
  readonly scale: number
  readonly codes: Uint8Array
}

const leastError = (group: Float32Array, absmax: number, grids: readonly Grid[]): GroupCodes => {
  let best: GroupCodes = { selector: 0, scale: 0, codes: new Uint8Array(group.length) }
  if (absmax === 0) return best
  let least = Number.POSITIVE_INFINITY
  grids.forEach(({ values, largest, nearest }, selector) => {
    const scale = absmax / largest
    const codes = new Uint8Array(group.length)
    let error = 0
    group.forEach((weight, k) => {
      const code = nearest(weight / scale)
      codes[k] = code
      error += (weight - scale * values[code]!) ** 2
    })
    if (error >= least) return
    least = error
    best = { selector, scale, codes }
  })
  return best
}

const absmaxOf = (data: Float32Array, from: number, to: number, name: string): number => {
  let absmax = 0
  for (let at = from; at < to; at++) {
    const value = Math.abs(data[at]!)
    if (!Number.isFinite(value))
      throw new UserError(
        'E-QUANT-VALUE',
        `weight ${at} of ${name} is ${data[at]}, only finite weights can be quantised; use an undamaged model file`,
      )
    if (value > absmax) absmax = value
  }
  return absmax
}
