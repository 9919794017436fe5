import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/user-error.ts'
import { bool, component, enumeration, type Module, mux, u } from '../../../src/dsl/index.ts'
import { widthOf } from '../../../src/dsl/ir.ts'
import { readCoverage, writeCoverage } from '../../../src/sim/activity/coverage-file.ts'
import {
  type Coverage,
  coverageOfText,
  coverageReport,
  coverageText,
  mergeCoverage,
  withCoverage,
} from '../../../src/sim/activity/index.ts'
import { portLayout, readPort } from '../../../src/sim/engine.ts'
import { type EngineName, openEngine } from '../../../src/sim/engines.ts'
import { signalPaths } from '../../../src/sim/signals.ts'
import { restoreState, saveState } from '../../../src/sim/state/index.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'
import { versionOf } from '../../../src/sim/verilator/tools.ts'
import { randomComponent } from '../../fuzz/random-component.ts'
import { randomMemories } from '../../fuzz/random-memories.ts'
import { randomStructure } from '../../fuzz/random-structure.ts'
import { blink, loader, store, wide } from '../waves/designs.ts'

const on = (name: EngineName) => ({ open: (module: Module) => openEngine(name, module) })

/** The toggles of every signal, counted bit by bit from what the interpreter shows in every cycle. */
const counted = (module: Module, stimulus: Int32Array, cycles: number, resets: readonly number[] = []) => {
  const engine = openEngine('interpreter', module)
  const { inputWords } = engine.ports
  const watched = engine.watch!(signalPaths(module))
  const counts = watched.signals.map(({ range }) => {
    const zeros = () => new Array<number>(widthOf(range)).fill(0)
    return { cycles, rises: zeros(), falls: zeros() }
  })
  let before: bigint[] | undefined
  for (let cycle = 0; cycle < cycles; cycle++) {
    if (resets.includes(cycle)) {
      engine.reset()
      before = undefined
    }
    engine.replay(stimulus.subarray(cycle * inputWords, (cycle + 1) * inputWords), 1)
    const now = watched.signals.map((port) => BigInt.asUintN(widthOf(port.range), readPort(watched.words, port)))
    for (const [k, value] of now.entries())
      for (let bit = 0; before && bit < counts[k]!.rises.length; bit++) {
        const [old, fresh] = [before[k]!, value].map((each) => (each >> BigInt(bit)) & 1n)
        if (old! < fresh!) counts[k]!.rises[bit]!++
        if (old! > fresh!) counts[k]!.falls[bit]!++
      }
    before = now
  }
  return Object.fromEntries(watched.signals.map(({ name }, k) => [name, counts[k]!]))
}

const designs: readonly (readonly [string, (seed: number) => Module])[] = [
  ['random components', (seed) => randomComponent(seed, { width: 70, operations: 20, depth: 2 }).module],
  ['two clocks and black boxes', (seed) => randomStructure(seed, { width: 40, operations: 8, depth: 1 }).module],
  ['memories', (seed) => randomMemories(seed, { width: 40, operations: 8, depth: 1 }).module],
  ['a state machine', () => loader],
  ['70 bits', () => wide],
  ['two clocks', () => blink],
]

