import { describe, expect, it } from 'vitest'
import { component, type Module, printVerilog, s, u } from '../../../src/dsl/index.ts'
import { widthOf } from '../../../src/dsl/ir.ts'
import { type Engine, portNamed, readPort, rowsOf } from '../../../src/sim/engine.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { flatten } from '../../../src/sim/flatten.ts'
import { interpreter } from '../../../src/sim/interpret.ts'
import { javascriptEngine } from '../../../src/sim/javascript/engine.ts'
import { generate } from '../../../src/sim/javascript/generate.ts'
import { declaredSignals, signalPaths } from '../../../src/sim/signals.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'
import { wasmEngine } from '../../../src/sim/wasm/engine.ts'
import { type Limits, randomComponent } from '../../fuzz/random-component.ts'
import { randomStructure } from '../../fuzz/random-structure.ts'
import { loader, wide } from './designs.ts'

/** Every signal in every cycle as text. */
const seen = (engine: Engine, module: Module, stimulus: Int32Array): string[] => {
  const watched = engine.watch!(signalPaths(module))
  const lines: string[] = []
  const { inputWords } = engine.ports
  for (let cycle = 0; cycle < rowsOf(engine.ports, stimulus); cycle++) {
    engine.replay(stimulus.subarray(cycle * inputWords, (cycle + 1) * inputWords), 1)
    for (const port of watched.signals) lines.push(`${cycle} ${port.name} ${readPort(watched.words, port)}`)
  }
  return lines
}

const kinds: readonly (readonly [string, (seed: number, limits: Limits) => { readonly module: Module }, Limits])[] = [
  ['narrow values', randomComponent, { width: 24, operations: 40, depth: 1 }],
  ['values to 130 bits', randomComponent, { width: 130, favourites: [32, 33, 64, 65], operations: 30, depth: 1 }],
  ['three levels of hierarchy', randomComponent, { width: 34, operations: 12, depth: 3 }],
  ['more operations than one function holds', randomComponent, { width: 20, operations: 700, depth: 1 }],
  ['two clocks and black boxes', randomStructure, { width: 70, operations: 8, depth: 1 }],
]

