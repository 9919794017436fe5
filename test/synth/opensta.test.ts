/** Timing against OpenSTA (Debian package `opensta`, `npm run setup:tools`) on full libraries; skipped where either is absent. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { printVerilog } from '../../src/dsl/index.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { libraryOf } from '../../src/synth/liberty/library-of.ts'
import { openLiberty } from '../../src/synth/liberty/open.ts'
import { readLiberty } from '../../src/synth/liberty/read.ts'
import type { Library, WireLoad } from '../../src/synth/library/library.ts'
import { mapDesign } from '../../src/synth/map.ts'
import type { Netlist } from '../../src/synth/netlist.ts'
import { recipes } from '../../src/synth/recipe.ts'
import { analyseTiming } from '../../src/synth/timing.ts'
import { openYosys } from '../../src/synth/yosys.ts'
import { haveLiberty, nangate45File, sky130File } from './liberty/real-files.ts'
import { netlistVerilog } from './netlist-verilog.ts'

const ready = haveLiberty && versionOf('sta', '-version') !== undefined

/** OpenSTA works in the units of the file: fF or pF. */
const libraries = [
  { file: nangate45File, fF: 1, wireLoad: '5K_hvratio_1_1' },
  { file: sky130File, fF: 1000, wireLoad: 'Small' },
] as const

const specs = ['mac(w=int4, a=int4)', 'mac', 'mixpe', 'ant', 'olive', 'mixpe(a=fp16, acc=aligned)']

describe.skipIf(!ready)('OpenSTA (skipped without the command sta or ../shared/data/liberty) agrees', () => {
  const yosys = openYosys()
  let here = ''
  beforeAll(() => {
    here = mkdtempSync(join(tmpdir(), 'bitloom-sta-'))
  })
  afterAll(async () => {
    rmSync(here, { recursive: true })
    await yosys.close()
  })

  /** Worst paths of both kinds, in ps, with the instances where they end. */
  const openSta = (netlist: Netlist, library: Library, liberty: string, fF: number, wireLoad?: WireLoad) => {
    // Its default wires would else be taken.
    const text = liberty
      .replace(/^\s*default_wire_load(_selection)?\s*:.*$/gm, '')
      .replace(/wire_load_selection\s*\([^)]*\)\s*\{[^}]*\}/g, '')
    writeFileSync(join(here, 'cells.lib'), text)
    writeFileSync(join(here, 't.v'), netlistVerilog(netlist, 't'))
    const slew = library.slew_ps / 1000
    writeFileSync(
      join(here, 't.tcl'),
      `read_liberty cells.lib
read_verilog t.v
link_design t
${wireLoad ? `set_wire_load_model -name ${wireLoad.name}` : ''}
create_clock -name c -period 100 clk
set_input_delay 0 -clock c [all_inputs]
set_input_transition ${slew} [all_inputs]
set_clock_transition ${slew} c
set_output_delay 0 -clock c [all_outputs]
set_load ${library.outputLoad_fF / fF} [all_outputs]
report_checks -path_delay max -digits 6
report_checks -path_delay min -from [all_registers -clock_pins] -to [all_registers -data_pins] -digits 6
`,
    )
    const report = execFileSync('sta', ['-exit', 't.tcl'], { cwd: here, encoding: 'utf8' })
    const slacks = [...report.matchAll(/(-?[\d.]+) +slack/g)].map((match) => 1000 * Number(match[1]))
    const ends = [...report.matchAll(/Endpoint: (\S+)/g)].map((match) => match[1]!)
    // `netlistVerilog` numbers instances.
    const named = ends.map((end) => netlist.instances[Number(/^u(\d+)$/.exec(end)?.[1])]?.name ?? end)
    return { longest: 100_000 - slacks[0]!, end: named[0]!, holdSlack: slacks[1]! }
  }

  test.each(libraries)(
    'on worst paths and their ends, setup and hold: 12 designs on $file',
    async ({ file, fF, wireLoad }) => {
      const source = openLiberty(file)
      const library = libraryOf(readLiberty([source]))
      const wires = library.wireLoads!.find(({ name }) => name === wireLoad)!
      const search = recipes.filter(({ id }) => id === 'amap')
      const instanceOf = (pin: string): string => pin.replace(/\/[^/]*$/, '')
      for (const { parts } of specs.map(processingElement))
        for (const { module } of [parts.core, parts.cell.draining]) {
          const request = { yosys, verilog: printVerilog(module), top: module.name }
          const { netlist } = (await mapDesign(request, library, search)).designs[0]!
          const ours = analyseTiming(netlist, library)
          const theirs = openSta(netlist, library, source.text, fF)
          expect(ours.critical_path_ps / theirs.longest, module.name).toBeCloseTo(1, 3)
          expect(instanceOf(ours.end_pin), module.name).toBe(theirs.end)
          expect(Math.abs(ours.hold!.slack_ps - theirs.holdSlack), module.name).toBeLessThan(0.2)
          const wired = analyseTiming(netlist, library, { wireLoad: wires })
          const theirsWired = openSta(netlist, library, source.text, fF, wires)
          expect(wired.critical_path_ps).toBeGreaterThan(ours.critical_path_ps)
          expect(Math.abs(wired.critical_path_ps / theirsWired.longest - 1), module.name).toBeLessThan(0.03)
        }
    },
    300_000,
  )
})
