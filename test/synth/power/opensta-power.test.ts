/** Power against OpenSTA on full libraries; skipped where either is absent. The activity is one for all nets, since 2.0.17 reads no dump. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { printVerilog } from '../../../src/dsl/index.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { versionOf } from '../../../src/sim/verilator/tools.ts'
import { libraryOf } from '../../../src/synth/liberty/library-of.ts'
import { openLiberty } from '../../../src/synth/liberty/open.ts'
import { readLiberty } from '../../../src/synth/liberty/read.ts'
import type { Library } from '../../../src/synth/library/library.ts'
import { mapDesign } from '../../../src/synth/map.ts'
import type { Netlist } from '../../../src/synth/netlist.ts'
import type { Counted } from '../../../src/synth/power/activity-counter.ts'
import { type PowerDesign, powerDesign } from '../../../src/synth/power/design.ts'
import { type InstancePower, powerOf } from '../../../src/synth/power/power.ts'
import { recipes } from '../../../src/synth/recipe.ts'
import { openYosys } from '../../../src/synth/yosys.ts'
import { withCache } from '../../../src/synth/yosys-cache.ts'
import { haveLiberty, nangate45File, sky130File } from '../liberty/real-files.ts'
import { netlistVerilog } from '../netlist-verilog.ts'

const ready = haveLiberty && versionOf('sta', '-version') !== undefined
/** Toggles of every net a cycle; that of the clock is 2. */
const rate = 0.2
const [period_ps, cycles] = [2000, 100]

/** Every net toggles as often, and every situation of a cell takes as long. */
const even = (design: PowerDesign): Counted => {
  const toggles = new Float64Array(design.nets).fill(rate * cycles)
  for (const net of design.clocks.nets) toggles[net] = 2 * cycles
  return {
    duration_ps: cycles * period_ps,
    toggles,
    high: () => 0.5,
    situation(index) {
      const total = 2 ** design.logic(index).variables.length
      return { times: new Float64Array(total).fill(1), total, unseen: 0 }
    },
  }
}

interface Row {
  readonly internal: number
  readonly switching: number
  readonly leakage: number
}

describe.skipIf(!ready)('OpenSTA (skipped without the command sta or ../shared/data/liberty) agrees', () => {
  const yosys = withCache(openYosys())
  let here = ''
  beforeAll(() => {
    here = mkdtempSync(join(tmpdir(), 'bitloom-sta-'))
  })
  afterAll(async () => {
    rmSync(here, { recursive: true })
    await yosys.close()
  })

  /** Watts of every instance, in the order of the netlist. */
  const openSta = (netlist: Netlist, { slew_ps }: Library, liberty: string): (Row | undefined)[] => {
    // Its default wires would else be taken.
    const text = liberty
      .replace(/^\s*default_wire_load(_selection)?\s*:.*$/gm, '')
      .replace(/wire_load_selection\s*\([^)]*\)\s*\{[^}]*\}/g, '')
    writeFileSync(join(here, 'cells.lib'), text)
    writeFileSync(join(here, 't.v'), netlistVerilog(netlist, 't'))
    writeFileSync(
      join(here, 't.tcl'),
      `read_liberty cells.lib
read_verilog t.v
link_design t
create_clock -name c -period ${period_ps / 1000} clk
set_input_delay 0 -clock c [all_inputs]
set_input_transition ${slew_ps / 1000} [all_inputs]
set_clock_transition ${slew_ps / 1000} c
set_power_activity -global -activity ${rate} -duty 0.5
report_power -instances [get_cells *] -digits 7 > power.txt
`,
    )
    execFileSync('sta', ['-exit', 't.tcl'], { cwd: here })
    const rows = new Map<number, Row>()
    for (const line of readFileSync(join(here, 'power.txt'), 'utf8').split('\n')) {
      const match = /^\s*(\S+)\s+(\S+)\s+(\S+)\s+\S+\s+u(\d+)/.exec(line)
      if (!match) continue
      const [internal, switching, leakage] = match.slice(1, 4).map(Number) as [number, number, number]
      rows.set(Number(match[4]), { internal, switching, leakage })
    }
    return netlist.instances.map((_, k) => rows.get(k))
  }

  const sumOf = (rows: readonly number[]): number => rows.reduce((sum, row) => sum + row, 0)

  test.each([
    // 2.0.17 takes the larger of the capacitances for either edge; in NanGate45 that is the pin's own.
    [nangate45File, 0.0002],
    [sky130File, 0.05],
  ])(
    'on leakage and on what switches, and on the energy inside of inverters: %s',
    async (file, tolerance) => {
      const source = openLiberty(file)
      const library = libraryOf(readLiberty([source]))
      for (const spec of ['mac(w=int4, a=int4)', 'mac', 'mixpe', 'ant']) {
        const { module } = processingElement(spec).parts.core
        const request = { yosys, verilog: printVerilog(module), top: module.name }
        const search = recipes.filter(({ id }) => id === 'amap')
        const { netlist } = (await mapDesign(request, library, search)).designs[0]!
        const design = powerDesign(netlist, library)
        const ours: readonly InstancePower[] = powerOf(design, even(design)).instances.slice(
          0,
          netlist.instances.length,
        )
        const theirs = openSta(netlist, library, source.text)
        expect(theirs.every((row) => row !== undefined)).toBe(true)
        const ratio = (mine: (row: InstancePower) => number, their: (row: Row) => number, only = /./): number => {
          const chosen = ours.map((row, k) => [row, theirs[k]!] as const).filter(([{ cell }]) => only.test(cell!))
          return sumOf(chosen.map(([row]) => mine(row))) / sumOf(chosen.map(([, row]) => their(row)))
        }
        expect(
          Math.abs(
            ratio(
              (row) => row.leakage_w,
              (row) => row.leakage,
            ) - 1,
          ),
          spec,
        ).toBeLessThan(1e-4)
        const switching = ratio(
          (row) => row.switching_w,
          (row) => row.switching,
        )
        expect(Math.abs(switching - 1), spec).toBeLessThan(tolerance)
        // It charges the energies of both edges to each toggle, and of several conditions the sum.
        if (file === nangate45File) {
          const inside = ratio(
            (row) => row.internal_w,
            (row) => row.internal,
            /^(INV|BUF)_/,
          )
          expect(Math.abs(2 * inside - 1), spec).toBeLessThan(0.02)
        }
      }
    },
    300_000,
  )
})
