import { expect, test } from 'vitest'
import { constantTable, linearTable, lookUp, type Table } from '../../src/synth/library/table.ts'

/** v = 1 + 2 row + 3 column + row column at the points, which a bilinear form keeps between them. */
const bilinear = (row: number, column: number): number => 1 + 2 * row + 3 * column + row * column
const axes = { rows: [0, 1, 4], columns: [0, 2, 3] }
const table: Table = {
  rows: Float64Array.from(axes.rows),
  columns: Float64Array.from(axes.columns),
  values: Float64Array.from(axes.rows.flatMap((row) => axes.columns.map((column) => bilinear(row, column)))),
}

test.each([
  [0, 0],
  [4, 3],
  [1, 2],
  [0.5, 2.5],
  [2, 1],
  // Beyond the points, along the last line.
  [8, 1],
  [2, 9],
  [-1, 0.5],
  [6, -2],
])('a table is bilinear between its points and beyond them, at %d, %d', (row, column) => {
  expect(lookUp(table, row, column)).toBeCloseTo(bilinear(row, column), 12)
})

test('between points of different slopes the nearer line counts', () => {
  const bent: Table = { rows: Float64Array.of(0), columns: Float64Array.of(0, 1, 2), values: Float64Array.of(0, 1, 10) }
  expect([0.5, 1, 1.5, 3].map((column) => lookUp(bent, 77, column))).toEqual([0.5, 1, 5.5, 19])
})

test('constant and linear tables are that anywhere', () => {
  expect(lookUp(constantTable(7), 3, -5)).toBe(7)
  expect(lookUp(linearTable(10, 2), 99, 4.5)).toBe(19)
})
