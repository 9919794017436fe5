import { randomWords } from '../../src/sim/stimulus.ts'

/** Seeded normally distributed numbers; the share of `outliers` has ten times their spread. */
export const normals = (count: number, seed: number, spread = 0.05, outliers = 0.02): Float32Array => {
  const random = randomWords(seed)
  const uniform = (): number => (random() + 0.5) / 2 ** 32
  return Float32Array.from({ length: count }, () => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    return spread * normal * (outliers > 0 && uniform() < outliers ? 10 : 1)
  })
}

/** A matrix of them. */
export const normalMatrix = (outputs: number, inputs: number, seed: number, spread?: number, outliers?: number) => ({
  data: normals(outputs * inputs, seed, spread, outliers),
  outputs,
  inputs,
  name: 'the matrix',
})

/** Sum of squared differences. */
export const squaredError = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, at) => sum + (value - b[at]!) ** 2, 0)
