import { describe, expect, it } from 'vitest';
import { bool, component, s, u, vec } from '../../../src/dsl/index.js';
import { maker } from '../maker.js';
import { body, printed } from './printed.js';
const Delay = component('delay', (p) => ({
    in: { a: u(p.width) },
    out: { y: u(p.width), z: bool },
    logic({ a }, { regs }) {
        const r = regs({ held: u(p.width) });
        r.held.next = a;
        return { y: r.held, z: r.held.eq(0) };
    },
}));
const Adder = component('adder', (_) => ({
    in: { a: u(8), b: u(8) },
    out: { y: u(9) },
    logic: ({ a, b }) => ({ y: a.add(b) }),
}));
describe('a module', () => {
    it('has a clock and a reset where it or a child of it has registers or checks, and none elsewhere', async () => {
        const Around = component('around', (_) => ({
            in: { a: u(8) },
            out: { y: u(8), z: u(9) },
            logic: ({ a }, { use }) => ({
                y: use('state', Delay({ width: 8 }), { a }).y,
                z: use('adder', Adder({}), { a, b: a }).y,
            }),
        }));
        expect(await printed(Around({}).module)).toMatchInlineSnapshot(`
      "module delay_width_8 (
        input wire clk,
        input wire rst,
        input wire [7:0] a,
        output wire [7:0] y,
        output wire z
      );
        reg [7:0] held;

        assign y = held;
        assign z = held == 8'd0;

        always @(posedge clk) begin
          if (rst) begin
            held <= 8'd0;
          end else begin
            held <= a;
          end
        end
      endmodule

      module adder (
        input wire [7:0] a,
        input wire [7:0] b,
        output wire [8:0] y
      );
        assign y = {1'b0, a} + {1'b0, b};
      endmodule

      module around (
        input wire clk,
        input wire rst,
        input wire [7:0] a,
        output wire [7:0] y,
        output wire [8:0] z
      );
        wire [7:0] state_y;
        wire state_z;
        wire [8:0] adder_y;

        delay_width_8 state (
          .clk(clk),
          .rst(rst),
          .a(a),
          .y(state_y),
          .z(state_z)
        );
        adder adder (
          .a(a),
          .b(a),
          .y(adder_y)
        );

        assign y = state_y;
        assign z = adder_y;

        wire unused = &{1'b0, state_z};
      endmodule
      "
    `);
    });
    it('has a port for each element of a vector', async () => {
        const module = maker({ a: vec(2, s(4)) }, { y: vec(2, s(4)) }, ({ a }) => ({ y: [a[1], a[0]] }));
        expect(await printed(module)).toMatchInlineSnapshot(`
      "module maker (
        input wire signed [3:0] a_0,
        input wire signed [3:0] a_1,
        output wire signed [3:0] y_0,
        output wire signed [3:0] y_1
      );
        assign y_0 = a_1;
        assign y_1 = a_0;
      endmodule
      "
    `);
    });
});
describe('an instance', () => {
    it('takes its ports by name, constants and narrower values extended, what it computes from others before it', async () => {
        const module = maker({ a: u(4), b: u(3) }, { y: u(9), z: u(9) }, ({ a, b }, { use }) => {
            const sum = a.add(b);
            return {
                y: use('first', Adder({}), { a: sum, b: 7 }).y,
                z: use('second', Adder({}), { a: sum, b: a.sub(b).wrap(u(4)) }).y,
            };
        });
        expect(await body(module)).toMatchInlineSnapshot(`
      "wire [8:0] first_y;
      wire [8:0] second_y;

      wire [4:0] first_a_sum = {1'b0, a} + {2'd0, b};
      wire [3:0] second_b_wrapped = a - {1'b0, b};

      adder first (
        .a({3'd0, first_a_sum}),
        .b(8'd7),
        .y(first_y)
      );
      adder second (
        .a({3'd0, first_a_sum}),
        .b({4'd0, second_b_wrapped}),
        .y(second_y)
      );

      assign y = first_y;
      assign z = second_y;"
    `);
    });
    it('drives the wire that is its output, and says which outputs nobody reads', async () => {
        const module = maker({ a: u(8) }, { y: u(8) }, ({ a }, { use, wires }) => {
            const w = wires({ back: u(8) });
            const { y } = use('adder', Adder({}), { a, b: w.back });
            w.back.value = use('state', Delay({ width: 8 }), { a: y.wrap(u(8)) }).y;
            return { y: w.back };
        });
        expect(await body(module)).toMatchInlineSnapshot(`
      "wire [7:0] back;
      wire [8:0] adder_y;
      wire state_z;

      adder adder (
        .a(a),
        .b(back),
        .y(adder_y)
      );
      delay_width_8 state (
        .clk(clk),
        .rst(rst),
        .a(adder_y[7:0]),
        .y(back),
        .z(state_z)
      );

      assign y = back;

      wire unused = &{1'b0, adder_y[8], state_z};"
    `);
    });
    it('may have the name of its module', async () => {
        const module = maker({ a: u(8) }, { y: u(9) }, ({ a }, { use }) => use('adder', Adder({}), { a, b: 1 }));
        expect(await body(module)).toMatchInlineSnapshot(`
      "wire [8:0] adder_y;

      adder adder (
        .a(a),
        .b(8'd1),
        .y(adder_y)
      );

      assign y = adder_y;"
    `);
    });
});
describe('a wire', () => {
    it('that is driven by logic is assigned', async () => {
        const module = maker({ a: u(8) }, { y: u(8) }, ({ a }, { wires }) => {
            const w = wires({ middle: u(8) });
            w.middle.value = a.shr(1);
            return { y: w.middle };
        });
        expect(await body(module)).toMatchInlineSnapshot(`
      "wire [7:0] middle;

      assign middle = {1'b0, a[7:1]};
      assign y = middle;

      wire unused = &{1'b0, a[0]};"
    `);
    });
});
describe('names', () => {
    it('of nets the printer makes give way to names that are taken, in any spelling', async () => {
        const module = maker({ y_sum: u(4), b: u(4), Y_SUM_2: u(4) }, { y: u(7) }, ({ y_sum, b, Y_SUM_2 }) => {
            const total = y_sum.add(b).add(Y_SUM_2);
            return { y: total.add(total) };
        });
        expect(await body(module)).toMatchInlineSnapshot(`
      "wire [4:0] y_sum_3 = {1'b0, y_sum} + {1'b0, b};
      wire [5:0] y_sum_4 = {1'b0, y_sum_3} + {2'd0, Y_SUM_2};
      assign y = {1'b0, y_sum_4} + {1'b0, y_sum_4};"
    `);
    });
});
