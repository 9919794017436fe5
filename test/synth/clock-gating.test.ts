import { afterAll, expect, test } from 'vitest'
import { clockGatingOf, fewestGated, splitClockGates } from '../../src/synth/clock-gating.ts'
import { generic45 } from '../../src/synth/library/generic45.ts'
import type { Library } from '../../src/synth/library/library.ts'
import { mapDesign } from '../../src/synth/map.ts'
import type { Netlist } from '../../src/synth/netlist.ts'
import { gatedTwin, recipes } from '../../src/synth/recipe.ts'
import { openYosys, type Yosys } from '../../src/synth/yosys.ts'
import { evaluator, fromLanes, random, toLanes } from './evaluate.ts'
import { netlistOf, tiny } from './tiny-library.ts'

const yosys = openYosys()
afterAll(() => yosys.close())

const plain = recipes.slice(0, 1)

/** Every flip-flop with an enable and a synchronous reset: either first, either level, either value after reset. */
const kinds = [true, false].flatMap((resetFirst) =>
  [1, 0].flatMap((reset) =>
    [0, 1].flatMap((value) => [1, 0].map((enable) => ({ resetFirst, reset, value: value * 15, enable }))),
  ),
)

const everyKind = `module kinds(input clk, input [15:0] rst, input [15:0] en, input [3:0] a, output reg [63:0] q);
${kinds
  .map(({ resetFirst, reset, value, enable }, k) => {
    const slice = `q[${4 * k} +: 4]`
    const [on, load] = [`rst[${k}] == ${reset}`, `en[${k}] == ${enable}`]
    return resetFirst
      ? `  always @(posedge clk) if (${on}) ${slice} <= ${value}; else if (${load}) ${slice} <= a;`
      : `  always @(posedge clk) if (${load}) begin if (${on}) ${slice} <= ${value}; else ${slice} <= a; end`
  })
  .join('\n')}
endmodule
`

test('a register of every kind behind a clock gate holds and loads as its Verilog says', async () => {
  const { designs } = await mapDesign({ yosys, verilog: everyKind, top: 'kinds' }, generic45, plain)
  const gated = designs.find(({ recipe }) => recipe.clockGates)!
  expect(gated.clockGating).toEqual({ gates: 16, gated_flip_flops: 64, flip_flops: 64 })
  const netlist = evaluator(gated.netlist, generic45)
  const next = random(11)
  const numbers = (mask: number) => Array.from({ length: 32 }, () => next() & mask)
  const held = kinds.map(() => new Array<number>(32).fill(0))
  // First every register loads its reset value, so that none starts unknown.
  const every = (level: 'reset' | 'enable') => kinds.reduce((bits, kind, k) => bits | (kind[level] << k), 0)
  for (let cycle = 0; cycle < 60; cycle++) {
    const rst = cycle === 0 ? new Array<number>(32).fill(every('reset')) : numbers(65535)
    const en = cycle === 0 ? new Array<number>(32).fill(every('enable')) : numbers(65535)
    const a = numbers(15)
    const inputs = { rst: toLanes(rst, 16), en: toLanes(en, 16), a: toLanes(a, 4) }
    netlist.clock(inputs)
    kinds.forEach(({ resetFirst, reset, value, enable }, k) => {
      for (let lane = 0; lane < 32; lane++) {
        const on = ((rst[lane]! >> k) & 1) === reset
        const load = ((en[lane]! >> k) & 1) === enable
        if (resetFirst ? on : on && load) held[k]![lane] = value
        else if (load) held[k]![lane] = a[lane]!
      }
    })
    const seen = netlist.outputs(inputs).q!
    kinds.forEach((_, k) => {
      expect(fromLanes([...seen.slice(4 * k, 4 * k + 4), 0])).toEqual(held[k])
    })
  }
})

const bank = `module bank(input clk, input rst, input arst, input [4:0] en, input [7:0] a, input [7:0] b,
  output reg [7:0] wide, output reg [7:0] other, output reg [3:0] four, output reg [2:0] three, output reg [7:0] cleared,
  output reg [7:0] always_on);
  always @(posedge clk) if (rst) begin wide <= 0; four <= 0; three <= 0; always_on <= 0; other <= 0; end
  else begin
    if (en[0]) begin wide <= a + b; other <= other ^ a; end
    if (en[1]) four <= b[3:0];
    if (en[2]) three <= a[2:0];
    always_on <= b;
  end
  always @(posedge clk or posedge arst) if (arst) cleared <= 0; else if (en[3]) cleared <= cleared + a;
endmodule
`

