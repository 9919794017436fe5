import { expect, it } from 'vitest'
import { s, u } from '../../src/dsl/index.ts'
import { fp16 } from '../../src/pe/arith/float/usual.ts'
import { type LayerTraffic, memoryEnergy, trafficOf, weightEnergy } from '../../src/perf/memory-energy.ts'
import { sramFigures } from '../../src/synth/memory/sram.ts'

/** 4-bit weights with zero points in groups of 100, 8-bit activations, sums of 20 bits. */
const operands = { weight: u(4), activation: s(8), zero: u(4), result: s(20) }
const layer = (tokens: number, calls: number): LayerTraffic => ({
  inputs: 300,
  outputs: 70,
  calls,
  macs: 300 * 70 * tokens,
  groupSums: tokens * 70 * 3,
})
const size = { rows: 4, columns: 16 }
/** Codes, and of each group a scale and a zero point. */
const matrix_bytes = (300 * 70 * 4 + 70 * 3 * (16 + 4)) / 8

it('weights come in once for each tile of tokens, activations go in once for each tile of outputs', () => {
  const { dram_bytes, sram_read_bytes, sram_write_bytes } = trafficOf([layer(9, 1)], size, operands)
  const sums_bytes = (9 * 70 * 3 * 20) / 8
  expect(dram_bytes).toBe(3 * matrix_bytes)
  expect(sram_read_bytes).toBe(3 * matrix_bytes + 5 * 9 * 300 + sums_bytes)
  expect(sram_write_bytes).toBe(3 * matrix_bytes + 9 * 300 + sums_bytes)
})

it('tokens one by one bring all weights in each time, and an array with more rows only those of a prompt less often', () => {
  expect(trafficOf([layer(9, 9)], size, operands).dram_bytes).toBe(9 * matrix_bytes)
  const taller = { rows: 16, columns: 16 }
  expect(trafficOf([layer(9, 9)], taller, operands).dram_bytes).toBe(9 * matrix_bytes)
  expect(trafficOf([layer(9, 1), layer(2, 2)], taller, operands).dram_bytes).toBe(3 * matrix_bytes)
})

it('an array that applies scales gives one float32 for each output, and symmetric weights have no zero points', () => {
  const symmetric = { ...operands, zero: undefined }
  const scaled = trafficOf([layer(1, 1)], size, { ...operands, scale: fp16 })
  const sums = trafficOf([layer(1, 1)], size, operands)
  expect(sums.sram_write_bytes - scaled.sram_write_bytes).toBe((70 * 3 * 20 - 70 * 32) / 8)
  expect(matrix_bytes - trafficOf([layer(1, 1)], size, symmetric).dram_bytes).toBe((70 * 3 * 4) / 8)
})

const array = { total_uj: 10, low_uj: 8, high_uj: 13 }
const traffic = { dram_bytes: 1e6, sram_read_bytes: 8e6, sram_write_bytes: 4e6 }

it('energies are those of the models, ends of a band with ends, and all adds up', () => {
  const { dram, sram, total_uj, low_uj, high_uj } = memoryEnergy(traffic, array)
  // 8 (4 to 8) pJ a bit.
  expect([dram.low_uj, dram.uj, dram.high_uj]).toEqual([32, 64, 64].map((uj) => expect.closeTo(uj, 9)))
  const at = (technology: string): number => {
    const { read_pj, write_pj } = sramFigures({ technology, kilobytes: 32 })
    return read_pj + 0.5 * write_pj
  }
  const wanted = ['cacti45-lop', 'cacti45-hp', 'cacti45-lstp'].map((technology) => expect.closeTo(at(technology), 9))
  expect([sram.low_uj, sram.uj, sram.high_uj]).toEqual(wanted)
  expect(total_uj).toBeCloseTo(10 + sram.uj + 64, 9)
  expect(low_uj).toBeCloseTo(8 + sram.low_uj + 32, 9)
  expect(high_uj).toBeCloseTo(13 + sram.high_uj + 64, 9)
  expect(dram.bar).toMatch(/^lpddr4 \[#+\++\.+\] \d+ % of all energy/)
})

it('another memory is taken by name, and an unknown one refused', () => {
  expect(memoryEnergy(traffic, array, 'hbm3').dram).toMatchObject({ id: 'hbm3', uj: expect.closeTo(32, 9) })
  expect(() => memoryEnergy(traffic, array, 'hmb3')).toThrow(/did you mean 'hbm3'/)
})

it('a weight takes its share of a word on the chip, and its bits outside', () => {
  const { on_chip_pj, dram, bar } = weightEnergy(4, 1)
  // 14.9 pJ a read of 64 bits; 8 (4 to 8) pJ a bit.
  expect(on_chip_pj.middle).toBeCloseTo((14.9 * 4) / 64, 9)
  expect([on_chip_pj.low, on_chip_pj.high]).toEqual([
    expect.closeTo((7.23 * 4) / 64, 9),
    expect.closeTo((17 * 4) / 64, 9),
  ])
  expect([dram.low_pj, dram.pj, dram.high_pj]).toEqual([16, 32, 32].map((pj) => expect.closeTo(pj, 9)))
  expect(bar).toContain(`${Math.round((100 * 32) / (32 + 1 + on_chip_pj.middle))} % of all energy`)
})
