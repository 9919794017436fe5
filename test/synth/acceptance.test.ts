/** Figures that others published or measured, which ours have to stay near: ../shared/reference/area-energy.md, section 9. */
import { afterAll, expect, test } from 'vitest'
import { type AsicSynthesis, type FpgaSynthesis, synthesise } from '../../src/synth/synthesise.ts'
import { openYosys } from '../../src/synth/yosys.ts'

/** The large multipliers, and xc7, take a minute. */
const full = process.env.BITLOOM_FULL === '1'

const yosys = openYosys()
afterAll(() => yosys.close())

const mac = `module mac(input clk, input rst, input signed [7:0] a, input signed [7:0] b, output reg signed [31:0] acc);
  reg signed [7:0] ra, rb;
  always @(posedge clk)
    if (rst) begin ra <= 0; rb <= 0; acc <= 0; end
    else begin ra <= a; rb <= b; acc <= acc + ra * rb; end
endmodule
`
const operator = (of: '*' | '+', bits: number, result: number): string =>
  `module t(input signed [${bits - 1}:0] a, input signed [${bits - 1}:0] b, output signed [${result - 1}:0] y);
  assign y = a ${of} b;
endmodule
`
const onCells = async (verilog: string, top: string): Promise<AsicSynthesis> => {
  const result = await synthesise({ verilog, top, target: 'generic45', yosys })
  if (result.kind !== 'asic') throw new Error('expected cells')
  return result
}

test('an INT8 MAC of plain Verilog is 740 to 830 um2 and 930 to 1050 GE by the recipe that this was measured with, and less by the best', {
  timeout: 300_000,
}, async () => {
  const { recipes, area_um2, ge } = await onCells(mac, 'mac')
  const measured = recipes.find(({ id }) => id === 'booth+fa')!.area_um2
  expect(measured).toBeGreaterThan(740)
  expect(measured).toBeLessThan(830)
  expect(measured / 0.798).toBeGreaterThan(930)
  expect(measured / 0.798).toBeLessThan(1050)
  expect(area_um2).toBeLessThan(740)
  expect(ge).toBeGreaterThan(840)
})

test.each<[string, string, number]>([
  ['an int8 multiplier', operator('*', 8, 16), 282],
  ['an int32 adder', operator('+', 32, 32), 137],
  ...(full ? ([['an int32 multiplier', operator('*', 32, 64), 3495]] as [string, string, number][]) : []),
])(
  '%s takes 1.0 to 1.45 times the area that Horowitz and Dally give for 45 nm',
  async (_, verilog, published) => {
    const ratio = (await onCells(verilog, 't')).area_um2 / published
    expect(ratio).toBeGreaterThan(1)
    expect(ratio).toBeLessThan(1.45)
  },
  300_000,
)

/** FINN's formula for Vivado, (2 ceil((W + A) / 6) - 1)(W + A), has 24, 80 and 352. */
test.each<[number, number]>([[4, 24], [8, 95], ...(full ? ([[16, 400]] as [number, number][]) : [])])(
  'a product of two numbers of %i bits takes at most %i 6-input LUTs where no multiplier block is allowed',
  async (bits, most) => {
    const result = await synthesise({ verilog: operator('*', bits, 2 * bits), top: 't', target: 'xc7', yosys })
    const { luts, dsps, recipes } = result as FpgaSynthesis
    expect(luts).toBeLessThanOrEqual(most)
    expect(dsps).toBe(0)
    expect(recipes.map(({ id }) => id)).toEqual(['lut', 'lut+booth', 'dsp'])
    if (bits > 4) expect(recipes[2]!.dsps).toBe(1)
  },
  300_000,
)

test.each(['ice40', 'ecp5', ...(full ? ['xc7'] : [])])(
  'a design without a product is mapped onto %s once, because the other recipes give the same',
  async (target) => {
    const sum = operator('+', 8, 9)
    const counts = async (verilog: string) => (await synthesise({ verilog, top: 't', target, yosys })) as FpgaSynthesis
    const once = await counts(sum)
    // The star of the attribute might be a product's.
    const whole = await counts(`(* keep *) ${sum}`)
    expect(once.recipes.map(({ id }) => id)).toEqual(['lut'])
    expect(once.provenance.search).toMatch(/^fewest look-up tables of lut without/)
    expect(whole.recipes.map(({ id }) => id)).toEqual(['lut', 'lut+booth', 'dsp'])
    for (const { luts, dsps } of whole.recipes) expect([luts, dsps]).toEqual([once.luts, 0])
  },
  300_000,
)

test('every figure of a synthesis says its library, corner, recipe, version, activity, wires and where they come from', async () => {
  const result = await onCells(operator('+', 4, 4), 't')
  expect(result.versions.yosys).toMatch(/^Yosys \d/)
  expect(result.recipe).toMatch(/\S/)
  expect(result.provenance).toMatchObject({
    library: 'generic45',
    library_source: expect.stringMatching(/Nangate/),
    corner: 'typical',
    voltage_V: 1.1,
    temperature_C: 25,
    area: expect.stringMatching(/before placement; smallest drive strengths/),
    timing: expect.stringMatching(/static timing, no wires/),
    energy: expect.stringMatching(/no wires.*assumed toggles per output/),
    search: expect.stringMatching(/smallest area of plain/),
    script: expect.stringMatching(/abc -liberty/),
  })
})
