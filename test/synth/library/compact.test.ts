/** The libraries written by hand, each against a MAC that it maps, and those with a full file beside the repository against it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { printVerilog } from '../../../src/dsl/index.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { libraryOf } from '../../../src/synth/liberty/library-of.ts'
import { openLiberty } from '../../../src/synth/liberty/open.ts'
import { readLiberty } from '../../../src/synth/liberty/read.ts'
import type { Library } from '../../../src/synth/library/library.ts'
import { mapDesign } from '../../../src/synth/map.ts'
import { recipes } from '../../../src/synth/recipe.ts'
import { libraries } from '../../../src/synth/targets.ts'
import { openYosys } from '../../../src/synth/yosys.ts'
import { withCache } from '../../../src/synth/yosys-cache.ts'
import { evaluator, fromLanes, random, toLanes } from '../evaluate.ts'
import { haveLiberty, nangate45File, sg13g2File, sky130File } from '../liberty/real-files.ts'

const cache = mkdtempSync(join(tmpdir(), 'bitloom-compact-'))
const yosys = withCache(openYosys(), cache)
afterAll(async () => {
  rmSync(cache, { recursive: true })
  await yosys.close()
})

const byName = (name: string): Library => libraries.find((each) => each.name === name)!
const amap = recipes.filter(({ id }) => id === 'amap')

test.each(libraries.map(({ name }) => name))(
  'a product that %s adds up in full adders, or in gates, is the product, cycle by cycle',
  async (name) => {
    const library = byName(name)
    const verilog =
      'module t(input clk, input [4:0] a, input [4:0] b, output reg [9:0] q); always @(posedge clk) q <= a * b; endmodule'
    const search = recipes.filter(({ id }) => id === 'booth+fa')
    const { netlist, cellCounts } = (await mapDesign({ yosys, verilog, top: 't' }, library, search)).best
    expect((cellCounts[library.fullAdder?.cell ?? ''] ?? 0) > 0).toBe(library.fullAdder !== undefined)
    const circuit = evaluator(netlist, library)
    const next = random(5)
    for (let cycle = 0; cycle < 20; cycle++) {
      const [a, b] = [0, 0].map(() => Array.from({ length: 32 }, () => next() & 31)) as [number[], number[]]
      circuit.clock({ a: toLanes(a, 5), b: toLanes(b, 5) })
      expect(fromLanes([...circuit.outputs({}).q!, 0])).toEqual(a.map((value, lane) => value * b[lane]!))
    }
  },
)

test('an INT8 MAC has 750 to 900 gate equivalents in every library with a full adder, and at most 1100 in one without', {
  timeout: 300_000,
}, async () => {
  const { module } = processingElement('mac').parts.core
  const found: Record<string, number> = {}
  for (const library of libraries) {
    const request = { yosys, verilog: printVerilog(module, { gates: true }), top: module.name }
    const { best } = await mapDesign(request, library, amap)
    const nand = library.cells.find(({ name }) => name === library.gateEquivalent)!
    found[library.name] = best.area_um2 / nand.area_um2
  }
  for (const { name, fullAdder } of libraries) {
    expect(found[name]).toBeGreaterThan(750)
    expect(found[name]).toBeLessThan(fullAdder ? 900 : 1100)
  }
})

/** Most that the area may differ, in percent; the whole catalogue is in the docs. */
const pairs = [
  ['generic45', nangate45File, 3],
  ['generic130-sky', sky130File, 5],
  ['generic130-ihp', sg13g2File, 5],
] as const

describe.skipIf(!haveLiberty)('skipped without ../shared/data/liberty:', () => {
  test.each(pairs)(
    '%s maps small cores to within a few percent of its full file',
    { timeout: 300_000 },
    async (name, file, most) => {
      const full = libraryOf(readLiberty([openLiberty(file)]))
      for (const spec of ['mac(w=int4, a=int4)', 'mixpe', 'ant']) {
        const { module } = processingElement(spec).parts.core
        const request = { yosys, verilog: printVerilog(module, { gates: true }), top: module.name }
        const [ours, theirs] = [await mapDesign(request, byName(name), amap), await mapDesign(request, full, amap)]
        expect(Math.abs(ours.best.area_um2 / theirs.best.area_um2 - 1) * 100).toBeLessThan(most)
      }
    },
  )
})
