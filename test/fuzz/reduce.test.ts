import { describe, expect, it } from 'vitest'
import { modulesUnder, printVerilog } from '../../src/dsl/index.ts'
import { type Module, type Operation, widthOf } from '../../src/dsl/ir.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { type Case, caseOf, differenceOf, sound } from './case.ts'
import { describedAnew } from './evaluated.ts'
import { faulty } from './faults.ts'
import { type Limits, randomComponent } from './random-component.ts'
import { randomStructure } from './random-structure.ts'
import { reduce } from './reduce.ts'
import { allRemade } from './remake.ts'

const limits: Limits = { width: 60, operations: 20, depth: 2 }
/** The first random case with a property. */
const firstCase = (
  property: (module: Module) => boolean,
  make = (seed: number) => randomComponent(seed, limits),
): Case => {
  for (let seed = 1; ; seed++) {
    const module = allRemade(make(seed).module)
    if (property(module)) return caseOf(module, randomStimulus(portLayout(module), 40, seed))
  }
}
const operationsIn = (module: Module): readonly Operation[] => modulesUnder(module).flatMap((one) => one.operations)

/** The smallest module with a property in what its outputs and checks depend on, printed. */
const smallest = async (of: (module: Module) => boolean, make?: Parameters<typeof firstCase>[1]): Promise<string> => {
  const property = (module: Module): boolean => of(allRemade(module))
  const { module, rows } = await reduce(firstCase(property, make), (one) => property(one.module))
  sound(module)
  expect(property(module)).toBe(true)
  expect(rows).toHaveLength(1)
  expect(property(await describedAnew(module)), 'described anew').toBe(true)
  return printVerilog(module).trimEnd()
}

