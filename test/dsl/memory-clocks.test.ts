import { describe, expect, it } from 'vitest'
import {
  bool,
  type Collision,
  clock,
  component,
  type LookupOptions,
  type Module,
  mainClock,
  on,
  s,
  sync2,
  u,
} from '../../src/dsl/index.ts'
import { compareEngines, describeDifference } from '../../src/sim/compare.ts'
import { type Engine, portNamed, readPort, writePort } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { sortedFailures, toldBy } from '../fuzz/failures.ts'
import { icarusEngine } from '../fuzz/icarus.ts'
import { verilatorJudge } from '../fuzz/verilator-judge.ts'
import { maker, mistake } from './maker.ts'
import { body, printed } from './verilog/printed.ts'

const camera = clock('camera')
const has = (...tools: string[]): boolean =>
  tools.every((tool) => versionOf(tool, tool === 'iverilog' || tool === 'vvp' ? '-V' : undefined) !== undefined)

/** Written by the camera, read by the implicit clock. */
const Frame = component('frame', (_: object) => ({
  in: { write: on(camera, bool), target: on(camera, u(2)), pixel: on(camera, s(6)), from: u(2), read: bool },
  out: { shown: s(6) },
  logic({ write, target, pixel, from, read }, { memory, when }) {
    const words = memory('words', { depth: 4, of: s(6), collide: 'never', clock: camera })
    when(write, () => words.write(target, pixel))
    return { shown: words.read(from, { enable: read, clock: mainClock }) }
  },
}))

/** Every port on a clock of its own: two writes, two reads, and lookups that say why they may. */
const Shared = component('shared', (_: object) => ({
  in: {
    ...{ a: on(camera, u(2)), a_write: on(camera, bool), a_word: on(camera, s(6)) },
    ...{ b: u(2), b_write: bool, b_word: s(6) },
  },
  out: { a_shown: on(camera, s(6)), b_shown: s(6), now: s(6) },
  logic({ a, a_write, a_word, b, b_write, b_word }, { memory }) {
    const words = memory('words', { depth: 4, of: s(6), initial: [1, -2, 3], collide: 'never' })
    words.write(b, b_word, { enable: b_write })
    words.write(a, a_word, { enable: a_write, clock: camera })
    return {
      a_shown: words.read(a, { enable: a_write.not(), clock: camera }),
      b_shown: words.read(b, { enable: b_write.not() }),
      now: words.lookup(b, { crossing: 'a test looks at single steps' }),
    }
  },
}))

/** The frame with one clock for both of its own: they meet at every edge. */
const Together = component('together', (_: object) => ({
  in: { write: bool, target: u(2), pixel: s(6), from: u(2), read: bool },
  out: { shown: s(6) },
  logic: (inputs, { use }) => use('frame', Frame({}), inputs, { clocks: [[camera, mainClock]] }),
}))

const row = (engine: Engine, values: Readonly<Record<string, bigint | number>>): Record<string, bigint> => {
  for (const [name, value] of Object.entries(values))
    writePort(engine.inputs, portNamed(engine.ports.inputs, name), BigInt(value))
  engine.step()
  return Object.fromEntries(engine.ports.outputs.map((port) => [port.name, readPort(engine.outputs, port)]))
}
const message = "memory 'words': a word is read at the edge that writes it"

