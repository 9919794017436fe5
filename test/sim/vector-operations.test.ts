import { describe, expect, it } from 'vitest'
import { type Bits, bool, cat, component, type IntShape, type Module, s, u, vec } from '../../src/dsl/index.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { wasmLanes } from '../../src/sim/lanes/wasm.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { withBitFields } from '../../src/sim/vector/bit-fields.ts'
import { bodyOf } from '../../src/sim/vector/body.ts'
import { plan } from '../../src/sim/vector/plan.ts'
import type { Operand, Statement, Step } from '../../src/sim/vector/program.ts'
import { acrossStimuli } from '../../src/sim/vector/stimuli.ts'
import { instantiate } from '../../src/sim/wasm/instance.ts'
import { laneDifference } from './lanes/lanes.ts'

/** Lanes are stimuli: every operation of the module is one on vectors. */
const difference = (module: Module) => laneDifference(module, wasmLanes(module, 20, true), { cycles: 200, seed: 1 })

describe('operations on vectors', () => {
  const shapes: readonly (readonly [string, IntShape, number])[] = [
    ['without sign', u(16), 4],
    ['with sign', s(16), 4],
    ['of fewer bits', u(14), 4],
    ['of few bits', s(9), 4],
    ['by up to 7 places', s(16), 3],
    ['by up to 3 places', s(16), 2],
    ['by more places than there are bits', u(16), 5],
    ['of wider lanes', s(17), 4],
  ]
  it.each(shapes)('shift right lanes of 16 bits %s', async (_, shape, width) => {
    const { module } = component('shift', () => ({
      in: { x: shape, places: u(width) },
      out: { y: shape },
      logic: ({ x, places }) => ({ y: x.shrBy(places) }),
    }))({})
    expect(await difference(module)).toBeUndefined()
  })

  const bytes: readonly (readonly [string, IntShape])[] = [
    ['of four bits', u(4)],
    ['of four bits with sign', s(4)],
    ['of seven bits', u(7)],
    ['of eight bits', u(8)],
    ['of eight bits with sign', s(8)],
  ]
  it.each(bytes)('shift and cut bytes %s, and put them together', async (_, shape) => {
    const amounts = [1, 2, 3, 4].filter((k) => k < shape.width)
    const { module } = component('bytes', () => ({
      in: { x: shape, places: u(2), few: u(2), one: bool },
      out: {
        left: vec(4, s(16)),
        negative: vec(4, s(16)),
        right: vec(4, s(16)),
        parts: vec(4, u(16)),
        words: vec(4, u(16)),
        by: s(16),
        below: s(16),
      },
      logic({ x, places, few, one }) {
        const all = <T>(of: (amount: number) => T): T[] => [1, 2, 3, 4].map((k) => of(amounts[k % amounts.length]!))
        const small = x.wrap(u(3))
        return {
          left: all((k) => small.shl(k)),
          negative: all((k) => x.wrap(s(3)).shl(k)),
          right: all((k) => x.shr(k)),
          parts: all((k) =>
            x
              .bits()
              .slice(shape.width - 1, k)
              .unsigned(),
          ),
          words: all((k) => cat(x.bits().slice(k, 1), few.bits(), one.bits()).unsigned()),
          by: small.shlBy(places),
          below: x.shrBy(places),
        }
      },
    }))({})
    expect(await difference(module)).toBeUndefined()
  })

  const words = component('words', () => ({
    in: { x: u(5), first: bool, second: bool, third: bool, field: u(5) },
    out: { one_hot: u(20), copies: u(37), mixed: u(19), inner: u(4), twice: u(8) },
    logic({ x, first, second, third, field }, { regs }) {
      const { a, b, c } = regs({ a: bool, b: bool, c: bool })
      a.next = first
      b.next = second
      c.next = third
      const bit = (of: typeof first): Bits => of.bits()
      const hot = Array.from({ length: 20 }, (_, k) => bit(x.eq(k)))
      const inner = cat(bit(a), bit(b), bit(c), bit(a.not()))
      return {
        one_hot: cat(...hot).unsigned(),
        copies: cat(...Array.from({ length: 37 }, () => bit(b))).unsigned(),
        mixed: cat(
          bit(a),
          bit(a),
          field.bits(),
          bit(b),
          bit(c),
          bit(a),
          field.bits(),
          bit(c),
          bit(b),
          bit(b),
          bit(a),
        ).unsigned(),
        inner: inner.unsigned(),
        twice: cat(inner, inner).unsigned(),
      }
    },
  }))({}).module

  it('put words together from bits, copies of one, and fields between them', async () => {
    expect(await difference(words)).toBeUndefined()
  })

  it('put bits together without a shift for each', () => {
    const { steps } = acrossStimuli(
      plan(bodyOf(words), portLayout(words), { checks: false, delays: false, picks: false }),
    )
    const statements = steps.flatMap((step): readonly Statement[] => (step.kind === 'loop' ? step.statements : []))
    const count = (of: readonly Statement[], op: string): number => of.filter((statement) => statement.op === op).length
    const loops = steps.flatMap((step) => (step.kind === 'loop' ? [withBitFields(step.statements)] : []))
    expect(count(statements, 'cat')).toBeGreaterThan(60)
    expect(count(loops.flat(), 'cat')).toBeLessThan(15)
  })
})