describe('coverage', () => {
  it.each(designs)('counts every turn of every bit, in every engine of ours: %s', (what, make) => {
    for (let seed = 1, run = 0; run < (make.length === 1 ? 4 : 1); seed++) {
      expect(seed, 'designs tried').toBeLessThan(100)
      const module = make(seed)
      const stimulus = randomStimulus(portLayout(module), 150, seed)
      // After a failed check the values of a design are not defined; those of two clocks fail at once, in flags of their own.
      const trial = openEngine('js', module)
      trial.replay(stimulus, 150)
      const cycles = what.includes('boxes') ? 150 : (trial.failures[0]?.cycle ?? 150)
      if (cycles < 5) continue
      run++
      const expected = counted(module, stimulus, cycles)
      const plain = openEngine('js', module)
      const answer = new Int32Array(cycles * plain.ports.outputWords)
      plain.replay(stimulus, cycles, answer)
      for (const name of ['wasm', 'js', 'interpreter'] as const) {
        const engine = withCoverage(module, on(name))
        const response = new Int32Array(answer.length)
        engine.replay(stimulus, cycles, response)
        expect(engine.coverage().signals, `${what}, ${name}, seed ${seed}`).toEqual(expected)
        expect(response).toEqual(answer)
        expect([engine.outputs, engine.ports]).toEqual([plain.outputs, plain.ports])
        expect(Object.keys(engine.coverage().signals)).toEqual([...signalPaths(module)].sort())
      }
    }
  })

  it.skipIf(versionOf('verilator') === undefined)('looks inside with Verilator, too', () => {
    const engine = withCoverage(loader, on('verilator'))
    try {
      const stimulus = randomStimulus(engine.ports, 300, 3).map((word, k) => (k % 2 === 0 ? word : word & 7))
      engine.replay(stimulus, 300)
      const ours = withCoverage(loader)
      ours.replay(stimulus, 300)
      expect(ours.failedChecks).toBe(0)
      expect(engine.coverage()).toEqual(ours.coverage())
      expect(engine.coverage().signals).toEqual(counted(loader, stimulus, 300))
    } finally {
      engine.close()
    }
  })

  it('counts the same in steps, in short stimuli, and over more cycles than one block', () => {
    const cycles = 9000
    const stimulus = randomStimulus(portLayout(store), 90, 4)
    const { inputWords } = portLayout(store)
    const repeated = withCoverage(store)
    repeated.replay(stimulus, cycles)
    const single = withCoverage(store)
    for (let cycle = 0; cycle < cycles; cycle++) {
      single.inputs.set(stimulus.subarray((cycle % 90) * inputWords, ((cycle % 90) + 1) * inputWords))
      single.step()
    }
    expect(single.coverage()).toEqual(repeated.coverage())
    expect(repeated.coverage().signals.word!.rises[0]).toBeGreaterThan(1000)
    const held = withCoverage(loader)
    held.inputs[0] = 1
    held.step(5000)
    const rows = new Int32Array(10_000)
    for (let k = 0; k < 10_000; k += 2) rows[k] = 1
    expect(held.coverage().signals).toEqual(counted(loader, rows, 5000))
  })

  it('counts nothing from a cycle to the one after a reset, or after a state put back', () => {
    const stimulus = randomStimulus(portLayout(loader), 40, 2).map((word, k) => (k % 2 === 0 ? word : word & 3))
    const engine = withCoverage(loader)
    engine.replay(stimulus.subarray(0, 34), 17)
    engine.reset()
    engine.replay(stimulus.subarray(34), 23)
    expect(engine.coverage().signals).toEqual(counted(loader, stimulus, 40, [17]))

    const [first, second] = [withCoverage(loader), withCoverage(loader)]
    first.replay(stimulus, 20)
    second.step()
    restoreState(second, saveState(first))
    expect(second.cycle).toBe(20)
    second.step()
    const { cycles, signals, values } = second.coverage()
    expect([cycles, values.control!.transitions]).toEqual([2, []])
    expect(Object.values(signals).flatMap(({ rises, falls }) => [...rises, ...falls])).not.toContain(1)
  })

  it('counts the values of enumerations, what follows what, and knows what could', () => {
    const engine = withCoverage(loader)
    const starts = [0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0]
    for (const start of starts) {
      engine.inputs[0] = start
      engine.step()
    }
    const { control } = engine.coverage().values
    expect(control).toEqual({
      names: ['idle', 'load', 'drain'],
      seen: [
        ['idle', 4],
        ['load', 6],
        ['drain', 1],
      ],
      transitions: [
        ['idle', 'load', 2],
        ['load', 'drain', 1],
        ['drain', 'idle', 1],
      ],
      possible: [
        ['idle', 'load'],
        ['load', 'drain'],
        ['drain', 'idle'],
      ],
    })
  })

  it('knows the transitions of machines whose goto depends on much, and none where an input decides', () => {
    const mode = enumeration('mode', ['a', 'b', 'c', 'd', 'e'])
    const { module } = component('machines', (_: object) => ({
      in: { go: bool, x: u(3), loaded: mode },
      out: { one: bool, two: mode },
      logic({ go, x, loaded }, { regs, when, fsm }) {
        const r = regs({ two: mode, three: mode })
        const one = fsm('first', {
          a({ goto }) {
            when(
              go.and(x.gt(2)),
              () => goto('b'),
              () => when(x.eq(0), () => goto('c')),
            )
          },
          b({ goto }) {
            goto('d')
            when(go, () => goto('a'))
          },
          c: () => undefined,
          d({ goto }) {
            goto('a')
          },
          e({ goto }) {
            goto('a')
          },
        })
        when(r.three.is('a').and(go), () => {
          r.three.next = 'd'
        })
        when(one.is('b'), () => {
          r.two.next = loaded
        })
        return { one: one.is('a'), two: r.two }
      },
    }))({})
    const engine = withCoverage(module)
    engine.inputs.set([1, 7, 3])
    engine.step(9)
    const { values } = engine.coverage()
    expect(values.first!.possible!.map((step) => step.join(''))).toEqual(['ab', 'ac', 'ba', 'bd', 'da', 'ea'])
    expect(values.three!.possible).toEqual([['a', 'd']])
    expect(values.two!.possible).toBeUndefined()
    expect(values.loaded!.seen).toEqual([['d', 9]])
    expect(values.two!.transitions).toEqual([['a', 'd', 1]])
  })

  it('numbers a value without a name', () => {
    const mode = enumeration('mode', ['a', 'b', 'c'])
    const { module } = component('unnamed', (_: object) => ({
      in: { mode },
      out: { other: bool },
      logic: ({ mode: found }) => ({ other: found.is('a').not() }),
    }))({})
    const engine = withCoverage(module)
    for (const code of [3, 1, 3]) {
      engine.inputs[0] = code
      engine.step()
    }
    expect(engine.coverage().values.mode).toEqual({
      names: ['a', 'b', 'c'],
      seen: [
        ['b', 1],
        ['3', 2],
      ],
      transitions: [
        ['b', '3', 1],
        ['3', 'b', 1],
      ],
    })
    expect(mergeCoverage([engine.coverage(), engine.coverage()]).values.mode!.seen).toEqual([
      ['b', 2],
      ['3', 4],
    ])
  })

  it('looks at the signals asked for, and refuses those there are not', () => {
    const engine = withCoverage(loader, { signals: ['sum', 'con*'] })
    engine.step()
    expect(Object.keys(engine.coverage().signals)).toEqual([
      'control',
      'sum.clear',
      'sum.held',
      'sum.term',
      'sum.total',
    ])
    expect(Object.keys(engine.coverage().values)).toEqual(['control'])
    expect(() => withCoverage(loader, { signals: ['sum.hold'] })).toThrow("did you mean 'sum.held'?")
    expect(() => engine.watch!(['seen_0'])).toThrow(UserError)
    expect(readPort(engine.watch!(['sum.held']).words, { ...engine.watch!(['sum.held']).signals[0]! })).toBe(0n)
  })

  it('reports failed checks and registers under the paths of the design', () => {
    const [plain, covered] = [openEngine('wasm', loader), withCoverage(loader)]
    for (const engine of [plain, covered]) {
      engine.inputs.set([1, 127])
      engine.step(20)
    }
    expect(covered.failures).toEqual(plain.failures)
    expect(covered.failedChecks).toBe(plain.failedChecks)
    expect(covered.register('sum.held')).toBe(plain.register('sum.held'))
    expect(covered.cycle).toBe(20)
  })
})

