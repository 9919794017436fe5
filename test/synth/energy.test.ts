import { expect, test } from 'vitest'
import { assumedToggles, estimateEnergy } from '../../src/synth/energy.ts'
import { netlistOf, tiny } from './tiny-library.ts'

const rates = { low: { register: 1, gate: 0.5 }, high: { register: 1, gate: 2 }, source: 'given' }

/** clk 1, a 2; register q (3) -> AND (4) -> output. */
const design = netlistOf(
  [
    ['REG', { CK: 1, D: 2, Q: 3 }],
    ['AND', { A: 3, B: 2, Y: 4 }],
  ],
  { clk: 1, a: 2 },
  { y: 4 },
)

test('clock, data and leakage are the sums worked out by hand', () => {
  const energy = estimateEnergy(design, tiny, rates)
  // clock pin: 2 edges x (3 fJ inside + 2 fJ/fF x 1 fF)
  expect(energy.clock_pj_per_cycle).toBeCloseTo((2 * (3 + 2)) / 1000, 9)
  // a: charges D (1 fF) and B (2 fF), D draws 2 fJ inside; q: 7 inside + 1 fF; y: 4 inside, nothing inside the block
  const registers = 2 * 3 + 2 + (7 + 2 * 1)
  expect(energy.data_pj_per_active_cycle.low).toBeCloseTo((registers + 0.5 * 4) / 1000, 9)
  expect(energy.data_pj_per_active_cycle.high).toBeCloseTo((registers + 2 * 4) / 1000, 9)
  expect(energy.active_pj_per_cycle.low).toBeCloseTo((10 + registers + 0.5 * 4) / 1000, 9)
  expect(energy.leakage_uw).toBeCloseTo(0.13, 9)
})

test('a gate in the clock toggles with the clock, not with data', () => {
  const gated = netlistOf(
    [
      ['AND', { A: 1, B: '1', Y: 5 }],
      ['REG', { CK: 5, D: '0', Q: 3 }],
    ],
    { clk: 1 },
    { y: 3 },
  )
  const energy = estimateEnergy(gated, tiny, rates)
  // clk charges A (1 fF); the gate draws 4 fJ and charges CK (1 fF), which draws 3 fJ inside; twice a cycle
  expect(energy.clock_pj_per_cycle).toBeCloseTo((2 * (2 + 4 + 2 + 3)) / 1000, 9)
  expect(energy.data_pj_per_active_cycle.high).toBeCloseTo(7 / 1000, 9)
})

test('behind a clock gate the clock toggles in half of the cycles', () => {
  const gated = netlistOf(
    [
      ['GATE', { CK: 1, E: 2, G: 5 }],
      ['REG', { CK: 5, D: '0', Q: 3 }],
      ['REG', { CK: 1, D: '0', Q: 4 }],
    ],
    { clk: 1, enable: 2 },
    { y: 3 },
  )
  const energy = estimateEnergy(gated, tiny, rates)
  // clk charges the gate (2 fF, 1 fJ inside) and one clock pin (1 fF, 3 fJ inside); the gate draws 8 fJ and does the same for another
  expect(energy.clock_pj_per_cycle).toBeCloseTo((2 * (2 * 3 + 1 + 3) + (2 * (8 + 2 * 1 + 3)) / 2) / 1000, 9)
  // the enable charges E (1 fF), which draws 0.5 fJ inside; both registers 7 fJ
  expect(energy.data_pj_per_active_cycle.low).toBeCloseTo((2 * 1 + 0.5 + 2 * 7) / 1000, 9)
  expect(energy.provenance).toContain('clock gates open in 0.5 of all cycles')
  expect(estimateEnergy(design, tiny, rates).provenance).not.toContain('clock gates')
})

test('the assumed band adds up to the 206 and 426 toggles a cycle it was taken from', () => {
  const { low, high } = assumedToggles
  expect(48 * low.register + 439 * low.gate).toBeCloseTo(206, 9)
  expect(48 * high.register + 439 * high.gate).toBeCloseTo(426, 9)
  expect(high.register).toBe(low.register)
})