describe('a check among the statements of a loop', () => {
  it.each([2, 16])('may stand before those whose results others read, in %i lanes', (lanes) => {
    const Cell = component('adding', () => ({
      in: { x: u(8) },
      out: { y: u(8) },
      logic({ x }, { regs }) {
        const r = regs({ held: u(8) })
        r.held.next = r.held.mul(3).add(x.shr(1)).wrap(u(8))
        return { y: r.held }
      },
    }))
    const { module } = component('cells', () => ({
      in: { x: vec(16, u(8)) },
      out: { y: vec(16, u(8)) },
      logic: ({ x }, { use }) => ({ y: x.map((each, k) => use(`cell_${k}`, Cell({}), { x: each }).y) }),
    }))({})
    const ports = portLayout(module)
    const program = plan(bodyOf(module), ports, { checks: false, delays: false })
    let checked = 0
    const steps = program.steps.flatMap((step): readonly Step[] => {
      const results = step.kind === 'loop' && step.statements.some(({ operands }) => operands.some(isResult))
      if (!results) return [step]
      const checkedOperand = step.statements.flatMap(({ operands }) => operands).find(({ kind }) => kind === 'lanes')!
      const of = { min: 0n, max: 255n, amount: 0 }
      const { type } = checkedOperand
      const check: Statement = {
        ...{ op: 'check', of, ranges: [of], type, work: type },
        ...{ operands: [checkedOperand], stores: [] },
      }
      return Array.from({ length: step.lanes / lanes }, (_, part): Step => {
        checked++
        const first = part * lanes
        const operandOf = (operand: Operand): Operand => {
          if (operand.kind === 'result') return { ...operand, statement: operand.statement + 1 }
          return operand.kind === 'lanes' ? { ...operand, lane: operand.lane + operand.stride * first } : operand
        }
        const statements = [check, ...step.statements].map((one) => ({
          ...one,
          operands: one.operands.map(operandOf),
          stores: one.stores.map(({ vector, lane }) => ({ vector, lane: lane + first })),
        }))
        return { kind: 'loop', lanes, statements, padded: false }
      })
    })
    expect(checked).toBe(16 / lanes)
    const definition = interpreter(module)
    const instance = instantiate({ ...program, steps }, ports, () => expect.unreachable())
    instance.reset()
    const stimulus = randomStimulus(ports, 12, 5)
    const response = new Int32Array(12 * ports.outputWords)
    definition.replay(stimulus, 12, response)
    instance.fill(stimulus, 0, 0, 12)
    instance.run(12, true, true)
    expect(instance.outputs(12)).toEqual(response)
  })
})

const isResult = ({ kind }: Operand): boolean => kind === 'result'
