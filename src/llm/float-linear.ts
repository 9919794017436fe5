import type { Matrix } from './model.ts'
import { type ProductKernel, productKernel, rowsTogether, tokensTogether } from './product-kernel.ts'
import { decodeWeights } from './weights.ts'

/** Rows of weights and tokens in the kernel's memory at once: few enough to stay in the cache, enough to share what is read. */
const [mostRows, mostTokens] = [32, 64]

/**
 * The float32 linear layer without its bias. Of a sum's products, each rounded to float32, those of k = 0, 4, 8, ... are added up in
 * that order, those of k = 1, 5, 9, ... and so on; then the four, (0 + 1) + (2 + 3). So one token or many give the same bits, and so
 * does every machine. Weights that are stored in another form are decoded a few rows at a time.
 */
export const floatLinear = (matrix: Matrix, input: Float32Array, tokens: number): Float32Array => {
  const result = new Float32Array(tokens * matrix.outputs)
  const multiply = roomFor(matrix.inputs) ? multiplyInKernel : multiplyPlainly
  for (let token = 0; token < tokens; token += mostTokens) {
    const count = Math.min(mostTokens, tokens - token)
    const [from, to] = [token * matrix.inputs, (token + count) * matrix.inputs]
    multiply(matrix, input.subarray(from, to), count, result.subarray(token * matrix.outputs))
  }
  return result
}

let kernel: ProductKernel | undefined
/** The fewest floats for which there was none: asking again takes long. */
let refused = Number.POSITIVE_INFINITY

/** Floats that operands and sums take for rows of `inputs` weights. */
const floatsOf = (inputs: number): number => (mostRows + mostTokens) * padded(inputs) + mostTokens * mostRows
const padded = (inputs: number): number => 4 * Math.ceil(inputs / 4)

/** A kernel with memory for rows of `inputs` weights; a larger one takes the place of a smaller. */
const roomFor = (inputs: number): ProductKernel | undefined => {
  const floats = floatsOf(inputs)
  if (kernel && kernel.memory.length >= floats) return kernel
  if (floats >= refused) return undefined
  const larger = productKernel(floats)
  if (larger) kernel = larger
  else refused = floats
  return larger
}

const multiplyInKernel = (
  { weights, outputs, inputs }: Matrix,
  input: Float32Array,
  tokens: number,
  result: Float32Array,
): void => {
  const { memory, run } = roomFor(inputs)!
  const width = padded(inputs)
  const x = mostRows * width
  const y = x + mostTokens * width
  const pairs = Math.ceil(tokens / tokensTogether)
  for (let token = 0; token < tokens; token++)
    copyRow(memory, x + token * width, width, input.subarray(token * inputs, (token + 1) * inputs))
  for (let first = 0; first < outputs; first += mostRows) {
    const rows = Math.min(mostRows, outputs - first)
    if (width === inputs) decodeWeights(weights, first * inputs, memory.subarray(0, rows * inputs))
    else
      for (let row = 0; row < rows; row++) {
        decodeWeights(weights, (first + row) * inputs, memory.subarray(row * width, row * width + inputs))
        memory.fill(0, row * width + inputs, (row + 1) * width)
      }
    for (let row = 0; row < rows; row += rowsTogether) run(row * width, x, y + row, width / 4, pairs, mostRows)
    for (let token = 0; token < tokens; token++) {
      const from = y + token * mostRows
      for (let row = 0; row < rows; row++) result[token * outputs + first + row] = memory[from + row]!
    }
  }
}

/** A row with zeros behind it. */
const copyRow = (memory: Float32Array, at: number, width: number, row: Float32Array): void => {
  memory.set(row, at)
  memory.fill(0, at + row.length, at + width)
}

/** The same sums in JavaScript, for machines without WebAssembly SIMD. */
export const multiplyPlainly = (
  { weights, outputs, inputs }: Matrix,
  input: Float32Array,
  tokens: number,
  result: Float32Array,
): void => {
  const { fround } = Math
  const row = new Float32Array(inputs)
  const lanes = new Float32Array(4)
  for (let output = 0; output < outputs; output++) {
    decodeWeights(weights, output * inputs, row)
    for (let token = 0; token < tokens; token++) {
      lanes.fill(0)
      for (let k = 0; k < inputs; k++) lanes[k & 3]! += fround(row[k]! * input[token * inputs + k]!)
      result[token * outputs + output] = fround(lanes[0]! + lanes[1]!) + fround(lanes[2]! + lanes[3]!)
    }
  }
}
