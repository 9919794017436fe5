import { describe, expect, it } from 'vitest'
import {
  bits,
  bool,
  cat,
  component,
  type Int,
  type IntShape,
  type Module,
  mux,
  range,
  reset,
  s,
  u,
  vec,
} from '../../src/dsl/index.ts'
import { portLayout, readPort } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { signalPaths } from '../../src/sim/signals.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { bodyOf } from '../../src/sim/vector/body.ts'
import { plan } from '../../src/sim/vector/plan.ts'
import { wasmEngine } from '../../src/sim/wasm/engine.ts'
import { differenceIn } from '../fuzz/case.ts'
import { wasm } from '../fuzz/judges.ts'
import { randomComponent } from '../fuzz/random-component.ts'
import { manyInstances } from './many-instances.ts'

const agree = (module: Module, cycles = 200, seed = 1): void => {
  expect(wasmEngine(module).name).toBe('wasm')
  expect(differenceIn(module, randomStimulus(portLayout(module), cycles, seed), wasm, true)).toBeUndefined()
}

/** Every operation on two values and places to shift by, in registers, so that many instances are lanes. */
const Calculator = component('calculator', (p: { a: IntShape; b: IntShape; places: IntShape }) => {
  const { a, b } = p
  const results = (x: Int, y: Int, places: Int): readonly Int[] => {
    const [left, right] = [x.bits(a.width), y.bits(b.width)]
    const field = right.unsigned().bits(a.width)
    return [
      x.add(y),
      x.sub(y),
      y.sub(x),
      x.neg(),
      x.mul(y),
      x.mul(x),
      x.shl(37),
      x.shr(1),
      x.shr(a.width - 1),
      x.shr(a.width + 9),
      x.shlBy(places),
      x.shrBy(places),
      x.shrBy(y.sat(range(0, b.max))),
      x.wrap(u(65)),
      x.wrap(s(64)),
      x.wrap(s(33)),
      x.wrap(u(400)),
      y.wrap(a.min < 0n ? u(a.width) : s(a.width)),
      x.sat(b),
      x.sat(range(-3, 5)),
      x.sat(s(64)),
      mux(x.lt(y), x, y),
      ...[
        x.lt(y),
        x.le(y),
        x.eq(y),
        x.eq(y.wrap(a.min < 0n ? s(a.width) : u(a.width))),
        x.gt(1),
        x.eq(0),
        left.any(),
      ].map((truth) => truth.int()),
      ...[left.and(field), left.or(field), left.xor(field), left.not(), cat(left, right), cat(right, left)].map(
        (field) => field.unsigned(),
      ),
      left.slice(a.width - 1, a.width - 1).unsigned(),
      left.slice(a.width - 1, 1).unsigned(),
      cat(left, right)
        .slice(b.width + 20, b.width - 20)
        .signed(),
    ]
  }
  // Their shapes follow from what is computed: a component that is run for its types alone.
  const shapes: IntShape[] = []
  const ran = component('shapes', (_: object) => ({
    in: p,
    out: {},
    logic(i) {
      shapes.push(...results(i.a, i.b, i.places).map(({ shape }) => shape))
      return {}
    },
  }))({}).module
  expect(ran.outputs).toEqual([])
  const out: Readonly<Record<string, IntShape>> = Object.fromEntries(shapes.map((shape, k) => [`r${k}`, shape]))
  return {
    in: p,
    out,
    logic(i, { regs }) {
      const r = regs({ held_a: a, held_b: b, held_places: p.places })
      r.held_a.next = i.a
      r.held_b.next = i.b
      r.held_places.next = i.places
      return Object.fromEntries(results(r.held_a, r.held_b, r.held_places).map((value, k) => [`r${k}`, value]))
    },
  }
})