describe('coverage of several runs', () => {
  const run = (seed: number, cycles: number, signals = ['**']): Coverage => {
    const engine = withCoverage(loader, { signals })
    engine.replay(
      randomStimulus(engine.ports, cycles, seed).map((word, k) => (k % 2 === 0 ? word : word & 7)),
      cycles,
    )
    return engine.coverage()
  }

  it('adds up, in any order and grouping', () => {
    const [a, b, c] = [run(1, 30), run(2, 500), run(3, 70, ['sum', 'control'])] as const
    const all = mergeCoverage([a, b, c])
    expect(mergeCoverage([c, b, a])).toEqual(all)
    expect(mergeCoverage([mergeCoverage([c, a]), b])).toEqual(all)
    expect(coverageText(mergeCoverage([c, b, a]))).toBe(coverageText(all))
    expect(all.cycles).toBe(600)
    expect(all.signals.x!.cycles).toBe(530)
    expect(all.signals['sum.held']!.cycles).toBe(600)
    const rises = (of: Coverage) => of.signals['sum.held']!.rises[1]!
    expect(rises(all)).toBe(rises(a) + rises(b) + rises(c))
    const idle = (of: Coverage) => new Map(of.values.control!.seen).get('idle')!
    expect(idle(all)).toBe(idle(a) + idle(b) + idle(c))
  })

  it('is of one design', () => {
    const other = withCoverage(store).coverage()
    expect(() => mergeCoverage([run(1, 3), other])).toThrow(
      "these runs are of designs 'loader' and 'store'; merge runs of one design",
    )
    expect(() => mergeCoverage([run(1, 3), { ...run(1, 3), digest: 'x' }])).toThrow("two designs called 'loader'")
    expect(() => mergeCoverage([])).toThrow(RangeError)
  })

  it('goes through a text and a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bitloom-coverage-'))
    try {
      const path = join(folder, 'new', 'loader.json')
      const coverage = run(5, 90)
      expect(coverageOfText(coverageText(coverage))).toEqual(coverage)
      writeCoverage(path, coverage)
      expect(readCoverage(path)).toEqual(coverage)
      expect(readFileSync(path, 'utf8')).toBe(coverageText(coverage))
      writeFileSync(path, '[]')
      expect(() => readCoverage(path)).toThrow(UserError)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('is refused where its text is anything else, with the field', () => {
    const good = run(1, 5)
    const cases: readonly object[] = [
      { format: 'vcd' },
      { version: 9 },
      { cycles: -1 },
      { digest: 4 },
      { signals: [] },
      { signals: { x: { cycles: 1, rises: [1], falls: [] } } },
      { signals: { x: { cycles: 1, rises: [], falls: [] } } },
      { signals: { x: { cycles: 1, rises: [0.5], falls: [0] } } },
      { signals: { x: null } },
      { values: { c: { names: ['a'], seen: [['a', 'b']], transitions: [] } } },
      { values: { c: { names: [1], seen: [], transitions: [] } } },
      { values: { c: { names: [], seen: [], transitions: [['a', 'b']] } } },
      { values: { c: { names: [], seen: [], transitions: [], possible: [['a']] } } },
    ]
    const messages = cases.map((change) => {
      try {
        coverageOfText(JSON.stringify({ ...good, ...change }))
        return 'nothing'
      } catch (error) {
        expect(error).toBeInstanceOf(UserError)
        return (error as Error).message.replace(/; .*/, '')
      }
    })
    expect(messages).toMatchInlineSnapshot(`
      [
        "this is no coverage: its format is not 'bitloom-coverage'",
        "the coverage has version 9",
        "the coverage has a fault in cycles, where a whole number from 0 to 9007199254740991 belongs",
        "the coverage has a fault in digest, where a text belongs",
        "the coverage has a fault in signals, where a record belongs",
        "the coverage has a fault in signals.x.falls, where a count for each bit that rises belongs",
        "the coverage has a fault in signals.x.falls, where a count for each bit that rises belongs",
        "the coverage has a fault in signals.x.rises[0], where a whole number from 0 to 9007199254740991 belongs",
        "the coverage has a fault in signals.x, where a record belongs",
        "the coverage has a fault in values.c.seen[0], where a whole number from 0 to 9007199254740991 belongs",
        "the coverage has a fault in values.c.names[0], where a text belongs",
        "the coverage has a fault in values.c.transitions[0], where a whole number from 0 to 9007199254740991 belongs",
        "the coverage has a fault in values.c.possible[0], where a text belongs",
      ]
    `)
    expect(() => coverageOfText('{')).toThrow("this is no coverage: its format is not 'bitloom-coverage'")
    expect(() => coverageOfText(' '.repeat(2 ** 28 + 1))).toThrow('at most 268435456 are read')
    const one = { ...good, signals: { x: { cycles: 1, rises: [1], falls: [0] } } }
    expect(() => mergeCoverage([one, good])).toThrow('where a signal of one width in all runs belongs')
  })
})

