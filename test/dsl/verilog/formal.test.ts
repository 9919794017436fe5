import { afterAll, describe, expect, it } from 'vitest'
import { bool, component, type Module, printVerilog, u } from '../../../src/dsl/index.ts'
import { lintVerilog } from '../../../src/sim/lint.ts'
import { openYosys } from '../../../src/synth/yosys.ts'

/** A counter that promises to stay below 10, and turns round there or one too late. */
const Counter = component('counter', (p: { turns: number }) => ({
  in: { enable: bool },
  out: { count: u(4) },
  logic({ enable }, { regs, when, check }) {
    const r = regs({ value: u(4) })
    when(enable, () => {
      r.value.next = r.value.add(1).wrap(u(4))
      when(r.value.eq(p.turns), () => {
        r.value.next = 0
      })
    })
    check(r.value.lt(10), 'the count has "one" digit')
    check(r.value.eq(11).not(), 'the count is never 11')
    return { count: r.value }
  },
}))
const Two = component('two', (p: { turns: number }) => ({
  in: { enable: bool },
  out: { y: u(4), z: u(4) },
  logic: ({ enable }, { use }) => ({
    y: use('one', Counter({ turns: 9 }), { enable }).count,
    z: use('other', Counter({ turns: p.turns }), { enable }).count,
  }),
}))

describe('promises as assertions', () => {
  const yosys = openYosys()
  afterAll(() => yosys.close())
  const prove = async (module: Module, formal = true): Promise<string> => {
    const script = [
      'read_verilog -formal design.v',
      `prep -flatten -top ${module.name}`,
      'async2sync',
      'chformal -lower',
      'opt',
      `sat -verify -tempinduct -prove-asserts -set-assumes -maxsteps 20 ${module.name}`,
    ].join('\n')
    const outcome = await yosys.run({ script, files: { 'design.v': printVerilog(module, { formal }) } })
    return outcome.ok ? 'proven' : outcome.error
  }

  it('are proven by Yosys where they hold, through instances too', async () => {
    expect(await prove(Counter({ turns: 9 }).module)).toBe('proven')
    expect(await prove(Two({ turns: 8 }).module)).toBe('proven')
  })

  it('are refuted where they fail, be it in one instance of two', async () => {
    expect(await prove(Counter({ turns: 10 }).module)).toMatch(/proof did fail/)
    expect(await prove(Two({ turns: 10 }).module)).toMatch(/proof did fail/)
  })

  it('stand beside those of simulation, and linters and synthesis see nothing of them', async () => {
    const text = printVerilog(Counter({ turns: 9 }).module, { formal: true })
    expect(text.slice(text.indexOf('  `ifndef'))).toMatchInlineSnapshot(`
      "  \`ifndef SYNTHESIS
        \`ifdef FORMAL
        initial assume (rst);
        always @(posedge clk) begin
          if (!rst) assert (!(value >= 4'd10)); // the count has "one" digit
          if (!rst) assert (!(value == 4'd11)); // the count is never 11
        end
        \`else
        always @(posedge clk) begin
          if (!rst && (value >= 4'd10)) $error("%m: the count has \\"one\\" digit");
          if (!rst && (value == 4'd11)) $error("%m: the count is never 11");
        end
        \`endif
        \`endif
      endmodule
      "
    `)
    expect((await lintVerilog(text, 'counter_turns_9')).flatMap(({ complaints }) => complaints)).toEqual([])
    const cells = async (formal: boolean): Promise<string> => {
      const outcome = await yosys.run({
        script: 'read_verilog design.v\nprep -flatten -top counter_turns_9\ntee -o cells.txt stat',
        files: { 'design.v': printVerilog(Counter({ turns: 9 }).module, { formal }) },
      })
      return outcome.ok ? outcome.files.get('cells.txt')! : outcome.error
    }
    expect(await cells(true)).toBe(await cells(false))
  })
})
