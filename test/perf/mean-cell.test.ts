import { afterAll, expect, test } from 'vitest'
import { meanAsicCell, meanEnergy, meanFpgaCell } from '../../src/perf/mean-cell.ts'
import { type FpgaSynthesis, type SynthesisResult, synthesise } from '../../src/synth/synthesise.ts'
import { openYosys } from '../../src/synth/yosys.ts'

const yosys = openYosys()
afterAll(() => yosys.close())

/** Two blocks that differ by a register of four bits. */
const passing = 'module passing(input clk, input [3:0] a, output [3:0] y); assign y = a ^ (a >> 1); endmodule'
const draining =
  'module draining(input clk, input [3:0] a, output reg [3:0] y); always @(posedge clk) y <= a ^ (a >> 1); endmodule'

const onTarget = async (target: string, maxDelay_ps?: number): Promise<[SynthesisResult, SynthesisResult]> => {
  const one = (verilog: string, top: string) =>
    synthesise({ verilog, top, target, yosys, ...(maxDelay_ps === undefined ? {} : { maxDelay_ps }) })
  return [await one(draining, 'draining'), await one(passing, 'passing')]
}

test('a cell on average is one with a drain register and three without, its path the longest of them', async () => {
  const [a, b] = await onTarget('generic45')
  if (a.kind !== 'asic' || b.kind !== 'asic') throw new Error('expected cells')
  const mean = meanAsicCell({ draining: a, passing: b })
  expect(mean.area_um2).toBeCloseTo((a.area_um2 + 3 * b.area_um2) / 4, 6)
  expect(mean.ge).toBeCloseTo((a.ge + 3 * b.ge) / 4, 6)
  expect(mean.cell_counts).toMatchObject({ DFF: 1 })
  expect(mean.critical_path_ps).toBe(a.critical_path_ps)
  expect(mean.fmax_mhz).toBe(a.fmax_mhz)
  expect(meanAsicCell({ draining: b, passing: a })).toMatchObject({
    critical_path_ps: a.critical_path_ps,
    fmax_mhz: a.fmax_mhz,
  })
  expect(mean.recipes.map(({ id }) => id)).toEqual(a.recipes.map(({ id }) => id))
  mean.recipes.forEach(({ area_um2, critical_path_ps }, k) => {
    expect(area_um2).toBeCloseTo((a.recipes[k]!.area_um2 + 3 * b.recipes[k]!.area_um2) / 4, 6)
    expect(critical_path_ps).toBe(Math.max(a.recipes[k]!.critical_path_ps, b.recipes[k]!.critical_path_ps))
  })
  expect(mean.energy.clock_pj_per_cycle).toBeCloseTo(a.energy.clock_pj_per_cycle / 4, 9)
  expect(mean).not.toHaveProperty('meets_max_delay')
})

test('a longest path is met only where both forms meet it', async () => {
  const [a, b] = await onTarget('generic45')
  if (a.kind !== 'asic' || b.kind !== 'asic') throw new Error('expected cells')
  const limit = (a.critical_path_ps + b.critical_path_ps) / 2
  const [slow, fast] = await onTarget('generic45', limit)
  if (slow.kind !== 'asic' || fast.kind !== 'asic') throw new Error('expected cells')
  expect([slow.meets_max_delay, fast.meets_max_delay]).toEqual([false, true])
  expect(meanAsicCell({ draining: slow, passing: fast })).toMatchObject({ max_delay_ps: limit, meets_max_delay: false })
  expect(meanAsicCell({ draining: fast, passing: slow }).meets_max_delay).toBe(false)
  const mixed = meanAsicCell({ draining: slow, passing: fast })
  expect(mixed.slack_ps).toBe(slow.slack_ps)
  expect(mixed.slack_ps).toBeCloseTo(limit - mixed.critical_path_ps, 3)
  expect(meanAsicCell({ draining: fast, passing: fast }).meets_max_delay).toBe(true)
})

test('on an FPGA every count is the mean', () => {
  const of = (luts: number, ffs: number): FpgaSynthesis => {
    const counts = { luts, ffs, dsps: 0, carries: 2, memories: 0 }
    return {
      kind: 'fpga',
      target: 'ice40',
      top: 'top',
      ...counts,
      memory_cells: {},
      others: {},
      lut_inputs: 4,
      recipe: 'lut',
      recipes: [
        { id: 'lut', summary: '', ...counts, chosen: true },
        { id: 'dsp', summary: '', ...counts, luts: luts / 2, dsps: 1, chosen: false },
      ],
      versions: { yosys: 'Yosys' },
      provenance: { family: 'f', counts: 'c', search: 's', script: 'not told' },
    }
  }
  expect(meanFpgaCell({ draining: of(10, 8), passing: { ...of(6, 4), recipe: 'dsp' } }).recipe).toBe(
    'lut with the drain register, dsp without',
  )
  const mean = meanFpgaCell({ draining: of(10, 8), passing: of(6, 4) })
  const counts = { dsps: 0, carries: 2, memories: 0 }
  expect(mean).toEqual({
    kind: 'fpga',
    target: 'ice40',
    recipe: 'lut',
    ...counts,
    luts: 7,
    ffs: 5,
    recipes: [
      { id: 'lut', ...counts, luts: 7, ffs: 5 },
      { id: 'dsp', ...counts, luts: 3.5, ffs: 5, dsps: 1 },
    ],
    versions: { yosys: 'Yosys' },
    provenance: { family: 'f', counts: 'c', search: 's' },
  })
})

test('the mean over other heights follows the registers that they have', () => {
  const zero = { clock_pj_per_cycle: 0, data_pj_per_active_cycle: { low: 0, high: 0 }, leakage_uw: 0 }
  const full = { clock_pj_per_cycle: 30, data_pj_per_active_cycle: { low: 60, high: 90 }, leakage_uw: 120 }
  expect(meanEnergy({ draining: full, passing: zero }, 6)).toEqual({
    clock_pj_per_cycle: 10,
    data_pj_per_active_cycle: { low: 20, high: 30 },
    leakage_uw: 40,
  })
  expect(meanEnergy({ draining: full, passing: zero }, 1)).toEqual(full)
})
