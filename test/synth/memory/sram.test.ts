import { expect, test } from 'vitest'
import { fitPowerLaw, type SramMacro, sramFigures, sramTechnologies } from '../../../src/synth/memory/sram.ts'

const ids = sramTechnologies.map(({ id }) => id)

test('at every size that CACTI was asked for the model has its figures, and between two of them lies between', () => {
  for (const technology of sramTechnologies) {
    if (!('points' in technology)) continue
    technology.points.forEach((point, k) => {
      const found = sramFigures({ technology: technology.id, kilobytes: point.kilobytes })
      expect(found.read_pj).toBeCloseTo(point.read_pj, 9)
      expect(found.write_pj).toBeCloseTo(point.write_pj, 9)
      expect(found.leakage_mw === undefined).toBe(point.leakage_mw === undefined)
      if (point.leakage_mw !== undefined) expect(found.leakage_mw).toBeCloseTo(point.leakage_mw, 9)
      if (point.area_mm2 !== undefined) expect(found.area_mm2).toBeCloseTo(point.area_mm2, 9)
      expect(found.extrapolated).toBe(false)
      const next = technology.points[k + 1]
      if (!next) return
      const between = sramFigures({ technology: technology.id, kilobytes: Math.sqrt(point.kilobytes * next.kilobytes) })
      expect(between.read_pj).toBeCloseTo(Math.sqrt(point.read_pj * next.read_pj), 9)
    })
  }
})

test('a read of 256 bits from 64 KB at 45 nm takes the 41.7 pJ that CACTI gives, a write 51.9', () => {
  const found = sramFigures({ technology: 'cacti45-hp', kilobytes: 64, wordBits: 256 })
  expect(found.read_pj).toBeCloseTo(41.7, 6)
  expect(found.write_pj).toBeCloseTo(51.9, 6)
  expect(found.read_pj_per_bit).toBeCloseTo(0.163, 3)
})

test('Horowitz: 10, 20 and 100 pJ for 64 bits from 8 KB, 32 KB and 1 MB are within twice of high-performance devices', () => {
  for (const [kilobytes, pj] of [
    [8, 10],
    [32, 20],
    [1024, 100],
  ] as const) {
    const { read_pj } = sramFigures({ technology: 'cacti45-hp', kilobytes })
    expect(pj / read_pj).toBeGreaterThan(1)
    expect(pj / read_pj).toBeLessThan(2)
  }
})

test('the macros of a real process follow the fitted law within 20 % of energy and 25 % of area', () => {
  const technology = sramTechnologies.find(({ id }) => id === 'ihp130')!
  if (!('macros' in technology)) throw new Error('expected macros')
  for (const macro of technology.macros) {
    const kilobytes = (macro.words * macro.bits) / 8192
    const found = sramFigures({ technology: 'ihp130', kilobytes, wordBits: macro.bits })
    expect(Math.abs(found.read_pj / macro.read_pj - 1)).toBeLessThan(0.2)
    expect(Math.abs(found.write_pj / macro.write_pj - 1)).toBeLessThan(0.2)
    expect(Math.abs((found.area_mm2! * 1e6) / macro.area_um2 - 1)).toBeLessThan(0.25)
    expect(found.extrapolated).toBe(false)
  }
})

test('the fit finds a law that the macros obey', () => {
  const macros: SramMacro[] = [
    [64, 8],
    [64, 32],
    [512, 8],
    [2048, 64],
  ].map(([words, bits]) => ({
    words: words!,
    bits: bits!,
    area_um2: 1,
    read_pj: 3 * words! ** 0.4 * bits! ** 0.9,
    write_pj: 1,
    leakage_uw: 1,
  }))
  const { scale, depth, width } = fitPowerLaw(macros, ({ read_pj }) => read_pj)
  expect([scale, depth, width]).toEqual([expect.closeTo(3, 9), expect.closeTo(0.4, 9), expect.closeTo(0.9, 9)])
})

test('sizes beyond those measured say so, and beyond the model are refused', () => {
  expect(sramFigures({ technology: 'cacti45-hp', kilobytes: 2048 }).extrapolated).toBe(true)
  expect(sramFigures({ technology: 'cacti45-hp', kilobytes: 2048 }).read_pj).toBeGreaterThan(67.7)
  expect(sramFigures({ technology: 'cacti45-lop', kilobytes: 2 }).extrapolated).toBe(true)
  for (const [kilobytes, wordBits] of [
    [0.1, 64],
    [5000, 64],
    [Number.NaN, 64],
    [8, 4],
    [8, 2048],
    [8, 12.5],
  ] as const)
    expect(() => sramFigures({ technology: 'cacti45-hp', kilobytes, wordBits })).toThrow(
      expect.objectContaining({ code: 'E-SRAM' }),
    )
  expect(() => sramFigures({ technology: 'cacti45', kilobytes: 8 })).toThrow(
    /no memory technology 'cacti45': there are/,
  )
})

test.each(ids)('%s costs more the larger it is, and says where its figures come from', (technology) => {
  const sizes = [2, 8, 32, 128, 512].map((kilobytes) => sramFigures({ technology, kilobytes }))
  sizes.slice(1).forEach(({ read_pj, write_pj }, k) => {
    expect(read_pj).toBeGreaterThan(sizes[k]!.read_pj)
    expect(write_pj).toBeGreaterThan(sizes[k]!.write_pj)
  })
  expect(sizes[0]!.provenance).toMatchObject({ technology, source: expect.stringMatching(/CACTI 7|IHP/) })
})
