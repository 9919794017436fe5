import { describe, expect, it } from 'vitest'
import { type Bits, bits, cat, component, type Int, u } from '../../../src/dsl/index.ts'
import {
  normaliseLeft,
  normaliseSticky,
  shiftLeftFilled,
  shiftRightSticky,
  withSticky,
} from '../../../src/pe/arith/shifters.ts'
import { portNamed, readPort } from '../../../src/sim/engine.ts'
import { javascriptEngine } from '../../../src/sim/javascript/engine.ts'
import { everyCombination, operation, results } from './operation.ts'

const ones = (width: number): number => 2 ** width - 1

describe('shiftRightSticky', () => {
  it.each(
    [1, 2, 3, 5, 8].flatMap((from) =>
      [1, 2, 4, 7, 9].flatMap((to) => [1, 3, 4].map((count) => [from, to, count] as const)),
    ),
  )('a field of %i bits into one of %i, by every number of %i bits', (from, to, count) => {
    const pairs = everyCombination([from, count])
    for (const fills of [false, true]) {
      const module = operation('shift', [from, count], to, (value, places) =>
        shiftRightSticky(value, places.unsigned(), to, fills ? places.bit(0).or(true) : undefined),
      )
      const found = results(module, pairs)
      found.forEach((result, k) => {
        const [value, places] = [BigInt(pairs[2 * k]!), BigInt(pairs[2 * k + 1]!)]
        if (fills && value === 0n) return
        // Room for all places below.
        const top = BigInt(fills ? ones(20) : 0) << BigInt(from + 20)
        const long = ((top | (value << 20n)) >> places) & ((1n << BigInt(from + 20)) - 1n)
        const cut = BigInt(from + 20 - to)
        const kept = long >> cut
        const sticky = long & ((1n << cut) - 1n) ? 1n : 0n
        if (BigInt(result) !== (kept | sticky)) expect.fail(`${value} by ${places}: ${result}, not ${kept | sticky}`)
      })
    }
  })
})

describe('shiftLeftFilled', () => {
  it.each([1, 2, 5].flatMap((from) => [1, 2, 3].map((count) => [from, count] as const)))(
    "two's complement of %i bits, by every number of %i bits, zeros or ones coming in",
    (from, count) => {
      const triples = everyCombination([from, count, 1])
      const width = from + ones(count)
      const module = operation('shift', [from, count, 1], width, (value, places, fill) =>
        shiftLeftFilled(value, places.unsigned(), fill.bit(0)),
      )
      results(module, triples).forEach((result, k) => {
        const [value, places, fill] = Array.from(triples.subarray(3 * k, 3 * k + 3), BigInt)
        const want = (BigInt.asIntN(from, value!) << places!) | (fill! ? (1n << places!) - 1n : 0n)
        if (BigInt(result) !== BigInt.asUintN(width, want)) expect.fail(`${value} by ${places}, ${fill}: ${result}`)
      })
    },
  )
})

describe('normaliseLeft', () => {
  const Shift = component(
    'shift_left',
    ({ width, most, limited }: { width: number; most: number; limited: boolean }) => ({
      in: { value: bits(width), limit: u(5) },
      out: { shifted: bits(width), places: u(4) },
      logic({ value, limit }) {
        const { normalised: shifted, places } = normaliseLeft(value, most, limited ? { limit } : {})
        return {
          shifted,
          places:
            typeof places === 'number'
              ? limit
                  .wrap(u(1))
                  .sub(limit.wrap(u(1)))
                  .wrap(u(4))
              : (places as Int).wrap(u(4)),
        }
      },
    }),
  )

  it.each(
    [2, 3, 6, 8].flatMap((width) =>
      [true, false].flatMap((limited) => [1, width - 1].map((most) => [width, most, limited] as const)),
    ),
  )('%i bits with at most %i zeros above, limited: %s', (width, most, limited) => {
    const engine = javascriptEngine(Shift({ width, most, limited }).module)
    const [shifted, places] = ['shifted', 'places'].map((name) => portNamed(engine.ports.outputs, name))
    for (let value = 1; value < 2 ** width; value++) {
      const zeros = width - value.toString(2).length
      if (zeros > most) continue
      for (let limit = 0; limit < 32; limit++) {
        engine.inputs.set([value, limit])
        engine.step()
        const count = limited ? Math.min(zeros, limit) : zeros
        expect([readPort(engine.outputs, shifted!), readPort(engine.outputs, places!)]).toEqual([
          BigInt((value << count) & ones(width)),
          BigInt(count),
        ])
      }
    }
  })
})

describe('normaliseSticky', () => {
  it.each(
    [1, 2, 3, 5, 8, 11].flatMap((from) =>
      [1, 2, 3, 4, 9, 13].flatMap((to) =>
        [0, 1, 2, from - 1].map((most) => [from, to, Math.min(most, from - 1)] as const),
      ),
    ),
  )('%i bits into %i with at most %i zeros above: as normaliseLeft, cut afterwards', (from, to, most) => {
    const values = everyCombination([from]).filter((value) => value === 0 || from - value.toString(2).length <= most)
    const both = [
      (value: Bits) => normaliseSticky(value, most, to),
      (value: Bits) => {
        const { normalised, places } = normaliseLeft(value, most)
        return { normalised: withSticky(normalised, to), places }
      },
    ].map((normalise) => {
      const module = operation('normalise', [from], to + 4, (value) => {
        const { normalised, places } = normalise(value)
        return cat(normalised, typeof places === 'number' ? value.any().and(false).int().bits(4) : places.bits(4))
      })
      return [...results(module, values)].map((result, k) => (values[k] === 0 ? result >> 4 : result))
    })
    expect(both[0]).toEqual(both[1])
    expect(values.length).toBeGreaterThan(1)
  })
})