describe('values of more than 64 bits in vector programs', () => {
  const shapes: readonly (readonly [IntShape, IntShape, IntShape])[] = [
    [u(64), s(64), u(7)],
    [s(64), u(64), u(3)],
    [s(65), u(64), range(0, 70)],
    [u(66), s(33), u(8)],
    [s(96), s(97), range(0, 40)],
    [u(128), u(128), u(7)],
    [s(128), u(65), range(30, 130)],
    [range(-(2n ** 70n), 5), range(7, 2n ** 90n), u(5)],
    [s(300), u(31), range(0, 200)],
    [u(190), s(299), u(9)],
  ]
  it.each(
    shapes.map((each) => [each.map((shape) => `${shape.min < 0n ? 's' : 'u'}${shape.width}`).join(' and '), ...each]),
  )('agree with the interpreter in every operation: %s', (_, a, b, places) => {
    const { module } = Calculator({ a: a as IntShape, b: b as IntShape, places: places as IntShape })
    agree(module)
    agree(manyInstances(3, module, 17, true), 40)
  })

  it('agree on random designs of 65 to 300 bits, and so does JavaScript', () => {
    const limits = { width: 300, favourites: [65, 100, 127, 128, 129, 192, 256, 299], operations: 20, depth: 1 }
    for (let seed = 1; seed <= 20; seed++) {
      const { module } = randomComponent(seed, limits)
      agree(module, 40, seed)
      const js = { ...wasm, make: javascriptEngine, text: 'javascript' }
      expect(differenceIn(module, randomStimulus(portLayout(module), 40, seed), js, true)).toBeUndefined()
    }
  })

  const Keeper = component('keeper', (_: object) => ({
    in: { x: s(100), at: u(3), write: bool, parts: vec(2, bool) },
    out: { y: s(100), z: bits(140), sum: s(101) },
    logic({ x, at, write, parts }, { regs, memory, check }) {
      const words = memory('words', { depth: 6, of: s(100), collide: 'new', initial: [-1n, 2n ** 98n, 3n] })
      const pairs = memory('pairs', { depth: 8, of: vec(2, bits(70)), collide: 'old' })
      words.write(at.sat(range(0, 5)), x, { enable: write })
      const field = x.bits(70)
      pairs.write(at, [field, field.not()] as never, { lanes: parts as never })
      const r = regs({ kept: s(100) })
      r.kept.next = words.read(at.sat(range(0, 5)), { enable: write.not() }) as Int
      const total = r.kept.add(x).named('total')
      check(total.lt(2n ** 98n), 'a sum is not too large')
      const [low, high] = pairs.lookup(at) as unknown as readonly [typeof field, typeof field]
      return { y: r.kept, z: cat(high, low), sum: total }
    },
  }))({}).module

  it('are kept in memories, in whole and in parts, and promises about them are reported', () => {
    const stimulus = randomStimulus(portLayout(Keeper), 300, 2)
    const [engine, definition] = [wasmEngine(Keeper), interpreter(Keeper)]
    for (const each of [engine, definition]) each.replay(stimulus, 300)
    expect(definition.failedChecks).toBeGreaterThan(20)
    expect(engine.failedChecks).toBe(definition.failedChecks)
    expect(engine.failures).toEqual(definition.failures)
    agree(Keeper, 300)
    agree(manyInstances(1, Keeper, 16, true), 60)
  })

  it('are seen by those who watch, from the middle of a run on, and stay what they were', () => {
    const module = manyInstances(2, Keeper, 5, true)
    const stimulus = randomStimulus(portLayout(module), 60, 3)
    const [engine, definition] = [wasmEngine(module), interpreter(module)]
    const row = portLayout(module).inputWords
    let watched: readonly ReturnType<NonNullable<typeof engine.watch>>[] = []
    for (let cycle = 0; cycle < 60; cycle++) {
      if (cycle === 20) watched = [engine, definition].map((each) => each.watch!(signalPaths(module)))
      if (cycle === 40) for (const each of [engine, definition]) each.reset()
      for (const each of [engine, definition]) each.replay(stimulus.subarray(cycle * row, (cycle + 1) * row), 1)
      expect(engine.outputs).toEqual(definition.outputs)
      const [ours, theirs] = watched.map(({ signals, words }) =>
        signals.map((port) => [port.name, readPort(words, port)]),
      )
      expect(ours).toEqual(theirs)
    }
    expect(watched[0]!.signals.some(({ words }) => words === 4)).toBe(true)
  })

  it('begin where their register does, a negative value among them', () => {
    const { module } = component('starts', (_: object) => ({
      in: { x: s(90) },
      out: { y: s(90) },
      logic({ x }, { regs }) {
        const r = regs({ low: reset(s(90), -5n), held: s(90) })
        r.low.next = r.held
        r.held.next = x
        return { y: r.low }
      },
    }))({})
    const engine = wasmEngine(module)
    expect(engine.register('low')).toBe(-5n)
    agree(module)
  })

  it('cost nothing where fields are only put side by side and taken apart', () => {
    const { module } = component('moved', (_: object) => ({
      in: { parts: vec(9, bits(16)) },
      out: { again: vec(9, bits(16)), low: bits(32) },
      logic({ parts }) {
        const whole = cat(...([...parts].reverse() as typeof parts))
        const shifted = whole.unsigned().shl(16).bits(160)
        return {
          again: Array.from({ length: 9 }, (_, k) => shifted.slice(16 * k + 31, 16 * k + 16)) as never,
          low: cat(parts[1]!, parts[0]!),
        }
      },
    }))({})
    agree(module)
    const { steps } = plan(bodyOf(module), portLayout(module), { checks: true })
    const statements = steps.flatMap((step) => (step.kind === 'loop' ? step.statements : []))
    expect(statements.map(({ op }) => op)).toEqual(['cat', 'copy'])
  })

  it('are computed to the bits that somebody reads', () => {
    const { module } = component('low_bits', (_: object) => ({
      in: { x: u(200), y: u(200) },
      out: { z: u(30) },
      logic: ({ x, y }) => ({ z: x.mul(y).add(x).wrap(u(30)) }),
    }))({})
    agree(module)
    const { steps } = plan(bodyOf(module), portLayout(module), { checks: true })
    const products = steps
      .flatMap((step) => (step.kind === 'loop' ? step.statements : []))
      .filter(({ op }) => op === 'mul')
    expect(products).toHaveLength(1)
  })
})
