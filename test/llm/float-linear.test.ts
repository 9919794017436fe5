import { expect, test } from 'vitest'
import { createRandom, normal } from '../../src/base/random.ts'
import { floatLinear, multiplyPlainly } from '../../src/llm/float-linear.ts'
import type { Matrix } from '../../src/llm/model.ts'
import { float32Weights } from '../../src/llm/weights.ts'

const random = createRandom(77)
const normals = (count: number): Float32Array => Float32Array.from({ length: count }, () => normal(random))
const matrixOf = (outputs: number, inputs: number): Matrix => ({
  name: 'm',
  outputs,
  inputs,
  weights: float32Weights(normals(outputs * inputs)),
})

const plainly = (matrix: Matrix, x: Float32Array, tokens: number): Float32Array => {
  const result = new Float32Array(tokens * matrix.outputs)
  multiplyPlainly(matrix, x, tokens, result)
  return result
}

/** Large ones first and last, so that what lies in the kernel's memory is never what a case needs. */
const sizes = [3000, 1, 2, 3, 4, 5, 7, 8, 33, 172, 3001, 6]

test('WebAssembly gives bit for bit what the definition of the sums gives, for every number of rows, columns and tokens', () => {
  for (const inputs of sizes)
    for (const outputs of [1, 2, 4, 5, 32, 33, 70])
      for (const tokens of [1, 2, 3, 9, 64, 65]) {
        if (inputs * outputs * tokens > 3e6) continue
        const matrix = matrixOf(outputs, inputs)
        const x = normals(tokens * inputs)
        const found = floatLinear(matrix, x, tokens)
        expect(found, `${outputs} x ${inputs}, ${tokens} tokens`).toEqual(plainly(matrix, x, tokens))
      }
})

test('sums are those of the products, to float32', () => {
  const [outputs, inputs, tokens] = [5, 4001, 3]
  const matrix = matrixOf(outputs, inputs)
  const x = normals(tokens * inputs)
  const data = matrix.weights.kind === 'float32' ? matrix.weights.data : new Float32Array(0)
  floatLinear(matrix, x, tokens).forEach((value, at) => {
    const [token, row] = [Math.floor(at / outputs), at % outputs]
    let sum = 0
    for (let k = 0; k < inputs; k++) sum += data[row * inputs + k]! * x[token * inputs + k]!
    expect(Math.abs(value - sum)).toBeLessThan(1e-3)
  })
})

test('the order of a sum: every fourth product, then the four in pairs', () => {
  const big = 2 ** 24
  const one = (...weights: number[]): number =>
    floatLinear(
      { name: 'm', outputs: 1, inputs: weights.length, weights: float32Weights(Float32Array.from(weights)) },
      new Float32Array(weights.length).fill(1),
      1,
    )[0]!
  // 2^24 + 1 is no float32: a 1 is lost where it meets 2^24, and only there.
  expect(one(big, 0, 0, 0, 1, 0, 0, 0, -big)).toBe(0)
  expect(one(big, 1, 0, 0, -big)).toBe(1)
  expect(one(big, 1, -big, 0)).toBe(0)
  expect(one(big, -big, 1, 0)).toBe(1)
})

test('what an earlier product left in the memory does not count, not even infinities', () => {
  const inputs = 8
  const infinite = float32Weights(new Float32Array(32 * inputs).fill(Number.POSITIVE_INFINITY))
  for (const [weights, x] of [
    [infinite, normals(64 * inputs)],
    [float32Weights(normals(32 * inputs)), new Float32Array(64 * inputs).fill(Number.NaN)],
  ] as const) {
    floatLinear({ name: 'm', outputs: 32, inputs, weights }, x, 64)
    const matrix = matrixOf(30, 5)
    const y = normals(60 * 5)
    expect(floatLinear(matrix, y, 60)).toEqual(plainly(matrix, y, 60))
  }
})
