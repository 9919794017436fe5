import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { printVerilog } from '../../src/dsl/index.ts'
import { FullAdder } from '../../src/pe/arith/full-adder.ts'
import { generic45 } from '../../src/synth/library/generic45.ts'
import { type Mapping, mapDesign } from '../../src/synth/map.ts'
import { recipes, recipesFor, relaxed_ps } from '../../src/synth/recipe.ts'
import { openYosys } from '../../src/synth/yosys.ts'
import { withCache } from '../../src/synth/yosys-cache.ts'
import { evaluator, fromLanes, random, toLanes } from './evaluate.ts'

/** Two input registers and a 32-bit accumulator: the yardstick that published areas are compared with. */
const int8Mac = `
module mac(input clk, input rst, input signed [7:0] a, input signed [7:0] b, output reg signed [31:0] acc);
  reg signed [7:0] ra, rb;
  always @(posedge clk)
    if (rst) begin ra <= 0; rb <= 0; acc <= 0; end
    else begin ra <= a; rb <= b; acc <= acc + ra * rb; end
endmodule
`

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
`

// Some of these ask for the same design again.
const cache = mkdtempSync(join(tmpdir(), 'bitloom-map-'))
const yosys = withCache(openYosys(), cache)
afterAll(async () => {
  rmSync(cache, { recursive: true })
  await yosys.close()
})

let mac: Mapping
beforeAll(async () => {
  mac = await mapDesign({ yosys, verilog: int8Mac, top: 'mac' }, generic45)
})

test('the best recipe puts an INT8 MAC with a 32-bit accumulator between 700 and 900 um2, the plain one far above', () => {
  const area = Object.fromEntries(mac.designs.map((design) => [design.recipe.id, design.area_um2]))
  expect(mac.best.area_um2).toBeGreaterThan(700)
  expect(mac.best.area_um2).toBeLessThan(900)
  expect(area.plain).toBeGreaterThan(1200)
})

test('the chosen recipe is the smallest of all', () => {
  expect(mac.designs.map((design) => design.recipe.id)).toEqual(recipes.map((recipe) => recipe.id))
  expect(mac.best.area_um2).toBe(Math.min(...mac.designs.map((design) => design.area_um2)))
})

test('areas are the sums of the cells, registers apart', () => {
  for (const { cellCounts, area_um2, sequential_area_um2, cells } of mac.designs) {
    const sum = Object.entries(cellCounts).reduce(
      (area, [name, count]) => area + count * generic45.cells.find((cell) => cell.name === name)!.area_um2,
      0,
    )
    expect(area_um2).toBeCloseTo(sum, 6)
    expect(sequential_area_um2).toBeCloseTo(48 * 4.522, 6)
    expect(Object.values(cellCounts).reduce((total, count) => total + count, 0)).toBe(cells)
  }
})

test('full-adder cells are used by the recipes that ask for them and by no other', () => {
  for (const { recipe, cellCounts } of mac.designs) expect('FA' in cellCounts).toBe(recipe.fullAdders)
})

test('of the designs within a longest path the smallest is chosen, and the fastest where there is none', async () => {
  const small =
    'module t(input clk, input [7:0] a, input [7:0] b, output reg [15:0] q); always @(posedge clk) q <= a * b; endmodule'
  const search = recipes.filter(({ id }) => id === 'plain' || id === 'booth' || id === 'booth+amap')
  const choose = (maxDelay_ps?: number) =>
    mapDesign(
      { yosys, verilog: small, top: 't', ...(maxDelay_ps === undefined ? {} : { maxDelay_ps }) },
      generic45,
      search,
    )
  const { best, designs } = await choose()
  const byPath = [...designs].sort((a, b) => a.timing.critical_path_ps - b.timing.critical_path_ps)
  expect(best.area_um2).toBe(Math.min(...designs.map(({ area_um2 }) => area_um2)))
  expect(best.timing.critical_path_ps).toBe(byPath.at(-1)!.timing.critical_path_ps)
  for (const limit of byPath.map(({ timing }) => timing.critical_path_ps)) {
    const within = designs.filter(({ timing }) => timing.critical_path_ps <= limit)
    const chosen = (await choose(limit)).best
    expect(chosen.timing.critical_path_ps).toBeLessThanOrEqual(limit)
    expect(chosen.area_um2).toBeLessThanOrEqual(Math.min(...within.map(({ area_um2 }) => area_um2)))
  }
  const hasty = await choose(1)
  expect(hasty.best.timing.critical_path_ps).toBe(
    Math.min(...hasty.designs.map(({ timing }) => timing.critical_path_ps)),
  )
  expect(hasty.best.timing.critical_path_ps).toBeLessThanOrEqual(byPath[0]!.timing.critical_path_ps)
})

test('the path through a chain of blocks counts where the design is one of them, and is no shorter than the chain has it', async () => {
  const block = `module block(input clk, input [3:0] a, input [3:0] b, input own, input [3:0] below, output [3:0] above);
  reg [3:0] x, y; reg mine;
  always @(posedge clk) begin x <= a; y <= b; mine <= own; end
  assign above = mine ? x + y : below;
