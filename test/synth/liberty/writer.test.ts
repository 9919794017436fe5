import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { versionOf } from '../../../src/sim/verilator/tools.ts'
import { printLiberty } from '../../../src/synth/liberty/writer.ts'
import { generic45 } from '../../../src/synth/library/generic45.ts'
import type { Library } from '../../../src/synth/library/library.ts'
import { parseNetlist } from '../../../src/synth/netlist.ts'
import { libraries } from '../../../src/synth/targets.ts'
import { openYosys } from '../../../src/synth/yosys.ts'

const yosys = openYosys()
afterAll(() => yosys.close())

/** What each gate is by its name, written without a look at the library. */
const meaning: Record<string, Record<string, string>> = {
  INV: { Y: '~A' },
  INV_2: { Y: '~A' },
  BUF: { Y: 'A' },
  BUF_2: { Y: 'A' },
  NAND2: { Y: '~&{A,B}' },
  NAND3: { Y: '~&{A,B,C}' },
  NAND4: { Y: '~&{A,B,C,D}' },
  NOR2: { Y: '~|{A,B}' },
  NOR3: { Y: '~|{A,B,C}' },
  NOR4: { Y: '~|{A,B,C,D}' },
  AND2: { Y: '&{A,B}' },
  AND3: { Y: '&{A,B,C}' },
  AND4: { Y: '&{A,B,C,D}' },
  OR2: { Y: '|{A,B}' },
  OR3: { Y: '|{A,B,C}' },
  OR4: { Y: '|{A,B,C,D}' },
  XOR2: { Y: '^{A,B}' },
  XNOR2: { Y: '~^{A,B}' },
  AOI21: { Y: "(A | B & C) ? 1'b0 : 1'b1" },
  OAI21: { Y: "(A & (B | C)) ? 1'b0 : 1'b1" },
  AOI22: { Y: "(A & B | C & D) ? 1'b0 : 1'b1" },
  OAI22: { Y: "((A | B) & (C | D)) ? 1'b0 : 1'b1" },
  AOI211: { Y: "(A | B | C & D) ? 1'b0 : 1'b1" },
  OAI211: { Y: "(A & B & (C | D)) ? 1'b0 : 1'b1" },
  AOI221: { Y: "(A | B & C | D & E) ? 1'b0 : 1'b1" },
  OAI221: { Y: "(A & (B | C) & (D | E)) ? 1'b0 : 1'b1" },
  AOI222: { Y: "(A & B | C & D | E & F) ? 1'b0 : 1'b1" },
  OAI222: { Y: "((A | B) & (C | D) & (E | F)) ? 1'b0 : 1'b1" },
  OAI33: { Y: "((A | B | C) & (D | E | F)) ? 1'b0 : 1'b1" },
  MUX2: { Y: 'S ? B : A' },
  NAND2B: { Y: 'A | ~B' },
  NAND3B: { Y: 'A | ~B | ~C' },
  NOR2B: { Y: '~A & B' },
  AOI31: { Y: "(A & B & C | D) ? 1'b0 : 1'b1" },
  AOI21B: { Y: "(A & B | ~C) ? 1'b0 : 1'b1" },
  AO21: { Y: 'A & B | C' },
  OA21: { Y: '(A | B) & C' },
  AO22: { Y: 'A & B | C & D' },
  OA22: { Y: '(A | B) & (C | D)' },
  AO31: { Y: 'A & B & C | D' },
  MAJI: { Y: "(A & B | A & C | B & C) ? 1'b0 : 1'b1" },
  HAN: { 'CON, SN': "~({1'b0, A} + B)" },
  FAN: { 'CON, SN': "~({1'b0, A} + B + CI)" },
  HA: { 'CO, S': "{1'b0, A} + B" },
  FA: { 'CO, S': "{1'b0, A} + B + CI" },
}

const reference = (name: string, { cells }: Library = generic45): string => {
  const cell = cells.find((each) => each.name === name)!
  const inputs = cell.inputs.map((pin) => pin.name)
  const outputs = cell.outputs.map((pin) => pin.name)
  const assigns = Object.entries(meaning[name]!).map(([left, right]) => `assign {${left}} = ${right};`)
  return `module ref_${name}(input ${inputs.join(', ')}, output ${outputs.join(', ')}); ${assigns.join(' ')} endmodule\n`
}

