import { expect, it } from 'vitest'
import { computeArray } from '../../src/accel/coprocessor/compute-array.ts'
import { coreDescription } from '../../src/accel/coprocessor/description.ts'
import { elementOf } from '../../src/pe/catalogue.ts'
import { coprocessorEnergy } from '../../src/perf/coprocessor-energy.ts'
import { dramPreset } from '../../src/synth/memory/dram.ts'
import { sramFigures } from '../../src/synth/memory/sram.ts'

const core = coreDescription({
  array: computeArray([elementOf('mixpe(w=int4, a=int8)')], { rows: 4, columns: 8 }),
  transfers: { busBits: 64, addressBits: 40, mostBeats: 4095 },
})
const counters = {
  ...{ cycles: 1200, array_busy: 1000, wait_activations: 50, wait_weights: 50, wait_spacing: 0, wait_output: 0 },
  ...{ idle: 100, gated_blocks: 0, bytes_read: 800, bytes_written: 200 },
}
const perMac = { low: 0.5, high: 0.75, provenance: 'a test' }

it('energy of the co-processor is its counters times what a beat, a byte and a multiply-accumulate take', () => {
  const energy = coprocessorEnergy(core, { counters, macs: 32_000 }, perMac, 'hbm2')
  expect(energy.array.low_uj).toBeCloseTo(0.016, 12)
  expect(energy.array.high_uj).toBeCloseTo(0.024, 12)
  // A busy cycle takes 4 activations of 8 bits and 8 weights of 4 out of beats of 64 bits.
  expect(energy.buffers).toMatchObject({ beats_written: 100, beats_read: 1000 * (32 / 64 + 32 / 64) })
  const low = sramFigures({ technology: 'cacti45-lop', kilobytes: 4, wordBits: 64 })
  expect(energy.buffers.low_uj).toBeCloseTo((1000 * low.read_pj + 100 * low.write_pj) * 1e-6, 12)
  const { pj_per_bit, high_pj_per_bit } = dramPreset('hbm2')
  expect(energy.dram).toMatchObject({ id: 'hbm2', bytes: 1000 })
  expect(energy.dram.uj).toBeCloseTo(8000 * pj_per_bit * 1e-6, 12)
  const { array, buffers, dram, total } = energy
  expect(total.high_uj).toBeCloseTo(array.high_uj + buffers.high_uj + 8000 * high_pj_per_bit * 1e-6, 12)
  expect(total.low_uj).toBeCloseTo(array.low_uj + buffers.low_uj + dram.low_uj, 12)
  expect(total.pj_per_mac.low * 32_000).toBeCloseTo(total.low_uj * 1e6, 6)
})

it('a PE of several cycles a step reads its operands once a step', () => {
  const serial = coreDescription({
    array: computeArray([elementOf('bitmod(w=fp4)')], { rows: 4, columns: 8 }),
    transfers: { busBits: 64, addressBits: 40, mostBeats: 4095 },
  })
  const { cyclesPerStep } = serial.array
  expect(cyclesPerStep).toBeGreaterThan(1)
  const { buffers } = coprocessorEnergy(serial, { counters, macs: 32_000 }, perMac, 'lpddr4')
  expect(buffers.beats_read).toBeCloseTo((1000 / cyclesPerStep) * (4 + 8 * (16 / 64)), 9)
  expect(() => coprocessorEnergy(serial, { counters, macs: 1 }, perMac, 'core')).toThrow(/'core'/)
})
