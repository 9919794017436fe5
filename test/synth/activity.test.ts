import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, test } from 'vitest'
import { bool, component, type Module, printVerilog, u } from '../../src/dsl/index.ts'
import { widthOf } from '../../src/dsl/ir.ts'
import { elementOf, processingElement } from '../../src/pe/catalogue.ts'
import { type Engine, portLayout, readPort } from '../../src/sim/engine.ts'
import { openOwnEngine } from '../../src/sim/own-engines.ts'
import { randomStimulus, randomWords } from '../../src/sim/stimulus.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { type ActivityStimulus, measureActivity } from '../../src/synth/activity.ts'
import { generic45 } from '../../src/synth/library/generic45.ts'
import { mapDesign } from '../../src/synth/map.ts'
import { energyOf } from '../../src/synth/measured-energy.ts'
import { highestNet, type Netlist } from '../../src/synth/netlist.ts'
import { recipes } from '../../src/synth/recipe.ts'
import { openYosys } from '../../src/synth/yosys.ts'
import { withCache } from '../../src/synth/yosys-cache.ts'
import { cellModels, netlistVerilog } from './netlist-verilog.ts'
import { netlistOf, tiny } from './tiny-library.ts'

const yosys = withCache(openYosys())
afterAll(() => yosys.close())

const layout = (inputs: readonly string[], outputs: readonly string[]) =>
  portLayout({
    inputs: inputs.map((name) => ({ name, min: 0n, max: 1n })),
    outputs: outputs.map((name) => ({ name, range: { min: 0n, max: 1n } })),
  } as unknown as Module)

/** A flag in and a flag out, one lane. */
const flags = (stimulus: readonly number[], response: readonly number[]): ActivityStimulus => ({
  ports: layout(['a'], ['y']),
  lanes: [{ stimulus: Int32Array.from(stimulus), response: Int32Array.from(response) }],
})

/** clk 1, a 2; a gate (5), opened by a, before register q (3) that loads a; AND of both (4) is y. */
const gated = netlistOf(
  [
    ['GATE', { CK: 1, E: 2, G: 5 }],
    ['REG', { CK: 5, D: 2, Q: 3 }],
    ['AND', { A: 3, B: 2, Y: 4 }],
  ],
  { clk: 1, a: 2 },
  { y: 4 },
  { 3: 'core.q', 4: 'y' },
)
/** q loads where a is 1 and so holds 1 from then on; the first cycle does not count. */
const seen = flags([0, 1, 0, 1, 1], [0, 0, 0, 1, 1])

