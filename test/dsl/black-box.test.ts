import { describe, expect, it } from 'vitest'
import {
  blackBox,
  bool,
  clock,
  component,
  mainClock,
  on,
  printVerilog,
  s,
  u,
  verilogForSimulation,
  verilogWithStubs,
} from '../../src/dsl/index.ts'
import { quoted } from '../../src/dsl/verilog/layout.ts'
import { compareEngines, describeDifference } from '../../src/sim/compare.ts'
import { openEngine } from '../../src/sim/engines.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { lintVerilog } from '../../src/sim/lint.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { icarusEngine } from '../fuzz/icarus.ts'
import { verilatorJudge } from '../fuzz/verilator-judge.ts'
import { maker, mistake, run, trace } from './maker.ts'

const byte = u(8)
const pixel = clock('pixel')
const has = (...tools: string[]): boolean =>
  tools.every((tool) => versionOf(tool, tool === 'iverilog' || tool === 'vvp' ? '-V' : undefined) !== undefined)

/** A multiply-accumulate as a vendor might have it: `P` is registered, `Z` says in the same cycle that `A` is 0. */
const macVerilog = `module VENDOR_MAC #(parameter ROUND = 0, parameter MODE = "PLAIN") (
  input wire CLK, input wire RST,
  input wire signed [7:0] A, input wire signed [7:0] B, input wire LOAD,
  output wire signed [19:0] P, output wire Z
);
  reg signed [19:0] state;
  always @(posedge CLK)
    if (RST) state <= 0;
    else if (LOAD) state <= A * B + ROUND;
    else state <= state + A * B;
  assign P = state;
  assign Z = A == 0;
endmodule
`
const vendorMac = (round: number, verilog: { readonly verilog?: string } = { verilog: macVerilog }) =>
  blackBox('VENDOR_MAC', {
    in: { A: s(8), B: s(8), LOAD: bool },
    out: { P: s(20), Z: bool },
    parameters: { ROUND: round, MODE: 'PLAIN' },
    clock: 'CLK',
    reset: 'RST',
    through: { P: [], Z: ['A'] },
    model: {
      reset: 0n,
      outputs: { P: (_, sum) => sum, Z: ({ A }) => A === 0n },
      next: ({ A, B, LOAD }, sum) => BigInt.asIntN(20, LOAD ? A * B + BigInt(round) : sum + A * B),
    },
    ...verilog,
  })

/** Two of them with different parameters; the second works on what the first gives, and feeds back. */
const Dot = component('dot', (p: { verilog: boolean }) => ({
  in: { a: s(8), b: s(8), load: bool },
  out: { sum: s(20), other: s(20), zero: bool },
  logic({ a, b, load }, { use, regs }) {
    const text = p.verilog ? { verilog: macVerilog } : {}
    const r = regs({ load_late: bool })
    r.load_late.next = load
    const first = use('first', vendorMac(0, text), { A: a, B: b, LOAD: load })
    const second = use('second', vendorMac(5, text), { A: first.P.shr(12).wrap(s(8)), B: b, LOAD: r.load_late })
    return { sum: first.P, other: second.P, zero: first.Z.or(second.Z) }
  },
}))

describe('a text in Verilog', () => {
  it('has codes for what does not print and for backticks', () => {
    expect(quoted('a "b" \\ \n\t`endif ü')).toBe('"a \\"b\\" \\\\ \\n\\011\\140endif ü"')
  })
})

