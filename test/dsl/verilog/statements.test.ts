import { describe, expect, it } from 'vitest'
import { type Builder, bool, range, s, u } from '../../../src/dsl/index.ts'
import { maker } from '../maker.ts'
import { body } from './printed.ts'

const inputs = { a: bool, b: bool, c: bool, x: u(8), y: u(8) }
type Inputs = Parameters<Parameters<typeof maker<typeof inputs, Record<string, never>>>[2]>[0]

/** The clocked block of two registers, `r` and `q`. */
const block = async (
  describe: (inputs: Inputs, r: ReturnType<typeof registers>, when: Builder['when']) => void,
): Promise<string> => {
  const module = maker(inputs, { one: u(8), two: u(8) }, (i, builder) => {
    const r = registers(builder)
    describe(i as Inputs, r, builder.when)
    return { one: r.r, two: r.q }
  })
  return / {2}end else begin\n(.*?)\n {2}end\nend/s.exec(await body(module))![1]!.replace(/^ {4}/gm, '')
}
const registers = (builder: Builder) => builder.regs({ r: u(8), q: u(8) })

describe('the clocked block', () => {
  it('resets every register, to its own value, and holds by saying nothing', async () => {
    const module = maker({ a: s(8) }, { y: s(8), z: range(-9, -2) }, ({ a }, { regs }) => {
      const r = regs({ moved: s(8), held: range(-9, -2) })
      r.moved.next = a
      return { y: r.moved, z: r.held }
    })
    expect(await body(module)).toMatchInlineSnapshot(`
      "reg signed [7:0] moved;
      reg signed [4:0] held;

      assign y = moved;
      assign z = held;

      always @(posedge clk) begin
        if (rst) begin
          moved <= 8'd0;
          held <= -5'sd2;
        end else begin
          moved <= a;
        end
      end"
    `)
  })

  it('holds outside an `if`', async () => {
    expect(
      await block(({ a, x }, r, when) => {
        when(a, () => {
          r.r.next = x
        })
      }),
    ).toMatchInlineSnapshot(`"if (a) r <= x;"`)
  })

  it('puts neighbours that share a condition into one `if`', async () => {
    expect(
      await block(({ a, x, y }, r, when) => {
        when(
          a,
          () => {
            r.r.next = x
            r.q.next = y
          },
          () => {
            r.q.next = 0
          },
        )
      }),
    ).toMatchInlineSnapshot(`
      "if (a) begin
        r <= x;
        q <= y;
      end else begin
        q <= 8'd0;
      end"
    `)
  })

  it('negates the condition where only the other branch does something', async () => {
    expect(
      await block(({ a, b, x }, r, when) => {
        when(
          a,
          () => {},
          () => {
            r.r.next = x
          },
        )
        when(a.and(b).not(), () => {
          r.q.next = x
        })
      }),
    ).toMatchInlineSnapshot(`
      "if (!a) r <= x;
      if (!(a & b)) q <= x;"
    `)
  })

  it('has one line for each branch of a choice between two values that may hold further in', async () => {
    expect(
      await block(({ a, b, c, x, y }, r, when) => {
        when(
          a,
          () => {
            r.r.next = x
          },
          () => {
            when(
              b,
              () => {
                r.r.next = y
              },
              () => {
                when(c, () => {
                  r.r.next = 0
                })
              },
            )
          },
        )
      }),
    ).toMatchInlineSnapshot(`
      "if (a) r <= x;
      else if (b) r <= y;
      else if (c) r <= 8'd0;"
    `)
  })

  it('never lets an `else` fall to an inner `if`', async () => {
    expect(
      await block(({ a, b, x, y }, r, when) => {
        when(
          a,
          () => {
            when(b, () => {
              r.r.next = x
            })
          },
          () => {
            r.r.next = y
          },
        )
      }),
    ).toMatchInlineSnapshot(`
      "if (a) begin
        if (b) r <= x;
      end else begin
        r <= y;
      end"
    `)
  })

  it('is an expression where a register always takes one of two values', async () => {
    expect(
      await block(({ a, x, y }, r, when) => {
        r.r.next = y
        when(a, () => {
          r.r.next = x
        })
      }),
    ).toMatchInlineSnapshot(`"r <= a ? x : y;"`)
  })
})

describe('checks', () => {
  it('stand outside synthesis, with what only they read, and complain of the opposite of the promise', async () => {
    const module = maker({ a: u(8), b: u(8), lit: bool }, { y: u(8) }, ({ a, b, lit }, { when, check, checked }) => {
      check(a.ne(b), 'a is not b')
      check(lit, 'it is "on", 100%')
      when(lit, () => {
        check(a.add(b).lt(300), 'the sum stays below 300')
        check(a.add(b).ne(7), 'the sum is not 7')
      })
      return { y: checked(a.add(1), u(8), 'a is not full') }
    })
    expect(await body(module)).toMatchInlineSnapshot(`
      "wire [8:0] y_sum = {1'b0, a} + 9'd1;
      assign y = y_sum[7:0];

      \`ifndef SYNTHESIS
      wire [8:0] check_2_sum = {1'b0, a} + {1'b0, b};
      always @(posedge clk) begin
        if (!rst && (a == b)) $error("%m: a is not b");
        if (!rst && !lit) $error("%m: it is \\"on\\", 100%%");
        if (!rst && (lit & (check_2_sum >= 9'd300))) $error("%m: the sum stays below 300");
        if (!rst && (lit & (check_2_sum == 9'd7))) $error("%m: the sum is not 7");
        if (!rst && (y_sum > 9'd255)) $error("%m: a is not full");
      end
      \`endif"
    `)
  })

  it('leave in synthesis what a register reads that nobody reads', async () => {
    const module = maker({ a: u(8) }, { y: u(8) }, ({ a }, { regs, check }) => {
      const r = regs({ seen: u(8), alone: u(8), forgotten: u(8) })
      r.seen.next = a
      r.alone.next = a
      r.forgotten.next = r.seen
      check(r.seen.lt(200), 'seen is small')
      check(r.alone.lt(200), 'alone is small')
      return { y: a }
    })
    const [inSynthesis, outside] = (await body(module)).split('`ifndef SYNTHESIS')
    expect(inSynthesis).toContain('reg [7:0] seen;')
    expect(inSynthesis).toContain('reg [7:0] forgotten;')
    expect(outside).toContain('reg [7:0] alone;')
  })

  it('keep to themselves the bits that nobody reads of what only they read', async () => {
    const module = maker({ a: u(4) }, { y: u(4) }, ({ a }, { regs, check }) => {
      const r = regs({ seen: u(4) })
      r.seen.next = a
      check(r.seen.add(a).bit(0), 'odd')
      return { y: a }
    })
    const text = await body(module)
    expect(text.slice(text.indexOf('`ifndef'))).toMatchInlineSnapshot(`
      "\`ifndef SYNTHESIS
      reg [3:0] seen;
      always @(posedge clk) begin
        if (rst) begin
          seen <= 4'd0;
        end else begin
          seen <= a;
        end
      end
      always @(posedge clk) begin
        if (!rst && (!(seen[0] + a[0]))) $error("%m: odd");
      end
      wire unused_by_promises = &{1'b0, seen[3:1]};
      \`endif"
    `)
  })
})
