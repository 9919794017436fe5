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
      in: { term: s(term), clear: bool },
      out: { value: s(width), settled: bool, held: s(width), coming: s(width) },
      logic(i, builder) {
        const sum = segmentedAccumulator(builder, 'sum', { ...i, width, segment })
        const widths = segmentWidths(width, segment)
        const [held, coming] = [sum, sum.next].map((parts) => settledSum(packSegments(parts, widths), widths))
        return { value: sum.value, settled: sum.settled, held: held!, coming: coming! }
      },
    }))({ width, segment, term }).module,
  )

describe('the segmented accumulator', () => {
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
      const [termPort, clear] = ['term', 'clear'].map((name) => portNamed(engine.ports.inputs, name))
      const [value, settled, held, coming] = ['value', 'settled', 'held', 'coming'].map((name) =>
        portNamed(engine.ports.outputs, name),
      )
      const random = randomWords(width)
      const step = (by: bigint, isClear = false): void => {
        writePort(engine.inputs, termPort!, by)
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
          step(by)
          expect(readPort(engine.outputs, held!)).toBe(BigInt.asIntN(width, sum))
          sum += by
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
