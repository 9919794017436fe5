import { describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../src/accel/output-stationary.ts'
import { blackBox, bool, component, reset, s, u, vec } from '../../src/dsl/index.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { bodyOf } from '../../src/sim/vector/body.ts'
import { plan } from '../../src/sim/vector/plan.ts'
import type { Program } from '../../src/sim/vector/program.ts'
import { wasmEngine } from '../../src/sim/wasm/engine.ts'
import { layoutOf } from '../../src/sim/wasm/frame.ts'
import { generate } from '../../src/sim/wasm/generate.ts'
import { sortedFailures } from '../fuzz/failures.ts'
import { randomComponent } from '../fuzz/random-component.ts'

const arrayOf = (spec: string, size: number) =>
  outputStationaryArray(processingElement(spec), { rows: size, columns: size })
const programOf = (spec: string, size: number, picks = true): Program => {
  const module = arrayOf(spec, size)
  return plan(bodyOf(module), portLayout(module), { checks: false, picks })
}
const statementsOf = ({ steps }: Program) => steps.flatMap((step) => (step.kind === 'loop' ? step.statements : []))

describe('the WebAssembly engine', () => {
  it('falls back to JavaScript, and says why', () => {
    const Box = blackBox('BOX', { in: { A: u(8) }, out: { Y: u(8) }, model: { outputs: { Y: ({ A }) => A } } })
    const boxed = component('boxed', (_: object) => ({
      in: { x: u(8) },
      out: { y: u(8) },
      logic: ({ x }, { use }) => ({ y: use('box', Box, { A: x }).Y }),
    }))({}).module
    const engine = wasmEngine(boxed)
    expect(engine).toMatchObject({ name: 'js', fallback: "'BOX' is a black box" })
    const narrow = wasmEngine(arrayOf('mac(w=int8, a=int8)', 2))
    expect(narrow.name).toBe('wasm')
    expect(narrow.fallback).toBeUndefined()
  })

  it('gives the same whether cycles come one by one, in short stimuli or beyond one call', () => {
    const module = arrayOf('mixpe(w=int4, a=int8)', 3)
    const cycles = 5000
    const stimulus = randomStimulus(portLayout(module), cycles, 4)
    const { inputWords, outputWords } = portLayout(module)
    const whole = new Int32Array(cycles * outputWords)
    const engine = wasmEngine(module)
    engine.replay(stimulus, cycles, whole)
    const single = wasmEngine(module)
    for (let k = 0; k < cycles; k++) {
      single.inputs.set(stimulus.subarray(k * inputWords, (k + 1) * inputWords))
      single.step()
      expect(single.outputs).toEqual(whole.subarray(k * outputWords, (k + 1) * outputWords))
    }
    expect(single.cycle).toBe(cycles)
    expect(single.failedChecks).toBe(engine.failedChecks)
    expect(engine.outputs).toEqual(whole.subarray(-outputWords))

    // Three rows over and over, with and without a response.
    const rows = stimulus.subarray(0, 3 * inputWords)
    const [quiet, loud] = [wasmEngine(module), wasmEngine(module)]
    quiet.replay(rows, 2500)
    loud.replay(rows, 2500, new Int32Array(2500 * outputWords))
    const definition = interpreter(module)
    definition.replay(rows, 2500)
    expect(quiet.outputs).toEqual(loud.outputs)
    expect(quiet.outputs).toEqual(definition.outputs)
    const held = wasmEngine(module)
    held.inputs.set(rows.subarray(0, inputWords))
    held.step(2500)
    const held2 = interpreter(module)
    held2.inputs.set(rows.subarray(0, inputWords))
    held2.step(2500)
    expect(held.outputs).toEqual(held2.outputs)
  })

  it('counts a failed check for each instance and cycle, and names the first hundred in the order of the interpreter', () => {
    const module = arrayOf('mixpe(w=int4, a=int8)', 5)
    const stimulus = randomStimulus(portLayout(module), 900, 2)
    const [engine, definition] = [wasmEngine(module), interpreter(module)]
    for (const each of [engine, definition]) each.replay(stimulus, 900)
    expect(engine.failedChecks).toBe(definition.failedChecks)
    expect(engine.failures).toEqual(definition.failures)
    expect(definition.failures).toHaveLength(100)
    expect(sortedFailures(engine)).toEqual(sortedFailures(definition))
    expect(wasmEngine(module, { checks: false }).failures).toEqual([])
  })

  it('reads registers, and none where there is none', () => {
    const engine = wasmEngine(arrayOf('mac(w=int8, a=int8)', 4))
    engine.inputs.fill(3)
    engine.step(9)
    const definition = interpreter(arrayOf('mac(w=int8, a=int8)', 4))
    definition.inputs.fill(3)
    definition.step(9)
    expect(engine.register('pe_1_2.core.accumulator')).toBe(definition.register('pe_1_2.core.accumulator'))
    expect(engine.register('pe_1_2.core.nothing')).toBeUndefined()
    engine.reset()
    expect(engine.register('pe_1_2.core.accumulator')).toBe(0n)
  })

  it('goes on where a check may have failed, whether it has or not, and gives every output on the way', () => {
    const near = component('near', (_: object) => ({
      in: { x: s(16), clear: bool },
      out: { y: s(32) },
      logic({ x, clear }, { regs, when, checked }) {
        const r = regs({ sum: reset(s(32), 2 ** 31 - 40_000) })
        r.sum.next = checked(r.sum.add(x), s(32), 'the sum fits')
        when(clear, () => {
          r.sum.next = 0
        })
        return { y: r.sum }
      },
    }))({}).module
    // Row 5 brings the sum to where a larger term would break the promise, row 6 still fits, row 9 does not.
    const terms = [1, 2, 3, 4, 5, 20_000, 10_000, -5, 6, 32_000, 1, 1]
    const stimulus = Int32Array.from(terms.flatMap((x, k) => [x, k === 9 ? 1 : 0]))
    const [engine, definition] = [wasmEngine(near), interpreter(near)]
    for (const count of [9, 12]) {
      const [ours, theirs] = [new Int32Array(count), new Int32Array(count)]
      engine.reset()
      definition.reset()
      engine.replay(stimulus, count, ours)
      definition.replay(stimulus, count, theirs)
      expect(ours).toEqual(theirs)
      expect(engine.cycle).toBe(definition.cycle)
      expect(engine.failures).toEqual(definition.failures)
      expect(engine.failedChecks).toBe(count === 9 ? 0 : 1)
    }
  })

  it.each([
    [32, 1],
    [32, -1],
    [18, 1],
    [18, -1],
  ])('sees a sum of %i bits pass its limit in one of many lanes, in direction %i', (bits, sign) => {
    const start = sign > 0 ? 2 ** (bits - 1) - 1 - 300 : -(2 ** (bits - 1)) + 300
    const Adding = component('adding', (_: object) => ({
      in: { x: s(9) },
      out: { y: s(bits) },
      logic({ x }, { regs, checked }) {
        const r = regs({ sum: reset(s(bits), start) })
        r.sum.next = checked(r.sum.add(x), s(bits), 'the sum fits')
        return { y: r.sum }
      },
    }))
    const module = component('adders', (_: object) => ({
      in: { x: vec(24, s(9)) },
      out: { y: vec(24, s(bits)) },
      logic: ({ x }, { use }) => ({ y: x.map((value, k) => use(`adder_${k}`, Adding({}), { x: value }).y) }),
    }))({}).module
    const [engine, definition] = [wasmEngine(module), interpreter(module)]
    for (const each of [engine, definition]) {
      each.step(3)
      // Two steps of the twelfth lane reach the limit, a third is beyond.
      each.inputs[11] = 150 * sign
      each.step(2)
      expect(each.failedChecks).toBe(0)
      each.inputs[11] = sign
      each.step(2)
    }
    expect(engine.failures).toEqual(definition.failures)
    expect(engine.failedChecks).toBeGreaterThan(0)
  })

  it('keeps delays of an input apart that begin differently, over resets, single cycles and held inputs', () => {
    const delayed = component('delayed', (_: object) => ({
      in: { x: s(9), y: u(32) },
      out: { a: s(9), b: s(9), c: s(9), d: u(32) },
      logic({ x, y }, { regs }) {
        const r = regs({
          ...{ once: reset(s(9), 3), again: reset(s(9), 3), other: reset(s(9), -4), twice: reset(s(9), 5) },
          held: reset(u(32), 2 ** 32 - 1),
        })
        r.once.next = x
        r.again.next = x
        r.other.next = x
        r.twice.next = r.once
        r.held.next = y
        return { a: r.again, b: r.other, c: r.twice, d: r.held }
      },
    }))({}).module
    const program = plan(bodyOf(delayed), portLayout(delayed), { checks: false })
    expect(program.history).toBe(2)
    const [engine, definition] = [wasmEngine(delayed), interpreter(delayed)]
    const stimulus = randomStimulus(portLayout(delayed), 40, 3)
    const same = (): void => {
      expect(engine.outputs).toEqual(definition.outputs)
      for (const name of ['once', 'again', 'other', 'twice', 'held'])
        expect(engine.register(name), name).toBe(definition.register(name))
    }
    for (const each of [engine, definition]) each.replay(stimulus, 40)
    same()
    for (const cycles of [1, 1, 5, 2000, 1]) {
      for (const each of [engine, definition]) {
        each.inputs.set([cycles % 256, cycles])
        each.step(cycles)
      }
      same()
    }
    for (const each of [engine, definition]) each.reset()
    same()
    for (const each of [engine, definition]) each.step()
    same()
  })

  it('makes the same bytes of the same design', () => {
    const bytes = (): Uint8Array => {
      const module = randomComponent(5, { width: 24, operations: 40, depth: 1 }).module
      const program = plan(bodyOf(module), portLayout(module), { checks: true })
      return generate(program, layoutOf(program))
    }
    expect(bytes()).toEqual(bytes())
  })

  it('cuts large code into functions', () => {
    const module = randomComponent(3, { width: 20, operations: 3000, depth: 0 }).module
    const stimulus = randomStimulus(portLayout(module), 20, 1)
    const [engine, definition] = [wasmEngine(module), interpreter(module)]
    for (const each of [engine, definition]) each.replay(stimulus, 20)
    expect(engine.outputs).toEqual(definition.outputs)
    const program = plan(bodyOf(module), portLayout(module), { checks: true })
    expect(statementsOf(program).length).toBeGreaterThan(1000)
  })
})

describe('the vector program', () => {
  it('multiplies once where a PE adds up copies for the bits of a weight', () => {
    for (const weights of ['asymmetric', 'symmetric']) {
      const ops = statementsOf(programOf(`mixpe(w=int4, a=int8, weights=${weights})`, 8)).map(({ op }) => op)
      expect(ops).toContain('mul')
      expect(ops).not.toContain('shl')
    }
  })

  it('computes an accumulator of 32 bits in lanes of 32 bits, with its promise and without', () => {
    const module = arrayOf('mac(w=int8, a=int8)', 8)
    for (const checks of [true, false]) {
      const program = plan(bodyOf(module), portLayout(module), { checks })
      expect(statementsOf(program).every(({ work }) => work.bits <= 32)).toBe(true)
    }
  })

  const lanesOfProducts = ({ steps }: Program) =>
    steps.flatMap((step) =>
      step.kind === 'loop' && step.statements.some(({ op }) => op === 'mul') ? [step.lanes] : [],
    )

  it('computes a cell in one loop, and reads what goes from cell to cell from earlier inputs', () => {
    const program = programOf('mac(w=int8, a=int8)', 8)
    // The four pairs of rows that share a drain register, one after the other in each step.
    expect(lanesOfProducts(program)).toEqual([16])
    expect(statementsOf(program).filter(({ op }) => op === 'mul')).toHaveLength(4)
    // Lines of the activations and of `last`, and weights, whose rows of cells are rows of one block.
    const { lines, blocks } = program.earlier
    expect(lines.map(({ word }) => word).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 17 }, (_, k) => k))
    expect(blocks.map(({ members, rows }) => [members.length, rows])).toEqual([[8, 8]])
    expect(program.history).toBe(15)
    // What is left are sums, and at the bottom of a column its result and whether there is one.
    expect(new Set(program.registers().map(({ place }) => place.vector.space))).toEqual(new Set(['input', 'state']))
    expect(program.steps.every(({ kind }) => kind === 'loop')).toBe(true)
    const { steps } = programOf('mac(w=int8, a=int8)', 8, false)
    expect(steps.filter(({ kind }) => kind !== 'loop')).toHaveLength(12)
  })

  it('reads its neighbour in place where cells may wait', () => {
    const Cell = component('waiting_cell', (_: object) => ({
      in: { x: s(8), y: s(8), go: bool },
      out: { right: s(8), sum: s(20) },
      logic(i, { regs, when }) {
        const r = regs({ left: s(8), total: s(20) })
        when(i.go, () => {
          r.left.next = i.x
          r.total.next = r.total.add(r.left.mul(i.y)).wrap(s(20))
        })
        return { right: r.left, sum: r.total }
      },
    }))
    const { module } = component('waiting', (_: object) => ({
      in: { x: s(8), y: s(8), go: bool },
      out: { sums: vec(40, s(20)) },
      logic({ x, y, go }, { use }) {
        let moved = x
        const sums = Array.from({ length: 40 }, (_, k) => {
          const cell = use(`cell_${k}`, Cell({}), { x: moved, y, go })
          moved = cell.right
          return cell.sum
        })
        return { sums }
      },
    }))({})
    const program = plan(bodyOf(module), portLayout(module), { checks: false })
    expect(lanesOfProducts(program)).toEqual([40])
    expect(program.history).toBe(0)
    expect(program.steps.some((step) => step.kind === 'gather')).toBe(false)
  })

  it('notices what checks promise without widening, and does not stop where all hold', () => {
    const module = arrayOf('mac(w=int8, a=int8)', 8)
    const program = plan(bodyOf(module), portLayout(module), { checks: 'stopping' })
    expect(program.stops).toBe(true)
    const checks = statementsOf(program).filter(({ op }) => op === 'check')
    expect(checks.map(({ type }) => `${type.kind} ${type.bits}`)).toEqual(
      Array.from({ length: 4 }, () => ['signed 32', 'mask 8']).flat(),
    )
    expect(statementsOf(program).some(({ op }) => op === 'lt')).toBe(false)
    expect(plan(bodyOf(module), portLayout(module), { checks: true }).stops).toBe(false)
  })

  it('computes once what is the same in all lanes', () => {
    const shared = component('shared', (_: object) => ({
      in: { x: s(8), go: u(3) },
      out: { y: s(8).sumOf(40) },
      logic({ x, go }, { use }) {
        const Cell = component('shared_cell', (_: object) => ({
          in: { x: s(8), go: u(3) },
          out: { y: s(8) },
          logic(i, { regs, when }) {
            const r = regs({ y: s(8) })
            when(i.go.eq(5), () => {
              r.y.next = i.x
            })
            return { y: r.y }
          },
        }))
        let moved = x
        const all = Array.from({ length: 40 }, (_, k) => {
          moved = use(`cell_${k}`, Cell({}), { x: moved, go }).y
          return moved
        })
        return {
          y: all
            .slice(1)
            .reduce<ReturnType<typeof x.add>>((a, b) => a.add(b), all[0]!)
            .wrap(s(8).sumOf(40)),
        }
      },
    }))({}).module
    const program = plan(bodyOf(shared), portLayout(shared), { checks: false })
    const compares = program.steps.filter(
      (step) => step.kind === 'loop' && step.statements.some(({ op }) => op === 'eq'),
    )
    expect(compares.map((step) => step.kind === 'loop' && step.lanes)).toEqual([1])
  })
})