describe('activity worked out by hand', () => {
  it('counts the toggles of every net, the clock twice a cycle and behind a gate where the enable was 1', () => {
    const { cycles, lanes, toggles, clocks } = measureActivity(gated, tiny, seen)
    expect({ cycles, lanes, root: clocks.root, gated: [...clocks.gated.keys()] }).toEqual({
      cycles: 4,
      lanes: 1,
      root: 1,
      gated: [5],
    })
    // clk; a: 0 1 0 1 1; q: 0 0 1 1 1; y: 0 0 0 1 1; gated clock: edges into cycles 2 and 4
    expect([1, 2, 3, 4, 5].map((net) => toggles[net])).toEqual([8, 3, 1, 1, 4])
  })

  it('makes energy of them, by kind and by group of cells', () => {
    const energy = energyOf(measureActivity(gated, tiny, seen), { clock_mhz: 100 })
    // a toggle of C fF is 2 C fJ; the root feeds the gate (2 fF, 1 fJ inside); the gate draws 8 fJ, a clock pin 2 + 3 fJ
    const root = 8 * (2 * 2 + 1)
    const [gate, pin] = [4 * 8, 4 * (2 + 3)]
    // a feeds E (1 fF, 0.5 fJ), D (1 fF, 2 fJ) and B (2 fF)
    const [enable, data, b] = [3 * (2 + 0.5), 3 * (2 + 2), 3 * 4]
    // q draws 7 fJ and feeds A (1 fF), y draws 4 fJ
    const [q, y] = [7 + 2, 4]
    expect(energy.clock_fJ).toBeCloseTo((root + gate + pin + enable) / 4, 9)
    expect(energy.sequential_fJ).toBeCloseTo((data + q) / 4, 9)
    expect(energy.combinational_fJ).toBeCloseTo((b + y) / 4, 9)
    expect(energy.leakage_fJ).toBeCloseTo((80 + 100 + 30) / 100, 9)
    expect(energy.total_fJ).toBeCloseTo((root + gate + pin + enable + data + q + b + y) / 4 + 2.1, 9)
    // the gate belongs to the one register behind it
    expect(energy.groups).toMatchObject({
      '(top)': { combinational_fJ: (b + y) / 4, clock_fJ: 0, leakage_fJ: 0.3 },
      core: { clock_fJ: energy.clock_fJ, sequential_fJ: energy.sequential_fJ, leakage_fJ: 1.8 },
    })
    expect(energy.provenance.activity).toMatch(/1 stimuli of 4 cycles/)
    expect(energy.provenance.leakage).toContain('100 MHz')
    const byRegister = energyOf(measureActivity(gated, tiny, seen), { groupOf: () => 'all' })
    expect(Object.keys(byRegister.groups)).toEqual(['all'])
    expect(byRegister.groups.all!.clock_fJ).toBe(byRegister.clock_fJ)
  })

  it('is the sum over lanes, each masked where there are fewer than 32, and their mean in energy', () => {
    const { ports, lanes } = seen
    const still = { stimulus: new Int32Array(5), response: new Int32Array(5) }
    const both = measureActivity(gated, tiny, { ports, lanes: [still, lanes[0]!] })
    expect([1, 2, 3, 4, 5].map((net) => both.toggles[net])).toEqual([16, 3, 1, 1, 4])
    const all = measureActivity(gated, tiny, { ports, lanes: Array.from({ length: 32 }, () => lanes[0]!) })
    expect([1, 2, 3, 4, 5].map((net) => all.toggles[net])).toEqual([256, 96, 32, 32, 128])
    expect(energyOf(all).total_fJ).toBe(energyOf(measureActivity(gated, tiny, seen)).total_fJ)
  })

  it('a counter toggles its bits 2^-k times a cycle', async () => {
    const verilog = `module counter(input clk, input rst, output reg [7:0] y);
  always @(posedge clk) if (rst) y <= 0; else y <= y + 1;
endmodule`
    const { best } = await mapDesign({ yosys, verilog, top: 'counter' }, generic45, recipes.slice(0, 1))
    const ports = portLayout({ inputs: [], outputs: [{ name: 'y', range: { min: 0n, max: 255n } }] } as never)
    const response = Int32Array.from({ length: 257 }, (_, k) => k & 255)
    const activity = measureActivity(best.netlist, generic45, {
      ports,
      lanes: [{ stimulus: new Int32Array(0), response }],
    })
    const y = best.netlist.ports.find(({ name }) => name === 'y')!.bits as number[]
    expect(y.map((net) => activity.toggles[net])).toEqual([256, 128, 64, 32, 16, 8, 4, 2])
    const { clock_fJ } = energyOf(activity)
    expect(clock_fJ).toBeCloseTo(8 * 2 * (3.6 + 0.5 * 0.95 * 1.21), 3)
  })

  it('a gate behind a gate is open where both are, and registers pay for the clock that reaches them', () => {
    const chained = netlistOf(
      [
        ['GATE', { CK: 1, E: 2, G: 5 }],
        ['GATE', { CK: 5, E: 3, G: 6 }],
        ['REG', { CK: 5, D: 2, Q: 3 }],
        ['REG', { CK: 6, D: 2, Q: 4 }],
      ],
      { clk: 1, a: 2 },
      { y: 4 },
      { 3: 'one.q', 4: 'two.r' },
    )
    const activity = measureActivity(chained, tiny, flags([0, 1, 0, 1, 1], [0, 0, 0, 0, 1]))
    // the first gate lets the edges into cycles 2 and 4 through, the second that into cycle 4
    expect([5, 6].map((net) => activity.toggles[net])).toEqual([4, 2])
    const { groups } = energyOf(activity)
    // four toggles at the clock pin of q; at the second gate four, two of its output, one of its enable's inside, two at that of r
    expect(groups.one!.clock_fJ).toBeCloseTo((4 * (2 + 3)) / 4, 9)
    expect(groups.two!.clock_fJ).toBeCloseTo((4 * (2 * 2 + 1) + 2 * 8 + 0.5 + 2 * (2 + 3)) / 4, 9)
  })

  it('an asynchronous clear acts within its cycle', () => {
    const cleared = {
      ...tiny,
      cells: tiny.cells.map((cell) =>
        cell.flipFlop
          ? {
              ...cell,
              inputs: [...cell.inputs, { name: 'R', capacitance_fF: 1 }],
              flipFlop: { ...cell.flipFlop, clearLow: 'R' },
            }
          : cell,
      ),
    }
    const held = netlistOf([['REG', { CK: 1, D: '1', R: 2, Q: 3 }]], { clk: 1, a: 2 }, { y: 3 })
    const { toggles } = measureActivity(held, cleared, flags([1, 1, 0, 1, 1], [1, 1, 0, 0, 1]))
    expect(toggles[3]).toBe(2)
  })
})

