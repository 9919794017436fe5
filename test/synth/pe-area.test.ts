import { afterAll, expect, test } from 'vitest'
import { type Module, printVerilog } from '../../src/dsl/index.ts'
import { rowsPerDrain } from '../../src/pe/arith/group-accumulator.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { generic45 } from '../../src/synth/library/generic45.ts'
import { type Chain, mapDesign } from '../../src/synth/map.ts'
import { recipes } from '../../src/synth/recipe.ts'
import { openYosys } from '../../src/synth/yosys.ts'

const yosys = openYosys()
afterAll(() => yosys.close())

/** Our timing read 15 % short of OpenSTA with the full library on these two, so that this is about 2.0 ns there. */
const twoNanoseconds_ps = 1700

/** What goes from cell to cell within a cycle. */
const pathInputs = ['sum_in', 'sum_in_valid']

const mapped = async ({ module }: { readonly module: Module }, recipe: string, chain?: Chain) => {
  const search = recipes.filter(({ id }) => id === recipe)
  const request = { yosys, verilog: printVerilog(module), top: module.name, pathInputs, ...(chain ? { chain } : {}) }
  return (await mapDesign(request, generic45, search)).best
}

test('an INT8 MAC without its drain takes at most 720 um2 at about 2.0 ns, most of its product in full-adder cells', async () => {
  const { area_um2, timing, cellCounts } = await mapped(processingElement('mac').parts.core, 'plain')
  expect(area_um2).toBeLessThan(720)
  expect(timing.critical_path_ps).toBeLessThan(twoNanoseconds_ps)
  expect(cellCounts).toMatchObject({ FA: 42, DFF: 49 })
})

test('a MixPE W4A8 takes at most 400 um2 without its drain, and 460 with a quarter of a drain register', async () => {
  const { core: inner, cell } = processingElement('mixpe').parts
  const core = await mapped(inner, 'amap')
  expect(core.area_um2).toBeLessThan(400)
  expect(core.timing.critical_path_ps).toBeLessThan(twoNanoseconds_ps)
  expect(core.cellCounts).toMatchObject({ FA: 31, DFF: 32 })
  const draining = await mapped(cell.draining, 'amap')
  const chain = { length: rowsPerDrain - 1, then_ps: draining.timing.paths_ps.input_to_register }
  const passing = await mapped(cell.passing, 'amap', chain)
  expect((draining.area_um2 + (rowsPerDrain - 1) * passing.area_um2) / rowsPerDrain).toBeLessThan(460)
  expect(passing.cellCounts).toMatchObject({ FA: 31, DFF: 32 })
  for (const { critical_path_ps } of [draining, passing]) expect(critical_path_ps).toBeLessThan(twoNanoseconds_ps)
})

test.each([
  ['mixpe(a=fp16)', 1700, 6500],
  ['mixpe(a=fp16, acc=exact)', 1080, 2400],
  ['mixpe(a=fp16, acc=aligned)', 530, 1700],
  ['bitfusion', 2250, 2650],
  ['ant', 520, 1600],
  ['olive', 850, 2150],
])('%s takes at most %i um2 without its drain, at %i ps', async (spec, area, path) => {
  const { area_um2, timing } = await mapped(processingElement(spec).parts.core, 'amap')
  expect(area_um2).toBeLessThan(area)
  expect(timing.critical_path_ps).toBeLessThan(path)
})

const threeStages = 'fmac(format=fp16, acc=fp16, rounding=separate, subnormals=flushed, stages=3)'
test.each([
  ['mixpe(a=fp16)', 'fmac(format=fp16, acc=fp32)', 0.8],
  ['mixpe(a=fp16, acc=exact)', threeStages, 0.6],
  ['mixpe(a=fp16, acc=aligned)', threeStages, 0.4],
])(
  '%s without its drain is at most that part of %s, as asked: %f',
  async (spec, yardstick, most) => {
    const core = async (of: string): Promise<number> =>
      (await mapped(processingElement(of).parts.core, 'amap')).area_um2
    expect((await core(spec)) / (await core(yardstick))).toBeLessThanOrEqual(most)
  },
  180_000,
)
