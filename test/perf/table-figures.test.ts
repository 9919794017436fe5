import { describe, expect, it } from 'vitest'
import { type Band, type PeFigures, relativeTo } from '../../src/perf/table-figures.ts'

const figures = (area_um2: number, macs_per_cycle: number, cycle: Band, mac: Band, workload = 'random'): PeFigures => ({
  macs_per_cycle,
  silicon: {
    ...{ area_um2, ge: area_um2, core_area_um2: area_um2, critical_path_ps: 1000, fmax_mhz: 1000, recipe: 'amap' },
    provenance: {},
  },
  work: {
    ...{ workload, clock_mhz: 500, macs: 10, cycles: 10, total_w: 1, internal_w: 1, switching_w: 0, leakage_w: 0 },
    ...{
      clock_w: 0,
      power_w_band: { low: 1, high: 1 },
      pj_per_cycle_band: cycle,
      pj_per_mac_band: mac,
      vectors: 10,
      mismatches: 0,
    },
    provenance: {},
  },
})
const baseline = figures(100, 1, { low: 2, high: 4 }, { low: 2, high: 4 })

describe('figures over those of a baseline', () => {
  it('of a PE with two products a cycle, each end of a band by that end', () => {
    const pe = figures(150, 2, { low: 3, high: 5 }, { low: 1.5, high: 2.5 })
    expect(relativeTo(baseline, pe)).toEqual({
      area: 1.5,
      area_per_mac_per_cycle: 0.75,
      power: { low: 1.5, high: 1.25 },
      area_x_power: { low: 2.25, high: 1.875 },
      pj_per_mac: { low: 0.75, high: 0.625 },
    })
  })

  it('of a PE that takes four cycles a product', () => {
    const pe = figures(50, 0.25, { low: 1, high: 2 }, { low: 4, high: 8 })
    expect(relativeTo(baseline, pe)).toMatchObject({ area: 0.5, area_per_mac_per_cycle: 2 })
    expect(relativeTo(pe, baseline)).toMatchObject({ area: 2, area_per_mac_per_cycle: 0.5 })
  })

  it('are refused of other work', () => {
    const other = figures(100, 1, { low: 2, high: 4 }, { low: 2, high: 4 }, 'layers')
    expect(() => relativeTo(baseline, other)).toThrow('layers is compared with random')
  })
})
