import type { ArraySize } from '../accel/output-stationary.ts'
import type { OfForms } from '../pe/arith/group-accumulator.ts'
import { type BlockEnergy, meanEnergy } from './mean-cell.ts'

export interface ArrayEnergyInput {
  readonly size: ArraySize
  readonly cell: OfForms<BlockEnergy>
  readonly rowEdge?: OfForms<BlockEnergy>
  readonly columnEdge?: BlockEnergy
  readonly rowFeeder?: BlockEnergy
  readonly columnFeeder?: BlockEnergy
  readonly dequantisation?: BlockEnergy
  /** Cycles in which a cell works for one multiply-accumulate. */
  readonly cyclesPerStep: number
  readonly cycles: number
  readonly macs: number
  /** Group sums that reached the columns' edges. */
  readonly results: number
}

export interface ArrayEnergy {
  /** Middle of the band. */
  readonly total_uj: number
  readonly low_uj: number
  readonly high_uj: number
  readonly pj_per_mac: number
  readonly parts: readonly { readonly name: string; readonly energy_uj: number }[]
  readonly provenance: Readonly<Record<string, string | number>>
}

/** Clock at which leakage is counted, as in the simulator MixPE's authors released (500 MHz). */
const clock_mhz = 500

/**
 * First-order energy of an array's run: every block's clock in every cycle; data energy of a cell in every cycle of a useful
 * multiply-accumulate, of feeders in those of an operand they pass, of a row's edge once per activation it passes, of what
 * stands at a column's edge once per group sum; leakage over the run's time at 500 MHz. Rows with a drain register and rows without are
 * counted each, and share the work by their number. Left out, and said so: memories, wires, the skew registers, and weights
 * that move through cells without an activation.
 */
export const arrayEnergy = (input: ArrayEnergyInput): ArrayEnergy => {
  const { rows, columns } = input.size
  const { cell, rowEdge, columnEdge, rowFeeder, columnFeeder, dequantisation, cycles, macs, results } = input
  const active = macs * input.cyclesPerStep
  const blocks = [
    { name: 'PE', block: meanEnergy(cell, rows), count: rows * columns, active },
    { name: 'row feeders', block: rowFeeder, count: rows, active: active / columns },
    { name: 'column feeders', block: columnFeeder, count: columns, active: active / rows },
    { name: 'activation sums', block: rowEdge && meanEnergy(rowEdge, rows), count: rows, active: macs / columns },
    { name: 'zero points', block: columnEdge, count: columns, active: results },
    { name: 'dequantisation', block: dequantisation, count: columns, active: results },
  ].flatMap(({ block, ...rest }) => (block ? [{ block, ...rest }] : []))
  const uj = (pj: number): number => pj * 1e-6
  const parts: { name: string; energy_uj: number }[] = []
  let [low, high] = [0, 0]
  for (const { name, block, count, active } of blocks) {
    const clock = uj(count * cycles * block.clock_pj_per_cycle)
    const data = {
      low: uj(active * block.data_pj_per_active_cycle.low),
      high: uj(active * block.data_pj_per_active_cycle.high),
    }
    // Microwatts over microseconds are picojoules.
    const leakage = uj(count * block.leakage_uw * (cycles / clock_mhz))
    parts.push(
      { name: `${name}: clock`, energy_uj: clock },
      { name: `${name}: data`, energy_uj: (data.low + data.high) / 2 },
      { name: `${name}: leakage`, energy_uj: leakage },
    )
    low += clock + data.low + leakage
    high += clock + data.high + leakage
  }
  const total_uj = (low + high) / 2
  return {
    total_uj,
    low_uj: low,
    high_uj: high,
    pj_per_mac: macs === 0 ? 0 : (total_uj * 1e6) / macs,
    parts,
    provenance: {
      method: 'first order: cycles and operations from the simulation times energies of the mapped netlist',
      band: 'low without glitches, high with them; the total is the middle',
      leakage_clock_mhz: clock_mhz,
      left_out: 'memories (`memory` has these), wires, clock tree, skew registers, weights moving through idle rows',
    },
  }
}
