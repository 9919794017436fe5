import { expect, test } from 'vitest'
import { dramEnergy, dramInTools, dramPresets } from '../../../src/synth/memory/dram.ts'

test('a megabyte at 8 pJ a bit takes 67 uJ, half of that at the low end', () => {
  const found = dramEnergy('lpddr4', 2 ** 20)
  expect(found.uj).toBeCloseTo(67.108864, 9)
  expect(found.low_uj).toBeCloseTo(33.554432, 9)
  expect(found.high_uj).toBe(found.uj)
  expect(found.least_ms).toBeCloseTo(2 ** 20 / 17.1e6, 9)
  expect(found.provenance).toMatchObject({ memory: 'lpddr4', pj_per_bit: '8 (4 to 8)' })
})

test('its part of all energy is shown at both ends of the band', () => {
  const { share, bar, uj } = dramEnergy('lpddr4', 1e6, 64)
  expect(uj).toBeCloseTo(64, 9)
  expect(share).toEqual({ low: expect.closeTo(1 / 3, 9), middle: 0.5, high: 0.5 })
  expect(bar).toBe(`lpddr4 [${'#'.repeat(13)}${'+'.repeat(7)}${'.'.repeat(20)}] 50 % of all energy (33 % to 50 %)`)
  expect(dramEnergy('lpddr4', 0).share).toEqual({ low: 0, middle: 0, high: 0 })
})

test('bands hold their middle, the tools that presets name lie in theirs, and what tools assume differs 30 times', () => {
  for (const { low_pj_per_bit, pj_per_bit, high_pj_per_bit, source, gb_per_s } of dramPresets) {
    expect(low_pj_per_bit).toBeLessThanOrEqual(pj_per_bit)
    expect(high_pj_per_bit).toBeGreaterThanOrEqual(pj_per_bit)
    expect(high_pj_per_bit).toBeGreaterThan(low_pj_per_bit)
    expect(source).toMatch(/\d/)
    expect(gb_per_s).toBeGreaterThan(10)
  }
  const assumed = dramInTools.map(({ pj_per_bit }) => pj_per_bit)
  expect(Math.max(...assumed) / Math.min(...assumed)).toBeGreaterThan(30)
})

test('an unknown memory is answered with all, and numbers that cannot be are refused', () => {
  expect(() => dramEnergy('hbm', 1)).toThrow(/no memory 'hbm': there are hbm3, .*did you mean/)
  for (const [bytes, others] of [
    [-1, 0],
    [1, -1],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
  ] as const)
    expect(() => dramEnergy('hbm3', bytes, others)).toThrow(expect.objectContaining({ code: 'E-DRAM' }))
})
