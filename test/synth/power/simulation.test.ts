import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bool, component, printVerilog, s, u } from '../../../src/dsl/index.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { portLayout } from '../../../src/sim/engine.ts'
import { openOwnEngine } from '../../../src/sim/own-engines.ts'
import { randomStimulus, randomWords } from '../../../src/sim/stimulus.ts'
import { versionOf } from '../../../src/sim/verilator/tools.ts'
import { measureActivity } from '../../../src/synth/activity.ts'
import { generic45 } from '../../../src/synth/library/generic45.ts'
import { mapDesign } from '../../../src/synth/map.ts'
import type { NamedNetlist, Netlist } from '../../../src/synth/netlist.ts'
import { powerDesign } from '../../../src/synth/power/design.ts'
import { counterOf, measureDump } from '../../../src/synth/power/measure.ts'
import { readNetlist } from '../../../src/synth/power/netlist-file.ts'
import { powerOf } from '../../../src/synth/power/power.ts'
import { gateSimulation } from '../../../src/synth/power/simulation.ts'
import { measureStimulus } from '../../../src/synth/power/stimulus.ts'
import { connectedNets } from '../../../src/synth/power/vcd-activity.ts'
import { recipes } from '../../../src/synth/recipe.ts'
import { openYosys } from '../../../src/synth/yosys.ts'
import { withCache } from '../../../src/synth/yosys-cache.ts'
import { recordRandom } from '../../../src/verify/recorded.ts'
import { paper } from './power-liberty.ts'

const yosys = withCache(openYosys())
afterAll(() => yosys.close())

const netlistFrom = (verilog: string): Promise<NamedNetlist> =>
  readNetlist({ verilog, top: 't', sourceName: 't.v' }, paper, yosys)

/** Levels of y over time, from one input `a` that toggles at some times. */
const follow = async (
  verilog: string,
  delays: 'zero' | 'cell' | 'unit',
  times: readonly number[],
): Promise<number[]> => {
  const { netlist, bits } = await netlistFrom(verilog)
  const design = powerDesign(netlist, paper)
  const counter = counterOf(design)
  const moves: number[] = []
  const y = bits.get('y')
  const simulation = gateSimulation(design, delays, {
    ...counter,
    set: (net, level, now) => {
      if (net === y && now > 0) moves.push(now)
      counter.set(net, level, now)
    },
  })
  const a = bits.get('a') as number
  simulation.move(0, [a], [0])
  times.forEach((time, k) => {
    simulation.move(time, [a], [k % 2 === 0 ? 1 : 0])
  })
  simulation.run(10_000)
  return moves
}

describe('an event-driven simulation', () => {
  const apart = (buffer: string) =>
    `module t(input a, output y); wire b; ${buffer} u (.A(a), .Y(b)); XOR2 x (.A(a), .B(b), .Y(y)); endmodule`

  it('has a glitch where two ways to a gate differ by its delay, and none without delays', async () => {
    // b is 10 ps behind a, and y is a ^ b 10 ps later
    expect(await follow(apart('BUF'), 'cell', [100, 200])).toEqual([110, 120, 210, 220])
    expect(await follow(apart('BUF'), 'unit', [100, 200])).toEqual([130, 160, 230, 260])
    expect(await follow(apart('BUF'), 'zero', [100, 200])).toEqual([])
  })

  it('swallows a pulse that is shorter than the delay of the gate', async () => {
    expect(await follow(apart('FAST'), 'cell', [100, 200])).toEqual([])
    expect(
      await follow('module t(input a, output y); BUF u (.A(a), .Y(y)); endmodule', 'cell', [100, 104, 200]),
    ).toEqual([210])
    expect(
      await follow('module t(input a, output y); BUF u (.A(a), .Y(y)); endmodule', 'cell', [100, 110, 200]),
    ).toEqual([110, 120, 210])
  })

  it('takes the longest way where several inputs move an output together, and no delay on the clock', async () => {
    const skewed = `module t(input a, output y); wire b, c; INV u (.A(a), .Y(b)); INV v (.A(a), .Y(c));
SKEW s (.A(b), .B(c), .Y(y)); endmodule`
    expect(await follow(skewed, 'cell', [100, 200])).toEqual([125, 225])
    // A register behind two buffers takes its data at the edge of the port, and answers 20 ps later.
    const buffered = `module t(input a, output y); wire b, c, n; BUF u (.A(a), .Y(b)); BUF v (.A(b), .Y(c));
DFF r (.D(n), .CK(c), .Q(y), .QN(n)); endmodule`
    expect(await follow(buffered, 'cell', [100, 200, 300])).toEqual([120, 320])
  })

  it('refuses a loop of logic and a cell whose function is not known', async () => {
    const loop = 'module t(input a, output y); wire n; OR2 u (.A(a), .B(n), .Y(n)); BUF v (.A(n), .Y(y)); endmodule'
    const { netlist } = await netlistFrom(loop)
    expect(() => powerDesign(netlist, paper)).toThrow(/the logic feeds back on itself/)
    const macro = await netlistFrom('module t(input a, output y); MACRO m (.A(a), .Y(y)); endmodule')
    const design = powerDesign(macro.netlist, paper)
    expect(() => gateSimulation(design, 'zero')).toThrow(/m cannot be simulated: .* what cell MACRO does/)
  })
})

