import { afterAll, expect, test } from 'vitest'
import type { Progress } from '../../src/base/progress.ts'
import { countResources, fpgaFamilies } from '../../src/synth/fpga.ts'
import { synthesise } from '../../src/synth/synthesise.ts'
import { findTarget, targets } from '../../src/synth/targets.ts'
import { openYosys } from '../../src/synth/yosys.ts'

const smallMac = `
module mac(input clk, input signed [5:0] a, input signed [5:0] b, output reg signed [11:0] acc);
  always @(posedge clk) acc <= acc + a * b;
endmodule
`
const yosys = openYosys()
afterAll(() => yosys.close())

const recorder = () => {
  const seen: string[] = []
  const progress: Progress = {
    start: (title, total, unit) => seen.push(`${title}: ${total} ${unit}`),
    update: (done, note) => seen.push(note ? `${done} ${note}` : `${done}`),
    stop: () => seen.push('stop'),
    say: () => {},
  }
  return { seen, progress }
}

test('on cells: area, gate equivalents, timing, energy, all recipes and where it all comes from', async () => {
  const { seen, progress } = recorder()
  const result = await synthesise({ verilog: smallMac, top: 'mac', target: 'generic45', progress, yosys })
  if (result.kind !== 'asic') throw new Error('expected cells')
  const chosen = result.recipes.filter((recipe) => recipe.chosen)
  expect(result.recipes.map((recipe) => recipe.id)).toEqual(['plain', 'booth', 'booth+fa', 'amap', 'booth+amap'])
  expect(chosen.map((recipe) => [recipe.id, recipe.area_um2])).toEqual([[result.recipe, result.area_um2]])
  expect(result.ge).toBeCloseTo(result.area_um2 / 0.798, 3)
  expect(result.sequential_area_um2).toBeCloseTo(12 * 4.522, 3)
  expect(result.fmax_mhz).toBeCloseTo(1e6 / result.critical_path_ps, 0)
  expect(result.timing.end).toMatch(/^register acc\[/)
  const { clock_pj_per_cycle, data_pj_per_active_cycle, active_pj_per_cycle } = result.energy
  expect(clock_pj_per_cycle).toBeCloseTo((12 * 2 * (3.6 + 0.5 * 0.95 * 1.21)) / 1000, 3)
  expect(active_pj_per_cycle.low).toBeCloseTo(clock_pj_per_cycle + data_pj_per_active_cycle.low, 3)
  expect(data_pj_per_active_cycle.high).toBeGreaterThan(data_pj_per_active_cycle.low)
  expect(result.versions.yosys).toMatch(/^Yosys 0\.\d+/)
  expect(result.provenance).toMatchObject({ library: 'generic45', corner: 'typical', voltage_V: 1.1 })
  expect(result.provenance.script).toContain('hierarchy -check -top mac')
  expect(seen).toEqual([
    'synthesis of mac on generic45: 5 recipes',
    ...['0 plain', '1', '1 booth', '2', '2 booth+fa', '3', '3 amap', '4', '4 booth+amap', '5'],
    'stop',
  ])
})

test('on ice40: counts of the recipe with the fewest look-up tables, and one with multiplier blocks beside it', async () => {
  const result = await synthesise({ verilog: smallMac, top: 'mac', target: 'ice40', yosys })
  if (result.kind !== 'fpga') throw new Error('expected an FPGA')
  const [plain, booth, dsp] = result.recipes
  expect(result.luts).toBe(Math.min(plain!.luts, booth!.luts))
  expect(result.luts).toBeGreaterThan(12)
  expect(result).toMatchObject({ ffs: 12, dsps: 0, others: {}, lut_inputs: 4 })
  expect(dsp).toMatchObject({ dsps: 1, chosen: false })
})

test('mapped once, with multiplier blocks where there are some, and memories by cell', async () => {
  const verilog = `
module store(input clk, input [8:0] at, input [7:0] a, input [7:0] b, output reg [7:0] word, output reg [15:0] product);
  reg [7:0] words [0:511];
  always @(posedge clk) begin words[at] <= a; word <= words[at]; product <= a * b; end
endmodule
`
  const result = await synthesise({ verilog, top: 'store', target: 'ice40', yosys, once: true })
  if (result.kind !== 'fpga') throw new Error('expected an FPGA')
  expect(result).toMatchObject({ dsps: 1, memories: 1, memory_cells: { SB_RAM40_4K: 1 }, recipe: 'dsp' })
  expect(result.recipes.length).toBe(1)
  expect(result.provenance.search).toBe('mapped once: multiplier blocks allowed')
  const other = await synthesise({ verilog, top: 'store', target: 'gowin', yosys, once: true })
  expect(other).toMatchObject({ kind: 'fpga', dsps: 0, memories: 1, recipe: 'lut' })
})

test('a combinational loop through the Verilog is refused by name', async () => {
  const verilog = 'module t(input a, input b, output y); wire z; assign y = ~(a & z); assign z = ~(b & y); endmodule'
  await expect(synthesise({ verilog, top: 't', target: 'generic45', yosys })).rejects.toMatchObject({
    name: 'UserError',
    code: 'E-COMB-LOOP',
    message: expect.stringMatching(/through [yz]/),
  })
})

test('carry cells that hold look-up tables count as both, and unknown cells are shown', () => {
  const count = (id: string, cells: Record<string, number>) =>
    countResources(cells, fpgaFamilies.find((family) => family.id === id)!)
  // Yosys notes with it what was flattened.
  expect(count('ice40', { $scopeinfo: 2, SB_LUT4: 1 })).toMatchObject({ luts: 1, others: {} })
  expect(count('ecp5', { LUT4: 3, CCU2C: 2, TRELLIS_FF: 5, MULT18X18D: 1, PFUMX: 4 })).toEqual({
    luts: 7,
    ffs: 5,
    carries: 2,
    dsps: 1,
    memories: 0,
    others: { PFUMX: 4 },
  })
  expect(count('xc7', { LUT2: 1, LUT6: 2, FDRE: 4, CARRY4: 3, DSP48E1: 1, RAMB18E1: 1 })).toMatchObject({
    luts: 3,
    ffs: 4,
    carries: 3,
    dsps: 1,
    memories: 1,
  })
  expect(count('gowin', { LUT1: 1, LUT4: 1, ALU: 2, DFFR: 3, VCC: 1 })).toMatchObject({ luts: 4, ffs: 3, others: {} })
  expect(count('intel_alm', { MISTRAL_ALUT_ARITH: 2, MISTRAL_ALUT5: 1, MISTRAL_MUL9X9: 1 })).toMatchObject({
    luts: 3,
    carries: 2,
    dsps: 1,
  })
})

test('targets have one name each, and an unknown one is answered with all of them and a suggestion', () => {
  expect(new Set(targets.map((target) => target.id)).size).toBe(targets.length)
  expect(() => findTarget('ice4')).toThrow(
    /no target 'ice4': there are generic45, .*, ice40, .*; did you mean 'ice40'\?$/,
  )
  expect(() => findTarget('zzzzzzzz')).toThrow(/intel_alm$/)
  expect(() => findTarget('my/cells.lib')).toThrow(
    expect.objectContaining({
      name: 'UserError',
      code: 'E-TARGET-LIBERTY',
      message: expect.stringMatching(/use one of generic45/),
    }),
  )
})
