import { describe, expect, it } from 'vitest'
import { bool, component, s } from '../../../src/dsl/index.ts'
import {
  packSegments,
  segmentedAccumulator,
  segmentWidths,
  settledSum,
} from '../../../src/pe/arith/segmented-accumulator.ts'
import { portNamed, readPort, writePort } from '../../../src/sim/engine.ts'
import { javascriptEngine } from '../../../src/sim/javascript/engine.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'

const accumulator = (width: number, segment: number, term: number) =>
  javascriptEngine(
    component('segmented', (_: { width: number; segment: number; term: number }) => ({
      in: { term: s(term), plus: bool, clear: bool },
      out: { value: s(width), settled: bool, held: s(width), coming: s(width) },
      logic(i, builder) {
        const widths = segmentWidths(width, segment)
        const sum = segmentedAccumulator(builder, 'sum', { ...i, widths, promise: 'the sum fits' })
        const [held, coming] = [sum, sum.next].map((parts) => settledSum(packSegments(parts, widths), widths))
        return { value: sum.value, settled: sum.settled, held: held!, coming: coming! }
      },
    }))({ width, segment, term }).module,
  )

describe('the segmented accumulator', () => {
  it.each([12, 7])('of %i bits takes its largest sums, and tells one that is larger', (width) => {
    for (const [by, count] of [
      [7n, Math.floor((2 ** (width - 1) - 1) / 7)],
      [-8n, 2 ** (width - 1) / 8],
    ] as const) {
      const engine = accumulator(width, 5, 4)
      writePort(engine.inputs, portNamed(engine.ports.inputs, 'term'), by)
      engine.step(count)
      expect(engine.failures).toEqual([])
      engine.step()
      expect(engine.failures[0]!.message).toMatch(/the sum fits/)
    }
  })

  it.each([
    [52, 13, 20],
    [20, 8, 9],
    [16, 16, 8],
    [7, 1, 3],
    [128, 16, 60],
  ])(
    'of %i bits in segments of %i holds the sum once zeros have settled the carries, and at any time with them added',
    (width, segment, term) => {
      const engine = accumulator(width, segment, term)
      const [termPort, plus, clear] = ['term', 'plus', 'clear'].map((name) => portNamed(engine.ports.inputs, name))
      const [value, settled, held, coming] = ['value', 'settled', 'held', 'coming'].map((name) =>
        portNamed(engine.ports.outputs, name),
      )
      const random = randomWords(width)
      const step = (by: bigint, isClear = false, one = 0n): void => {
        writePort(engine.inputs, termPort!, by)
        writePort(engine.inputs, plus!, one)
        writePort(engine.inputs, clear!, isClear ? 1n : 0n)
        engine.step()
      }
      let unsettled = 0
      for (let group = 0; group < 40; group++) {
        let sum = 0n
        // What is added while it is cleared does not count.
        step(1n, true)
        for (let terms = 1 + (random() % 50); terms > 0; terms--) {
          const by = BigInt.asIntN(term, (BigInt(random()) << 32n) | BigInt(random()))
          const one = BigInt(random() & 1)
          step(by, false, one)
          expect(readPort(engine.outputs, held!)).toBe(BigInt.asIntN(width, sum))
          sum += by + one
          expect(readPort(engine.outputs, coming!)).toBe(BigInt.asIntN(width, sum))
        }
        // Outputs show the cycle before the edge: this step is the first of zeros.
        step(0n)
        if (readPort(engine.outputs, settled!) === 0n) unsettled++
        for (let k = 1; k < Math.ceil(width / segment); k++) {
          if (readPort(engine.outputs, settled!) === 1n)
            expect(readPort(engine.outputs, value!)).toBe(BigInt.asIntN(width, sum))
          step(0n)
        }
        expect(readPort(engine.outputs, settled!)).toBe(1n)
        expect(readPort(engine.outputs, value!)).toBe(BigInt.asIntN(width, sum))
      }
      if (width > segment) expect(unsettled).toBeGreaterThan(0)
    },
  )
})
