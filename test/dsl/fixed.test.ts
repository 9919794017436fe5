import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rounded } from '../../src/dsl/fixed.ts'
import { Graph } from '../../src/dsl/graph.ts'
import {
  asFixed,
  bool,
  enumeration,
  type Fixed,
  fixed,
  Int,
  match,
  mux,
  range,
  reset,
  s,
  u,
} from '../../src/dsl/index.ts'
import { maker, mistake, nothing, run, trace } from './maker.ts'

/** value / 2^fraction, exactly. */
interface Ratio {
  readonly value: bigint
  readonly fraction: number
}
const ratio = fc.record({ value: fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }), fraction: fc.nat(30) })
const signals = (...of: readonly Ratio[]): Fixed[] => {
  const graph = new Graph('test')
  return of.map(({ value, fraction }) => asFixed(new Int(graph, graph.constant(value)), fraction))
}
const folded = ({ raw: { node }, fraction }: Fixed): Ratio => {
  expect(node.op).toBe('const')
  return { value: node.op === 'const' ? node.value : 0n, fraction }
}
/** Over 2^80, in which every value of the tests is an integer. */
const scaled = ({ value, fraction }: Ratio): bigint => value << BigInt(80 - fraction)

describe('fixed point', () => {
  it('adds, subtracts, multiplies and compares as fractions do, exactly', () => {
    fc.assert(
      fc.property(ratio, ratio, (p, q) => {
        const [x, y] = signals(p, q) as [Fixed, Fixed]
        expect(scaled(folded(x.add(y)))).toBe(scaled(p) + scaled(q))
        expect(scaled(folded(x.sub(y)))).toBe(scaled(p) - scaled(q))
        expect(scaled(folded(x.neg()))).toBe(-scaled(p))
        expect(folded(x.mul(y))).toEqual({ value: p.value * q.value, fraction: p.fraction + q.fraction })
        const truth = (signal: { readonly node: Int['node'] }): boolean =>
          signal.node.op === 'const' && signal.node.value === 1n
        expect(truth(x.lt(y))).toBe(scaled(p) < scaled(q))
        expect(truth(x.ge(y))).toBe(scaled(p) >= scaled(q))
        expect(truth(x.eq(y))).toBe(scaled(p) === scaled(q))
      }),
    )
  })

  it('has the range that its shape computes', () => {
    const [a, b] = [fixed(s(8), 4), fixed(u(3), 1)]
    maker({ a, b }, {}, (i) => {
      expect(i.a.mul(i.b).shape).toEqual(a.times(b))
      expect(i.a.add(i.b).shape).toEqual(fixed(range(-128, 127 + 7 * 8), 4))
      return {}
    })
    expect([a.tag, a.sumOf(3).tag, a.width]).toEqual(['q4_s8', 'q4_m384_to_381', 8])
  })

  it('takes literals that are exact, with as few places as they need', () => {
    const [x] = signals({ value: 3n, fraction: 2 })
    expect(folded(x!.add(0.125))).toEqual({ value: 7n, fraction: 3 })
    expect(folded(x!.mul(-0.5))).toEqual({ value: -3n, fraction: 3 })
    expect(folded(x!.add(2n))).toEqual({ value: 11n, fraction: 2 })
    expect(mistake(() => x!.add(0.1))).toMatchInlineSnapshot(
      `"E-RANGE in a literal (fixed.test.ts, line '() => x!.add(0.1)'): 0.1 is not exact in at most 30 bits behind the point; write a multiple of a power of two, 0.125"`,
    )
  })

  it('is scaled by moving the point', () => {
    const [x] = signals({ value: 3n, fraction: 2 })
    expect(folded(x!.scale(-3))).toEqual({ value: 3n, fraction: 5 })
    expect(folded(x!.scale(5))).toEqual({ value: 24n, fraction: 0 })
  })

  it('goes through ports, registers with reset, mux and match, with the points lined up', () => {
    const mode = enumeration('mode', ['low', 'high'])
    const shape = fixed(s(12), 4)
    const module = maker(
      { a: fixed(s(8), 4), b: fixed(s(6), 1), m: mode, c: bool },
      { y: shape, z: shape },
      (i, { regs }) => {
        const r = regs({ held: reset(shape, -1.25) })
        r.held.next = match(i.m, { low: i.a, high: i.b })
        return { y: r.held, z: mux(i.c, i.a, i.b) }
      },
    )
    expect(run(module, [{ a: -5, b: 3, m: 0, c: 1 }, { m: 1, c: 0 }, {}])).toEqual([
      { y: -20n, z: -5n },
      { y: -5n, z: 24n },
      { y: 24n, z: 24n },
    ])
  })
})