/** Every kind of cell that remembers, in a hierarchy, with buses, aliases, constants and names that need escapes. */
const everyKind = `
module part(input clk, input [1:0] d, input en, output [1:0] q);
  wire gated;
  ICG \\gate[0] (.CK(clk), .E(en), .SE(d[1]), .GCK(gated));
  DFF r0 (.D(d[0]), .CK(gated), .Q(q[0]));
  DFFN r1 (.D(d[1]), .CK(clk), .Q(q[1]));
endmodule
module t(input clk, input [3:0] a, input en, rn, sn, output [2:0] y, output z);
  wire [1:0] q; wire held, s, low;
  wire \\odd.name ;
  part p (clk, {a[0], a[1]}, en, q);
  DFFSR r (.D(q[0]), .S(a[2]), .T(a[3]), .RN(rn), .SN(sn), .CK(clk), .Q(s));
  INV i (.A(clk), .Y(low));
  LATCH l (.D(s), .G(low), .Q(held));
  XOR2 x (.A(held), .B(q[1]), .Y(\\odd.name ));
  OR2 o (.A(\\odd.name ), .B(a[3]), .Y(y[0]));
  DFF last (.D(y[0]), .CK(clk), .Q(y[1]));
  assign z = y[0];
  assign y[2] = q[1];
endmodule
`
/** The same cells for Icarus, without delay. */
const models = `
module ICG(input CK, E, SE, output GCK); reg q; always @(*) if (!CK) q = E | SE; assign GCK = CK & q; endmodule
module DFF(input D, CK, output reg Q, output QN); always @(posedge CK) Q <= D; assign QN = ~Q; endmodule
module DFFN(input D, CK, output reg Q); always @(negedge CK) Q <= D; endmodule
module DFFSR(input D, S, T, RN, SN, CK, output reg Q);
  always @(posedge CK) if (RN && SN) Q <= S ? T : D;
  always @(RN or SN) if (!RN) Q <= 0; else if (!SN) Q <= 1;
endmodule
module LATCH(input D, G, output reg Q); always @(*) if (G) Q = D; endmodule
module INV(input A, output Y); assign Y = ~A; endmodule
module XOR2(input A, B, output Y); assign Y = A ^ B; endmodule
module OR2(input A, B, output Y); assign Y = A | B; endmodule
`