describe('what engines see inside', () => {
  it.each(kinds)('is the same in all our engines, with %s', (what, make, limits) => {
    for (let seed = 1; seed <= (what.startsWith('more') ? 3 : 25); seed++) {
      const { module } = make(seed, limits)
      const engines = [interpreter(module), javascriptEngine(module), wasmEngine(module)] as const
      const stimulus = randomStimulus(engines[0].ports, 40, seed)
      const [definition, javascript, wasm] = engines.map((engine) => seen(engine, module, stimulus))
      expect(javascript, `seed ${seed}, limits ${JSON.stringify(limits)}`).toEqual(definition)
      expect(wasm, `seed ${seed}, limits ${JSON.stringify(limits)}`).toEqual(definition)
      expect(signalPaths(module).length).toBeGreaterThan(3)
    }
  })

  it.each(['wasm', 'js', 'interpreter'] as const)(
    'is ports as the ports say, and registers before the edge, in %s',
    (name) => {
      const engine = openEngine(name, loader)
      const watched = engine.watch!(signalPaths(loader))
      const stimulus = randomStimulus(engine.ports, 50, 3)
      const value = (path: string): bigint => readPort(watched.words, portNamed(watched.signals, path))
      for (let cycle = 0; cycle < 50; cycle++) {
        const held = engine.register('sum.held')
        engine.inputs.set(stimulus.subarray(cycle * 2, cycle * 2 + 2))
        engine.step()
        for (const port of engine.ports.outputs) expect(value(port.name)).toBe(readPort(engine.outputs, port))
        for (const port of engine.ports.inputs) expect(value(port.name)).toBe(readPort(engine.inputs, port))
        expect(value('sum.held')).toBe(held)
        expect(value('sum.total')).toBe(held)
        expect(value('doubled')).toBe(2n * value('words'))
      }
    },
  )

  it.each(['wasm', 'js', 'interpreter'] as const)(
    'can be asked for in the middle of a run, and twice, without changing it, in %s',
    (name) => {
      const plain = openEngine(name, wide)
      const engine = openEngine(name, wide)
      const stimulus = randomStimulus(plain.ports, 30, 1)
      const at = (cycle: number) => stimulus.subarray(cycle * 3, cycle * 3 + 3)
      const first: bigint[] = []
      let kept = engine.watch!(['kept'])
      let inner: typeof kept | undefined
      for (let cycle = 0; cycle < 30; cycle++) {
        if (cycle === 10) inner = engine.watch!(['inner.inner.kept', 'x'])
        for (const each of [plain, engine]) each.replay(at(cycle), 1)
        expect(engine.outputs).toEqual(plain.outputs)
        first.push(readPort(kept.words, kept.signals[0]!))
        if (inner) expect(readPort(inner.words, inner.signals[0]!)).toBe(first[cycle - 2])
      }
      kept = engine.watch!(['kept'])
      expect(first[29]).toBe(readPort(stimulus, { ...plain.ports.inputs[0]!, offset: 28 * 3 }))
    },
  )

  it('is refused under a name there is not, with the nearest one', () => {
    for (const engine of [openEngine('wasm', loader), openEngine('js', loader), openEngine('interpreter', loader)]) {
      expect(() => engine.watch!(['sum.hold'])).toThrow("loader has no signal 'sum.hold'; did you mean 'sum.held'?")
      expect(() => engine.watch!(['nothing.held'])).toThrow(
        "loader has no signal 'nothing.held'; there are start, x, count, busy, total, words, control, idle, doubled, sum.term, sum.clear, sum.total and 1 more",
      )
      // What was refused leaves nothing behind.
      engine.step(3)
      expect(engine.watch!(['sum.held']).signals).toHaveLength(1)
    }
  })

  it('moves no other value of the flat design, and costs no statement where nobody looks', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { module } = randomComponent(seed, { width: 34, operations: 30, depth: 2 })
      const [plain, watched] = [flatten(module), flatten(module, signalPaths(module))]
      expect(watched.values.slice(0, plain.values.length)).toEqual(plain.values)
      expect({ ...watched, values: 0, watched: 0 }).toEqual({ ...plain, values: 0, watched: 0 })
      const { ports } = openEngine('js', module)
      expect(generate(plain, ports, true).code).not.toMatch(/W_|look/)
    }
  })

  it('are the nets of the printed Verilog, a register or wire that is a port once, and names given twice apart', () => {
    const { module } = component('nets', (_: object) => ({
      in: { x: s(8), places: u(3) },
      out: { held: s(8), through: s(8), y: s(10) },
      logic({ x, places }, { regs, wires }) {
        const r = regs({ held: s(8) })
        const w = wires({ through: s(8) })
        r.held.next = x
        w.through.value = r.held
        const [one, other] = [x.add(1).named('sum'), x.add(2).named('sum')]
        return { held: r.held, through: w.through, y: one.add(other).shrBy(places).named('shifted') }
      },
    }))({})
    expect(signalPaths(module)).toEqual(['x', 'places', 'held', 'through', 'y', 'sum', 'sum_2', 'shifted'])
    const declared = declaredSignals(module).map(({ name, range }) => `[${widthOf(range) - 1}:0] ${name}`)
    for (const each of declared) expect(printVerilog(module)).toContain(`${each}`)
  })

  it('shares words between names of one value', () => {
    const { words, signals } = openEngine('js', loader).watch!(['words', 'count', 'total', 'sum.total', 'sum.held'])
    expect(words).toHaveLength(2)
    expect(signals.map(({ offset }) => offset)).toEqual([0, 0, 1, 1, 1])
  })
})