describe.each([
  ['the interpreter', interpreter],
  ['JavaScript', javascriptEngine],
] as const)('a memory of two clocks in %s', (_, start) => {
  it('moves each port at the edges of its own clock alone', () => {
    const engine = start(Frame({}).module)
    const write = { write: 1, target: 2, pixel: -7, read: 0, from: 0 }
    row(engine, { ...write, camera_tick: 0, clk_tick: 1 })
    row(engine, { write: 0, read: 1, from: 2, camera_tick: 0, clk_tick: 1 })
    expect(row(engine, { ...write, camera_tick: 1, clk_tick: 0 }).shown).toBe(0n)
    row(engine, { write: 0, read: 1, from: 2, camera_tick: 1, clk_tick: 0 })
    expect(row(engine, { read: 1, from: 2, camera_tick: 0, clk_tick: 1 }).shown).toBe(0n)
    expect(row(engine, { read: 0, camera_tick: 0, clk_tick: 0 }).shown).toBe(-7n)
    expect(engine.failures).toEqual([])
  })

  it('reports a word that is read and written where both edges fall into one step, and only there', () => {
    const engine = start(Frame({}).module)
    const both = { write: 1, target: 3, pixel: 5, read: 1, from: 3 }
    row(engine, { ...both, camera_tick: 1, clk_tick: 0 })
    row(engine, { ...both, camera_tick: 0, clk_tick: 1 })
    row(engine, { ...both, camera_tick: 0, clk_tick: 0 })
    row(engine, { ...both, from: 2, camera_tick: 1, clk_tick: 1 })
    row(engine, { ...both, read: 0, camera_tick: 1, clk_tick: 1 })
    row(engine, { ...both, camera_tick: 1, clk_tick: 1 })
    expect(toldBy(engine)).toEqual([{ cycle: 5, message }])
  })

  it('reports it also where one of the ports reads nothing of its clock', () => {
    const module = maker({ write: on(camera, bool) }, { y: s(6) }, ({ write }, { memory }) => {
      const words = memory('words', { depth: 4, of: s(6), collide: 'never' })
      words.write(2, 5, { enable: write, clock: camera })
      return { y: words.read(2) }
    })
    const engine = start(module)
    row(engine, { write: 1, camera_tick: 1, clk_tick: 0 })
    row(engine, { write: 1, camera_tick: 0, clk_tick: 1 })
    row(engine, { write: 1, camera_tick: 1, clk_tick: 1 })
    expect(toldBy(engine)).toEqual([{ cycle: 2, message }])
  })

  it('goes with its component to another clock, and to one clock for both', () => {
    const Store = component('store', (_: object) => ({
      in: { at: u(2), go: bool },
      out: { y: u(4) },
      logic({ at, go }, { memory }) {
        const words = memory('words', { depth: 4, of: u(4), collide: 'old' })
        const word = words.read(at, { enable: go })
        words.write(at, word.add(1).wrap(u(4)), { enable: go })
        return { y: word }
      },
    }))
    const moved = maker(
      { at: on(camera, u(2)), go: on(camera, bool) },
      { y: on(camera, u(4)) },
      ({ at, go }, { use }) => use('store', Store({}), { at, go }, { clocks: [[mainClock, camera]] }),
    )
    const other = maker({ at: u(2), a: on(camera, bool) }, { y: u(4), z: on(camera, u(4)) }, ({ at, a }, { use }) => ({
      y: use('here', Store({}), { at, go: true }).y,
      z: use('there', Store({}), { at: a.int(), go: true }, { clocks: [[mainClock, camera]] }).y,
    }))
    const alone = start(moved)
    expect(Array.from({ length: 5 }, () => row(alone, { at: 1, go: 1 }).y)).toEqual([0n, 0n, 1n, 1n, 2n])
    const engine = start(other)
    for (let k = 0; k < 4; k++) row(engine, { at: 1, a: 1, camera_tick: 0, clk_tick: 1 })
    for (let k = 0; k < 3; k++) row(engine, { at: 1, a: 1, camera_tick: 1, clk_tick: 0 })
    expect(row(engine, { camera_tick: 0, clk_tick: 0 })).toEqual({ y: 2n, z: 1n })

    const together = start(Together({}).module)
    row(together, { write: 1, read: 1, from: 1, target: 2 })
    row(together, { from: 1, target: 1 })
    expect(toldBy(together)).toEqual([{ cycle: 1, message: `frame: ${message}` }])
  })
})

