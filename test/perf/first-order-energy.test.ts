import { expect, it } from 'vitest'
import type { OfForms } from '../../src/pe/arith/group-accumulator.ts'
import { arrayEnergy } from '../../src/perf/first-order-energy.ts'

const block = { clock_pj_per_cycle: 2, data_pj_per_active_cycle: { low: 3, high: 5 }, leakage_uw: 10 }
const edge = { clock_pj_per_cycle: 1, data_pj_per_active_cycle: { low: 1, high: 1 }, leakage_uw: 0 }
const cell = { draining: block, passing: block }
const rowEdge = { draining: edge, passing: edge }
const size = { rows: 2, columns: 4 }

it('clock is paid by every block in every cycle, data by use, leakage by time at 500 MHz', () => {
  const energy = arrayEnergy({ size, cell, cyclesPerStep: 1, cycles: 1000, macs: 6000, results: 50 })
  const clock = 8 * 1000 * 2
  const leakage = 8 * 10 * 2 // 10 uW for 2 us are 20 pJ
  expect(energy.low_uj).toBeCloseTo((clock + 6000 * 3 + leakage) * 1e-6, 12)
  expect(energy.high_uj).toBeCloseTo((clock + 6000 * 5 + leakage) * 1e-6, 12)
  expect(energy.total_uj).toBeCloseTo((energy.low_uj + energy.high_uj) / 2, 12)
  expect(energy.pj_per_mac).toBeCloseTo((energy.total_uj * 1e6) / 6000, 9)
})

it('edges add their share: a row edge works once per activation, a column edge once per result', () => {
  const without = arrayEnergy({ size, cell, cyclesPerStep: 1, cycles: 1000, macs: 6000, results: 50 })
  const edges = { size, cell, rowEdge, columnEdge: edge, cyclesPerStep: 1, cycles: 1000, macs: 6000, results: 50 }
  const withEdges = arrayEnergy(edges)
  expect((withEdges.total_uj - without.total_uj) * 1e6).toBeCloseTo((2 + 4) * 1000 + 6000 / 4 + 50, 6)
  const withScales = arrayEnergy({ ...edges, dequantisation: edge })
  expect((withScales.total_uj - withEdges.total_uj) * 1e6).toBeCloseTo(4 * 1000 + 50, 6)
})

it('a step of several cycles costs data energy in each of them, in the feeders too', () => {
  const run = { size, cell, cycles: 8000, macs: 6000, results: 50 }
  const one = arrayEnergy({ ...run, cyclesPerStep: 1 })
  const four = arrayEnergy({ ...run, cyclesPerStep: 4 })
  expect((four.low_uj - one.low_uj) * 1e6).toBeCloseTo(3 * 6000 * 3, 6)
  expect((four.high_uj - one.high_uj) * 1e6).toBeCloseTo(3 * 6000 * 5, 6)
  const rowFed = arrayEnergy({ ...run, cyclesPerStep: 4, rowFeeder: edge })
  expect((rowFed.total_uj - four.total_uj) * 1e6).toBeCloseTo(2 * 8000 + (4 * 6000) / 4, 6)
  const columnFed = arrayEnergy({ ...run, cyclesPerStep: 4, columnFeeder: edge })
  expect((columnFed.total_uj - four.total_uj) * 1e6).toBeCloseTo(4 * 8000 + (4 * 6000) / 2, 6)
})

it('the parts add up to the total', () => {
  const energy = arrayEnergy({
    size,
    cell,
    rowEdge,
    columnEdge: edge,
    cyclesPerStep: 1,
    cycles: 77,
    macs: 123,
    results: 9,
  })
  expect(energy.parts.reduce((sum, part) => sum + part.energy_uj, 0)).toBeCloseTo(energy.total_uj, 12)
})

it('rows with a drain register are counted apart from those without, in any array', () => {
  const none = { clock_pj_per_cycle: 0, data_pj_per_active_cycle: { low: 0, high: 0 }, leakage_uw: 0 }
  const of = (rows: number, forms: OfForms<typeof block>) =>
    arrayEnergy({ size: { rows, columns: 3 }, cell: forms, cyclesPerStep: 1, cycles: 100, macs: 12 * rows, results: 0 })
  for (const [rows, registers] of [
    [1, 1],
    [4, 1],
    [5, 2],
    [9, 3],
    [16, 4],
  ] as const) {
    // 2 pJ a cycle, 10 uW for 0.2 us, and a share of the products.
    const energy = (count: number) => count * 3 * (100 * 2 + 10 * 0.2) + 12 * count * 3
    expect(of(rows, { draining: block, passing: none }).low_uj * 1e6).toBeCloseTo(energy(registers), 3)
    expect(of(rows, { draining: none, passing: block }).low_uj * 1e6).toBeCloseTo(energy(rows - registers), 3)
    const edges = arrayEnergy({
      size: { rows, columns: 3 },
      cell: { draining: none, passing: none },
      rowEdge: { draining: block, passing: none },
      cyclesPerStep: 1,
      cycles: 100,
      macs: 12 * rows,
      results: 0,
    })
    expect(edges.low_uj * 1e6).toBeCloseTo(registers * (100 * 2 + 10 * 0.2) + (12 / 3) * registers * 3, 3)
  }
})
