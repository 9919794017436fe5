import { describe, expect, it } from 'vitest'
import {
  addInputs,
  bytesOfStatistics,
  dividedStatistics,
  emptyStatistics,
  type InputStatistics,
  outputError,
} from '../../src/quant/input-statistics.ts'
import { normals } from './normals.ts'

const moment = (input: Float32Array, inputs: number, i: number, j: number): number => {
  let sum = 0
  for (let at = 0; at < input.length; at += inputs) sum += input[at + i]! * input[at + j]!
  return sum
}

const expectStatistics = (found: InputStatistics, input: Float32Array, inputs: number): void => {
  expect(found.tokens).toBe(input.length / inputs)
  for (let i = 0; i < inputs; i++) {
    const column = Array.from({ length: found.tokens }, (_, token) => Math.abs(input[token * inputs + i]!))
    expect(found.magnitudes[i]).toBeCloseTo(
      column.reduce((a, b) => a + b, 0),
      8,
    )
    expect(found.largest[i]).toBe(Math.max(...column))
    for (let j = 0; j < inputs; j++)
      expect(found.moments[i * inputs + j]).toBeCloseTo(j < i ? 0 : moment(input, inputs, i, j), 8)
  }
}

describe('statistics of inputs', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 13])('are those of all tokens, for %d inputs', (inputs) => {
    for (const tokens of [1, 3, 64, 65, 150]) {
      const input = normals(tokens * inputs, tokens, 2)
      const found = emptyStatistics(inputs)
      addInputs(found, input, tokens)
      expectStatistics(found, input, inputs)
    }
  })

  it('add up over calls', () => {
    const input = normals(100 * 6, 2)
    const found = emptyStatistics(6)
    addInputs(found, input.subarray(0, 180), 30)
    addInputs(found, input.subarray(180), 70)
    expectStatistics(found, input, 6)
    expect(() => addInputs(found, input, 5)).toThrow(RangeError)
  })

  it('say what they take', () => {
    const { moments, magnitudes, largest } = emptyStatistics(9)
    expect(bytesOfStatistics(9)).toBe(moments.byteLength + magnitudes.byteLength + largest.byteLength)
  })

  it('of divided inputs follow from those of the inputs', () => {
    const scales = [0.5, 2, 4, 1, 8]
    const input = normals(40 * 5, 8)
    const [whole, parts] = [emptyStatistics(5), emptyStatistics(5)]
    addInputs(whole, input, 40)
    const divided = input.map((value, at) => value / scales[at % 5]!)
    addInputs(parts, divided, 40)
    expectStatistics(dividedStatistics(whole, scales), divided, 5)
    expect(dividedStatistics(whole, scales).tokens).toBe(parts.tokens)
  })

  it('give the mean squared error of outputs whose weights have errors', () => {
    for (const rows of [1, 3, 4, 5, 9]) {
      const [input, errors] = [normals(50 * 7, 1), normals(rows * 7, 2)]
      const found = emptyStatistics(7)
      addInputs(found, input, 50)
      let expected = 0
      for (let token = 0; token < 50; token++)
        for (let row = 0; row < rows; row++) {
          let output = 0
          for (let k = 0; k < 7; k++) output += errors[row * 7 + k]! * input[token * 7 + k]!
          expected += output ** 2 / 50
        }
      expect(outputError(errors, found) / expected).toBeCloseTo(1, 9)
      expect(outputError(errors, emptyStatistics(7))).toBe(0)
    }
  })
})
