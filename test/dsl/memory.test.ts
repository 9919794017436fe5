import { describe, expect, it } from 'vitest'
import {
  bits,
  bool,
  type Collision,
  component,
  type IntShape,
  range,
  s,
  u,
  type WritableMemory,
} from '../../src/dsl/index.ts'
import { type Engine, portNamed, readPort, writePort } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { toldBy } from '../fuzz/failures.ts'
import { maker, mistake, run, trace } from './maker.ts'
import { body, printed } from './verilog/printed.ts'

/** One read and one write port at one address. */
const Store = component('store', (p: { collide: Collision }) => ({
  in: { at: u(3), write: bool, word: s(8), read: bool },
  out: { shown: s(8), now: s(8) },
  logic({ at, write, word, read }, { memory, when }) {
    const words = memory('words', { depth: 8, of: s(8), initial: [10, -11, 12], collide: p.collide })
    when(write, () => words.write(at, word))
    return { shown: words.read(at, { enable: read }), now: words.lookup(at) }
  },
}))

const rows = [
  { at: 1, read: 1, write: 0, word: 0 },
  { at: 2, read: 1, write: 1, word: 99 },
  { at: 2, read: 0, write: 0, word: 0 },
  { at: 7, read: 1, write: 0, word: 5 },
  { at: 0, read: 0, write: 0, word: 0 },
]

describe('a memory', () => {
  it('shows 0 until the first read, then the word a cycle after its address, and holds it where it is not enabled', () => {
    expect(trace(Store({ collide: 'old' }).module, 'shown', rows)).toEqual([0n, -11n, 12n, 12n, 0n])
  })

  it("shows the word before ('old') or after ('new') a write to it at the same edge", () => {
    expect(trace(Store({ collide: 'old' }).module, 'shown', rows)[2]).toBe(12n)
    expect(trace(Store({ collide: 'new' }).module, 'shown', rows)[2]).toBe(99n)
  })

  it('is looked up within the cycle, before its edge', () => {
    expect(trace(Store({ collide: 'new' }).module, 'now', rows)).toEqual([-11n, 12n, 99n, 0n, 10n])
  })

  it("reports a collision that was promised 'never' to happen, at its cycle", () => {
    for (const start of [interpreter, javascriptEngine]) {
      const engine = start(Store({ collide: 'never' }).module)
      play(engine, rows)
      expect(toldBy(engine)).toEqual([
        { cycle: 1, message: "memory 'words': a word is read at the edge that writes it" },
      ])
    }
  })

  it('keeps its words and what its reads show through a reset', () => {
    for (const start of [interpreter, javascriptEngine]) {
      const engine = start(Store({ collide: 'old' }).module)
      play(engine, [
        { at: 4, read: 0, write: 1, word: -77 },
        { at: 4, read: 1, write: 0, word: 0 },
      ])
      engine.reset()
      play(engine, [{ at: 4, read: 0, write: 0, word: 0 }])
      const out = (name: string): bigint => readPort(engine.outputs, portNamed(engine.ports.outputs, name))
      expect([out('shown'), out('now'), engine.register('words_read')]).toEqual([-77n, -77n, -77n])
    }
  })

  it('is read only where the `when` around the read holds', () => {
    const module = maker({ at: u(2), go: bool }, { y: u(8) }, ({ at, go }, { rom, when, wires }) => {
      const words = rom('words', { of: u(8), initial: [5, 6, 7, 8] })
      const w = wires({ found: u(8) })
      when(
        go,
        () => {
          w.found.value = words.read(at)
        },
        () => {
          w.found.value = 0
        },
      )
      return { y: w.found }
    })
    expect(
      trace(module, 'y', [
        { at: 1, go: 1 },
        { at: 2, go: 0 },
        { at: 3, go: 1 },
        { at: 0, go: 1 },
      ]),
    ).toEqual([0n, 0n, 6n, 8n])
  })

  it('takes two write ports, and reports when both write one word; the later one in the text wins', () => {
    const module = maker({ a: u(2), b: u(2) }, { y: u(4) }, ({ a, b }, { memory }) => {
      const words = memory('words', { depth: 4, of: u(4), collide: 'old' })
      words.write(a, 1)
      words.write(b, 2)
      return { y: words.lookup(3) }
    })
    for (const start of [interpreter, javascriptEngine]) {
      const engine = start(module)
      play(engine, [
        { a: 3, b: 0 },
        { a: 3, b: 3 },
        { a: 1, b: 2 },
      ])
      expect(readPort(engine.outputs, engine.ports.outputs[0]!)).toBe(2n)
      expect(toldBy(engine)).toEqual([{ cycle: 1, message: "memory 'words': both ports write one word at one edge" }])
    }
  })

  it('holds flags, fields, and words of any width', () => {
    const wide = -(2n ** 100n)
    const module = maker(
      { at: range(0, 2), word: s(101) },
      { flag: bool, field: bits(3), last: s(101) },
      ({ at, word }, { rom, memory }) => {
        const words = memory('words', { depth: 3, of: s(101), initial: [1n, wide], collide: 'new' })
        words.write(at, word)
        return {
          flag: rom('flags', { of: bool, initial: [false, true, true] }).lookup(at),
          field: rom('fields', { of: bits(3), initial: [7, 5, 1] }).read(at),
          last: words.read(words.address.max),
        }
      },
    )
    const stimulus = [
      { at: 1, word: wide },
      { at: 2, word: wide },
      { at: 0, word: 3 },
    ]
    const expected = [
      { flag: 1n, field: 0n, last: 0n },
      { flag: 1n, field: 5n, last: 0n },
      { flag: 0n, field: 1n, last: wide },
    ]
    expect(run(module, stimulus)).toEqual(expected)
    const engine = javascriptEngine(module)
    expect(stimulus.map((row) => play(engine, [row]))).toEqual(expected)
  })

  it('is no loop where what is written depends on what is looked up', () => {
    const module = maker({ at: u(2) }, { y: u(8) }, ({ at }, { memory }) => {
      const counts = memory('counts', { depth: 4, of: u(8), collide: 'old' })
      const count = counts.lookup(at)
      counts.write(at, count.add(1).wrap(u(8)))
      return { y: count }
    })
    expect(trace(module, 'y', [{ at: 2 }, { at: 2 }, { at: 1 }, { at: 2 }])).toEqual([0n, 1n, 0n, 2n])
    expect(module.memories[0]!.lookups).toHaveLength(1)
  })
})

