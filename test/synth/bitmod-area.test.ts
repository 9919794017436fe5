import { afterAll, expect, test } from 'vitest'
import { printVerilog } from '../../src/dsl/index.ts'
import { elementOf } from '../../src/pe/catalogue.ts'
import { generic45 } from '../../src/synth/library/generic45.ts'
import { mapDesign } from '../../src/synth/map.ts'
import { recipes } from '../../src/synth/recipe.ts'
import { openYosys } from '../../src/synth/yosys.ts'

const yosys = openYosys()
afterAll(() => yosys.close())

/** Our timing reads 20 to 24 % short of OpenSTA with the full library, so that this is about 2.2 ns there. */
const loop_ps = 1720

test.each([
  ['bitmod(w=fp4, inputs=local)', 2800, 247],
  ['bitmod(w=fp4)', 2400, 160],
  ['bitmod(w=fp4, inputs=skewed)', 2048, 116],
])('the PE of %s takes at most %i um2, its loop about 2.2 ns, and %i flip-flops', async (spec, area, flipFlops) => {
  const pe = elementOf(spec)
  if (!('tile' in pe)) throw new Error(`${spec} has no tile`)
  const { module } = pe.blocks[0]!.component
  const search = recipes.filter(({ id }) => id === 'amap')
  const request = { yosys, verilog: printVerilog(module), top: module.name, maxDelay_ps: loop_ps }
  const { best } = await mapDesign(request, generic45, search)
  expect(best.area_um2).toBeLessThan(area)
  expect(best.timing.critical_path_ps).toBeLessThan(loop_ps)
  expect(best.cellCounts).toMatchObject({ DFF: flipFlops })
})
