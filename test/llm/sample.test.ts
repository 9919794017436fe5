import { expect, test } from 'vitest'
import { createRandom, normal } from '../../src/base/random.ts'
import { createSampler, greedy } from '../../src/llm/sample.ts'

const logits = Float32Array.of(1, 3, 2, 3, -1)
const many = (options: { temperature: number; topP: number; seed: number }, count = 4000): number[] => {
  const sampler = createSampler(options)
  return Array.from({ length: count }, () => sampler(logits))
}

test('greedy takes the first of the largest logits; temperature 0 is greedy', () => {
  expect(greedy(logits)).toBe(1)
  expect(new Set(many({ temperature: 0, topP: 0.9, seed: 1 }, 50))).toEqual(new Set([1]))
})

test('the same seed draws the same tokens, another seed others', () => {
  const options = { temperature: 1, topP: 0.9 }
  expect(many({ ...options, seed: 7 })).toEqual(many({ ...options, seed: 7 }))
  expect(many({ ...options, seed: 7 })).not.toEqual(many({ ...options, seed: 8 }))
})

test('tokens are drawn as often as softmax says', () => {
  const drawn = many({ temperature: 1, topP: 1, seed: 3 }, 40_000)
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0)
  logits.forEach((logit, token) => {
    const share = drawn.filter((one) => one === token).length / drawn.length
    expect(Math.abs(share - Math.exp(logit) / total)).toBeLessThan(0.01)
  })
})

test('top-p keeps the fewest tokens that reach it; low temperature sharpens', () => {
  expect(new Set(many({ temperature: 1, topP: 0.5, seed: 3 }))).toEqual(new Set([1, 3]))
  expect(new Set(many({ temperature: 1, topP: 0.01, seed: 3 }))).toEqual(new Set([1]))
  expect(new Set(many({ temperature: 0.05, topP: 1, seed: 3 }))).toEqual(new Set([1, 3]))
})

test('bad temperature, top-p and seed are refused with what is allowed', () => {
  const attempt = (temperature: number, topP: number, seed: number) => () => createSampler({ temperature, topP, seed })
  expect(attempt(-1, 1, 1)).toThrow(/give 0 \(greedy\) or more/)
  expect(attempt(1, 0, 1)).toThrow(/more than 0 and at most 1/)
  expect(attempt(1, 1.1, 1)).toThrow(/top-p 1\.1/)
  expect(attempt(1, 1, 0.5)).toThrow(/whole number/)
  expect(attempt(Number.NaN, 1, 1)).toThrow(/temperature NaN/)
})

test('the generator is uniform in [0, 1) and its normals have mean 0 and deviation 1', () => {
  const random = createRandom(0)
  const numbers = Array.from({ length: 20_000 }, random)
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...numbers)).toBeLessThan(1)
  expect(Math.abs(numbers.reduce((a, b) => a + b, 0) / numbers.length - 0.5)).toBeLessThan(0.01)
  const normals = Array.from({ length: 20_000 }, () => normal(random))
  expect(Math.abs(normals.reduce((a, b) => a + b, 0) / normals.length)).toBeLessThan(0.03)
  expect(Math.abs(normals.reduce((a, b) => a + b * b, 0) / normals.length - 1)).toBeLessThan(0.03)
})
