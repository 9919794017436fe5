import { describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../src/accel/output-stationary.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { openEngine } from '../../src/sim/engines.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { bodyOf } from '../../src/sim/vector/body.ts'
import { signed } from '../../src/sim/vector/lane-type.ts'
import { plan } from '../../src/sim/vector/plan.ts'
import type { Loop, Operand, Program, Space, Vector } from '../../src/sim/vector/program.ts'
import { layoutOf } from '../../src/sim/wasm/frame.ts'
import { loopWriter } from '../../src/sim/wasm/loop-template.ts'
import { Writer } from '../../src/sim/wasm/writer.ts'

const rows = 24
const module = outputStationaryArray(processingElement('mac(w=int8, a=int8)'), { rows, columns: 16 })
const ports = portLayout(module)
const program = plan(bodyOf(module), ports, { checks: 'stopping' })

/** The code of a program's loops, each by a writer of its own, of which all are from one `loopWriter`. */
const codeOf = (of: Program, layout = layoutOf(program)): readonly (readonly number[])[] => {
  const write = loopWriter(of)
  const local = (index: number) => ({ index, type: 'i32' as const })
  const paces = [1, 2, ...program.vectors.flatMap(({ pace }) => pace ?? [])]
  const earlier = new Map([...new Set(paces)].map((pace, k) => [pace, local(4 + k)] as const))
  return of.steps.flatMap((step) => {
    if (step.kind !== 'loop') return []
    const writer = new Writer(4 + earlier.size)
    const bases = { input: local(0), output: local(1), state: local(2), next: local(3), earlier }
    write({ writer, layout, bases, held: new Map(), inMemory: () => true }, step)
    return [writer.code]
  })
}

describe('loops that are alike', () => {
  it('are some of the rows of an array', () => {
    const statements = program.steps.flatMap((step) => (step.kind === 'loop' ? [step.statements.length] : []))
    expect(statements.length - new Set(statements).size).toBeGreaterThan(3)
  })

  it('have the code from a template that they have alone', () => {
    expect(codeOf(program)).toEqual(program.steps.flatMap((step) => codeOf({ ...program, steps: [step] })))
  })

  it('are told apart by lanes of one vector that lie otherwise, by spaces, paces, constants and lengths', () => {
    const vector = (id: number, space: Space, pace?: number): Vector => {
      return { id, type: signed[16], length: 64, space, offset: 256 * id, ...(pace && { pace }) }
    }
    const [a, b, line, row] = [vector(1, 'state'), vector(2, 'state'), vector(3, 'earlier', 1), vector(4, 'earlier', 2)]
    const layout = {
      ...layoutOf(program),
      earlier: new Map([
        [line!, 64],
        [row!, 640],
      ]),
    }
    const range = { min: -100n, max: 100n }
    const loop = (of: Vector, lane: number, also: Vector, other: number, value: bigint, lanes = 16): Loop => {
      const place = (vector: Vector, lane: number): Operand => {
        return { kind: 'lanes', vector, lane, stride: 1, type: signed[16] }
      }
      const add = {
        op: 'add',
        of: { ...range, amount: 0 },
        ranges: [range, range],
        type: signed[16],
        work: signed[16],
      } as const
      const sum: Operand = { kind: 'result', statement: 0, type: signed[16] }
      const constant: Operand = { kind: 'constant', value, type: signed[16] }
      const statements = [
        { ...add, operands: [place(of, lane), place(also, other)], stores: [] },
        { ...add, operands: [sum, constant], stores: [{ vector: b!, lane: 32 }] },
      ]
      return { kind: 'loop', lanes, padded: false, statements }
    }
    const steps = [
      loop(a!, 0, a!, 8, 5n),
      loop(a!, 8, a!, 16, 5n),
      loop(a!, 0, a!, 16, 5n),
      loop(a!, 16, a!, 0, 5n),
      loop(a!, 0, b!, 8, 5n),
      loop(a!, 0, line!, 8, 5n),
      loop(a!, 0, row!, 8, 5n),
      loop(a!, 0, a!, 8, 6n),
      loop(a!, 0, a!, 8, 5n, 24),
    ]
    const all = { ...program, steps: [...steps, ...steps] }
    expect(codeOf(all, layout)).toEqual(all.steps.flatMap((step) => codeOf({ ...program, steps: [step] }, layout)))
  })

  it('compute what the definition says', () => {
    const stimulus = randomStimulus(ports, 40, 3)
    const [a, b] = (['wasm', 'interpreter'] as const).map((name) => {
      const engine = openEngine(name, module, { checks: false })
      const response = new Int32Array(120 * ports.outputWords)
      engine.replay(stimulus, 120, response)
      return response
    })
    expect(a).toEqual(b)
  })
})