describe('a black box', () => {
  it('is instantiated by its Verilog name, with its parameters and clock, and not printed', () => {
    expect(printVerilog(Dot({ verilog: true }).module)).toMatchInlineSnapshot(`
      "module dot_verilog_true (
        input wire clk,
        input wire rst,
        input wire signed [7:0] a,
        input wire signed [7:0] b,
        input wire load,
        output wire signed [19:0] sum,
        output wire signed [19:0] other,
        output wire zero
      );
        reg load_late;
        wire signed [19:0] first_P;
        wire first_Z;
        wire signed [19:0] second_P;
        wire second_Z;

        VENDOR_MAC #(.ROUND(0), .MODE("PLAIN")) first (
          .CLK(clk),
          .RST(rst),
          .A(a),
          .B(b),
          .LOAD(load),
          .P(first_P),
          .Z(first_Z)
        );
        VENDOR_MAC #(.ROUND(5), .MODE("PLAIN")) second (
          .CLK(clk),
          .RST(rst),
          .A(first_P[19:12]),
          .B(b),
          .LOAD(load_late),
          .P(second_P),
          .Z(second_Z)
        );

        assign sum = first_P;
        assign other = second_P;
        assign zero = first_Z | second_Z;

        always @(posedge clk) begin
          if (rst) begin
            load_late <= 1'b0;
          end else begin
            load_late <= load;
          end
        end
      endmodule
      "
    `)
  })

  it('is a stub for linters, which are silent about it', async () => {
    const { module } = Dot({ verilog: true })
    const findings = await lintVerilog(verilogWithStubs(module), module.name)
    expect(findings.flatMap(({ complaints }) => complaints)).toEqual([])
  })

  it('may have no reset, and then none of the design is said to be unused', async () => {
    const Late = blackBox('LATE', {
      in: { D: byte },
      out: { Q: byte },
      clock: 'CLK',
      through: { Q: [] },
      model: { reset: 0n, outputs: { Q: (_, q) => q }, next: ({ D }) => D },
    })
    const module = maker({ d: byte }, { q: byte }, ({ d }, { use }) => ({ q: use('late', Late, { D: d }).Q }))
    const text = verilogWithStubs(module)
    expect(text).toContain("wire unused = &{1'b0, rst};")
    expect((await lintVerilog(text, module.name)).flatMap(({ complaints }) => complaints)).toEqual([])
  })

  it('does in simulation what its model says, state and parameters of each instance its own', () => {
    const rows = [
      { a: 100, b: 100, load: 1 },
      { a: 0, b: 7, load: 0 },
      { a: -3, b: 2, load: 0 },
    ]
    expect(run(Dot({ verilog: true }).module, rows)).toEqual([
      { sum: 0n, other: 0n, zero: 1n },
      { sum: 10000n, other: 0n, zero: 1n },
      { sum: 10000n, other: 19n, zero: 0n },
    ])
  })

  const judges = [
    ['JavaScript', javascriptEngine],
    ...(has('verilator', 'g++', 'make') ? ([['Verilator on its Verilog', verilatorJudge]] as const) : []),
    ...(has('iverilog', 'vvp') ? ([['Icarus on its Verilog', icarusEngine]] as const) : []),
  ] as const
  it.each(judges)('does the same in %s, inside a design and alone', (_, start) => {
    for (const module of [Dot({ verilog: true }).module, vendorMac(3).module]) {
      const definition = interpreter(module)
      const engine = start(module)
      try {
        // A lone box without its parameter runs with the default of its Verilog.
        const alone = module.blackBox && start !== javascriptEngine
        const subject = alone ? vendorMac(0).module : module
        const difference = compareEngines(
          [alone ? interpreter(subject) : definition, engine],
          randomStimulus(definition.ports, 300, 7),
        )
        expect(difference && describeDifference(difference)).toBeUndefined()
      } finally {
        engine.close()
      }
    }
  })

  it('follows the clock it is mapped to', () => {
    const module = maker(
      { a: on(pixel, s(8)), b: byte },
      { y: on(pixel, s(20)), z: byte },
      ({ a, b }, { use, regs }) => {
        const r = regs({ held: byte })
        r.held.next = b
        const mac = use('mac', vendorMac(0), { A: a, B: 2, LOAD: false }, { clocks: [[mainClock, pixel]] })
        return { y: mac.P, z: r.held }
      },
    )
    const rows = [1, 0, 1, 0].map((pixel_tick) => ({ a: 3, b: 1, clk_tick: 1, pixel_tick }))
    expect(trace(module, 'y', rows)).toEqual([0n, 6n, 6n, 12n])
    const javascript = javascriptEngine(module)
    const stimulus = randomStimulus(javascript.ports, 200, 1)
    expect(compareEngines([interpreter(module), javascript], stimulus)).toBeUndefined()
    expect(printVerilog(module)).toContain('.CLK(pixel_clk)')
  })

  it('is reset with the design', () => {
    for (const start of [interpreter, javascriptEngine]) {
      const engine = start(vendorMac(0).module)
      engine.inputs.set([5, 5, 0])
      engine.step(2)
      expect(engine.outputs[0]).toBe(25)
      engine.reset()
      engine.step()
      expect(engine.outputs[0]).toBe(0)
    }
  })

  it('makes no loop of a path that its outputs do not have within the cycle, and one of a path they have', () => {
    const module = maker({ b: s(8) }, { y: s(20) }, ({ b }, { use, wires }) => {
      const w = wires({ back: s(8) })
      const { P } = use('mac', vendorMac(0), { A: w.back, B: b, LOAD: false })
      w.back.value = P.add(1).wrap(s(8))
      return { y: P }
    })
    expect(trace(module, 'y', [{ b: 1 }, { b: 1 }, { b: 1 }])).toEqual([0n, 1n, 3n])
    const Buffer = blackBox('BUFFER', { in: { I: byte }, out: { O: byte }, model: { outputs: { O: ({ I }) => I } } })
    expect(
      mistake(() =>
        maker({}, { y: byte }, (_, { use, wires }) => {
          const w = wires({ back: byte })
          w.back.value = use('buffer', Buffer, { I: w.back }).O
          return { y: w.back }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-LOOP in maker (black-box.test.ts, line 'const w = wires({ back: byte })'): back (black-box.test.ts, line 'const w = wires({ back: byte })') -> buffer.I -> buffer.O (black-box.test.ts, line 'w.back.value = use('buffer', Buffer, { I: w.back }).O') -> back depends on itself within one cycle; put a register into the path"`,
    )
  })
})

const sentence = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}

describe('a black box is refused', () => {
  it('by Verilator and Icarus without its Verilog', () => {
    const { module } = Dot({ verilog: false })
    expect(sentence(() => verilogForSimulation(module))).toMatchInlineSnapshot(
      `"black box 'VENDOR_MAC' has no Verilog, which Verilator and Icarus need; give blackBox a 'verilog' text or use the engines js and interpreter, which run its model"`,
    )
    expect(() => openEngine('verilator', module)).toThrow(/black box 'VENDOR_MAC' has no Verilog/)
  })

  it('where it has the name of a component, or of a black box with other ports or other Verilog', () => {
    const Same = component('same', (_: object) => ({ name: 'VENDOR_MAC', in: { a: byte }, out: {}, logic: () => ({}) }))
    const clash = (other: ReturnType<typeof vendorMac> | ReturnType<typeof Same>) =>
      mistake(() =>
        printVerilog(
          maker({ a: byte }, {}, ({ a }, { use }) => {
            use('one', vendorMac(0), { A: 0, B: 0, LOAD: false })
            use('two', other as never, ('A' in other.in ? { A: 0, B: 0, LOAD: false } : { a }) as never)
            return {}
          }),
        ),
      )
    expect(clash(Same({}))).toMatchInlineSnapshot(
      `"E-NAME in maker (black-box.test.ts, line 'use('two', other as never, ('A' in other.in ? { A: 0, B: 0, LOAD: false } : { a }) as never)'): a black box and a component are both called 'VENDOR_MAC', instance 'one' of maker (black-box.test.ts, line 'use('one', vendorMac(0), { A: 0, B: 0, LOAD: false })') and instance 'two' of maker (black-box.test.ts, line 'use('two', other as never, ('A' in other.in ? { A: 0, B: 0, LOAD: false } : { a }) as never)'); give the component another 'name'"`,
    )
    expect(clash(vendorMac(0, {}))).toMatchInlineSnapshot(
      `"E-NAME in maker (black-box.test.ts, line 'use('two', other as never, ('A' in other.in ? { A: 0, B: 0, LOAD: false } : { a }) as never)'): two black boxes are called 'VENDOR_MAC' and differ in their ports or their Verilog, instance 'one' of maker (black-box.test.ts, line 'use('one', vendorMac(0), { A: 0, B: 0, LOAD: false })') and instance 'two' of maker (black-box.test.ts, line 'use('two', other as never, ('A' in other.in ? { A: 0, B: 0, LOAD: false } : { a }) as never)'); describe it once"`,
    )
    const Vendor = component('vendor_mac', (_: object) => ({ in: { a: byte }, out: {}, logic: () => ({}) }))
    expect(clash(Vendor({}) as never)).toMatchInlineSnapshot(
      `"E-NAME in maker (black-box.test.ts, line 'use('two', other as never, ('A' in other.in ? { A: 0, B: 0, LOAD: false } : { a }) as never)'): the names of modules 'VENDOR_MAC' and 'vendor_mac' differ in case alone, instance 'one' of maker (black-box.test.ts, line 'use('one', vendorMac(0), { A: 0, B: 0, LOAD: false })') and instance 'two' of maker (black-box.test.ts, line 'use('two', other as never, ('A' in other.in ? { A: 0, B: 0, LOAD: false } : { a }) as never)'); rename one of them"`,
    )
  })

  it('with names that Verilog does not take, or twice', () => {
    const outputs = { y: () => 0n }
    expect(mistake(() => blackBox('module', { in: {}, out: { y: byte }, model: { outputs } }))).toMatchInlineSnapshot(
      `"E-NAME in module (black-box.test.ts, line '() => blackBox('module', { in: {}, out: { y: byte }, model: { outputs } })'): a module cannot be called 'module': it is a reserved word of Verilog or SystemVerilog; choose another name"`,
    )
    expect(
      mistake(() => blackBox('box', { in: { reg: byte }, out: { y: byte }, model: { outputs } })),
    ).toMatchInlineSnapshot(
      `"E-NAME in box (black-box.test.ts, line 'mistake(() => blackBox('box', { in: { reg: byte }, out: { y: byte }, model: { outputs } }))'): an input cannot be called 'reg': it is a reserved word of Verilog or SystemVerilog; choose another name"`,
    )
    expect(
      mistake(() => blackBox('box', { in: { Y: byte }, out: { y: byte }, model: { outputs } })),
    ).toMatchInlineSnapshot(
      `"E-NAME in box (black-box.test.ts, line 'mistake(() => blackBox('box', { in: { Y: byte }, out: { y: byte }, model: { outputs } }))'): an output cannot be called 'y': an input is called 'Y', and case alone tells no names apart; choose another name"`,
    )
  })

  it('with a state and no clock', () => {
    expect(
      mistake(() =>
        blackBox('box', {
          in: {},
          out: { y: byte },
          model: { reset: 0n, outputs: { y: (_, n) => n }, next: (_, n) => n },
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-PARAMETER in box (black-box.test.ts, line 'blackBox('box', {'): its model has a state and no clock; name the clock's port, clock: 'CLK'"`,
    )
  })

  it('where its model gives what the port cannot hold, or reads what it was said not to depend on', () => {
    const Wrong = blackBox('WRONG', { in: { I: byte }, out: { O: byte }, model: { outputs: { O: ({ I }) => I + 1n } } })
    const module = maker({ a: byte }, { y: byte }, ({ a }, { use }) => ({ y: use('wrong', Wrong, { I: a }).O }))
    expect(sentence(() => run(module, [{ a: 254 }, { a: 255 }]))).toMatchInlineSnapshot(
      `"the model of black box 'WRONG' at wrong gives 256 for output 'O', which holds [0, 255] (u8); correct the model or widen the port"`,
    )
    const Hidden = blackBox('HIDDEN', {
      in: { I: byte },
      out: { O: byte },
      through: { O: [] },
      model: { outputs: { O: ({ I }) => I } },
    })
    expect(mistake(() => run(Hidden.module, [{ I: 1 }]))).toMatchInlineSnapshot(
      `"E-PARAMETER in HIDDEN (black-box.test.ts, line 'model: { outputs: { O: ({ I }) => I } }'): the model of output 'O' reads input 'I', which 'through' does not list for it; add it there"`,
    )
  })
})
