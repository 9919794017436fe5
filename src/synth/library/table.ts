/**
 * A look-up table of a cell, as the nonlinear delay model has it: a value over two axes, bilinear between its points and, beyond
 * them, along the line of the last two (as OpenSTA reads them).
 */

export interface Table {
  /** Ascending; of a delay the slew at the input, of a check that at the clock, in ps. One point where nothing depends on it. */
  readonly rows: Float64Array
  /** Ascending; of a delay the load in fF, of a check the slew at the data, in ps. */
  readonly columns: Float64Array
  /** Row after row. */
  readonly values: Float64Array
}

/** A table that is the same everywhere. */
export const constantTable = (value: number): Table => ({
  rows: Float64Array.of(0),
  columns: Float64Array.of(0),
  values: Float64Array.of(value),
})

/** `at0 + slope * column`, whatever the row. */
export const linearTable = (at0: number, slope: number): Table => ({
  rows: Float64Array.of(0),
  columns: Float64Array.of(0, 1),
  values: Float64Array.of(at0, at0 + slope),
})

/** The point below `x`, so that it and the next are the ends of the line to take. */
const below = (axis: Float64Array, x: number): number => {
  const last = axis.length - 2
  let k = 0
  while (k < last && x >= axis[k + 1]!) k++
  return k
}

const along = (axis: Float64Array, k: number, x: number): number => (x - axis[k]!) / (axis[k + 1]! - axis[k]!)

/** The value of a table at a point. */
export const lookUp = ({ rows, columns, values }: Table, row: number, column: number): number => {
  const width = columns.length
  const across = (offset: number): number => {
    if (width === 1) return values[offset]!
    const k = below(columns, column)
    const low = values[offset + k]!
    return low + (values[offset + k + 1]! - low) * along(columns, k, column)
  }
  if (rows.length === 1) return across(0)
  const k = below(rows, row)
  const low = across(k * width)
  return low + (across((k + 1) * width) - low) * along(rows, k, row)
}
