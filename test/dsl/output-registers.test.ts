import { describe, expect, it } from 'vitest'
import {
  bool,
  clock,
  component,
  type Module,
  on,
  printVerilog,
  printWithMap,
  record,
  s,
  u,
  vec,
} from '../../src/dsl/index.ts'
import { foldConstants, optimise } from '../../src/dsl/pass/index.ts'
import { compareEngines } from '../../src/sim/compare.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { lintVerilog } from '../../src/sim/lint.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { icarusEngine } from '../fuzz/icarus.ts'

const Counter = component('counter', (_: object) => ({
  in: { enable: bool },
  out: { count: u(8), full: bool },
  logic({ enable }, { regs, when }) {
    const r = regs({ count: u(8) })
    when(enable, () => {
      r.count.next = r.count.add(1).wrap(u(8))
    })
    return { count: r.count, full: r.count.eq(255) }
  },
}))

const message = (build: () => Module): string => {
  try {
    build()
  } catch (error) {
    return (error as Error).message.replaceAll(/:\d+\)/g, ')')
  }
  return 'no error'
}

describe('a register that is returned as the output of its own name', () => {
  it('is the port, and read inside like any other register', () => {
    expect(printVerilog(Counter({}).module)).toMatchInlineSnapshot(`
      "module counter (
        input wire clk,
        input wire rst,
        input wire enable,
        output reg [7:0] count,
        output wire full
      );
        assign full = count == 8'd255;

        always @(posedge clk) begin
          if (rst) begin
            count <= 8'd0;
          end else begin
            if (enable) count <= count + 8'd1;
          end
        end
      endmodule
      "
    `)
  })

  it('is one place in the source map, at the register', () => {
    const { map } = printWithMap(Counter({}).module, 'counter.v')
    const names = map.modules.counter!.names.filter(({ name }) => name === 'count')
    expect(names).toMatchInlineSnapshot(`
      [
        {
          "kind": "register",
          "lines": [
            5,
            14,
          ],
          "name": "count",
          "source": "test/dsl/output-registers.test.ts:28",
        },
      ]
    `)
  })

  it('works scalar by scalar, and on other clocks', () => {
    const pixel = clock('pixel')
    const point = record({ x: s(4), taps: vec(2, bool) })
    const { module } = component('points', (_: object) => ({
      in: { x: on(pixel, s(4)) },
      out: { y: on(pixel, s(4)), p: point },
      logic({ x }, { regs }) {
        const r = regs({ p: point })
        const q = regs({ y: s(4) }, { clock: pixel })
        q.y.next = x
        r.p.taps[0]!.next = r.p.taps[1]!.not()
        return { y: q.y, p: r.p }
      },
    }))({})
    expect(printVerilog(module).match(/output .*/g)).toMatchInlineSnapshot(`
      [
        "output reg signed [3:0] y,",
        "output reg signed [3:0] p_x,",
        "output reg p_taps_0,",
        "output reg p_taps_1",
      ]
    `)
  })

  it.skipIf(versionOf('iverilog', '-V') === undefined)(
    'runs in Icarus as in our engines, and no linter complains',
    async () => {
      const { module } = Counter({})
      const [definition, javascript] = [interpreter(module), javascriptEngine(module)]
      const stimulus = randomStimulus(definition.ports, 300, 1)
      expect(compareEngines([definition, javascript, icarusEngine(module)], stimulus)).toBeUndefined()
      const findings = await lintVerilog(printVerilog(module), module.name)
      expect(findings.flatMap(({ complaints }) => complaints)).toEqual([])
    },
  )

  it('leaves its name to the port where a pass has found what drives the port', () => {
    const { module } = component('idle', (_: object) => ({
      in: {},
      out: { level: u(4) },
      logic(_, { regs }) {
        const r = regs({ level: u(4) })
        return { level: r.level }
      },
    }))({})
    expect(printVerilog(foldConstants(module))).toMatchInlineSnapshot(`
      "module idle (
        input wire clk,
        input wire rst,
        output wire [3:0] level
      );
        reg [3:0] level_2;

        assign level = 4'd0;

        always @(posedge clk) begin
          if (rst) begin
            level_2 <= 4'd0;
          end else begin
            level_2 <= 4'd0;
          end
        end

        wire unused = &{1'b0, level_2};
      endmodule
      "
    `)
    expect(printVerilog(optimise(module))).toMatchInlineSnapshot(`
      "module idle (
        output wire [3:0] level
      );
        assign level = 4'd0;
      endmodule
      "
    `)
  })
})

describe('a wire that is returned as the output of its own name', () => {
  it('is the port', () => {
    const { module } = component('both', (_: object) => ({
      in: { a: bool, b: bool },
      out: { any: bool },
      logic({ a, b }, { wires }) {
        const w = wires({ any: bool })
        w.any.value = a.or(b)
        return { any: w.any }
      },
    }))({})
    expect(printVerilog(module)).toMatchInlineSnapshot(`
      "module both (
        input wire a,
        input wire b,
        output wire any
      );
        assign any = a | b;
      endmodule
      "
    `)
  })
})

describe('a register with the name of an output', () => {
  it('that is driven by something else is refused', () => {
    const build = () =>
      component('made', (_: object) => ({
        in: { a: u(4) },
        out: { y: u(4) },
        logic({ a }, { regs }) {
          const r = regs({ y: u(4) })
          r.y.next = a
          return { y: a }
        },
      }))({}).module
    expect(message(build)).toMatchInlineSnapshot(
      `"E-NAME in made (test/dsl/output-registers.test.ts): register 'y' has the name of an output that is driven by something else; return the register itself or choose another name"`,
    )
  })
  it('of another width is refused', () => {
    const build = () =>
      component('made', (_: object) => ({
        in: { a: u(3) },
        out: { y: u(4) },
        logic({ a }, { regs }) {
          const r = regs({ y: u(3) })
          r.y.next = a
          return { y: r.y }
        },
      }))({}).module
    expect(message(build)).toMatchInlineSnapshot(
      `"E-NAME in made (test/dsl/output-registers.test.ts): register 'y' holds [0, 7] (u3) and the output of its name [0, 15] (u4); give both one shape or choose another name"`,
    )
  })
  it('whose name a wire has as well is refused, and so is one that differs in case', () => {
    const build = () =>
      component('made', (_: object) => ({
        in: { a: u(4) },
        out: { y: u(4) },
        logic({ a }, { regs, wires }) {
          const r = regs({ y: u(4), Y: u(4) })
          const w = wires({ y: u(4) })
          r.y.next = a
          r.Y.next = a
          w.y.value = a
          return { y: r.y }
        },
      }))({}).module
    expect(message(build)).toMatchInlineSnapshot(`
      "2 mistakes in made:
        E-NAME in made (test/dsl/output-registers.test.ts): a register cannot be called 'Y': a register is called 'y', and case alone tells no names apart; choose another name
        E-NAME in made (test/dsl/output-registers.test.ts): a wire cannot be called 'y': a register has that name; choose another name"
    `)
  })
})
