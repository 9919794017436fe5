import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bits,
  bool,
  type Collision,
  component,
  enumeration,
  fixed,
  type Module,
  mux,
  pack,
  range,
  record,
  type Shape,
  s,
  u,
  vec,
} from '../../src/dsl/index.ts'
import { compareEngines, describeDifference } from '../../src/sim/compare.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { icarusEngine } from '../fuzz/icarus.ts'
import { verilatorJudge } from '../fuzz/verilator-judge.ts'
import { maker, mistake, run } from './maker.ts'
import { body } from './verilog/printed.ts'

const mode = enumeration('mode', ['fp4', 'posit8', 'int8'])
const word = record({ mode, scale: fixed(s(6), 2), taps: vec(2, range(-5, 9)), valid: bool, code: bits(3) })

const Store = component('store', (_: object) => ({
  in: { go: bool, at: u(2), word },
  out: { shown: word, now: word, whole: bits(22) },
  logic({ go, at, word: given }, { memory, when }) {
    const words = memory('words', {
      depth: 4,
      of: word,
      initial: [
        { mode: 'int8', scale: -0.75, taps: [-5, 9], valid: true, code: 6 },
        { mode: 'fp4', scale: 2, taps: [1, -1], valid: false, code: 1 },
      ],
      collide: 'new',
    })
    when(go, () => words.write(at, given))
    const shown = words.read(at)
    return { shown, now: words.lookup(at), whole: pack(word, shown) }
  },
}))

