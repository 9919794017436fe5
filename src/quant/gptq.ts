import type { Fitted, WeightMatrix } from './fitted.ts'
import type { InputStatistics } from './input-statistics.ts'

export interface GptqOptions {
  /** Part of the mean of the Hessian's diagonal that is added to it, 0.01 in the paper. */
  readonly damp: number
  /** Columns in order, or those of the largest inputs first ("act-order" of the authors' program). */
  readonly order: 'columns' | 'activations'
}

/** Rows that share each read of the factor. */
const rowsAtOnce = 4

/**
 * GPTQ (Frantar et al., arXiv 2210.17323, "The GPTQ Algorithm", Algorithm 1): columns are rounded one after the other, and what a column lost is made
 * good in those behind it, by the Cholesky factor of the inverse of the damped Hessian `H = 2 X X^T`. A factor of H cancels out, so `X X^T`
 * is taken.
 *
 * Scales are those of the fit, chosen before from the weights as they were ("static groups" of the authors' program, whose default fits
 * a group when its first column is reached). Inputs that were always 0 are rounded to nearest (ours: the program sets their weights to
 * 0). Rows do not depend on each other, so each goes through all columns before the next; the result is that of the paper's order.
 */
export const gptq = <Q>(
  matrix: WeightMatrix,
  fitted: Fitted<Q>,
  statistics: InputStatistics,
  options: GptqOptions,
): Q => {
  const { data, outputs, inputs } = matrix
  if (statistics.inputs !== inputs)
    throw new RangeError(`${matrix.name}: statistics of ${statistics.inputs} inputs for a matrix of ${inputs}`)
  const order = orderOf(statistics, options.order)
  const factor = inverseFactor(hessianOf(statistics, order, options.damp), inputs)
  const rows = new Float64Array(rowsAtOnce * inputs)
  for (let from = 0; from < outputs; from += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, outputs - from)
    rows.fill(0)
    for (let row = 0; row < count; row++)
      for (let k = 0; k < inputs; k++) rows[row * inputs + k] = data[(from + row) * inputs + order[k]!]!
    for (let k = 0; k < inputs; k++) {
      const errorOf = (row: number): number => {
        if (row >= count) return 0
        const value = rows[row * inputs + k]!
        return (value - fitted.round(from + row, order[k]!, value)) / factor[k * inputs + k]!
      }
      spread(rows, factor, inputs, k, errorOf(0), errorOf(1), errorOf(2), errorOf(3))
    }
  }
  return fitted.finish()
}

/** Takes the errors of column k, times row k of the factor, off the columns behind it, in four rows. */
const spread = (
  rows: Float64Array,
  factor: Float64Array,
  inputs: number,
  k: number,
  a: number,
  b: number,
  c: number,
  d: number,
): void => {
  const line = k * inputs
  for (let j = k + 1; j < inputs; j++) {
    const share = factor[line + j]!
    rows[j]! -= a * share
    rows[inputs + j]! -= b * share
    rows[2 * inputs + j]! -= c * share
    rows[3 * inputs + j]! -= d * share
  }
}

const orderOf = ({ inputs, moments }: InputStatistics, order: GptqOptions['order']): Int32Array => {
  const columns = Int32Array.from({ length: inputs }, (_, k) => k)
  if (order === 'columns') return columns
  const power = (k: number): number => moments[k * inputs + k]!
  return columns.sort((a, b) => power(b) - power(a) || a - b)
}

/** The upper half of the damped Hessian with its columns in that order. */
const hessianOf = ({ inputs, moments }: InputStatistics, order: Int32Array, damp: number): Float64Array => {
  const hessian = new Float64Array(inputs * inputs)
  let trace = 0
  for (let i = 0; i < inputs; i++) {
    for (let j = i; j < inputs; j++) {
      const [a, b] = [order[i]!, order[j]!]
      hessian[i * inputs + j] = moments[a < b ? a * inputs + b : b * inputs + a]!
    }
    trace += hessian[i * inputs + i]!
  }
  // Inputs that were all 0 say nothing: any diagonal rounds to nearest.
  const added = trace === 0 ? 1 : (damp * trace) / inputs
  for (let i = 0; i < inputs; i++) hessian[i * inputs + i]! += added
  return hessian
}

/**
 * The upper triangular U with `U^T U = H^-1`, from the upper half of a positive definite H, which it overwrites. `H = R R^T` with an upper R,
 * and U is the inverse of R: no inverse of H is made.
 */
export const inverseFactor = (hessian: Float64Array, size: number): Float64Array => {
  const r = hessian
  for (let j = size - 1; j >= 0; j--) {
    const rowJ = j * size
    let square = r[rowJ + j]!
    for (let m = j + 1; m < size; m++) square -= r[rowJ + m]! ** 2
    // Rounding may leave less than nothing where the damping is tiny.
    const diagonal = Math.sqrt(Math.max(square, Number.MIN_VALUE))
    r[rowJ + j] = diagonal
    for (let i = 0; i < j; i++) {
      const rowI = i * size
      let sum = r[rowI + j]!
      for (let m = j + 1; m < size; m++) sum -= r[rowI + m]! * r[rowJ + m]!
      r[rowI + j] = sum / diagonal
    }
  }
  const inverse = new Float64Array(size * size)
  for (let i = size - 1; i >= 0; i--) {
    const rowI = i * size
    for (let m = i + 1; m < size; m++) {
      const share = r[rowI + m]!
      const rowM = m * size
      for (let j = m; j < size; j++) inverse[rowI + j]! -= share * inverse[rowM + j]!
    }
    const scale = 1 / r[rowI + i]!
    for (let j = i + 1; j < size; j++) inverse[rowI + j]! *= scale
    inverse[rowI + i] = scale
  }
  return inverse
}
