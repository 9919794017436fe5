import { describe, expect, it } from 'vitest'
import { bits, bool, enumeration, fixed, range, record, reset, s, u, vec } from '../../src/dsl/index.ts'
import { maker, mistake, nothing, run } from './maker.ts'
import { body } from './verilog/printed.ts'

describe('a register with a reset value', () => {
  const whole = record({ list: vec(2, s(4)), flag: bool, mode: enumeration('mode', ['off', 'on']), q: fixed(s(6), 2) })

  it('has it after reset, every part its own', () => {
    const module = maker({}, { n: u(4), w: whole, f: bits(4) }, (_, { regs }) => {
      const r = regs({
        count: reset(u(4), 9),
        whole: reset(whole, { list: [-3, 5n], flag: true, mode: 'on', q: -0.75 }),
        field: reset(bits(4), 0xa),
      })
      return { n: r.count, w: r.whole, f: r.field }
    })
    expect(run(module, [{}, {}]).at(-1)).toEqual({
      n: 9n,
      w_list_0: -3n,
      w_list_1: 5n,
      w_flag: 1n,
      w_mode: 1n,
      w_q: -3n,
      f: 10n,
    })
  })

  it('is enabled by when, as a group', async () => {
    const module = maker({ en: bool, a: u(4), b: s(8) }, { x: u(4), y: s(8) }, ({ en, a, b }, { regs, when }) => {
      const r = regs({ count: reset(u(4), 9), data: s(8) })
      when(en, () => {
        r.count.next = a
        r.data.next = b
      })
      return { x: r.count, y: r.data }
    })
    expect(await body(module)).toMatchInlineSnapshot(`
      "reg [3:0] count;
      reg signed [7:0] data;

      assign x = count;
      assign y = data;

      always @(posedge clk) begin
        if (rst) begin
          count <= 4'd9;
          data <= 8'd0;
        end else begin
          if (en) begin
            count <= a;
            data <= b;
          end
        end
      end"
    `)
  })

  it('refuses a value that does not fit, or is no literal', () => {
    const ask = (of: object) => () => maker({ a: u(4) }, {}, (_, { regs }) => nothing(regs(of as never)))
    expect(mistake(ask({ count: reset(range(0, 9), 10) }))).toMatchInlineSnapshot(
      `"E-RANGE in maker (reset.test.ts, line 'const ask = (of: object) => () => maker({ a: u(4) }, {}, (_, { regs }) => nothing(regs(of as never)))'): register 'count' holds [0, 9] (u4), got 10; choose one that fits, or widen the shape"`,
    )
    expect(mistake(ask({ list: reset(vec(2, u(4)), [1, 2, 3]) }))).toMatchInlineSnapshot(
      `"E-RANGE in maker (reset.test.ts, line 'const ask = (of: object) => () => maker({ a: u(4) }, {}, (_, { regs }) => nothing(regs(of as never)))'): the reset value of register 'list' takes an array of 2, got one of 3; pass as many"`,
    )
    expect(
      mistake(() => maker({ a: u(4) }, {}, ({ a }, { regs }) => nothing(regs({ r: reset(u(4), a as never) })))),
    ).toMatchInlineSnapshot(
      `"E-RANGE in maker (reset.test.ts, line 'mistake(() => maker({ a: u(4) }, {}, ({ a }, { regs }) => nothing(regs({ r: reset(u(4), a as never) }))))'): the reset value of register 'r' is a literal, since reset knows no signals; assign the signal to .next"`,
    )
  })
})