endmodule
`
  const row = `${block}module row(input clk, input [3:0] a, input [3:0] b, input [2:0] own, input [3:0] below, output [3:0] above);
  wire [3:0] low, high;
  block one(clk, a, b, own[0], below, low);
  block two(clk, b, a, own[1], low, high);
  block three(clk, a, b, own[2], high, above);
endmodule
`
  const search = recipes.slice(0, 1)
  const alone = (await mapDesign({ yosys, verilog: block, top: 'block' }, generic45, search)).best
  const chain = { length: 3, then_ps: 100 }
  const chained = (await mapDesign({ yosys, verilog: block, top: 'block', chain }, generic45, search)).best
  const whole = (await mapDesign({ yosys, verilog: row, top: 'row' }, generic45, search)).best
  expect(alone.critical_path_ps).toBe(alone.timing.critical_path_ps)
  expect(chained.timing).toEqual(alone.timing)
  const { register_to_output, input_to_output } = alone.timing.paths_ps
  expect(chained.critical_path_ps).toBeCloseTo(register_to_output + 2 * input_to_output + 100, 3)
  const named = (inputs: readonly string[]) =>
    mapDesign({ yosys, verilog: block, top: 'block', chain, pathInputs: inputs }, generic45, search)
  expect((await named(['below'])).best.critical_path_ps).toBe(chained.critical_path_ps)
  expect((await named(['a'])).best.critical_path_ps).toBeCloseTo(register_to_output + 100, 3)
  expect(chained.critical_path_ps).toBeGreaterThanOrEqual(whole.critical_path_ps + 100)

  // A limit that every recipe's block keeps and no recipe's chain: the fastest chain is what is left.
  const maxDelay_ps = 450
  const slower = { length: 3, then_ps: 400 }
  const hasty = await mapDesign({ yosys, verilog: block, top: 'block', chain: slower, maxDelay_ps }, generic45)
  const paths = hasty.designs.map(({ critical_path_ps }) => critical_path_ps)
  for (const { timing } of hasty.designs) expect(timing.critical_path_ps).toBeLessThan(maxDelay_ps)
  expect(Math.min(...paths)).toBeGreaterThan(maxDelay_ps)
  expect(hasty.best.critical_path_ps).toBe(Math.min(...paths))
})

test('full adders that the Verilog instantiates are cells with every recipe, and add', async () => {
  const adder = `${printVerilog(FullAdder({}).module)}
