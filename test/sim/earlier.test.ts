import { describe, expect, it } from 'vitest'
import {
  type Bool,
  bool,
  component,
  type Int,
  type IntShape,
  type Module,
  mux,
  reset,
  s,
  u,
  vec,
} from '../../src/dsl/index.ts'
import { type Engine, portLayout } from '../../src/sim/engine.ts'
import { flatten } from '../../src/sim/flatten.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { restoreState, saveState } from '../../src/sim/state/index.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { bodyOf } from '../../src/sim/vector/body.ts'
import { plan } from '../../src/sim/vector/plan.ts'
import { wasmEngine } from '../../src/sim/wasm/engine.ts'

/**
 * A grid whose cells pass `a` to the right and `b` down, and add their products up until `last`, which goes to the right as well.
 * Then the sum goes down, or else what came from above. Row r of `a` and column r of `b` come r cycles late.
 */
const grid = (rows: number, columns: number, a: IntShape, b: IntShape, begin = 0): Module => {
  const total = s(32)
  const Cell = component('adding', () => ({
    in: { a, b, last: bool, over: total, any: bool },
    out: { right: a, down: b, ended: bool, under: total, some: bool },
    logic(i, { regs }) {
      const r = regs({ left: reset(a, begin), above: b, ends: bool, total, passed: total, seen: bool })
      r.left.next = i.a
      r.above.next = i.b
      r.ends.next = i.last
      r.total.next = mux(r.ends, 0, r.total.add(r.left.mul(r.above)).wrap(total))
      r.passed.next = mux(r.ends, r.total, i.over)
      r.seen.next = r.ends.or(i.any)
      return { right: r.left, down: r.above, ended: r.ends, under: r.passed, some: r.seen }
    },
  }))
  const late = (of: IntShape) =>
    component(`late_${of.width}`, () => ({
      in: { x: of },
      out: { y: of },
      logic({ x }, { regs }) {
        const r = regs({ held: reset(of, of === a ? begin : 0) })
        r.held.next = x
        return { y: r.held }
      },
    }))
  const [LateA, LateB] = [late(a), late(b)]
  return component('grid', () => ({
    in: { a: vec(rows, a), b: vec(columns, b), last: bool },
    out: { sums: vec(columns, total), valid: vec(columns, bool) },
    logic(i, { use }) {
      const below = Array.from({ length: columns }, (_, column) => {
        let above = i.b[column]!
        for (let k = 0; k < column; k++) above = use(`late_b_${column}_${k}`, LateB({}), { x: above }).y
        return above
      })
      const drains = below.map((): { sum: Int | number; valid: Bool | boolean } => ({
        sum: 0,
        valid: false,
      }))
      for (let row = 0; row < rows; row++) {
        let [right, last] = [i.a[row]!, i.last]
        for (let k = 0; k < row; k++) right = use(`late_a_${row}_${k}`, LateA({}), { x: right }).y
        below.forEach((above, column) => {
          const cell = use(`cell_${row}_${column}`, Cell({}), {
            ...{ a: right, b: above, last },
            ...{ over: drains[column]!.sum, any: drains[column]!.valid },
          })
          right = cell.right
          last = cell.ended
          below[column] = cell.down
          drains[column] = { sum: cell.under, valid: cell.some }
        })
      }
      return { sums: drains.map(({ sum }) => sum), valid: drains.map(({ valid }) => valid) }
    },
  }))({}).module
}

const sameInside = (module: Module, engine: Engine, definition: Engine): void => {
  expect(engine.outputs).toEqual(definition.outputs)
  for (const { path } of flatten(module).registers) expect(engine.register(path), path).toBe(definition.register(path))
}

