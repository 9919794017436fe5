import type { Matrix } from './model.ts'
import { decodeWeights } from './weights.ts'

/** Consecutive rows of a matrix as float32. */
interface Rows {
  readonly data: Float32Array
  /** First of them in the matrix. */
  readonly first: number
  readonly count: number
  /** K. */
  readonly inputs: number
  /** N of the whole matrix. */
  readonly outputs: number
}

/** Rows that are decoded at once: enough to share the reads of the activations, few enough to stay in the cache. */
const rowsAtOnce = 32

/**
 * The float32 linear layer without its bias: products summed in double precision in order of k, rounded to float32 once. Blocks of
 * rows and tokens share their reads; every sum keeps its order, so one token or many give the same bits. Weights that are stored in
 * another form are decoded a few rows at a time.
 */
export const floatLinear = (matrix: Matrix, input: Float32Array, tokens: number): Float32Array => {
  const { outputs, inputs, weights } = matrix
  const result = new Float32Array(tokens * outputs)
  const multiply = multiplier(input, tokens, inputs, result)
  if (weights.kind === 'float32') {
    multiply({ data: weights.data, first: 0, count: outputs, inputs, outputs })
    return result
  }
  const data = new Float32Array(Math.min(rowsAtOnce, outputs) * inputs)
  for (let first = 0; first < outputs; first += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, outputs - first)
    decodeWeights(weights, first * inputs, data.subarray(0, count * inputs))
    multiply({ data, first, count, inputs, outputs })
  }
  return result
}

/** Multiplies rows with all tokens, which are put side by side in fours once. */
const multiplier = (input: Float32Array, tokens: number, inputs: number, result: Float32Array) => {
  const fours = Array.from({ length: Math.floor(tokens / 4) }, (_, four) => interleave(input, 4 * four, inputs))
  return (rows: Rows): void => {
    for (const [four, x] of fours.entries()) fourTokens(rows, x, 4 * four, result)
    for (let token = 4 * fours.length; token < tokens; token++)
      oneToken(rows, input.subarray(token * inputs, (token + 1) * inputs), token, result)
  }
}

/** Four rows at once keep the adders busy. */
const oneToken = (
  { data, first, count, inputs, outputs }: Rows,
  x: Float32Array,
  token: number,
  result: Float32Array,
): void => {
  const at = token * outputs + first
  let row = 0
  for (; row + 4 <= count; row += 4) {
    const base = row * inputs
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    for (let k = 0; k < inputs; k++) {
      const value = x[k]!
      a += data[base + k]! * value
      b += data[base + inputs + k]! * value
      c += data[base + 2 * inputs + k]! * value
      d += data[base + 3 * inputs + k]! * value
    }
    result[at + row] = a
    result[at + row + 1] = b
    result[at + row + 2] = c
    result[at + row + 3] = d
  }
  for (; row < count; row++) {
    let a = 0
    for (let k = 0; k < inputs; k++) a += data[row * inputs + k]! * x[k]!
    result[at + row] = a
  }
}

/** Four tokens from `token` on, side by side per k, already as doubles. */
const interleave = (input: Float32Array, token: number, inputs: number): Float64Array => {
  const result = new Float64Array(4 * inputs)
  for (let lane = 0; lane < 4; lane++)
    for (let k = 0; k < inputs; k++) result[4 * k + lane] = input[(token + lane) * inputs + k]!
  return result
}

/** Two rows times four tokens: eight products for six reads. An odd last row is computed twice. */
const fourTokens = (
  { data, first, count, inputs, outputs }: Rows,
  x: Float64Array,
  token: number,
  result: Float32Array,
): void => {
  for (let row = 0; row < count; row += 2) {
    const next = Math.min(row + 1, count - 1)
    const upper = row * inputs
    const lower = next * inputs
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    let e = 0
    let f = 0
    let g = 0
    let h = 0
    for (let k = 0; k < inputs; k++) {
      const up = data[upper + k]!
      const low = data[lower + k]!
      const p = x[4 * k]!
      const q = x[4 * k + 1]!
      const r = x[4 * k + 2]!
      const s = x[4 * k + 3]!
      a += up * p
      b += up * q
      c += up * r
      d += up * s
      e += low * p
      f += low * q
      g += low * r
      h += low * s
    }
    const at = token * outputs + first
    result[at + row] = a
    result[at + outputs + row] = b
    result[at + 2 * outputs + row] = c
    result[at + 3 * outputs + row] = d
    result[at + next] = e
    result[at + outputs + next] = f
    result[at + 2 * outputs + next] = g
    result[at + 3 * outputs + next] = h
  }
}