describe('a memory of two clocks', () => {
  const modules: readonly (readonly [string, Module])[] = [
    ['a write and a read', Frame({}).module],
    ['two writes, two reads and a lookup', Shared({}).module],
    ['one clock in place of both', Together({}).module],
  ]
  const judges = [
    ['JavaScript', javascriptEngine],
    ...(has('verilator', 'g++', 'make') ? ([['Verilator', verilatorJudge]] as const) : []),
    ...(has('iverilog', 'vvp') ? ([['Icarus', icarusEngine]] as const) : []),
  ] as const
  it.each(judges.flatMap(([name, start]) => modules.map(([what, module]) => [what, name, module, start] as const)))(
    'with %s runs in %s as in the interpreter, failed promises among it',
    (_, name, module, start) => {
      // Two writes of one word at once leave either: keep the addresses of the second case apart.
      for (let seed = 1; seed <= 3; seed++) {
        const definition = interpreter(module)
        const engine = start(module)
        try {
          const stimulus = randomStimulus(definition.ports, 300, seed)
          if (module.name === 'shared')
            for (let k = 0; k < stimulus.length; k += definition.ports.inputWords) {
              const at = (port: string): number => k + portNamed(definition.ports.inputs, port).offset
              if (stimulus[at('a_write')] && stimulus[at('b_write')]) stimulus[at('a')] = stimulus[at('b')]! ^ 1
            }
          const difference = compareEngines([definition, engine], stimulus)
          expect(difference && `seed ${seed}: ${describeDifference(difference)}`).toBeUndefined()
          expect(definition.failedChecks).toBeGreaterThan(3)
          if (name !== 'Icarus') expect(sortedFailures(engine)).toEqual(sortedFailures(definition))
        } finally {
          engine.close()
        }
      }
    },
  )

  it('prints each port in a block of its clock, and the promise in one of both', async () => {
    expect(await body(Frame({}).module)).toMatchInlineSnapshot(`
      "(* no_rw_check *) reg signed [5:0] words [0:3];
      reg signed [5:0] words_read;

      assign shown = words_read;

      \`ifndef SYNTHESIS
      initial begin : words_start
        integer k;
        for (k = 0; k < 4; k = k + 1) words[k] = 6'd0;
      end
      initial words_read = 6'd0;
      \`endif
      always @(posedge camera_clk) begin
        if (!camera_rst && write) words[target] <= pixel;
      end
      always @(posedge clk) begin
        if (!rst && read) words_read <= words[from];
      end

      \`ifndef SYNTHESIS
      reg clk_before;
      reg camera_clk_before;
      always @(posedge clk or negedge clk) clk_before <= clk;
      always @(posedge camera_clk or negedge camera_clk) camera_clk_before <= camera_clk;
      always @(posedge clk or posedge camera_clk) begin
        if (clk && !clk_before && camera_clk && !camera_clk_before && !camera_rst && !rst && ((read & write) & (from == target))) $error("%m: memory 'words': a word is read at the edge that writes it");
      end
      \`endif"
    `)
    await printed(Shared({}).module)
  })

  it('may be a table that both clocks read, whatever that shows', async () => {
    const module = maker(
      { a: u(2), b: on(camera, u(2)) },
      { y: u(3), z: on(camera, u(3)), now: on(camera, u(3)) },
      ({ a, b }, { rom }) => {
        const words = rom('words', { of: u(3), initial: [1, 2, 3, 4] })
        return { y: words.read(a), z: words.read(b, { clock: camera }), now: words.lookup(b) }
      },
    )
    await printed(module)
    const engine = interpreter(module)
    row(engine, { a: 1, b: 2, clk_tick: 0, camera_tick: 1 })
    expect(row(engine, {})).toEqual({ y: 0n, z: 3n, now: 3n })
  })

  it('is looked up at one address by both clocks, each with its own reason', () => {
    const module = maker({ a: on(camera, u(2)) }, { y: u(3), z: on(camera, u(3)) }, ({ a }, { memory }) => {
      const words = memory('words', { depth: 4, of: u(3), collide: 'never', clock: camera })
      words.write(a, 5)
      return { z: words.lookup(0), y: words.lookup(0, { crossing: 'a test' }) }
    })
    expect(module.memories[0]!.lookups.map(({ crossing }) => crossing)).toEqual([undefined, 'a test'])
  })

  it('takes its clock from the shape of its words, too', () => {
    const module = maker({ a: on(camera, u(2)) }, { y: on(camera, u(3)) }, ({ a }, { memory }) => {
      const words = memory('words', { depth: 4, of: on(camera, u(3)), collide: 'old' })
      words.write(a, 5)
      return { y: words.read(a) }
    })
    expect(module.memories.map(({ reads, writes }) => [reads[0]!.node.clock, writes[0]!.clock])).toEqual([
      ['camera', 'camera'],
    ])
  })
})