describe('a memory that only feeds itself', () => {
  it('is a warning, and what it reads is idle', () => {
    const module = maker({ at: u(2) }, { y: u(4) }, ({ at }, { memory }) => {
      const counts = memory('counts', { depth: 4, of: u(4), collide: 'old' })
      counts.write(at, counts.lookup(at).add(1).wrap(u(4)))
      return { y: 1 }
    })
    expect(module.warnings.map(({ message }) => message)).toEqual([
      "input 'at' changes no output and no check; read it or leave it out",
      "memory 'counts' changes no output and no check; read it or leave it out",
    ])
    expect(module.warnings[1]!.source?.()).toMatch(/memory\.test\.ts/)
  })

  it('is none where one of its ports is read; the address of another one is idle', () => {
    const module = maker({ a: u(2), b: u(2) }, { y: u(4) }, ({ a, b }, { rom }) => {
      const words = rom('words', { of: u(4), initial: [1, 2, 3, 4] })
      words.read(b)
      return { y: words.read(a) }
    })
    expect(module.warnings.map(({ about }) => about)).toEqual([['b']])
  })
})

describe('a memory in Verilog', () => {
  it('is an array with a clocked block for each port, initial words that are not 0, and no reset', async () => {
    expect(await body(Store({ collide: 'old' }).module)).toMatchInlineSnapshot(`
      "reg signed [7:0] words [0:7];
      reg signed [7:0] words_read;
      wire signed [7:0] words_lookup;

      assign words_lookup = words[at];
      assign shown = words_read;
      assign now = words_lookup;

      initial begin : words_start
        integer k;
        for (k = 0; k < 8; k = k + 1) words[k] = 8'd0;
        words[0] = 8'd10; words[1] = -8'sd11; words[2] = 8'd12;
      end
      \`ifndef SYNTHESIS
      initial words_read = 8'd0;
      \`endif
      always @(posedge clk) begin
        if (!rst && write) words[at] <= word;
      end
      always @(posedge clk) begin
        if (!rst && read) words_read <= words[at];
      end"
    `)
  })

  it('stays an array in Yosys where every write is at a constant address', async () => {
    const module = maker({ from: u(2), word: u(4) }, { y: u(4) }, ({ from, word }, { memory }) => {
      const words = memory('words', { depth: 4, of: u(4), collide: 'old' })
      words.write(3, word)
      return { y: words.read(from) }
    })
    const text = await body(module)
    expect(text).toContain("wire [1:0] words_write_address = 2'd3;")
    expect(text).toContain('if (!rst) words[words_write_address] <= word;')
  })

  it("passes a word on beside the memory for 'new'", async () => {
    const text = await body(Store({ collide: 'new' }).module)
    expect(text.split('\n').filter((line) => line.includes('words_read <='))).toMatchInlineSnapshot(`
      [
        "  if (!rst && read) words_read <= write ? word : words[at];",
      ]
    `)
  })

  it("tells tools of 'never', and checks it in simulation", async () => {
    const text = await body(Store({ collide: 'never' }).module)
    expect(text.split('\n').filter((line) => /no_rw_check|error/.test(line))).toMatchInlineSnapshot(`
      [
        "(* no_rw_check *) reg signed [7:0] words [0:7];",
        "  if (!rst && (read & write)) $error("%m: memory 'words': a word is read at the edge that writes it");",
      ]
    `)
  })

  it('starts with zeros only in simulation where it was given no words', async () => {
    const module = maker({ at: u(4), word: u(4) }, { y: u(4) }, ({ at, word }, { memory }) => {
      const words = memory('words', { depth: 10, of: u(4), collide: 'old' })
      words.write(at.sat(words.address), word)
      return { y: words.lookup(at.sat(words.address)) }
    })
    expect(await body(module)).toMatchInlineSnapshot(`
      "reg [3:0] words [0:9];
      wire [3:0] words_lookup;

      wire [3:0] words_lookup_address_clamped = (at > 4'd9) ? 4'd9 : at;
      assign words_lookup = words[words_lookup_address_clamped];
      assign y = words_lookup;

      \`ifndef SYNTHESIS
      initial begin : words_start
        integer k;
        for (k = 0; k < 10; k = k + 1) words[k] = 4'd0;
      end
      \`endif
      always @(posedge clk) begin
        if (!rst) words[words_lookup_address_clamped] <= word;
      end"
    `)
  })

  it('that is only looked up needs no clock', async () => {
    const module = maker({ at: u(2) }, { y: u(4) }, ({ at }, { rom }) => ({
      y: rom('words', { of: u(4), initial: [1, 2, 3, 4] }).lookup(at),
    }))
    expect(await printed(module)).toMatchInlineSnapshot(`
      "module maker (
        input wire [1:0] at,
        output wire [3:0] y
      );
        reg [3:0] words [0:3];
        wire [3:0] words_lookup;

        assign words_lookup = words[at];
        assign y = words_lookup;

        initial begin : words_start
          words[0] = 4'd1; words[1] = 4'd2; words[2] = 4'd3; words[3] = 4'd4;
        end
      endmodule
      "
    `)
  })
})