/** Inputs move at random a little after either edge, resets now and then. */
const icarusDump = (cycles: number, seed: number): string => {
  const random = randomWords(seed)
  const drive = (): string => {
    const word = random()
    return `a = ${word & 15}; en = ${(word >> 4) & 1}; rn = ${Number(((word >> 5) & 7) > 0)}; sn = ${Number(((word >> 8) & 7) > 0)};`
  }
  const steps = Array.from({ length: cycles }, () => `#1 ${drive()} #49 clk = 1; #1 ${drive()} #49 clk = 0;`)
  const testbench = `\`timescale 1ns/1ns
module testbench; reg clk = 0; reg [3:0] a; reg en, rn = 0, sn = 1; wire [2:0] y; wire z;
  t dut(.clk(clk), .a(a), .en(en), .rn(rn), .sn(sn), .y(y), .z(z));
  initial begin $dumpfile("dump.vcd"); $dumpvars(0, testbench); a = 0; en = 1;
${steps.join('\n')} #50 $finish; end
endmodule`
  const here = mkdtempSync(join(tmpdir(), 'bitloom-power-'))
  try {
    writeFileSync(join(here, 'all.v'), models + everyKind + testbench)
    execFileSync('iverilog', ['-g2005', '-o', 'all.vvp', 'all.v'], { cwd: here })
    execFileSync('vvp', ['-n', 'all.vvp'], { cwd: here })
    return readFileSync(join(here, 'dump.vcd'), 'utf8')
  } finally {
    rmSync(here, { recursive: true })
  }
}

describe.skipIf(versionOf('iverilog', '-V') === undefined)('a dump of Icarus (skipped without iverilog)', () => {
  it('has all nets of a netlist of every kind of cell, and the simulation does the same in every one', async () => {
    const seed = randomWords(Date.now())()
    const named = await netlistFrom(everyKind)
    const design = powerDesign(named.netlist, paper)
    const text = icarusDump(400, seed)
    const found = measureDump(design, named, [new TextEncoder().encode(text)], 'dump.vcd', { begin_ps: 2_000_000 })
    expect(found).toMatchObject({ scope: 'testbench.dut', cycles: 380, compared: { mismatches: 0 } })
    expect(found.seen).toBe(found.nets)
    expect(found.compared.vectors).toBeGreaterThan(370)
    const { dump, zero, cell } = found.counted
    const nets = [...connectedNets(named.netlist)]
    const toggles = (counted: typeof dump) =>
      nets.map((net) => [named.netlist.netNames.get(net), counted!.toggles[net]])
    expect(toggles(zero), `seed ${seed}`).toEqual(toggles(dump))
    for (const net of nets) {
      expect(zero!.high(net), `seed ${seed}`).toBeCloseTo(dump!.high(net), 9)
      expect(cell!.toggles[net], `seed ${seed}`).toBeGreaterThanOrEqual(zero!.toggles[net]! - 1)
    }
  })
})

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

const mapped = async (module: Parameters<typeof printVerilog>[0]): Promise<Netlist> => {
  const request = { yosys, verilog: printVerilog(module, { gates: true }), top: module.name }
  return (
    await mapDesign(
      request,
      generic45,
      recipes.filter(({ id }) => id === 'amap'),
    )
  ).best.netlist
}