describe('what cannot be measured is refused', () => {
  const refused = (run: () => unknown, code: string, message: RegExp) =>
    expect(run).toThrow(expect.objectContaining({ name: 'UserError', code, message: expect.stringMatching(message) }))

  it('a netlist that answers otherwise than its description, by port, cycle and lane', () => {
    const { ports, lanes } = seen
    const wrong = { stimulus: lanes[0]!.stimulus, response: Int32Array.from([0, 0, 0, 0, 1]) }
    const run = () => measureActivity(gated, tiny, { ports, lanes: [lanes[0]!, wrong] })
    refused(run, 'E-NETLIST', /y is 0x1 and should be 0x0 in cycle 3 of lane 1;/)
  })

  it('a clock made by logic, a second clock, a constant one', () => {
    const design = (instances: Parameters<typeof netlistOf>[0]) => () =>
      measureActivity(netlistOf(instances, { clk: 1, a: 2 }, { y: 3 }, { 3: 'q' }), tiny, seen)
    const register = { D: 2, Q: 3 }
    refused(
      design([
        ['AND', { A: 1, B: 2, Y: 5 }],
        ['REG', { ...register, CK: 5 }],
      ]),
      'E-CLOCK',
      /^the clock of q is made by logic;/,
    )
    refused(
      design([
        ['REG', { ...register, CK: 1 }],
        ['REG', { CK: 2, D: 2, Q: 4 }],
      ]),
      'E-CLOCK',
      /is a second one/,
    )
    refused(design([['REG', { ...register, CK: '0' }]]), 'E-CLOCK', /is constant/)
  })

  it('stimuli that do not fit', () => {
    const { ports, lanes } = seen
    const run = (stimulus: ActivityStimulus) => () => measureActivity(gated, tiny, stimulus)
    expect(run({ ports, lanes: [] })).toThrow(/1 to 32 lanes/)
    expect(run({ ports, lanes: Array.from({ length: 33 }, () => lanes[0]!) })).toThrow(/1 to 32 lanes/)
    expect(run(flags([1], [0]))).toThrow(/two or more whole rows/)
    expect(run(flags([1, 0, 0], [0, 0]))).toThrow(/hold 2 rows of 1 and of 1 words each, got 3 and 2/)
    expect(run({ ports: layout(['b'], ['y']), lanes })).toThrow(/no input 'b'/)
    expect(run({ ports: layout(['a'], ['z']), lanes })).toThrow(/no output 'z'/)
  })
})

/** A loop body with an enable, and a register that changes only now and then. */
const Held = component('held', (_: object) => ({
  in: { enable: bool, store: bool, a: u(12), b: u(12) },
  out: { sum: u(20), kept: u(40) },
  logic({ enable, store, a, b }, { regs, when }) {
    const r = regs({ sum: u(20), kept: u(40) })
    when(enable, () => {
      r.sum.next = r.sum.add(a.mul(b)).wrap(u(20))
    })
    when(store, () => {
      r.kept.next = a.mul(b).shl(16).add(r.sum).wrap(u(40))
    })
    return { sum: r.sum, kept: r.kept }
  },
}))

