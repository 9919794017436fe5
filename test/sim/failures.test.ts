import { describe, expect, it } from 'vitest'
import { bool, component, enumeration, type Module, reset, s, stream, sum, u, vec } from '../../src/dsl/index.ts'
import { type CheckFailure, describeFailure, type Engine, portLayout } from '../../src/sim/engine.ts'
import { openEngine } from '../../src/sim/engines.ts'
import { restoreState, saveState, stateOfText, stateText } from '../../src/sim/state/index.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { randomComponent } from '../fuzz/random-component.ts'
import { randomMemories } from '../fuzz/random-memories.ts'
import { randomStructure } from '../fuzz/random-structure.ts'
import { loader } from './waves/designs.ts'

const own = ['wasm', 'js', 'interpreter'] as const
const engines = (module: Module): readonly Engine[] => own.map((name) => openEngine(name, module))

/** What failed in the first cycle in which anything did: later values are not defined. */
const firstOf = ({ failures }: Engine): readonly CheckFailure[] =>
  failures
    .filter(({ cycle }) => cycle === failures[0]!.cycle)
    .sort((a, b) =>
      JSON.stringify([a.message, String(a.signals)]) < JSON.stringify([b.message, String(b.signals)]) ? -1 : 1,
    )

const kinds: readonly (readonly [string, (seed: number) => Module])[] = [
  ['values to 130 bits', (seed) => randomComponent(seed, { width: 130, operations: 30, depth: 1 }).module],
  ['narrow values', (seed) => randomComponent(seed, { width: 24, operations: 30, depth: 2 }).module],
  ['many functions', (seed) => randomComponent(seed, { width: 20, operations: 700, depth: 1 }).module],
  ['two clocks and black boxes', (seed) => randomStructure(seed, { width: 40, operations: 8, depth: 1 }).module],
  ['memories', (seed) => randomMemories(seed, { width: 40, operations: 8, depth: 1 }).module],
]