describe('round', () => {
  const nearest = (value: number, mode: 'half-even' | 'half-up' | 'floor'): number => {
    const floor = Math.floor(value)
    if (mode === 'floor' || value - floor < 0.5) return floor
    return value - floor > 0.5 || mode === 'half-up' || floor % 2 !== 0 ? floor + 1 : floor
  }

  it.each(['half-even', 'half-up', 'floor'] as const)('%s gives what the rule says, for every value', (mode) => {
    for (const places of [1, 2, 3, 5]) {
      const module = maker({ x: fixed(s(7), 5) }, { y: fixed(s(8), 5 - places) }, ({ x }) => {
        const y = x.round(5 - places, mode)
        expect(y.shape.min).toBe(rounded(-64n, places, mode))
        expect(y.shape.max).toBe(rounded(63n, places, mode))
        return { y }
      })
      for (let x = -64; x < 64; x++) {
        expect(trace(module, 'y', [{ x }])).toEqual([BigInt(nearest(x / 2 ** places, mode))])
      }
    }
  })

  it('drops more places than there are bits', () => {
    const module = maker({ x: fixed(s(3), 9) }, { y: fixed(s(3), 1) }, ({ x }) => ({ y: x.round(1, 'half-even') }))
    for (let x = -4; x < 4; x++) expect(trace(module, 'y', [{ x }])).toEqual([0n])
  })
})

describe('sat and wrap', () => {
  it('clamp and cut into a shape with at least as many places', () => {
    const to = fixed(s(4), 2)
    const module = maker({ x: fixed(s(8), 1) }, { y: to, z: to }, ({ x }) => ({ y: x.sat(to), z: x.wrap(to) }))
    expect(run(module, [{ x: 9 }, { x: -2 }, { x: -100 }])).toEqual([
      { y: 7n, z: 2n },
      { y: -4n, z: -4n },
      { y: -8n, z: -8n },
    ])
  })
})

describe('a mistake with fixed point is refused', () => {
  const x = fixed(s(8), 4)
  it('where bits behind the point would be lost', () => {
    expect(mistake(() => maker({ x }, { y: fixed(s(12), 3) }, (i) => ({ y: i.x })))).toMatchInlineSnapshot(
      `"E-RANGE in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y' has 3 bits behind the point, got 4; .round() it to as many"`,
    )
    expect(mistake(() => maker({ x }, {}, (i) => nothing(i.x.sat(fixed(s(4), 2)))))).toMatchInlineSnapshot(
      `"E-RANGE in maker (fixed.test.ts, line '() => maker({ x }, {}, (i) => nothing(i.x.sat(fixed(s(4), 2))))'): sat into 2 bits behind the point would lose some of 4; .round() to as many first"`,
    )
    expect(mistake(() => maker({ x }, { y: x }, () => ({ y: 0.03125 })))).toMatchInlineSnapshot(
      `"E-RANGE in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y' has 4 bits behind the point, got 5; .round() it to as many"`,
    )
  })
  it('where the value does not fit', () => {
    expect(mistake(() => maker({ x }, { y: x }, (i) => ({ y: i.x.add(1) })))).toMatchInlineSnapshot(
      `"E-RANGE in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y' holds [-128, 127] (s8), got [-112, 143] (s9); narrow it with .wrap(), .sat() or checked()"`,
    )
    expect(mistake(() => maker({ x: s(9) }, {}, (i) => nothing(x.of(i.x))))).toMatchInlineSnapshot(
      `"E-RANGE in maker (fixed.test.ts, line '() => maker({ x: s(9) }, {}, (i) => nothing(x.of(i.x)))'): [-128, 127] (s8) / 2^4 is not wide enough for [-256, 255] (s9); narrow it with .wrap(), .sat() or checked()"`,
    )
  })
  it('where places are no whole number of bits', () => {
    expect(mistake(() => fixed(s(8), -1))).toMatchInlineSnapshot(
      `"E-RANGE in fixed (fixed.test.ts, line '() => fixed(s(8), -1)'): fixed takes a whole number of bits behind the point from 0 to 1024, got -1; choose one of those"`,
    )
    expect(mistake(() => maker({ x }, {}, (i) => nothing(i.x.round(5, 'floor'))))).toMatchInlineSnapshot(
      `"E-RANGE in maker (fixed.test.ts, line '() => maker({ x }, {}, (i) => nothing(i.x.round(5, 'floor')))'): round takes from 0 to 4 bits behind the point, as many as there are, got 5; choose one of those"`,
    )
    expect(mistake(() => maker({ x }, {}, (i) => nothing(i.x.scale(0.5))))).toMatchInlineSnapshot(
      `"E-RANGE in maker (fixed.test.ts, line '() => maker({ x }, {}, (i) => nothing(i.x.scale(0.5)))'): scale takes a whole number of places, at most 1024, got 0.5; choose one of those"`,
    )
  })
})