test.each(libraries.map((library) => [library.name, library] as const))(
  'every gate of %s printed to Liberty means to Yosys what its name says, and registers are rising-edge ones',
  async (_, library) => {
    const gates = library.cells.flatMap(({ name, flipFlop, clockGate }) => (flipFlop || clockGate ? [] : [name]))
    const flipFlops = library.cells.filter((cell) => cell.flipFlop).map((cell) => cell.name)
    const outcome = await yosys.run({
      script: [
        // Of a clock gate the function is in its state table, which this command does not read.
        'read_liberty -ignore_miss_func cells.lib',
        'read_verilog reference.v',
        'proc',
        ...gates.flatMap((name) => [
          `miter -equiv -flatten -make_assert ${name} ref_${name} same_${name}`,
          `sat -verify -prove-asserts same_${name}`,
        ]),
        'write_json cells.json',
      ].join('\n'),
      files: {
        'cells.lib': printLiberty(library),
        'reference.v': gates.map((name) => reference(name, library)).join(''),
      },
    })
    if (!outcome.ok) throw new Error(outcome.error)
    const modules = z
      .object({
        modules: z.record(z.string(), z.object({ cells: z.record(z.string(), z.object({ type: z.string() })) })),
      })
      .parse(JSON.parse(outcome.files.get('cells.json')!)).modules
    const typesIn = (name: string) => Object.values(modules[name]!.cells).map((cell) => cell.type)
    for (const name of flipFlops)
      expect(typesIn(name).join(' ')).toMatch(name === 'DFFR' ? /\$_DFF_PN0_|\$_DFF_PP0_/ : /\$_DFF_P_/)
  },
)

test('a wrong function is found out by that proof', async () => {
  const outcome = await yosys.run({
    script:
      'read_liberty -ignore_miss_func cells.lib\nread_verilog reference.v\nmiter -equiv -flatten -make_assert NAND2 ref_NOR2 m\nsat -verify -prove-asserts m',
    files: { 'cells.lib': printLiberty(generic45), 'reference.v': reference('NOR2') },
  })
  expect(outcome.ok).toBe(false)
})

test('Yosys finds the clock gate, and its pins, by what the Liberty text says of it', async () => {
  const outcome = await yosys.run({
    script: [
      'read_liberty -lib cells.lib',
      'read_verilog design.v',
      'proc',
      'opt',
      'simplemap',
      'clockgate -liberty cells.lib',
      'opt_clean',
      'write_json design.json',
    ].join('\n'),
    files: {
      'cells.lib': printLiberty(generic45),
      'design.v': 'module t(input c, input e, input d, output reg q); always @(posedge c) if (e) q <= d; endmodule',
    },
  })
  if (!outcome.ok) throw new Error(outcome.error)
  const { ports, instances } = parseNetlist(outcome.files.get('design.json')!, 't')
  const bits = (name: string) => ports.find((port) => port.name === name)!.bits
  const gate = instances.find(({ cell }) => cell === 'CLKGATE')!
  const register = instances.find(({ cell }) => cell === '$_DFF_P_')!
  expect(gate.connections).toEqual({ CK: bits('c'), E: bits('e'), GCK: register.connections.C })
})

test.skipIf(versionOf('sta', '-version') === undefined)(
  'OpenSTA checks the setup of the enable, and the registers behind the gate at the same edge',
  () => {
    const here = mkdtempSync(join(tmpdir(), 'bitloom-sta-'))
    try {
      writeFileSync(join(here, 'cells.lib'), printLiberty(generic45))
      writeFileSync(
        join(here, 't.v'),
        `module t (clk, e, d, q); input clk, e, d; output q; wire g;
CLKGATE gate (.CK(clk), .E(e), .GCK(g)); DFF held (.CK(g), .D(d), .Q(q)); endmodule\n`,
      )
      writeFileSync(
        join(here, 't.tcl'),
        `read_liberty cells.lib
read_verilog t.v
link_design t
create_clock -name c -period 1000 clk
set_input_delay 0 -clock c {e d}
report_checks -to gate/E
report_checks -to held/D
`,
      )
      const report = execFileSync('sta', ['-exit', 't.tcl'], { cwd: here, encoding: 'utf8' })
      const required = [...report.matchAll(/([\d.]+) +data required time/g)].map((match) => Number(match[1]))
      expect(report).toMatch(/Endpoint: gate \(rising clock gating-check end-point clocked by c\)/)
      expect(report).toMatch(/Endpoint: held \(rising edge-triggered flip-flop clocked by c\)/)
      expect(required[0]).toBeCloseTo(1000 - 50.7, 2)
      expect(required.at(-1)).toBeCloseTo(1000 - 37.7, 2)
    } finally {
      rmSync(here, { recursive: true })
    }
  },
)

test('delay tables are the linear form at any two loads', () => {
  const text = printLiberty(generic45)
  const nand = text.slice(text.indexOf('cell (NAND2)'), text.indexOf('cell (NAND3)'))
  const [first, second] = nand
    .match(/cell_rise .*?values \("([^"]*)"/)![1]!
    .split(', ')
    .map(Number)
  expect(first).toBeCloseTo(12.6 + 2.25 * 1, 6)
  expect(second).toBeCloseTo(12.6 + 2.25 * 100, 6)
})