describe('operands that go from cell to cell are earlier inputs', () => {
  it.each([
    ['bytes', 8, 8, s(8), s(8), 15],
    ['bytes of one sign', 5, 7, u(8), u(8), 11],
    ['bits', 4, 20, u(1), s(5), 23],
    ['values of 16 bits', 6, 9, s(16), u(16), 14],
    ['values of unlike widths', 17, 3, u(12), s(8), 19],
    ['a long row', 1, 40, s(8), u(9), 40],
    ['more columns than a register has lanes', 3, 37, s(7), s(16), 39],
  ] as const)(
    'in a grid of %s, %i x %i, over replays, steps, resets and saved states',
    (_, rows, columns, a, b, history) => {
      const module = grid(rows, columns, a, b, 1)
      const ports = portLayout(module)
      expect(plan(bodyOf(module), ports, { checks: false }).history).toBe(history)
      const [engine, definition] = [wasmEngine(module), interpreter(module)]
      const both = [engine, definition]
      let seed = 1
      const replay = (cycles: number, rarely: boolean): void => {
        const stimulus = randomStimulus(ports, cycles, seed++)
        const { offset } = ports.inputs.at(-1)!
        if (rarely)
          for (let row = 0; row < cycles; row++) stimulus[row * ports.inputWords + offset] = row % 61 === 5 ? 1 : 0
        const responses = both.map((each) => {
          const response = new Int32Array(cycles * ports.outputWords)
          each.replay(stimulus, cycles, response)
          return response
        })
        expect(responses[0]).toEqual(responses[1])
        sameInside(module, engine, definition)
      }
      replay(7, false)
      replay(1, false)
      replay(150, true)
      for (const each of both) each.step(3)
      sameInside(module, engine, definition)
      for (const each of both) each.reset()
      sameInside(module, engine, definition)
      replay(5, true)
      const state = saveState(engine)
      replay(40, false)
      for (const each of both) restoreState(each, state)
      sameInside(module, engine, definition)
      replay(90, true)
    },
  )

  it('beyond the rows of one call', () => {
    const module = grid(8, 8, s(8), s(8))
    const ports = portLayout(module)
    const [engine, single] = [wasmEngine(module), wasmEngine(module)]
    const cycles = 3000
    const stimulus = randomStimulus(ports, cycles, 4)
    const response = new Int32Array(cycles * ports.outputWords)
    engine.replay(stimulus, cycles, response)
    for (let k = 0; k < cycles; k++) {
      single.inputs.set(stimulus.subarray(k * ports.inputWords, (k + 1) * ports.inputWords))
      single.step()
      expect(single.outputs).toEqual(response.subarray(k * ports.outputWords, (k + 1) * ports.outputWords))
    }
  })

  it('until a check may have failed, and from there on', () => {
    const Cell = component('promising', () => ({
      in: { a: s(8) },
      out: { right: s(8), sum: s(12) },
      logic(i, { checked, regs }) {
        const r = regs({ left: s(8), total: s(12) })
        r.left.next = i.a
        r.total.next = checked(r.total.add(r.left), s(12), 'the sum fits')
        return { right: r.left, sum: r.total }
      },
    }))
    const module = component('row', () => ({
      in: { a: s(8) },
      out: { y: s(12) },
      logic({ a }, { use }) {
        let cell = use('cell_0', Cell({}), { a })
        for (let k = 1; k < 30; k++) cell = use(`cell_${k}`, Cell({}), { a: cell.right })
        return { y: cell.sum }
      },
    }))({}).module
    const [engine, definition] = [wasmEngine(module), interpreter(module)]
    for (const each of [engine, definition]) {
      each.inputs[0] = 100
      each.step(15)
      each.inputs[0] = -100
      each.step(12)
      each.inputs[0] = 90
      each.step(30)
    }
    expect(definition.failedChecks).toBeGreaterThan(0)
    expect(engine.failures).toEqual(definition.failures)
    expect(engine.failedChecks).toBe(definition.failedChecks)
  })

  it('moves registers that begin unlike others at the same distance from an input', () => {
    const Cell = component('own_begin', () => ({
      in: { a: s(8) },
      out: { right: s(8), other: s(8) },
      logic(i, { regs }) {
        const r = regs({ left: reset(s(8), 3), odd: reset(s(8), -3) })
        r.left.next = i.a
        r.odd.next = i.a
        return { right: r.left, other: r.odd }
      },
    }))
    const module = component('unlike', () => ({
      in: { a: s(8) },
      out: { y: s(16) },
      logic({ a }, { use }) {
        let right = a
        let y = a.mul(0)
        for (let k = 0; k < 20; k++) {
          const cell = use(`cell_${k}`, Cell({}), { a: right })
          right = cell.right
          y = y.add(cell.other)
        }
        return { y: y.wrap(s(16)) }
      },
    }))({}).module
    const [engine, definition] = [wasmEngine(module), interpreter(module)]
    for (const cycles of [1, 5, 30]) {
      for (const each of [engine, definition]) {
        each.inputs[0] = cycles
        each.step(cycles)
      }
      sameInside(module, engine, definition)
    }
  })
})