/** Random stimuli from a fresh engine each, and what it answers. */
const answered = (module: Module, lanes: number, cycles: number, seed: number): ActivityStimulus => {
  const ports = portLayout(module)
  return {
    ports,
    lanes: Array.from({ length: lanes }, (_, lane) => {
      const stimulus = randomStimulus(ports, cycles, seed + lane)
      const response = new Int32Array(cycles * ports.outputWords)
      const engine: Engine = openOwnEngine('js', module)
      engine.replay(stimulus, cycles, response)
      engine.close()
      return { stimulus, response }
    }),
  }
}

const bestOf = async (module: Module, recipe?: string): Promise<Netlist> => {
  const search = recipe === undefined ? recipes.slice(0, 1) : recipes.filter(({ id }) => id === recipe)
  const request = { yosys, verilog: printVerilog(module, { gates: true }), top: module.name }
  return (await mapDesign(request, generic45, search)).best.netlist
}

describe('the mapped netlist answers as the engine does, on random stimuli', () => {
  const seed = randomWords(Date.now())()
  it.each([
    ['mac, its cell with a drain register', () => processingElement('mac').parts.cell.draining.module, false],
    ['mixpe, its cell', () => processingElement('mixpe').parts.cell.passing.module, false],
    ['a design with two clock gates', () => Held({}).module, true],
    ["bitmod's PE, which has one", () => elementOfTile('bitmod(w=fp4)'), true],
  ])('%s', async (_, moduleOf, hasGates) => {
    const module = moduleOf()
    const netlist = await bestOf(module, 'amap')
    const activity = measureActivity(netlist, generic45, answered(module, 32, 200, seed))
    const energy = energyOf(activity)
    expect(activity.clocks.gated.size > 0, `seed ${seed}`).toBe(hasGates)
    expect(energy.total_fJ).toBeGreaterThan(energy.clock_fJ + energy.leakage_fJ)
    const sum = Object.values(energy.groups).reduce((total, { total_fJ }) => total + total_fJ, 0)
    expect(sum).toBeCloseTo(energy.total_fJ, 1)
  })
})

const elementOfTile = (spec: string): Module => {
  const element = elementOf(spec)
  if (!('tile' in element)) throw new Error(`${spec} has no tile`)
  return element.blocks[0]!.component.module
}

test('a mistake in one gate of a netlist is found', async () => {
  const module = Held({}).module
  const netlist = await bestOf(module)
  const at = netlist.instances.findIndex(({ cell }) => cell === 'NAND2')
  const broken = {
    ...netlist,
    instances: netlist.instances.map((instance, index) => (index === at ? { ...instance, cell: 'NOR2' } : instance)),
  }
  expect(() => measureActivity(broken, generic45, answered(module, 32, 50, 1))).toThrow(/does not compute what/)
})

test('behind clock gates the clock of a design that is mostly idle draws little', async () => {
  const module = Held({}).module
  const { designs } = await mapDesign(
    { yosys, verilog: printVerilog(module, { gates: true }), top: module.name },
    generic45,
    recipes.filter(({ id }) => id === 'amap'),
  )
  const ports = portLayout(module)
  // enable in one cycle of eight, store in none
  const stimulus = randomStimulus(ports, 400, 9)
  for (let row = 0; row < 400; row++) {
    stimulus[row * ports.inputWords] = row % 8 === 0 ? 1 : 0
    stimulus[row * ports.inputWords + 1] = 0
  }
  const response = new Int32Array(400 * ports.outputWords)
  openOwnEngine('js', module).replay(stimulus, 400, response)
  const [without, gatedDesign] = designs.map(({ netlist }) =>
    energyOf(measureActivity(netlist, generic45, { ports, lanes: [{ stimulus, response }] })),
  )
  expect(without!.clock_fJ).toBeCloseTo(60 * 2 * (3.6 + 0.5 * 0.95 * 1.21), 1)
  expect(gatedDesign!.clock_fJ).toBeLessThan(without!.clock_fJ / 5)
  expect(gatedDesign!.total_fJ).toBeLessThan(without!.total_fJ)
})