describe('a mistake with a memory', () => {
  const store = (options: object, use: (words: WritableMemory<IntShape>) => void = () => {}) =>
    maker({}, {}, (_, { memory }) => {
      use(memory('words', { depth: 4, of: u(4), collide: 'old', ...options }))
      return {}
    })

  it('is named with its line and cure', () => {
    const wide = (at: bigint | number) => store({}, (words) => words.write(at, 0))
    expect(mistake(() => wide(4))).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory.test.ts, line 'const wide = (at: bigint | number) => store({}, (words) => words.write(at, 0))'): an address of memory 'words' holds [0, 3] (u2), got 4; choose one that fits, or widen the shape"`,
    )
    expect(mistake(() => store({}, (words) => words.write(0, 16)))).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory.test.ts, line '() => store({}, (words) => words.write(0, 16))'): a word of memory 'words' holds [0, 15] (u4), got 16; choose one that fits, or widen the shape"`,
    )
    expect(
      mistake(() =>
        maker({ at: u(3) }, { y: u(4) }, ({ at }, { rom }) => ({
          y: rom('words', { of: u(4), initial: [1, 2, 3, 4] }).read(at),
        })),
      ),
    ).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory.test.ts, line 'y: rom('words', { of: u(4), initial: [1, 2, 3, 4] }).read(at)'): an address of memory 'words' holds [0, 3] (u2), got [0, 7] (u3); narrow it with .wrap(), .sat() or checked()"`,
    )
    expect(mistake(() => store({ depth: 1 }))).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory.test.ts, line 'use(memory('words', { depth: 4, of: u(4), collide: 'old', ...options }))'): memory 'words' takes 2 to 16777216 words, got 1; for one word use a register"`,
    )
    expect(mistake(() => store({ depth: 2.5 }))).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory.test.ts, line 'use(memory('words', { depth: 4, of: u(4), collide: 'old', ...options }))'): memory 'words' takes 2 to 16777216 words, got 2.5; for one word use a register"`,
    )
    expect(mistake(() => store({ of: range(3, 9) }))).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory.test.ts, line 'use(memory('words', { depth: 4, of: u(4), collide: 'old', ...options }))'): memory 'words' holds [3, 9] (u4), but words may start as 0; widen the shape to 0"`,
    )
    expect(mistake(() => store({ initial: [1, 2, 3, 4, 5] }))).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory.test.ts, line 'use(memory('words', { depth: 4, of: u(4), collide: 'old', ...options }))'): memory 'words' has 4 words, got 5 initial ones; leave some out"`,
    )
    expect(mistake(() => store({ initial: [1, 16] }))).toMatchInlineSnapshot(
      `"E-RANGE in maker (memory.test.ts, line 'use(memory('words', { depth: 4, of: u(4), collide: 'old', ...options }))'): word 1 of memory 'words' holds [0, 15] (u4), got 16; widen the shape"`,
    )
    expect(mistake(() => store({}, (words) => words.write(0, 1)))).toMatchInlineSnapshot(
      `"E-MEMORY in maker (memory.test.ts, line 'use(memory('words', { depth: 4, of: u(4), collide: 'old', ...options }))'): memory 'words' is never read; read it with .read() or .lookup()"`,
    )
    expect(mistake(() => store({}, (words) => words.lookup(0)))).toMatchInlineSnapshot(
      `"E-MEMORY in maker (memory.test.ts, line 'use(memory('words', { depth: 4, of: u(4), collide: 'old', ...options }))'): memory 'words' is never written; .write() it or make it a rom"`,
    )
    expect(
      mistake(() =>
        store({}, (words) => {
          for (const word of [1, 2, 3]) words.write(0, word)
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-MEMORY in maker (memory.test.ts, line 'for (const word of [1, 2, 3]) words.write(0, word)'): memory 'words' has 2 write ports already; choose between values with mux"`,
    )
    expect(
      mistake(() =>
        maker({ words: bool }, {}, (_, { rom }) => {
          rom('words', { of: bool, initial: [true, false] })
          return {}
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-NAME in maker (memory.test.ts, line 'rom('words', { of: bool, initial: [true, false] })'): a memory cannot be called 'words': an input has that name; choose another name"`,
    )
  })
})

/** Steps an engine; its outputs in the last cycle. */
const play = (engine: Engine, all: readonly Readonly<Record<string, bigint | number>>[]): Record<string, bigint> => {
  for (const row of all) {
    for (const [name, value] of Object.entries(row))
      writePort(engine.inputs, portNamed(engine.ports.inputs, name), BigInt(value))
    engine.step()
  }
  return Object.fromEntries(engine.ports.outputs.map((port) => [port.name, readPort(engine.outputs, port)]))
}
