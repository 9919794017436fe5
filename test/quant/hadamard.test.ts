import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { hadamardMatrix, hadamardRotation, rotateColumns, rotateRows } from '../../src/quant/hadamard.ts'
import { normals } from './normals.ts'

describe('Hadamard matrices', () => {
  it.each([1, 2, 4, 8, 12, 16, 20, 24, 48, 64, 72, 144, 288])(
    'have rows of 1 and -1 that are orthogonal: %d',
    (order) => {
      const matrix = hadamardMatrix(order)!
      expect(matrix.every((entry) => entry === 1 || entry === -1)).toBe(true)
      for (let i = 0; i < order; i++)
        for (let j = 0; j <= i; j++) {
          let dot = 0
          for (let k = 0; k < order; k++) dot += matrix[i * order + k]! * matrix[j * order + k]!
          expect(dot).toBe(i === j ? order : 0)
        }
    },
  )

  it('are not made where there is none, or none of ours', () => {
    for (const order of [3, 6, 10, 28, 172]) expect(hadamardMatrix(order)).toBeUndefined()
  })
})

describe('a rotation', () => {
  it.each([
    [24, 24],
    [6, 2],
    [56, 8],
    [5, 1],
    [172, 4],
  ])('of size %d has blocks of %d and is orthogonal', (size, block) => {
    const rotation = hadamardRotation(size, createRandom(3))
    expect(rotation.block).toBe(block)
    const unit = new Float32Array(size * size)
    for (let k = 0; k < size; k++) unit[k * size + k] = 1
    const turned = rotateRows(unit, rotation)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        let dot = 0
        for (let k = 0; k < size; k++) dot += turned[i * size + k]! * turned[j * size + k]!
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 5)
      }
    expect(new Set(rotation.signs)).toEqual(new Set([1, -1]))
    for (let k = 0; k < size; k++)
      for (let j = 0; j < rotation.block; j++) {
        const first = k - (k % rotation.block)
        const entry = rotation.values[(k - first) * rotation.block + j]!
        expect(turned[k * size + first + j]).toBe(Math.fround(rotation.signs[k]! * entry))
      }
  })

  it('turns rows by the matrix and columns by its transpose', () => {
    const rotation = hadamardRotation(12, createRandom(1))
    const unit = new Float32Array(144)
    for (let k = 0; k < 12; k++) unit[k * 13] = 1
    const q = rotateRows(unit, rotation)
    const data = normals(12 * 7, 5)
    const columns = rotateColumns(data, rotation)
    const rows = rotateRows(data, rotation)
    for (let i = 0; i < 12; i++)
      for (let j = 0; j < 7; j++) {
        let down = 0
        let across = 0
        for (let k = 0; k < 12; k++) {
          down += q[k * 12 + i]! * data[k * 7 + j]!
          across += data[j * 12 + k]! * q[k * 12 + i]!
        }
        expect(columns[i * 7 + j]).toBeCloseTo(down, 5)
        expect(rows[j * 12 + i]).toBeCloseTo(across, 5)
      }
  })

  it('has the same signs for the same seed', () => {
    expect(hadamardRotation(24, createRandom(7))).toEqual(hadamardRotation(24, createRandom(7)))
    expect(hadamardRotation(24, createRandom(7)).signs).not.toEqual(hadamardRotation(24, createRandom(8)).signs)
  })
})