const fields = {
  mode: [0, 2],
  scale: [-32, 31],
  taps_0: [-5, 9],
  taps_1: [-5, 9],
  valid: [0, 1],
  code: [0, 7],
} as const
const named = (prefix: string, values: Readonly<Record<string, bigint | number>>): Record<string, bigint> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}_${name}`, BigInt(value)]))
const zeros = { mode: 0, scale: 0, taps_0: 0, taps_1: 0, valid: 0, code: 0 }

const has = (...tools: string[]): boolean =>
  tools.every((tool) => versionOf(tool, tool === 'iverilog' || tool === 'vvp' ? '-V' : undefined) !== undefined)
const judges = [
  ['JavaScript', javascriptEngine],
  ...(has('verilator', 'g++', 'make') ? ([['Verilator', verilatorJudge]] as const) : []),
  ...(has('iverilog', 'vvp') ? ([['Icarus', icarusEngine]] as const) : []),
] as const

/** 4 bytes, each with a write enable of its own, and one bit each in a second memory. */
const Bytes = component('bytes', (p: { collide: Collision }) => ({
  in: { go: bool, at: u(3), from: u(3), word: vec(4, s(8)), lanes: vec(4, bool) },
  out: { shown: vec(4, s(8)), now: vec(4, s(8)), flags: vec(4, bool), first: s(8) },
  logic({ go, at, from, word, lanes }, { memory }) {
    const words = memory('words', { depth: 8, of: vec(4, s(8)), initial: [[1, -2, 3, -4]], collide: p.collide })
    words.write(at, word, { enable: go, lanes })
    const flags = memory('flags', { depth: 8, of: vec(4, bool), collide: 'old' })
    flags.write(at, lanes, { lanes: [go, true, lanes[0]!, false] })
    const firsts = memory('firsts', { depth: 8, of: vec(2, s(8)), collide: 'old' })
    firsts.write(at, [word[0]!.sub(word[1]!).wrap(s(8)), word[2]!], { enable: go, lanes: [true, true] })
    return { shown: words.read(from), now: words.lookup(at), flags: flags.read(from), first: firsts.read(from)[0]! }
  },
}))

describe('a memory of records', () => {
  it('gives every field back as it was written, with its shape and bounds, and starts with literals', () => {
    const rows = [
      { at: 0, go: 0 },
      { at: 1, go: 0 },
      { at: 2, go: 0 },
      { at: 3, go: 0 },
    ]
    const shown = run(Store({}).module, rows)
    expect(shown.slice(1).map((row) => Object.fromEntries(Object.entries(row).slice(0, 6)))).toEqual([
      named('shown', { mode: 2, scale: -3, taps_0: -5, taps_1: 9, valid: 1, code: 6 }),
      named('shown', { mode: 0, scale: 8, taps_0: 1, taps_1: -1, valid: 0, code: 1 }),
      named('shown', zeros),
    ])
    const { outputs } = Store({}).module
    expect(outputs.slice(0, 6).map(({ node }) => [Number(node.min), Number(node.max)])).toEqual(Object.values(fields))
    expect(outputs[0]!.encoding?.values).toEqual(mode.names)
  })

  it('packs the first field highest, as pack does, and element 0 lowest', () => {
    const rows = [{ at: 0 }, { at: 0 }]
    expect(run(Store({}).module, rows)[1]!.whole).toBe(0b10_111101_01001_11011_1_110n)
  })

  it('shows at once whatever is written, of any field', () => {
    const value = (bounds: readonly [number, number]) => fc.integer({ min: bounds[0], max: bounds[1] })
    const words = Object.fromEntries(Object.entries(fields).map(([name, bounds]) => [name, value(bounds)]))
    fc.assert(
      fc.property(fc.record(words), fc.integer({ min: 0, max: 3 }), (given, at) => {
        const last = run(Store({}).module, [
          { ...named('word', given), at, go: 1 },
          { at, go: 0 },
        ]).at(-1)!
        expect(last).toMatchObject({ ...named('shown', given), ...named('now', given) })
      }),
    )
  })

  it.each(judges)('runs in %s as in the interpreter', (_, start) => {
    for (const module of [Store({}).module, Bytes({ collide: 'old' }).module, Bytes({ collide: 'never' }).module]) {
      const definition = interpreter(module)
      const engine = start(module)
      try {
        const difference = compareEngines([definition, engine], randomStimulus(definition.ports, 400, 7))
        expect(difference && describeDifference(difference)).toBeUndefined()
      } finally {
        engine.close()
      }
    }
  })

  it('is one array of packed words in Verilog', async () => {
    expect(await body(Store({}).module)).toMatchInlineSnapshot(`
      "reg [21:0] words [0:3];
      reg [21:0] words_read;
      wire [21:0] words_lookup;

      assign words_lookup = words[at];
      assign shown_mode = words_read[21:20];
      assign shown_scale = words_read[19:14];
      assign shown_taps_0 = words_read[8:4];
      assign shown_taps_1 = words_read[13:9];
      assign shown_valid = words_read[3];
      assign shown_code = words_read[2:0];
      assign now_mode = words_lookup[21:20];
      assign now_scale = words_lookup[19:14];
      assign now_taps_0 = words_lookup[8:4];
      assign now_taps_1 = words_lookup[13:9];
      assign now_valid = words_lookup[3];
      assign now_code = words_lookup[2:0];
      assign whole = {words_read[21:20], words_read[19:14], words_read[13:9], words_read[8:4], words_read[3], words_read[2:0]};
      wire [21:0] words_write_word_joined = {word_mode, word_scale, word_taps_1, word_taps_0, word_valid, word_code};

      initial begin : words_start
        integer k;
        for (k = 0; k < 4; k = k + 1) words[k] = 22'd0;
        words[0] = 22'd3101630; words[1] = 22'd146961;
      end
      \`ifndef SYNTHESIS
      initial words_read = 22'd0;
      \`endif
      always @(posedge clk) begin
        if (!rst && go) words[at] <= words_write_word_joined;
      end
      always @(posedge clk) begin
        if (!rst) words_read <= go ? words_write_word_joined : words[at];
      end"
    `)
  })

  it('is read through choices between whole words', () => {
    const module = maker({ at: u(1), other: bool }, { y: vec(2, s(4)) }, ({ at, other }, { rom }) => {
      const words = rom('words', {
        of: vec(2, s(4)),
        initial: [
          [1, 2],
          [-3, -4],
        ],
      })
      return { y: mux(other, words.lookup(at), words.lookup(0)) }
    })
    expect(run(module, [{ at: 1, other: 1 }, { other: 0 }])).toEqual([
      { y_0: -3n, y_1: -4n },
      { y_0: 1n, y_1: 2n },
    ])
  })
})