describe('mapped netlists', () => {
  const seed = randomWords(Date.now())()

  it('toggle without delays as in the simulation of 32 lanes, net by net, clock gates too', async () => {
    const { module } = Held({})
    const netlist = await mapped(module)
    const ports = portLayout(module)
    const stimulus = randomStimulus(ports, 200, seed)
    const response = new Int32Array(200 * ports.outputWords)
    openOwnEngine('js', module).replay(stimulus, 200, response)
    const lanes = measureActivity(netlist, generic45, { ports, lanes: [{ stimulus, response }] })
    const design = powerDesign(netlist, generic45)
    expect(lanes.clocks.gated.size).toBeGreaterThan(0)
    const { counted, compared, cycles } = measureStimulus(design, { ports, stimulus, response, period_ps: 4000 }, [
      'zero',
    ])
    expect({ compared, cycles }, `seed ${seed}`).toEqual({ compared: { vectors: 200, mismatches: 0 }, cycles: 199 })
    const nets = [...connectedNets(netlist)]
    expect(
      nets.map((net) => counted.zero!.toggles[net]),
      `seed ${seed}`,
    ).toEqual(nets.map((net) => lanes.toggles[net]))
  })

  // ../shared/reference/area-energy.md, section 9, test 7
  it.each(['mac(w=int4, a=int4)', 'mac', 'mixpe', 'ant'])(
    'toggle more with delays of cells and more yet with unit delays, and compute the same: %s',
    async (spec) => {
      const pe = processingElement(spec)
      const run = recordRandom(pe, { cycles: 300, seed })
      // No idle cycles but what groups of one leave.
      if (spec === 'mac') expect(run.cycles, `seed ${seed}`).toBeLessThan(1.1 * run.macs + 10)
      expect(run.forms.map(({ name, share }) => [name, share])).toEqual([
        ['cell', 0.25],
        ['passing cell', 0.75],
      ])
      for (const form of run.forms) {
        const design = powerDesign(await mapped(form.module), generic45)
        const { counted, compared } = measureStimulus(design, { ...form, period_ps: 8000 }, ['zero', 'cell', 'unit'])
        expect(compared, `seed ${seed}`).toEqual({ vectors: run.cycles, mismatches: 0 })
        const [zero, cell, unit] = [counted.zero, counted.cell, counted.unit].map((each) =>
          each!.toggles.reduce((sum, count) => sum + count, 0),
        )
        expect(cell!, `seed ${seed}`).toBeGreaterThan(1.02 * zero!)
        expect(unit!, `seed ${seed}`).toBeGreaterThan(cell!)
      }
    },
  )

  it('with one gate that is another are found out', async () => {
    const { module } = Held({})
    const netlist = await mapped(module)
    const at = netlist.instances.findIndex(({ cell }) => cell === 'NAND2')
    const instances = netlist.instances.map((each, k) => (k === at ? { ...each, cell: 'NOR2' } : each))
    const ports = portLayout(module)
    const stimulus = randomStimulus(ports, 100, seed)
    const response = new Int32Array(100 * ports.outputWords)
    openOwnEngine('js', module).replay(stimulus, 100, response)
    const design = powerDesign({ ...netlist, instances }, generic45)
    const { compared } = measureStimulus(design, { ports, stimulus, response, period_ps: 4000 }, ['zero'])
    expect(compared.mismatches, `seed ${seed}`).toBeGreaterThan(0)
    expect(compared.first).toMatch(/is [01] and should be [01] before \d+ ps/)
  })
})

/** A multiply-accumulate with operand registers, as ../shared/reference/area-energy.md, section 4.4, measured it. */
const Accumulating = component('accumulating', ({ bits, sum }: { readonly bits: number; readonly sum: number }) => ({
  in: { a: s(bits), b: s(bits) },
  out: { total: s(sum) },
  logic({ a, b }, { regs }) {
    const r = regs({ left: s(bits), right: s(bits), total: s(sum) })
    r.left.next = a
    r.right.next = b
    r.total.next = r.total.add(r.left.mul(r.right)).wrap(s(sum))
    return { total: r.total }
  },
}))

// ../shared/reference/area-energy.md, section 9, test 4
it('energies of multiply-accumulates of 4, 8 and 16 bits are as 0.35 to 0.43, 1 and 2.3 to 3.2', async () => {
  // Sums begin at 0, and take long until all of their upper bits move.
  const vectors = 2000
  const energies: number[] = []
  for (const [bits, sum] of [
    [4, 24],
    [8, 32],
    [16, 40],
  ] as const) {
    const { module } = Accumulating({ bits, sum })
    const request = { yosys, verilog: printVerilog(module), top: module.name }
    const search = recipes.filter(({ id }) => id === 'booth+fa')
    const { netlist } = (await mapDesign(request, generic45, search)).best
    const ports = portLayout(module)
    const stimulus = randomStimulus(ports, vectors, 1)
    const response = new Int32Array(vectors * ports.outputWords)
    openOwnEngine('js', module).replay(stimulus, vectors, response)
    const design = powerDesign(netlist, generic45)
    const { counted, compared } = measureStimulus(design, { ports, stimulus, response, period_ps: 5000 }, ['cell'])
    expect(compared.mismatches).toBe(0)
    energies.push(powerOf(design, counted.cell!).total_w)
  }
  const [small, middle, large] = energies as [number, number, number]
  expect(small / middle).toBeGreaterThan(0.35)
  expect(small / middle).toBeLessThan(0.43)
  expect(large / middle).toBeGreaterThan(2.3)
  expect(large / middle).toBeLessThan(3.2)
})