module t(input [1:0] a, input [1:0] b, output [2:0] y);
  wire carry;
  bitloom_full_adder low(.a(a[0]), .b(b[0]), .c(1'b0), .sum(y[0]), .carry(carry));
  bitloom_full_adder high(.a(a[1]), .b(b[1]), .c(carry), .sum(y[1]), .carry(y[2]));
endmodule`
  const { designs } = await mapDesign({ yosys, verilog: adder, top: 't' }, generic45)
  for (const { netlist, cellCounts } of designs) {
    expect(cellCounts).toEqual({ FA: 2 })
    const lanes = Array.from({ length: 16 }, (_, k) => k)
    const inputs = {
      a: toLanes(
        lanes.map((k) => k & 3),
        2,
      ),
      b: toLanes(
        lanes.map((k) => k >> 2),
        2,
      ),
    }
    const sums = fromLanes([...evaluator(netlist, generic45).outputs(inputs).y!, 0])
    expect(sums.slice(0, 16)).toEqual(lanes.map((k) => (k & 3) + (k >> 2)))
  }
})

test('with every recipe the INT8 MAC accumulates what its Verilog says, 32 stimuli for 60 cycles', () => {
  for (const design of mac.designs) {
    const netlist = evaluator(design.netlist, generic45)
    const next = random(7)
    let [ra, rb, acc] = [0, 0, 0].map(() => new Array<number>(32).fill(0)) as [number[], number[], number[]]
    for (let cycle = 0; cycle < 60; cycle++) {
      const rst = cycle === 0 || cycle === 40
      const pick = () => Array.from({ length: 32 }, () => (next() % 8 === 0 ? -128 : ((next() & 255) << 24) >> 24))
      const a = pick()
      const b = pick()
      const inputs = { rst: [rst ? -1 : 0], a: toLanes(a, 8), b: toLanes(b, 8) }
      netlist.clock(inputs)
      acc = acc.map((sum, lane) => (rst ? 0 : (sum + ra[lane]! * rb[lane]!) | 0))
      ra = rst ? ra.map(() => 0) : a
      rb = rst ? rb.map(() => 0) : b
      expect(fromLanes(netlist.outputs(inputs).acc!)).toEqual(acc)
    }
  }
})

test('a design named like a cell maps, with set, reset and enabled registers on plain flip-flops', async () => {
  const { designs } = await mapDesign({ yosys, verilog: shiftAdd, top: 'FA' }, generic45, [recipes[1]!])
  const netlist = evaluator(designs[0]!.netlist, generic45)
  const next = random(3)
  const numbers = (mask: number) => Array.from({ length: 32 }, () => next() & mask)
  let held: number[] | undefined
  for (let cycle = 0; cycle < 40; cycle++) {
    const w = numbers(15)
    const x = numbers(255).map((value) => (value << 24) >> 24)
    const en = cycle % 3 === 0
    const inputs = { arst: [cycle === 20 ? -1 : 0], en: [en ? -1 : 0], w: toLanes(w, 4), x: toLanes(x, 8) }
    netlist.clock(inputs)
    const seen = netlist.outputs(inputs)
    if (en) held = x.map((value) => value & 15)
    const sum = x.map((value, lane) => (w[lane]! & 1) + (value & 1) + (en ? 1 : 0))
    expect(fromLanes(seen.p!)).toEqual(x.map((value, lane) => Math.imul(value, w[lane]!)))
    expect(fromLanes(seen.low!).map((value) => value & 15)).toEqual(cycle === 20 ? w.map(() => 10) : w)
    expect(fromLanes(seen.held!).map((value) => value & 15)).toEqual(held)
    expect(fromLanes([...seen.s!, ...seen.co!, 0])).toEqual(sum)
  }
})

const small = (body: string) => `module t(input clk, input a, input b, output y, output reg q);\n${body}\nendmodule\n`
const map = (verilog: string, top = 't') =>
  mapDesign({ yosys, verilog, top, sourceName: 'mine.v' }, generic45, [recipes[0]!])

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
  const error = await map(verilog, top).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ name: 'UserError', code, message: expect.stringMatching(message) })
  expect((error as Error).message).not.toContain('\n')
})

test('a design without logic has area 0', async () => {
  const { best } = await map(small('assign y = a;'))
  expect(best).toMatchObject({ area_um2: 0, cells: 0 })
})

test('recipes for multipliers run only where there is a product', () => {
  const ids = (verilog: string): string[] => recipesFor(verilog).map(({ id }) => id)
  expect(ids('assign y = a * b;')).toEqual(recipes.map(({ id }) => id))
  expect(ids('// a * b\n/* a\n* b */ always @(*) y = a + b; always @* z = y;')).toEqual(['plain', 'booth+fa', 'amap'])
})

test('a recipe that is left out would have given the same area', async () => {
  const search = recipes.filter(({ fullAdders }) => !fullAdders)
  const verilog = small('assign y = a ^ b; always @(posedge clk) q <= a & ~b | q;')
  const { designs } = await mapDesign({ yosys, verilog, top: 't' }, generic45, search)
  const area = Object.fromEntries(designs.map(({ recipe, area_um2 }) => [recipe.id, area_um2]))
  expect([area.booth, area['booth+amap']]).toEqual([area.plain, area.amap])
})

test('cells have their smallest drives unless a longest path asks for larger ones, and then no larger than it takes', async () => {
  // generic45 has larger drives of inverters and buffers only.
  const nand = generic45.cells.find(({ name }) => name === 'NAND2')!
  const [output] = nand.outputs
  const strong = {
    ...nand,
    name: 'NAND2_4',
    area_um2: 2.394,
    inputs: nand.inputs.map((pin) => ({ ...pin, capacitance_fF: 4 * pin.capacitance_fF })),
    outputs: [{ ...output!, delay: { kind: 'linear', d0_ps: 12.6, k_ps_per_fF: 2.25 / 4 } as const }],
  }
  const library = { ...generic45, cells: [...generic45.cells, strong] }
  const verilog = `module t(input clk, input [15:0] a, input s, output reg [15:0] q);
  reg r; always @(posedge clk) begin r <= s; q <= a & {16{r}} ^ q; end endmodule`
  const at = async (maxDelay_ps?: number) =>
    (
      await mapDesign(
        { yosys, verilog, top: 't', ...(maxDelay_ps === undefined ? {} : { maxDelay_ps }) },
        library,
        recipes.filter(({ id }) => id === 'amap'),
      )
    ).best
  const relaxed = await at()
  const fast = await at(1)
  expect(relaxed.cellCounts).not.toHaveProperty('NAND2_4')
  expect(fast.critical_path_ps).toBeLessThan(relaxed.critical_path_ps)
  expect(fast.area_um2).toBeGreaterThan(relaxed.area_um2)
  expect([relaxed.sizing_ps, fast.sizing_ps]).toEqual([relaxed_ps, undefined])
  const between = await at((fast.critical_path_ps + relaxed.critical_path_ps) / 2)
  expect(between.critical_path_ps).toBeLessThanOrEqual((fast.critical_path_ps + relaxed.critical_path_ps) / 2)
  expect(between.area_um2).toBeLessThanOrEqual(fast.area_um2)
  expect(between.sizing_ps).toBeGreaterThan(0)
  expect(between.sizing_ps).toBeLessThan(fast.critical_path_ps)
  expect((await at(Math.ceil(relaxed.critical_path_ps))).netlist).toEqual(relaxed.netlist)
})

test('the same design gives the same netlist', async () => {
  const verilog = small('assign y = a ^ b; always @(posedge clk) q <= a & ~b | q;')
  expect((await map(verilog)).best.netlist).toEqual((await map(verilog)).best.netlist)
})