describe('the report of what was never seen', () => {
  it('names values, transitions and bits, neighbours together', () => {
    const engine = withCoverage(loader, { signals: ['start', 'x', 'control', 'words', 'sum.held'] })
    for (let cycle = 0; cycle < 6; cycle++) {
      engine.inputs.set([cycle === 1 ? 1 : 0, cycle & 3])
      engine.step()
    }
    expect(coverageReport(engine.coverage())).toMatchInlineSnapshot(`
      "coverage of loader in 6 cycles
        bits that rose and fell: 5 of 24 (20 %)
        values of enumerations: 2 of 3 (66 %)
        transitions: 1 of 3 (33 %)

      never seen
        control        drain
        control[1]     0 -> 1, 1 -> 0
        control[0]     1 -> 0
        sum.held[9:3]  0 -> 1, 1 -> 0
        sum.held[2]    1 -> 0
        sum.held[0]    1 -> 0
        words[2]       0 -> 1, 1 -> 0
        words[1]       1 -> 0
        x[7:2]         0 -> 1, 1 -> 0"
    `)
    expect(coverageReport(engine.coverage(), { lines: 2 }).split('\n').slice(-4)).toMatchInlineSnapshot(`
      [
        "never seen",
        "  control     drain",
        "  control[1]  0 -> 1, 1 -> 0",
        "  and 7 more",
      ]
    `)
  })

  it('says so where all was seen', () => {
    const { module } = component('flip', (_: object) => ({
      in: { x: bool },
      out: { y: u(1) },
      logic: ({ x }) => ({ y: mux(x, 0, 1) }),
    }))({})
    const engine = withCoverage(module)
    engine.replay(Int32Array.of(0, 1), 4)
    expect(coverageReport(engine.coverage())).toBe(
      'coverage of flip in 4 cycles\n  bits that rose and fell: 2 of 2 (100 %)',
    )
  })
})
