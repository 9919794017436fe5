import { afterAll, beforeAll, expect, test } from 'vitest';
import { generic45 } from '../../src/synth/library/generic45.js';
import { mapDesign } from '../../src/synth/map.js';
import { recipes } from '../../src/synth/recipe.js';
import { openYosys } from '../../src/synth/yosys.js';
import { evaluator, fromLanes, random, toLanes } from './evaluate.js';
/** Two input registers and a 32-bit accumulator: the yardstick that published areas are compared with. */
const int8Mac = `
module mac(input clk, input rst, input signed [7:0] a, input signed [7:0] b, output reg signed [31:0] acc);
  reg signed [7:0] ra, rb;
  always @(posedge clk)
    if (rst) begin ra <= 0; rb <= 0; acc <= 0; end
    else begin ra <= a; rb <= b; acc <= acc + ra * rb; end
endmodule
`;
/** Everything that asks for another flip-flop than a plain rising-edge one, beside a shift-add product. */
const shiftAdd = `
module fma_unit(input a, b, c, output s, co);
  assign {co, s} = a + b + c;
endmodule
module FA(input clk, input arst, input en, input [3:0] w, input signed [7:0] x, output signed [12:0] p,
          output reg [3:0] low, output reg [3:0] held, output s, output co);
  wire signed [12:0] wide = x;
  assign p = (w[0] ? wide : 13'd0) + (w[1] ? wide <<< 1 : 13'd0) + (w[2] ? wide <<< 2 : 13'd0)
           + (w[3] ? wide <<< 3 : 13'd0);
  always @(posedge clk or posedge arst) if (arst) low <= 4'd10; else low <= w;
  initial held = 4'd3;
  always @(posedge clk) if (en) held <= x[3:0];
  fma_unit u(.a(w[0]), .b(x[0]), .c(en), .s(s), .co(co));
endmodule
`;
const yosys = openYosys();
afterAll(() => yosys.close());
let mac;
beforeAll(async () => {
    mac = await mapDesign({ yosys, verilog: int8Mac, top: 'mac' }, generic45);
});
test('the best recipe puts an INT8 MAC with a 32-bit accumulator between 700 and 900 um2, the plain one far above', () => {
    const area = Object.fromEntries(mac.designs.map((design) => [design.recipe.id, design.area_um2]));
    expect(mac.best.area_um2).toBeGreaterThan(700);
    expect(mac.best.area_um2).toBeLessThan(900);
    expect(area.plain).toBeGreaterThan(1200);
});
test('the chosen recipe is the smallest of all four', () => {
    expect(mac.designs.map((design) => design.recipe.id)).toEqual(recipes.map((recipe) => recipe.id));
    expect(mac.best.area_um2).toBe(Math.min(...mac.designs.map((design) => design.area_um2)));
});
test('areas are the sums of the cells, registers apart', () => {
    for (const { cellCounts, area_um2, sequential_area_um2, cells } of mac.designs) {
        const sum = Object.entries(cellCounts).reduce((area, [name, count]) => area + count * generic45.cells.find((cell) => cell.name === name).area_um2, 0);
        expect(area_um2).toBeCloseTo(sum, 6);
        expect(sequential_area_um2).toBeCloseTo(48 * 4.522, 6);
        expect(Object.values(cellCounts).reduce((total, count) => total + count, 0)).toBe(cells);
    }
});
test('full-adder cells are used by the recipes that ask for them and by no other', () => {
    for (const { recipe, cellCounts } of mac.designs)
        expect('FA' in cellCounts).toBe(recipe.fullAdders);
});
test('with every recipe the INT8 MAC accumulates what its Verilog says, 32 stimuli for 60 cycles', () => {
    for (const design of mac.designs) {
        const netlist = evaluator(design.netlist, generic45);
        const next = random(7);
        let [ra, rb, acc] = [0, 0, 0].map(() => new Array(32).fill(0));
        for (let cycle = 0; cycle < 60; cycle++) {
            const rst = cycle === 0 || cycle === 40;
            const pick = () => Array.from({ length: 32 }, () => (next() % 8 === 0 ? -128 : ((next() & 255) << 24) >> 24));
            const a = pick();
            const b = pick();
            const inputs = { rst: [rst ? -1 : 0], a: toLanes(a, 8), b: toLanes(b, 8) };
            netlist.clock(inputs);
            acc = acc.map((sum, lane) => (rst ? 0 : (sum + ra[lane] * rb[lane]) | 0));
            ra = rst ? ra.map(() => 0) : a;
            rb = rst ? rb.map(() => 0) : b;
            expect(fromLanes(netlist.outputs(inputs).acc)).toEqual(acc);
        }
    }
});
test('a design named like a cell maps, with set, reset and enabled registers on plain flip-flops', async () => {
    const { designs } = await mapDesign({ yosys, verilog: shiftAdd, top: 'FA' }, generic45, [recipes[1]]);
    const netlist = evaluator(designs[0].netlist, generic45);
    const next = random(3);
    const numbers = (mask) => Array.from({ length: 32 }, () => next() & mask);
    let held;
    for (let cycle = 0; cycle < 40; cycle++) {
        const w = numbers(15);
        const x = numbers(255).map((value) => (value << 24) >> 24);
        const en = cycle % 3 === 0;
        const inputs = { arst: [cycle === 20 ? -1 : 0], en: [en ? -1 : 0], w: toLanes(w, 4), x: toLanes(x, 8) };
        netlist.clock(inputs);
        const seen = netlist.outputs(inputs);
        if (en)
            held = x.map((value) => value & 15);
        const sum = x.map((value, lane) => (w[lane] & 1) + (value & 1) + (en ? 1 : 0));
        expect(fromLanes(seen.p)).toEqual(x.map((value, lane) => Math.imul(value, w[lane])));
        expect(fromLanes(seen.low).map((value) => value & 15)).toEqual(cycle === 20 ? w.map(() => 10) : w);
        expect(fromLanes(seen.held).map((value) => value & 15)).toEqual(held);
        expect(fromLanes([...seen.s, ...seen.co, 0])).toEqual(sum);
    }
});
const small = (body) => `module t(input clk, input a, input b, output y, output reg q);\n${body}\nendmodule\n`;
const map = (verilog, top = 't') => mapDesign({ yosys, verilog, top, sourceName: 'mine.v' }, generic45, [recipes[0]]);
test.each([
    ['a syntax error', 'module t(input a; output b);\nendmodule', 't', 'E-VERILOG', /^mine\.v:1: syntax error/],
    [
        'a module that is not there',
        small('foo f(a, y);'),
        't',
        'E-VERILOG',
        /^mine\.v: Module `foo' referenced in module `t'/,
    ],
    [
        'a top that is not there',
        small('assign y = a;'),
        'tt',
        'E-TOP',
        /^mine\.v has no module tt: it has t; did you mean 't'\?/,
    ],
    ['a top that is no name', small('assign y = a;'), 't; shell', 'E-TOP-NAME', /plain Verilog name/],
    [
        'a latch',
        small('assign y = a; always @* if (a) q = b;'),
        't',
        'E-UNMAPPED',
        /a latch at q; assign it in every branch/,
    ],
    ['a tri-state output', small("assign y = a ? b : 1'bz;"), 't', 'E-UNMAPPED', /a tri-state driver at y/],
    ['two drivers', small('assign y = a; assign y = b;'), 't', 'E-DRIVERS', /^mine\.v drives .* from two places/],
])('%s gives one sentence with the cure', async (_, verilog, top, code, message) => {
    const error = await map(verilog, top).then(() => undefined, (reason) => reason);
    expect(error).toMatchObject({ name: 'UserError', code, message: expect.stringMatching(message) });
    expect(error.message).not.toContain('\n');
});
test('a design without logic has area 0', async () => {
    const { best } = await map(small('assign y = a;'));
    expect(best).toMatchObject({ area_um2: 0, cells: 0 });
});
test('the same design gives the same netlist', async () => {
    const verilog = small('assign y = a ^ b; always @(posedge clk) q <= a & ~b | q;');
    expect((await map(verilog)).best.netlist).toEqual((await map(verilog)).best.netlist);
});