describe('the smallest case', () => {
  it('of an operation on wide values', async () => {
    const found = await smallest((module) =>
      operationsIn(module).some(({ op, args }) => op === 'lt' && args.every((arg) => widthOf(arg) > 32)),
    )
    expect(found).toMatchInlineSnapshot(`
      "module fuzz_1_1 (
        input wire [32:0] x,
        input wire [32:0] x_2,
        output wire y
      );
        assign y = x < x_2;
      endmodule"
    `)
  })

  it('of a register that starts elsewhere than at 0 and feeds itself', async () => {
    const found = await smallest((module) =>
      modulesUnder(module).some(({ registers }) =>
        registers.some(
          ({ node, next, reset }) => reset !== 0n && 'args' in next && next.args.some((arg) => arg === node),
        ),
      ),
    )
    expect(found).toMatchInlineSnapshot(`
      "module fuzz_1 (
        input wire clk,
        input wire rst,
        input wire x,
        input wire x_2,
        output wire [1:0] y
      );
        reg [1:0] r0;

        assign y = r0;

        always @(posedge clk) begin
          if (rst) begin
            r0 <= 2'd2;
          end else begin
            if (x) r0 <= {1'b0, x_2};
          end
        end
      endmodule"
    `)
  })

  it('of an operation that must stay in an instance of an instance', async () => {
    const found = await smallest((module) =>
      module.instances.some(({ of }) =>
        of.instances.some((inner) => inner.of.operations.some(({ op }) => op === 'mul')),
      ),
    )
    expect(found).toMatchInlineSnapshot(`
      "module fuzz_2_0_0 (
        input wire clk,
        input wire rst
      );
        reg r1;
        reg m0 [0:1];
        reg m0_read_3;

        always @(posedge clk) begin
          if (rst) begin
            r1 <= 1'b0;
          end else begin
            r1 <= r1 * r1;
          end
        end

        initial begin : m0_start
          integer k;
          for (k = 0; k < 2; k = k + 1) m0[k] = 1'b0;
        end
        \`ifndef SYNTHESIS
        initial m0_read_3 = 1'b0;
        \`endif
        always @(posedge clk) begin
          if (!rst && (1'b0)) m0_read_3 <= m0[r1];
        end

        \`ifndef SYNTHESIS
        always @(posedge clk) begin
          if (!rst && !m0_read_3) $error("%m: promise 1 is kept");
        end
        \`endif
      endmodule

      module fuzz_2_0 (
        input wire clk,
        input wire rst
      );
        fuzz_2_0_0 x0_0 (
          .clk(clk),
          .rst(rst)
        );
      endmodule

      module fuzz_2 (
        input wire clk,
        input wire rst
      );
        fuzz_2_0 x0_1 (
          .clk(clk),
          .rst(rst)
        );
      endmodule"
    `)
  })

  it('of two instances of one module, of which one feeds the other', async () => {
    const found = await smallest((module) =>
      module.instances.some(({ of, inputs }) =>
        [...inputs.values()].some(
          (driver) =>
            driver.op === 'out' && module.instances.some((other) => other.name === driver.instance && other.of === of),
        ),
      ),
    )
    expect(found).toMatchInlineSnapshot(`
      "module fuzz_4_0 (
        input wire clk,
        input wire rst,
        input wire i2,
        output wire o0_sign
      );
        assign o0_sign = i2;

        \`ifndef SYNTHESIS
        always @(posedge clk) begin
          if (!rst && (!1'b0)) $error("%m: promise 2 is kept");
        end
        \`endif
      endmodule

      module fuzz_4 (
        input wire clk,
        input wire rst,
        input wire x
      );
        wire x0_0_o0_sign;
        wire x0_1_o0_sign;

        fuzz_4_0 x0_0 (
          .clk(clk),
          .rst(rst),
          .i2(x),
          .o0_sign(x0_0_o0_sign)
        );
        fuzz_4_0 x0_1 (
          .clk(clk),
          .rst(rst),
          .i2(x0_0_o0_sign),
          .o0_sign(x0_1_o0_sign)
        );

        wire unused = &{1'b0, x0_1_o0_sign};
      endmodule"
    `)
  })

  it('of a memory that shows the new word, with two write ports', async () => {
    const found = await smallest((module) =>
      modulesUnder(module).some(({ memories }) =>
        memories.some(({ collide, writes, reads }) => collide === 'new' && writes.length === 2 && reads.length > 0),
      ),
    )
    expect(found).toMatchInlineSnapshot(`
      "module fuzz_5_0 (
        input wire clk,
        input wire rst,
        input wire x_6,
        input wire x_7,
        input wire x,
        input wire x_2,
        input wire x_3,
        input wire x_8,
        input wire x_4,
        input wire x_5,
        output wire y
      );
        reg m0 [0:1];
        reg m0_read_2;

        assign y = m0_read_2;

        \`ifndef SYNTHESIS
        initial begin : m0_start
          integer k;
          for (k = 0; k < 2; k = k + 1) m0[k] = 1'b0;
        end
        initial m0_read_2 = 1'b0;
        \`endif
        always @(posedge clk) begin
          if (!rst && x_8) m0[x_5] <= x_4;
        end
        always @(posedge clk) begin
          if (!rst && x) m0[x_3] <= x_2;
        end
        always @(posedge clk) begin
          if (!rst && x_6) m0_read_2 <= (x & (x_3 == x_7)) ? x_2 : (x_8 & (x_5 == x_7)) ? x_4 : m0[x_7];
        end
      endmodule"
    `)
  })

  it('of a check', async () => {
    const found = await smallest((module) =>
      modulesUnder(module).some(({ checks }) => checks.some(({ message }) => message === 'promise 2 is kept')),
    )
    expect(found).toMatchInlineSnapshot(`
      "module fuzz_4_0_0 (
        input wire clk,
        input wire rst,
        input wire x
      );
        \`ifndef SYNTHESIS
        always @(posedge clk) begin
          if (!rst && !x) $error("%m: promise 2 is kept");
        end
        \`endif
      endmodule"
    `)
  })

  it('of a register of another clock', async () => {
    const found = await smallest(
      (module) => module.registers.some(({ node }) => node.clock !== undefined),
      (seed) => randomStructure(seed, { width: 20, operations: 6, depth: 0 }),
    )
    expect(found).toMatchInlineSnapshot(`
      "module async_fifo_depth_2_of_e4_4mode_3one_3two_5three_b0f9a7a9 (
        input wire other_clk,
        input wire other_rst,
        input wire x,
        output wire y
      );
        reg out_valid_now;

        assign y = out_valid_now;

        always @(posedge other_clk) begin
          if (other_rst) begin
            out_valid_now <= 1'b0;
          end else begin
            out_valid_now <= x;
          end
        end
      endmodule"
    `)
  })
})

describe('making a case smaller', () => {
  it('comes to the same in every run, and to nothing larger with less time', async () => {
    const judge = faulty('clampsTooLow')
    const start = firstCase(
      (module) => differenceOf(caseOf(module, randomStimulus(portLayout(module), 40, 1)), judge) !== undefined,
    )
    const fails = (one: Case): boolean => differenceOf(one, judge) !== undefined
    const [once, twice] = [await reduce(start, fails), await reduce(start, fails)]
    expect(printVerilog(once.module)).toBe(printVerilog(twice.module))
    expect(once.rows).toEqual(twice.rows)
    expect(await reduce(start, fails, { tries: 0 })).toEqual(start)
  })

  it('gives the case back where nothing smaller fails', async () => {
    const start = firstCase(() => true)
    const only = await reduce(start, (one) => one === start)
    expect(only).toBe(start)
  })
})
