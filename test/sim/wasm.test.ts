import { describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../src/accel/output-stationary.ts'
import { blackBox, component, s, u } from '../../src/dsl/index.ts'
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
const programOf = (spec: string, size: number): Program => {
  const module = arrayOf(spec, size)
  return plan(bodyOf(module), portLayout(module), { checks: false })
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

  it('computes a cell in one loop, and reads its neighbour in place', () => {
    const program = programOf('mac(w=int8, a=int8)', 16)
    const cells = program.steps.filter((step) => step.kind === 'loop' && step.statements.some(({ op }) => op === 'mul'))
    expect(cells.map((step) => step.kind === 'loop' && step.lanes)).toEqual([64, 64, 64, 64])
    expect(program.steps.some((step) => step.kind === 'gather')).toBe(false)
    expect(program.vectors.some(({ halo }) => halo !== undefined)).toBe(true)
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
