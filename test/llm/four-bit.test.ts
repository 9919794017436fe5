import { expect, test } from 'vitest'
import {
  decodeFourBit,
  type FourBitWeights,
  fourBitOfBlocks,
  fourBitWeights,
  isFiniteFourBit,
} from '../../src/llm/four-bit.ts'
import { decodeWeights, floatsOf, memoryOfWeights } from '../../src/llm/weights.ts'
import { dequantise } from '../../src/quant/coded.ts'
import { quantiseWeights } from '../../src/quant/group-integer.ts'
import { normals } from '../quant/normals.ts'

const integers = (outputs: number, inputs: number, group: number, bits = 4) => ({
  kind: 'integer' as const,
  ...quantiseWeights(Float32Array.from(normals(outputs * inputs, 7)), outputs, inputs, { bits, group, signed: false }),
})

test.each([
  ['groups that end with rows', 32, 96],
  ['a last group that is shorter', 128, 288],
  ['a group a row', 64, 64],
  ['a group that is longer than a row', 4096, 96],
])('%s: packed codes are what the codes stand for', (_, group, inputs) => {
  const coded = integers(5, inputs, group)
  const weights = fourBitWeights(coded)!
  const all = dequantise(coded)
  expect(floatsOf(weights)).toEqual(all)
  for (const [from, count] of [
    [0, 1],
    [inputs - 3, 40],
    [17, inputs],
    [2 * inputs + 31, 2],
  ] as const) {
    const into = new Float32Array(count)
    decodeWeights(weights, from, into)
    expect(into).toEqual(all.subarray(from, from + count))
  }
})

test('a weight takes half a byte, and its group five', () => {
  const weights = fourBitWeights(integers(8, 192, 96))!
  expect(memoryOfWeights(weights)).toBe((8 * 192) / 2 + 5 * 8 * 2 + 4 * 16 * 16)
})

test('what does not fill blocks of 32, or is wider, stays', () => {
  expect(fourBitWeights(integers(3, 172, 32))).toBeUndefined()
  expect(fourBitWeights(integers(3, 96, 24))).toBeUndefined()
  expect(fourBitWeights(integers(3, 96, 32, 5))).toBeUndefined()
})

test('blocks of Q4_0 have the same weights', () => {
  const data = Uint8Array.from({ length: 6 * 18 }, (_, at) => (at % 18 === 1 ? 0x2c : (at * 37 + 11) % 256))
  const blocks = { kind: 'q4_0' as const, data }
  expect(floatsOf(fourBitOfBlocks(data, 64))).toEqual(floatsOf(blocks))
})

test('an infinite weight is seen, in a scale and in a product', () => {
  const of = (scale: number, value: number): FourBitWeights => ({
    kind: 'four-bit',
    codes: new Uint8Array(16),
    inputs: 32,
    group: 32,
    scales: Float32Array.of(scale),
    tables: new Uint8Array(1),
    values: new Float32Array(16).fill(value),
  })
  expect(isFiniteFourBit(of(2 ** 120, -64))).toBe(true)
  for (const [scale, value] of [
    [Number.POSITIVE_INFINITY, 1],
    [Number.NaN, 0],
    [2 ** 122, -64],
  ] as const)
    expect(isFiniteFourBit(of(scale, value))).toBe(false)
  const into = new Float32Array(2)
  decodeFourBit(of(2, 3), 30, into)
  expect([...into]).toEqual([6, 6])
})
