import { type ScalarFormat, scalarFormatOf } from '../formats/index.ts'
import { type Clip, clipRatios, leastError } from './clipping.ts'
import {
  absmaxOf,
  checkMatrix,
  type Fitted,
  fitShared,
  restore,
  type Sharing,
  sharedLength,
  type WeightMatrix,
} from './fitted.ts'
import { FLOAT16_MIN_SUBNORMAL, roundToFloat16 } from './float16.ts'
import { type Levels, levelsError, levelsOf } from './levels.ts'

/** How weights become codes of one format, or of the best of several, with a scale. */
export interface TypedOptions extends Sharing {
  /** Formats of single numbers, all of the same number of bits, at most 16; several are a choice for each group, or for the matrix. */
  readonly formats: readonly ScalarFormat[]
  readonly clip: Clip
  /** Which weights share the choice of the format: those that share a scale (unless said), or all. */
  readonly choice?: 'scale' | 'tensor'
}

/** An N x K matrix: the weight is `scale * value`, the value that its code has in its group's format. */
export interface TypedQuantised {
  /** Ids of the formats. */
  readonly formats: readonly string[]
  readonly bits: number
  /** N. */
  readonly outputs: number
  /** K. */
  readonly inputs: number
  readonly group: number
  /** Groups of each row, `ceil(K / group)`. */
  readonly groups: number
  /** N x K row-major. */
  readonly codes: Uint8Array | Uint16Array
  /** N x groups, above 0, each exactly an FP16 value. */
  readonly scales: Float32Array
  /** N x groups, index of the format. */
  readonly types: Uint8Array
}

/**
 * Scales, and formats where there are several. The largest magnitude, or what clipping leaves of it, is put on the format's largest value, and
 * the scale rounded to FP16 (ours). Posits, whose values are densest around 1, try the powers of two from 1 to 256 or their largest value as
 * the place of the largest magnitude, and keep that of least squared error (ours: XR-NPE says no scale). Of several formats the one of least
 * squared error stays, the first one of several, as in ANT (MICRO 2022). A group of zeros has scale 1.
 */
export const fitTyped = (matrix: WeightMatrix, options: TypedOptions): Fitted<TypedQuantised> => {
  const { outputs, inputs } = matrix
  checkMatrix(matrix)
  const levels = options.formats.map(levelsOf)
  const group = sharedLength(options, inputs)
  const groups = Math.ceil(inputs / group)
  const { bits } = options.formats[0]!
  const codes = bits <= 8 ? new Uint8Array(outputs * inputs) : new Uint16Array(outputs * inputs)
  const scales = new Float32Array(outputs * groups)
  const types = new Uint8Array(outputs * groups)
  const allowed = options.choice === 'tensor' ? [bestForAll(matrix, options, levels)] : levels.map((_, type) => type)
  fitShared(
    matrix,
    options,
    (values) => fitValues(values, allowed, levels, options.clip),
    (slot, { scale, type }) => {
      scales[slot] = scale
      types[slot] = type
    },
  )
  return {
    round: (row, k, value) => {
      const slot = row * groups + Math.floor(k / group)
      const { codeOf, values } = levels[types[slot]!]!
      const scale = scales[slot]!
      const code = codeOf(value / scale)
      codes[row * inputs + k] = code
      return scale * values[code]!
    },
    finish: () => ({
      formats: options.formats.map(({ id }) => id),
      bits,
      outputs,
      inputs,
      group,
      groups,
      codes,
      scales,
      types,
    }),
  }
}

interface Choice {
  readonly type: number
  readonly scale: number
}

const fitValues = (values: Float32Array, types: readonly number[], levels: readonly Levels[], clip: Clip): Choice => {
  const absmax = absmaxOf(values)
  if (absmax === 0) return { type: types[0]!, scale: 1 }
  const candidates = types.flatMap((type) =>
    placesOf(levels[type]!).flatMap((place) =>
      clipRatios(clip).map((ratio) => ({
        type,
        scale: Math.max(roundToFloat16((ratio * absmax) / place), FLOAT16_MIN_SUBNORMAL),
      })),
    ),
  )
  return leastError(candidates, ({ type, scale }, limit) => levelsError(values, levels[type]!, scale, limit))
}

/** Highest power of two on which the largest magnitude of a group of posits may be put. */
const mostPower = 8

/** Values on which the largest magnitude may be put. */
const placesOf = ({ format, largest }: Levels): readonly number[] =>
  format.kind === 'posit'
    ? Array.from({ length: Math.min(Math.log2(largest), mostPower) + 1 }, (_, power) => 2 ** power)
    : [largest]

/** The format whose errors over all groups, each with its best scale, are the least. */
const bestForAll = (matrix: WeightMatrix, options: TypedOptions, levels: readonly Levels[]): number => {
  const errors = levels.map((of, type) => {
    let sum = 0
    fitShared(
      matrix,
      options,
      (values) => {
        const { scale } = fitValues(values, [type], levels, options.clip)
        sum += levelsError(values, of, scale, Number.POSITIVE_INFINITY)
      },
      () => {},
    )
    return sum
  })
  return errors.indexOf(Math.min(...errors))
}

/** The weights that the codes stand for, N x K. */
export const dequantiseTyped = (quantised: TypedQuantised): Float32Array => {
  const { formats, scales, types } = quantised
  const levels = formats.map((id) => levelsOf(scalarFormatOf(id)))
  return restore(quantised, (code, slot) => scales[slot]! * levels[types[slot]!]!.values[code]!)
}