test('registers that share an enable share a gate, those of few bits keep their multiplexers, and the smaller design is taken', async () => {
  const { best, designs } = await mapDesign({ yosys, verilog: bank, top: 'bank' }, generic45)
  const { recipe, clockGating, cellCounts, area_um2, sequential_area_um2, netlist } = best
  expect(recipe.clockGates).toBe(true)
  expect(designs.map((design) => design.recipe.id)).toEqual(['plain', 'booth+fa', 'amap', recipe.id])
  expect(clockGating).toEqual({ gates: 3, gated_flip_flops: 16 + 4 + 8, flip_flops: 39 })
  expect(cellCounts).toMatchObject({ CLKGATE: 3, DFF: 31, DFFR: 8 })
  expect(sequential_area_um2).toBeCloseTo(3 * 3.458 + 31 * 4.522 + 8 * 5.32, 6)
  const twin = designs.find(({ recipe: { id } }) => `${id}+gated` === recipe.id)!
  expect(twin.clockGating).toEqual({ gates: 0, gated_flip_flops: 0, flip_flops: 39 })
  expect(area_um2).toBeLessThan(twin.area_um2 - 20)

  const [before, after] = [evaluator(twin.netlist, generic45), evaluator(netlist, generic45)]
  const next = random(5)
  const lanes = (width: number) => Array.from({ length: width }, () => next() | 0)
  for (let cycle = 0; cycle < 80; cycle++) {
    const reset = cycle === 0 || cycle === 40 ? -1 : 0
    const inputs = { rst: [reset], arst: [reset], en: lanes(5), a: lanes(8), b: lanes(8) }
    for (const design of [before, after]) design.clock(inputs)
    expect(after.outputs(inputs)).toEqual(before.outputs(inputs))
  }
})

const register = (bits: number) =>
  `module r(input clk, input en, input [${bits - 1}:0] a, output reg [${bits - 1}:0] q); always @(posedge clk) if (en) q <= a; endmodule`

test('the recipe with gates runs only where enough flip-flops have an enable and the library has a gate', async () => {
  const runs: string[] = []
  const counting: Yosys = {
    run(job) {
      runs.push(job.script)
      return yosys.run(job)
    },
    close: async () => {},
  }
  const map = async (bits: number, library: Library) => {
    runs.length = 0
    await mapDesign({ yosys: counting, verilog: register(bits), top: 'r' }, library, plain)
    return runs.map((script) => script.includes('clockgate'))
  }
  expect(await map(fewestGated, generic45)).toEqual([false, true])
  expect(await map(fewestGated - 1, generic45)).toEqual([false])
  const without = { ...generic45, cells: generic45.cells.filter(({ clockGate }) => !clockGate) }
  expect(await map(8, without)).toEqual([false])
})

test('within a longest path that a slow gate does not keep, the design without gates is taken', async () => {
  const slow = {
    ...generic45,
    cells: generic45.cells.map((cell) =>
      cell.clockGate ? { ...cell, clockGate: { ...cell.clockGate, setup_ps: 500 } } : cell,
    ),
  }
  const request = { yosys, verilog: register(8), top: 'r' }
  const { designs, best } = await mapDesign(request, slow, plain)
  expect(designs.map(({ critical_path_ps }) => critical_path_ps < 500)).toEqual([true, false])
  expect(best.recipe.id).toBe('plain+gated')
  expect((await mapDesign({ ...request, maxDelay_ps: 500 }, slow, plain)).best.recipe.id).toBe('plain')
})

test('a gate drives no more than it may: 150 flip-flops have three', async () => {
  const { designs } = await mapDesign({ yosys, verilog: register(150), top: 'r' }, generic45, plain)
  const { netlist, clockGating } = designs[1]!
  expect(clockGating).toEqual({ gates: 3, gated_flip_flops: 150, flip_flops: 150 })
  const behind = new Map<unknown, number>()
  for (const { cell, connections } of netlist.instances)
    if (cell === 'DFF') behind.set(connections.CK![0], (behind.get(connections.CK![0]) ?? 0) + 1)
  for (const count of behind.values()) expect(count * 0.95).toBeLessThanOrEqual(60.73)
  const design = evaluator(netlist, generic45)
  const next = random(2)
  const a = Array.from({ length: 150 }, () => next() | 0)
  const none = new Array<number>(150).fill(0)
  design.clock({ en: [-1], a })
  design.clock({ en: [0], a: none })
  expect(design.outputs({}).q).toEqual(a)
})

test('a gate at its limit is left as it is, one flip-flop more gets a gate of its own, and names and nets stay apart', () => {
  const behind = (count: number): Netlist =>
    netlistOf(
      [
        ['GATE', { CK: 1, E: 2, G: 3 }],
        ...Array.from({ length: count }, (_, k): [string, Record<string, number>] => [
          'REG',
          { CK: 3, D: 2, Q: 10 + k },
        ]),
      ],
      { clk: 1, enable: 2 },
      { y: 10 },
    )
  // The gate may drive 4 fF, a clock pin is 1 fF.
  expect(splitClockGates(behind(4), tiny)).toEqual(behind(4))
  const split = splitClockGates(behind(9), tiny)
  expect(clockGatingOf(split, tiny)).toEqual({ gates: 3, gated_flip_flops: 9, flip_flops: 9 })
  const clocks = split.instances.filter(({ cell }) => cell === 'REG').map(({ connections }) => connections.CK![0])
  expect(clocks).toEqual([3, 3, 3, 3, 19, 19, 19, 19, 20])
  const gates = split.instances.filter(({ cell }) => cell === 'GATE')
  expect(gates.map(({ connections }) => connections)).toEqual([3, 19, 20].map((net) => ({ CK: [1], E: [2], G: [net] })))
  expect(new Set(split.instances.map(({ name }) => name)).size).toBe(12)
})

test('a recipe with gates says so', () => {
  expect(gatedTwin(recipes[0]!)).toMatchObject({
    id: 'plain+gated',
    clockGates: true,
    summary: expect.stringMatching(/clock gate/),
  })
})