describe('lanes', () => {
  it('may be one, of one bit, which Verilog cannot select from', async () => {
    const module = maker(
      { at: u(1), word: vec(1, bool), go: bool },
      { y: vec(1, bool) },
      ({ at, word, go }, { memory }) => {
        const words = memory('words', { depth: 2, of: vec(1, bool), collide: 'old' })
        words.write(at, word, { lanes: [go] })
        return { y: words.read(at) }
      },
    )
    expect(await body(module)).toContain('if (go) words[at] <= word_0;')
  })

  it('are the elements that a write changes; the others stay', () => {
    const row = (at: number, word: readonly number[], lanes: readonly number[], go = 1) => ({
      ...{ at, from: at, go },
      ...Object.fromEntries(word.map((value, k) => [`word_${k}`, value])),
      ...Object.fromEntries(lanes.map((value, k) => [`lanes_${k}`, value])),
    })
    const rows = [
      row(0, [10, 20, 30, 40], [0, 1, 0, 1]),
      row(0, [50, 60, 70, 80], [1, 0, 0, 0]),
      row(0, [50, 60, 70, 80], [1, 1, 1, 1], 0),
      row(0, [0, 0, 0, 0], [0, 0, 0, 0]),
    ]
    const seen = run(Bytes({ collide: 'old' }).module, rows)
    const words = (name: string) => seen.map((row) => [0, 1, 2, 3].map((k) => Number(row[`${name}_${k}`])))
    expect(words('now')).toEqual([
      [1, -2, 3, -4],
      [1, 20, 3, 40],
      [50, 20, 3, 40],
      [50, 20, 3, 40],
    ])
    expect(words('shown').slice(1)).toEqual(words('now').slice(0, 3))
    // The flags: lane 0 while `go`, lane 1 always, lane 2 with the first flag, lane 3 never.
    expect(words('flags').slice(1)).toEqual([
      [0, 0, 0, 0],
      [0, 1, 0, 0],
      [1, 0, 0, 0],
    ])
  })

  it('that are all told beforehand still leave out those that are false', () => {
    const module = maker({ at: u(1) }, { y: vec(2, u(4)) }, ({ at }, { memory }) => {
      const words = memory('words', { depth: 2, of: vec(2, u(4)), initial: [[5, 6]], collide: 'old' })
      words.write(at, [9, 9], { lanes: [false, true] })
      return { y: words.lookup(at) }
    })
    expect(run(module, [{ at: 0 }, { at: 0 }])[1]).toEqual({ y_0: 5n, y_1: 9n })
  })

  it('may be one alone, of a single bit', async () => {
    const module = maker({ at: u(1), lane: bool, flag: bool }, { y: bool }, ({ at, lane, flag }, { memory }) => {
      const words = memory('words', { depth: 2, of: vec(1, bool), collide: 'old' })
      words.write(at, [flag], { lanes: [lane] })
      return { y: words.lookup(at)[0]! }
    })
    expect(await body(module)).toContain('if (lane) words[at] <= flag')
    const rows = [{ at: 1, lane: 1, flag: 1 }, { flag: 0, lane: 0 }, { lane: 1 }, {}]
    expect(run(module, rows).map(({ y }) => y)).toEqual([0n, 1n, 1n, 0n])
  })

  it('that are all false are a write that never happens', async () => {
    const module = maker({ at: u(2), from: u(2) }, { y: vec(2, u(2)) }, ({ at, from }, { memory }) => {
      const words = memory('words', { depth: 4, of: vec(2, u(2)), initial: [[1, 2]], collide: 'old' })
      words.write(at, [3, from], { lanes: [false, false] })
      return { y: words.lookup(from) }
    })
    expect(await body(module)).toContain("if (!rst && (1'b0)) words[at] <= {from, 2'd3};")
    expect(run(module, [{ at: 0, from: 0 }, {}])[1]).toEqual({ y_0: 1n, y_1: 2n })
  })

  it('are assignments to parts of a word in Verilog', async () => {
    const text = await body(Bytes({ collide: 'old' }).module)
    expect(text.slice(text.indexOf('always'), text.indexOf('words_read <='))).toMatchInlineSnapshot(`
      "always @(posedge clk) begin
        if (!rst && go) begin
          if (lanes_0) words[at][7:0] <= word_0;
          if (lanes_1) words[at][15:8] <= word_1;
          if (lanes_2) words[at][23:16] <= word_2;
          if (lanes_3) words[at][31:24] <= word_3;
        end
      end
      always @(posedge clk) begin
        if (!rst) "
    `)
    expect(text).toContain('flags[at][1] <= lanes_1;')
    expect(text).not.toContain('flags[at][3] <=')
    expect(text).toContain('firsts[at] <= {')
  })
})