describe('a failed check', () => {
  it.each(kinds)('comes with the same signals and values from each of our engines: %s', (what, make) => {
    let signals = 0
    for (let seed = 1; seed <= (what.startsWith('many') ? 4 : 15); seed++) {
      const module = make(seed)
      const stimulus = randomStimulus(portLayout(module), 60, seed)
      const [wasm, js, definition] = engines(module).map((engine) => {
        engine.replay(stimulus, 60)
        return engine.failures.length === 0 ? [] : firstOf(engine)
      })
      expect(wasm, `seed ${seed}`).toEqual(definition)
      expect(js, `seed ${seed}`).toEqual(definition)
      signals += definition!.reduce((count, failure) => count + failure.signals!.length, 0)
    }
    expect(signals).toBeGreaterThan(10)
  })

  it.each([
    [4, true],
    [4, false],
    [7, true],
    [16, true],
    [16, false],
    [40, false],
  ])('is counted where checks contradict each other, in each of %i instances that begin %s', (instances, first) => {
    const Twin = component('twin', (_: object) => ({
      in: { x: u(6) },
      out: { y: u(6) },
      logic({ x }, { regs, check }) {
        const { set, held } = regs({ set: reset(bool, first), held: reset(u(6), 9) })
        set.next = x.lt(32)
        held.next = x
        check(set, 'is set')
        check(set.not(), 'is not set')
        check(set.and(set.not()).not(), 'is not both')
        check(held.lt(64), 'is small')
        return { y: held }
      },
    }))
    const ports = Array.from({ length: instances }, (_, k) => k)
    const { module } = component('twins', (_: object) => ({
      in: { x: vec(instances, u(6)) },
      out: { y: vec(instances, u(6)) },
      logic: ({ x }, { use }) => ({ y: ports.map((k) => use(`twin_${k}`, Twin({}), { x: x[k]! }).y) }),
    }))({})
    const stimulus = randomStimulus(portLayout(module), 40, 3)
    for (const engine of engines(module)) {
      engine.replay(stimulus, 40)
      engine.step(3)
      expect(engine.failedChecks, engine.name).toBe(43 * instances)
    }
  })

  it('shows what is before its condition, under the names of the module that promises', () => {
    for (const engine of engines(loader)) {
      engine.inputs.set([1, 127])
      engine.step(9)
      const [first] = engine.failures
      const { signals, ...told } = first!
      expect(told).toEqual({ cycle: 5, message: 'sum: at most 4 terms between clears' })
      expect(signals).toEqual([
        { path: 'sum.held', value: 508n },
        { path: 'sum.term', value: 127n },
      ])
      expect(describeFailure(first!)).toBe(
        'cycle 5: sum: at most 4 terms between clears (sum.held = 508, sum.term = 127)',
      )
    }
    expect(describeFailure({ cycle: 3, message: 'a is not 3' })).toBe('cycle 3: a is not 3')
  })

  it('shows inputs, those of cycles before, and words of memories as they are in its cycle, after a restored state too', () => {
    const { module } = component('delayed_checks', (_: object) => ({
      in: { x: u(8) },
      out: { third: u(8), word: u(8) },
      logic({ x }, { regs, memory, check }) {
        const r = regs({ first: u(8), second: u(8), third: u(8) })
        r.first.next = x
        r.second.next = r.first
        r.third.next = r.second
        const words = memory('words', { depth: 4, of: u(8), collide: 'old' })
        const at = r.second.shr(6)
        const word = words.lookup(at)
        words.write(at, x)
        check(x.add(r.third).add(word).lt(600), 'little')
        return { third: r.third, word }
      },
    }))({})
    const stimulus = randomStimulus(portLayout(module), 2500, 4)
    const cut = 2011
    const failuresOf = (engine: Engine): readonly unknown[] => {
      engine.replay(stimulus.subarray(cut), stimulus.length - cut)
      engine.inputs[0] = 240
      engine.step(7)
      return engine.failures.map(({ cycle, message, signals }) => [cycle, message, signals])
    }
    const [wasm, js, definition] = engines(module)
    for (const engine of [wasm!, js!, definition!]) engine.replay(stimulus, cut)
    const texts = [wasm!, js!, definition!].map((engine) => stateText(saveState(engine)))
    expect(texts[0]).toBe(texts[2])
    const expected = failuresOf(definition!)
    expect(expected.length).toBeGreaterThan(10)
    expect(new Set(definition!.failures[0]!.signals!.map(({ path }) => path))).toEqual(
      new Set(['x', 'third', 'words_lookup']),
    )
    expect(failuresOf(wasm!)).toEqual(expected)
    expect(failuresOf(js!)).toEqual(expected)
    for (const engine of engines(module)) {
      engine.replay(stimulus, 30)
      restoreState(engine, stateOfText(texts[2]!))
      expect(failuresOf(engine), engine.name).toEqual(expected)
    }
  })

  it('looks behind a condition that has a name itself, which is 0 anyway', () => {
    const { module } = component('named_condition', (_: object) => ({
      in: { x: u(4) },
      out: { fits: bool },
      logic({ x }, { check }) {
        const small = x.lt(5).named('small_enough')
        check(small, 'small')
        return { fits: small }
      },
    }))({})
    for (const engine of engines(module)) {
      engine.inputs[0] = 9
      engine.step()
      expect(engine.failures.map(({ signals }) => signals)).toEqual([[{ path: 'x', value: 9n }]])
    }
  })

  it('names the values of enumerations, and the ports of instances', () => {
    const mode = enumeration('mode', ['off', 'on', 'auto'])
    const Half = component('half', (_: object) => ({
      in: { x: u(4) },
      out: { y: u(4) },
      logic: ({ x }) => ({ y: x.shr(1) }),
    }))
    const { module } = component('checked_mode', (_: object) => ({
      in: { mode, x: u(4) },
      out: { more: u(5) },
      logic({ mode: found, x }, { use, check }) {
        const { y } = use('halved', Half({}), { x })
        check(found.is('auto').not().or(y.lt(4)), 'small where automatic')
        return { more: y.add(1) }
      },
    }))({})
    for (const engine of engines(module)) {
      engine.inputs.set([2, 9])
      engine.step()
      expect(engine.failures.map(({ signals }) => signals)).toEqual([
        [
          { path: 'mode', value: 2n, name: 'auto' },
          { path: 'halved.y', value: 4n },
        ],
      ])
      expect(describeFailure(engine.failures[0]!)).toContain('(mode = auto, halved.y = 4)')
    }
  })

  it('of a stream tells what was offered, and what is now', () => {
    const { module } = component('fickle', (_: object) => ({
      in: { x: s(8) },
      out: { y: stream(s(8)) },
      logic: ({ x }) => ({ y: { valid: true, data: x } }),
    }))({})
    for (const engine of engines(module)) {
      engine.inputs.set([5, 0])
      engine.step()
      engine.inputs.set([6, 0])
      engine.step()
      expect(engine.failures.map(describeFailure)).toEqual([
        "cycle 1: stream 'y': data changes before it is taken (y_waits = 1, x = 6, y_before = 5)",
      ])
    }
  })

  it('of a look-up shows the word that the cycle saw, not the one written at its end', () => {
    const { module } = component('looked_up', (_: object) => ({
      in: { word: u(8), write: bool },
      out: { now: u(8) },
      logic({ word, write }, { memory, when, check }) {
        const words = memory('words', { depth: 2, of: u(8), collide: 'old', initial: [3, 4] })
        when(write, () => words.write(0, word))
        const now = words.lookup(0)
        check(now.ne(3), 'no longer 3')
        return { now }
      },
    }))({})
    for (const engine of engines(module)) {
      engine.inputs.set([200, 1])
      engine.step(2)
      expect(engine.failures.map(({ signals }) => signals!.map(({ value }) => value))).toEqual([[3n]])
    }
  })

  it('shows at most 16 signals, and keeps to its own cycle in a replay of many', () => {
    const { module } = component('many_terms', (_: object) => ({
      in: { x: vec(40, u(4)) },
      out: { y: u(4) },
      logic({ x }, { check }) {
        const y = sum([...x])
        check(y.lt(41), 'at most 40')
        return { y: x[0]! }
      },
    }))({})
    const stimulus = new Int32Array(40 * 300)
    for (let row = 0; row < 300; row++) stimulus.fill(row === 217 ? 3 : 1, 40 * row, 40 * row + 40)
    for (const engine of engines(module)) {
      engine.replay(stimulus, 300)
      expect(engine.failures).toHaveLength(1)
      expect(engine.failures[0]!.cycle).toBe(217)
      expect(engine.failures[0]!.signals).toHaveLength(16)
      expect(engine.failures[0]!.signals!.every(({ value }) => value === 3n)).toBe(true)
    }
  })

  it('is kept by a saved state with all its values', () => {
    const engine = openEngine('wasm', loader)
    engine.inputs.set([1, 127])
    engine.step(9)
    const other = openEngine('interpreter', loader)
    restoreState(other, stateOfText(stateText(saveState(engine))))
    expect(other.failures).toEqual(engine.failures)
    expect(other.failures[0]!.signals![0]!.value).toBe(508n)
  })
})