describe('a mistake with clocks and a memory', () => {
  const store = (collide: Collision, options: LookupOptions = {}) =>
    maker({ a: on(camera, u(2)), b: u(2) }, { y: u(3), z: u(3) }, ({ a, b }, { memory }) => {
      const words = memory('words', { depth: 4, of: u(3), collide, clock: camera })
      words.write(a, 5)
      return { y: words.read(b, { clock: mainClock }), z: words.lookup(b, options) }
    })

  it('is named with its line and cure', () => {
    expect(mistake(() => store('old', { crossing: 'a test' }))).toMatchInlineSnapshot(
      `"E-MEMORY in maker (memory-clocks.test.ts, line 'const words = memory('words', { depth: 4, of: u(3), collide, clock: camera })'): memory 'words' has ports on the clocks camera and clk, between which no hardware keeps collide: 'old'; promise collide: 'never'"`,
    )
    expect(mistake(() => store('never'))).toMatchInlineSnapshot(
      `"E-CROSSING in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'z' of clock 'clk' reads memory 'words' of clock 'camera' (memory-clocks.test.ts, line 'const words = memory('words', { depth: 4, of: u(3), collide, clock: camera })') without a synchroniser; .read() it on that clock, or say why it is safe: .lookup(address, { crossing })"`,
    )
    expect(store('never', { crossing: 'a test' }).memories).toHaveLength(1)
    const apart = (address: 'write' | 'read') =>
      maker({ a: on(camera, u(2)), b: u(2) }, { y: u(3) }, ({ a, b }, { memory }) => {
        const words = memory('words', { depth: 4, of: u(3), collide: 'old' })
        words.write(address === 'write' ? a : b, 5)
        return { y: words.read(address === 'read' ? a : b) }
      })
    expect(mistake(() => apart('write'))).toMatchInlineSnapshot(
      `"E-CROSSING in maker (memory-clocks.test.ts, line 'const words = memory('words', { depth: 4, of: u(3), collide: 'old' })'): a write port of memory 'words' of clock 'clk' reads input 'a' of clock 'camera' (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
    expect(mistake(() => apart('read'))).toMatchInlineSnapshot(
      `"E-CROSSING in maker (memory-clocks.test.ts, line 'const words = memory('words', { depth: 4, of: u(3), collide: 'old' })'): a read port of memory 'words' of clock 'clk' reads input 'a' of clock 'camera' (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
    expect(
      mistake(() =>
        maker({ go: bool, a: on(camera, u(2)) }, { y: u(3) }, ({ go, a }, { memory, when }) => {
          const words = memory('words', { depth: 4, of: u(3), collide: 'old', clock: camera })
          when(go, () => words.write(a, 5))
          return { y: words.read(a) }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (memory-clocks.test.ts, line 'const words = memory('words', { depth: 4, of: u(3), collide: 'old', clock: camera })'): a write port of memory 'words' of clock 'camera' reads input 'go' of clock 'clk' (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
    expect(
      mistake(() =>
        maker({ a: on(camera, u(2)) }, { y: u(3) }, ({ a }, { memory }) => {
          const words = memory('words', { depth: 4, of: u(3), collide: 'old', clock: camera })
          words.write(a, 5)
          return { y: words.read(a) }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y' of clock 'clk' reads read port 'words_read' of clock 'camera' (memory-clocks.test.ts, line 'const words = memory('words', { depth: 4, of: u(3), collide: 'old', clock: camera })') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
  })

  it('is a port with the name of a clock of a memory', () => {
    expect(
      mistake(() =>
        maker({ camera_clk: bool }, { y: u(3) }, (_, { memory }) => {
          const words = memory('words', { depth: 4, of: u(3), collide: 'never' })
          words.write(2, 5, { clock: camera })
          return { y: words.read(1) }
        }),
      ),
    ).toMatch(/E-NAME .* cannot be called 'camera_clk'/)
  })

  it('is none where the flag goes through sync2 first', () => {
    const module = maker({ go: bool, a: on(camera, u(2)) }, { y: on(camera, u(3)) }, ({ go, a }, builder) => {
      const { regs, memory, when } = builder
      const r = regs({ wanted: bool })
      r.wanted.next = go
      const words = memory('words', { depth: 4, of: u(3), collide: 'old', clock: camera })
      when(sync2(builder, 'seen', r.wanted, { to: camera }), () => words.write(a, 5))
      return { y: words.read(a) }
    })
    expect(module.memories).toHaveLength(1)
  })
})