/** Toggles of every net between two times, as Icarus dumps them for module `t`, instance `dut` of `testbench`. */
const icarusToggles = (netlist: Netlist, { ports, lanes }: ActivityStimulus): number[] => {
  const { stimulus, response } = lanes[0]!
  const cycles = response.length / ports.outputWords
  const drive = (cycle: number): string =>
    ports.inputs
      .map((port) => {
        const value = BigInt.asUintN(widthOf(port.range), readPort(stimulus, port, cycle * ports.inputWords))
        return `${port.name} <= ${widthOf(port.range)}'h${value.toString(16)};`
      })
      .join(' ')
  const inputs = ports.inputs.map(({ name, range }) => `reg [${widthOf(range) - 1}:0] ${name};`)
  const pins = ['clk', 'rst', ...ports.inputs.map(({ name }) => name)].map((name) => `.${name}(${name})`)
  // Cycle k lies between the edges at 10 k + 10 and 10 k + 20; its inputs come with its first edge, as a register's would.
  const testbench = `module testbench;
  reg clk = 0, rst = 1;
  ${inputs.join(' ')}
  t dut (${pins.join(', ')});
  initial begin
    $dumpfile("dump.vcd"); $dumpvars(1, testbench.dut);
    ${drive(0)}
    #10 clk = 1; rst <= 0; #5 clk = 0;
${Array.from({ length: cycles - 1 }, (_, k) => `    #5 clk = 1; ${drive(k + 1)} #5 clk = 0;`).join('\n')}
    #5 $finish;
  end
endmodule
`
  const here = mkdtempSync(join(tmpdir(), 'bitloom-toggles-'))
  try {
    writeFileSync(join(here, 'all.v'), cellModels(generic45) + netlistVerilog(netlist, 't') + testbench)
    execFileSync('iverilog', ['-o', 'all.vvp', 'all.v'], { cwd: here })
    execFileSync('vvp', ['-n', 'all.vvp'], { cwd: here })
    return netToggles(readFileSync(join(here, 'dump.vcd'), 'utf8'), highestNet(netlist) + 1)
  } finally {
    rmSync(here, { recursive: true })
  }
}

/** Changes of each bit of `net` from time 15 on: after the clock of reset has fallen. */
const netToggles = (vcd: string, size: number): number[] => {
  const id = vcd.match(/\$var wire +\d+ (\S+) net \[/)![1]!
  const toggles = new Array<number>(size).fill(0)
  let [time, before] = [0, '']
  for (const line of vcd.split('\n')) {
    if (line.startsWith('#')) time = Number(line.slice(1))
    if (!line.startsWith('b') || line.slice(line.indexOf(' ') + 1) !== id) continue
    const digits = line.slice(1, line.indexOf(' '))
    const now = digits.padStart(size, digits[0] === '1' ? '0' : digits[0]!)
    if (time > 15)
      for (let net = 0; net < size; net++) if (now[size - 1 - net] !== before[size - 1 - net]) toggles[net]!++
    before = now
  }
  return toggles
}

test.skipIf(versionOf('iverilog', '-V') === undefined)(
  'Icarus counts the same toggles of every net, of the clock and behind its gates too',
  async () => {
    for (const module of [Held({}).module, processingElement('mac').parts.cell.draining.module]) {
      const netlist = await bestOf(module, 'amap')
      const stimulus = answered(module, 1, 120, 77)
      const { toggles } = measureActivity(netlist, generic45, stimulus)
      const counted = icarusToggles(netlist, stimulus)
      const driven = new Set([
        ...netlist.ports.flatMap(({ bits }) => bits),
        ...netlist.instances.flatMap(({ connections }) => Object.values(connections).flat()),
      ])
      const nets = [...driven].filter((bit) => typeof bit === 'number')
      expect(nets.map((net) => toggles[net])).toEqual(nets.map((net) => counted[net]))
      expect(Math.max(...nets.map((net) => toggles[net]!))).toBe(2 * 119)
    }
  },
)
