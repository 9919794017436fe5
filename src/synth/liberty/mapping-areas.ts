/**
 * Cell areas as mappers are told them. abc keeps two decimals of an area, which makes 0.04 and 0.06 of a 7 nm inverter and NAND,
 * and of gates of equal area it covers with whichever its sort happens to put first: `amap` made an INT4 MAC 436 or 457 um2 by
 * which cells stood elsewhere in the same library, and always the larger one where a NOR came before the NAND. So areas are given
 * by the two-input NAND's, and of equal ones each a hundredth more than the one before.
 */
import type { Cell } from '../library/library.ts'
import { readFormula, truthTable } from './formula.ts'

/** What the two-input NAND is given. */
const nandArea = 1000
/** Between gates of equal area, `ours`: the least that abc tells apart. */
const step = 0.01

/** The share of ones in the truth table of a gate; 0 for what is none. */
const onesOf = ({ inputs, outputs: [output, ...more], flipFlop, latch, clockGate }: Cell): number => {
  const formula = output && readFormula(output.function)
  if (!formula || more.length > 0 || flipFlop || latch || clockGate) return 0
  const table = truthTable(
    formula,
    inputs.map(({ name }) => name),
  )
  return table ? table.filter(Boolean).length / table.length : 0
}

/** Fewer inputs first, then more ones (NAND before NOR), then by name. */
const inOrder = (cells: readonly Cell[]): Cell[] =>
  cells
    .map((cell) => ({ cell, ones: onesOf(cell) }))
    .sort(
      (a, b) => a.cell.inputs.length - b.cell.inputs.length || b.ones - a.ones || (a.cell.name < b.cell.name ? -1 : 1),
    )
    .map(({ cell }) => cell)

/** Areas for mapping by the name of the cell; `gateEquivalent` names the two-input NAND among them. */
export const mappingAreas = (cells: readonly Cell[], gateEquivalent: string): ReadonlyMap<string, number> => {
  const unit = cells.find(({ name }) => name === gateEquivalent)?.area_um2 || 1
  const relative = (cell: Cell): number => Math.round((cell.area_um2 / unit) * nandArea)
  const areas = new Map<string, number>()
  let last = Number.NEGATIVE_INFINITY
  // Stable: cells of equal area stay in order.
  for (const cell of inOrder(cells).sort((a, b) => relative(a) - relative(b))) {
    last = Math.max(relative(cell), last + step)
    areas.set(cell.name, last)
  }
  return areas
}
