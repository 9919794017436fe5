import { expect, it } from 'vitest'
import { arrayEnergy } from '../../src/perf/first-order-energy.ts'

const cell = { clock_pj_per_cycle: 2, data_pj_per_active_cycle: { low: 3, high: 5 }, leakage_uw: 10 }
const edge = { clock_pj_per_cycle: 1, data_pj_per_active_cycle: { low: 1, high: 1 }, leakage_uw: 0 }
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
  const edges = { size, cell, rowEdge: edge, columnEdge: edge, cyclesPerStep: 1, cycles: 1000, macs: 6000, results: 50 }
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
    rowEdge: edge,
    columnEdge: edge,
    cyclesPerStep: 1,
    cycles: 77,
    macs: 123,
    results: 9,
  })
  expect(energy.parts.reduce((sum, part) => sum + part.energy_uj, 0)).toBeCloseTo(energy.total_uj, 12)
})
