import { type OutlierVictimFormat, outlierVictimFormat, type outlierVictimKinds, toNumber } from '../formats/index.ts'
import { leastError } from './clipping.ts'
import {
  absmaxOf,
  checkMatrix,
  type Fitted,
  fitShared,
  type Sharing,
  sharedLength,
  type WeightMatrix,
} from './fitted.ts'
import { FLOAT16_MIN_SUBNORMAL, roundToFloat16 } from './float16.ts'
import { type Levels, levelsOf } from './levels.ts'

/** How weights become outlier-victim pairs. */
export interface PairOptions extends Sharing {
  /** Format of the normal values. */
  readonly normal: (typeof outlierVictimKinds)[number]
}

/** An N x K matrix in OliVe's pairs: weights 2i and 2i + 1 of a group are a pair, and a weight is `scale * value`. */
export interface PairQuantised {
  readonly normal: PairOptions['normal']
  readonly bits: number
  /** N. */
  readonly outputs: number
  /** K. */
  readonly inputs: number
  readonly group: number
  /** Groups of each row, `ceil(K / group)`. */
  readonly groups: number
  /** N x K row-major. */
  readonly codes: Uint8Array
  /** N x groups, above 0, each exactly an FP16 value. */
  readonly scales: Float32Array
}

/** What a weight is in its pair, where it is not an ordinary one. */
const [outlierPlace, victimPlace] = [1, 2] as const

/** Deviations from the mean of 0 that normal values reach in the first scale tried, and parts of it that are tried too. */
const deviations = 3
const tried: readonly number[] = Array.from({ length: 76 }, (_, step) => 0.5 + step / 50)

/**
 * Scales and the places of outliers (OliVe, ISCA 2023, arXiv 2304.07493): the scale puts the largest normal value on three standard
 * deviations or on 0.5 to 2 times as much, in steps of 0.02, whichever gives the least squared error; the authors' program searches about
 * its |mean +- 3 deviations| in steps of 0.02, too, between bounds that its user gives (ours: 0.5 and 2, and a mean of 0). FP16 scales (ours).
 * A group of odd length ends with a weight without a neighbour, which is a normal value, since nothing would say otherwise (ours).
 */
export const fitPairs = (matrix: WeightMatrix, options: PairOptions): Fitted<PairQuantised> => {
  const { data, outputs, inputs } = matrix
  checkMatrix(matrix)
  const tables = tablesOf(outlierVictimFormat(options.normal))
  const group = sharedLength(options, inputs)
  const groups = Math.ceil(inputs / group)
  const scales = new Float32Array(outputs * groups)
  const codes = new Uint8Array(outputs * inputs)
  const places = new Uint8Array(outputs * inputs)
  fitShared(
    matrix,
    options,
    (values) => scaleOf(values, tables, options.per === 'tensor' ? inputs : values.length),
    (slot, scale) => {
      scales[slot] = scale
    },
  )
  for (let row = 0; row < outputs; row++)
    for (let index = 0; index < groups; index++) {
      const from = row * inputs + index * group
      const to = Math.min(from + group, (row + 1) * inputs)
      const limit = scales[row * groups + index]! * tables.threshold
      for (let at = from; at + 1 < to; at += 2) {
        const left = Math.abs(data[at]!) >= limit
        if (!left && Math.abs(data[at + 1]!) < limit) continue
        places[at] = left ? outlierPlace : victimPlace
        places[at + 1] = left ? victimPlace : outlierPlace
      }
    }
  return {
    round: (row, k, value) => {
      const at = row * inputs + k
      const scale = scales[row * groups + Math.floor(k / group)]!
      const place = places[at]
      if (place === victimPlace) {
        codes[at] = tables.identifier
        return 0
      }
      const code = place === outlierPlace ? tables.outlierCode(value / scale) : tables.normal.codeOf(value / scale)
      codes[at] = code
      return scale * (place === outlierPlace ? tables.outlier : tables.normal).values[code]!
    },
    finish: () => ({ normal: options.normal, bits: tables.bits, outputs, inputs, group, groups, codes, scales }),
  }
}

interface Tables {
  readonly bits: number
  readonly normal: Levels
  readonly outlier: Levels
  readonly identifier: number
  /** Magnitude from which on a value is nearer to an outlier than to a normal value. */
  readonly threshold: number
  /** The code of an outlier, whose grid has a zero that is not for use. */
  readonly outlierCode: (value: number) => number
}

const tablesOf = (format: OutlierVictimFormat): Tables => {
  const [normal, outlier] = [levelsOf(format.normal), levelsOf(format.outlier)]
  const first = toNumber(format.outlier.smallest)
  return {
    bits: format.bits,
    normal,
    outlier,
    identifier: Number(format.identifier),
    threshold: (toNumber(format.normal.max) + first) / 2,
    outlierCode: (value) => outlier.codeOf(value < 0 ? Math.min(value, -first) : Math.max(value, first)),
  }
}

const scaleOf = (values: Float32Array, tables: Tables, rowLength: number): number => {
  if (absmaxOf(values) === 0) return 1
  let squares = 0
  for (let k = 0; k < values.length; k++) squares += values[k]! ** 2
  const first = (deviations * Math.sqrt(squares / values.length)) / tables.normal.largest
  const candidates = tried.map((part) => ({ scale: Math.max(roundToFloat16(part * first), FLOAT16_MIN_SUBNORMAL) }))
  return leastError(candidates, ({ scale }, limit) => errorOf(values, scale, tables, rowLength, limit)).scale
}

const errorOf = (
  values: Float32Array,
  scale: number,
  { normal, outlier, threshold, outlierCode }: Tables,
  rowLength: number,
  limit: number,
): number => {
  const ofNormal = (value: number): number => (value - scale * normal.values[normal.codeOf(value / scale)]!) ** 2
  const ofOutlier = (value: number): number => (value - scale * outlier.values[outlierCode(value / scale)]!) ** 2
  const from = scale * threshold
  let error = 0
  for (let start = 0; start < values.length; start += rowLength) {
    const end = start + rowLength
    if (rowLength % 2 === 1) error += ofNormal(values[end - 1]!)
    for (let k = start; k + 1 < end && error < limit; k += 2) {
      const left = values[k]!
      const right = values[k + 1]!
      if (Math.abs(left) >= from) error += ofOutlier(left) + right ** 2
      else if (Math.abs(right) >= from) error += left ** 2 + ofOutlier(right)
      else error += ofNormal(left) + ofNormal(right)
    }
  }
  return error
}

/** The weights that the codes stand for, N x K. */
export const dequantisePairs = (quantised: PairQuantised): Float32Array => {
  const { outputs, inputs, group, groups, codes, scales } = quantised
  const { normal, outlier, identifier } = tablesOf(outlierVictimFormat(quantised.normal))
  const result = new Float32Array(outputs * inputs)
  for (let row = 0; row < outputs; row++)
    for (let index = 0; index < groups; index++) {
      const scale = scales[row * groups + index]!
      const from = row * inputs + index * group
      const to = Math.min(from + group, (row + 1) * inputs)
      for (let at = from; at < to; at++) {
        // A pair begins at an even place of its group.
        const neighbour = (at - from) % 2 === 0 ? at + 1 : at - 1
        const isOutlier = neighbour < to && codes[neighbour] === identifier
        if (codes[at] === identifier) continue
        result[at] = scale * (isOutlier ? outlier : normal).values[codes[at]!]!
      }
    }
  return result
}