describe('a mistake with words of some shape', () => {
  const store = (of: Shape, initial: readonly unknown[]) =>
    maker({ at: u(1) }, { y: bits(1) }, ({ at }, { rom }) => {
      rom('words', { of, depth: 2, initial: initial as never }).lookup(at)
      return { y: 0 }
    })
  const write = (value: unknown, options: object = {}, collide: Collision = 'old') =>
    maker({}, {}, (_, { memory }) => {
      const words = memory('words', { depth: 4, of: vec(2, u(4)), collide })
      words.write(0, value as never, options)
      words.read(0)
      return {}
    })

  it('is named with its line and cure', () => {
    expect(mistake(() => store(record({ a: u(3), b: vec(2, range(2, 5)) }), []))).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory-words.test.ts, line 'rom('words', { of, depth: 2, initial: initial as never }).lookup(at)'): memory 'words' holds [2, 5] (u3) in 'b_0', but words may start as 0; widen the shape to 0"`,
    )
    expect(mistake(() => store(vec(2, range(-5, -2)), []))).toMatch(/holds \[-5, -2\] \(s4\) in '0'/)
    expect(mistake(() => store(record({ a: u(3), b: u(3) }), [{ a: 1 }]))).toMatchInlineSnapshot(
      `"E-UNDRIVEN in maker (memory-words.test.ts, line 'rom('words', { of, depth: 2, initial: initial as never }).lookup(at)'): field 'b' of word 0 of memory 'words' has no value; give it one"`,
    )
    expect(mistake(() => store(vec(2, u(4)), [[1, 2], [3]]))).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory-words.test.ts, line 'rom('words', { of, depth: 2, initial: initial as never }).lookup(at)'): word 1 of memory 'words' takes an array of 2, got one of 1; pass as many"`,
    )
    expect(mistake(() => store(record({ a: u(3), b: u(3) }), [{ a: 1, b: 8 }]))).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory-words.test.ts, line 'rom('words', { of, depth: 2, initial: initial as never }).lookup(at)'): word 0 of memory 'words'.b holds [0, 7] (u3), got 8; widen the shape"`,
    )
    expect(mistake(() => store(record({ m: mode }), [{ m: 'int4' }]))).toMatchInlineSnapshot(
      `"E-KIND in maker (memory-words.test.ts, line 'rom('words', { of, depth: 2, initial: initial as never }).lookup(at)'): word 0 of memory 'words'.m takes mode (fp4, posit8, int8), got 'int4'; did you mean 'int8'?"`,
    )
    expect(mistake(() => write([1, 16]))).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory-words.test.ts, line 'words.write(0, value as never, options)'): a word of memory 'words'.1 holds [0, 15] (u4), got 16; choose one that fits, or widen the shape"`,
    )
    expect(mistake(() => write([1]))).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory-words.test.ts, line 'words.write(0, value as never, options)'): a word of memory 'words' takes an array of 2, got one of 1; pass as many"`,
    )
    expect(mistake(() => write([1, 2], { lanes: [true] }))).toMatchInlineSnapshot(
      `"E-MEMORY in maker (memory-words.test.ts, line 'words.write(0, value as never, options)'): lanes of memory 'words' are one for each of 2 elements, got 1; pass as many"`,
    )
    expect(mistake(() => write([1, 2], { lanes: [true, false] }, 'new'))).toMatchInlineSnapshot(
      `"E-MEMORY in maker (memory-words.test.ts, line 'words.write(0, value as never, options)'): memory 'words' shows the word after a write (collide: 'new'), which no block RAM does for parts of a word; choose 'old' or 'never'"`,
    )
    expect(
      mistake(() =>
        maker({}, {}, (_, { memory }) => {
          const words = memory('words', { depth: 4, of: u(4), collide: 'old' })
          words.write(0, 1, { lanes: [true] as never })
          return {}
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-MEMORY in maker (memory-words.test.ts, line 'words.write(0, 1, { lanes: [true] as never })'): lanes of memory 'words' are one for each of 0 elements, got 1; make its words a vector"`,
    )
  })

  it('is an error of tsc where it can be one', () => {
    const check = (): Module =>
      maker({ at: u(1) }, { y: u(4) }, ({ at }, { memory }) => {
        const words = memory('words', { depth: 2, of: record({ a: u(4) }), collide: 'old' })
        // @ts-expect-error a record has no lanes
        words.write(at, { a: 1 }, { lanes: [true] })
        // @ts-expect-error there is no such field
        words.write(at, { b: 1 })
        // @ts-expect-error nor is it read
        return { y: words.read(at).b }
      })
    expect(check).toThrow()
  })
})
