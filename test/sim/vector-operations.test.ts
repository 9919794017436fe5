import { describe, expect, it } from 'vitest'
import { type Bits, bool, cat, component, type IntShape, type Module, s, u } from '../../src/dsl/index.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { wasmLanes } from '../../src/sim/lanes/wasm.ts'
import { withBitFields } from '../../src/sim/vector/bit-fields.ts'
import { bodyOf } from '../../src/sim/vector/body.ts'
import { plan } from '../../src/sim/vector/plan.ts'
import type { Statement } from '../../src/sim/vector/program.ts'
import { acrossStimuli } from '../../src/sim/vector/stimuli.ts'
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
    const { steps } = acrossStimuli(plan(bodyOf(words), portLayout(words), { checks: false, delays: false }))
    const statements = steps.flatMap((step): readonly Statement[] => (step.kind === 'loop' ? step.statements : []))
    const count = (of: readonly Statement[], op: string): number => of.filter((statement) => statement.op === op).length
    const loops = steps.flatMap((step) => (step.kind === 'loop' ? [withBitFields(step.statements)] : []))
    expect(count(statements, 'cat')).toBeGreaterThan(60)
    expect(count(loops.flat(), 'cat')).toBeLessThan(15)
  })
})
