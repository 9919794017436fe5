import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Graph } from '../../src/dsl/graph.ts'
import { Bits, bits, bool, Int, type IntShape, range, s, u } from '../../src/dsl/index.ts'
import type { Node } from '../../src/dsl/ir.ts'
import { maker, mistake, nothing, run, trace } from './maker.ts'

const field = fc
  .integer({ min: 1, max: 70 })
  .chain((width) =>
    fc.record({ width: fc.constant(width), value: fc.bigInt({ min: 0n, max: 2n ** BigInt(width) - 1n }) }),
  )
/** Also fields that are nearly empty or nearly full. */
const anyField = fc.oneof(
  field,
  field.map(({ width, value }) => ({ width, value: value >> BigInt(width - 1 - (Number(value) % width)) })),
)
const digits = ({ width, value }: { width: number; value: bigint }): string => value.toString(2).padStart(width, '0')
const signal = ({ width, value }: { width: number; value: bigint }): Bits => {
  const graph = new Graph('test')
  return new Bits(graph, graph.constant(value, bits(width)))
}
const folded = ({ node }: { readonly node: Node }): bigint => {
  expect(node.op).toBe('const')
  return node.op === 'const' ? node.value : 0n
}

describe('what is computed from all bits of a field', () => {
  it('is what counting its digits gives', () => {
    fc.assert(
      fc.property(anyField, (whole) => {
        const text = digits(whole)
        const ones = text.replaceAll('0', '').length
        const x = signal(whole)
        expect(folded(x.popcount())).toBe(BigInt(ones))
        expect(folded(x.leadingZeros())).toBe(BigInt(text.indexOf('1') < 0 ? text.length : text.indexOf('1')))
        expect(folded(x.reverse())).toBe(BigInt(`0b${[...text].reverse().join('')}`))
        expect(folded(x.reduce('and'))).toBe(BigInt(ones === text.length))
        expect(folded(x.reduce('or'))).toBe(BigInt(ones > 0))
        expect(folded(x.reduce('xor'))).toBe(BigInt(ones % 2))
      }),
    )
  })

  it.each([1, 2, 3, 4, 5, 8])('is so for every value of %i bits in a module, within the bounds it has', (width) => {
    const count = range(0, width)
    const module = maker({ x: bits(width) }, { ones: count, zeros: count, odd: bool, back: bits(width) }, ({ x }) => ({
      ones: x.popcount(),
      zeros: x.leadingZeros(),
      odd: x.reduce('xor'),
      back: x.reverse(),
    }))
    for (let x = 0; x < 2 ** width; x++) {
      const text = digits({ width, value: BigInt(x) })
      const ones = text.replaceAll('0', '').length
      expect(run(module, [{ x }])[0]).toEqual({
        ones: BigInt(ones),
        zeros: BigInt(x === 0 ? width : text.indexOf('1')),
        odd: BigInt(ones % 2),
        back: BigInt(`0b${[...text].reverse().join('')}`),
      })
    }
  })

  it('takes a depth of operations that grows with the logarithm of the width', () => {
    const depthOf = (node: Node): number => ('args' in node ? 1 + Math.max(...node.args.map(depthOf)) : 0)
    const [module] = [
      maker({ x: bits(64) }, { ones: u(7), zeros: u(7), odd: bool }, ({ x }) => ({
        ones: x.popcount(),
        zeros: x.leadingZeros(),
        odd: x.reduce('xor'),
      })),
    ]
    for (const { node } of module.outputs) expect(depthOf(node)).toBeLessThanOrEqual(20)
  })
})

describe('rotateLeft', () => {
  it('brings back at the bottom what leaves at the top, for any number of places', () => {
    fc.assert(
      fc.property(field, fc.nat(200), (whole, places) => {
        const text = digits(whole)
        const at = places % text.length
        expect(folded(signal(whole).rotateLeft(places))).toBe(BigInt(`0b${text.slice(at)}${text.slice(0, at)}`))
      }),
    )
  })

  it.each([1, 3, 6, 8])('does so by a signal of any size, %i bits', (width) => {
    const module = maker({ x: bits(width), n: u(5) }, { y: bits(width) }, ({ x, n }) => ({ y: x.rotateLeft(n) }))
    const value = 0b10110010n & (2n ** BigInt(width) - 1n)
    const text = digits({ width, value })
    for (let n = 0; n < 32; n++) {
      const at = n % width
      expect(trace(module, 'y', [{ x: value, n }])).toEqual([BigInt(`0b${text.slice(at)}${text.slice(0, at)}`)])
    }
  })
})

describe('a shift by a signal', () => {
  const operands = fc.record({
    a: fc.tuple(fc.integer({ min: -300, max: 300 }), fc.integer({ min: -300, max: 300 })),
    places: fc.tuple(fc.nat(40), fc.nat(40)),
    at: fc.tuple(fc.nat(), fc.nat()),
  })
  const ordered = ([p, q]: [number, number]): IntShape => (p < q ? range(p, q) : range(q, p))
  const inside = (shape: IntShape, at: number): bigint => shape.min + (BigInt(at) % (shape.max - shape.min + 1n))

  it('is the product with a power of two, or the floor of the quotient; its bounds are reached', () => {
    fc.assert(
      fc.property(operands, (chosen) => {
        const [a, n] = [ordered(chosen.a), ordered(chosen.places)]
        const shapes = { a, n }
        let [left, right] = [a, a]
        const module = maker(shapes, { left: s(400), right: s(400) }, (i) => {
          ;[left, right] = [i.a.shlBy(i.n).shape, i.a.shrBy(i.n).shape]
          return { left: i.a.shlBy(i.n), right: i.a.shrBy(i.n) }
        })
        const [x, y] = [inside(a, chosen.at[0]), inside(n, chosen.at[1])]
        expect(run(module, [{ a: x, n: y }])).toEqual([{ left: x << y, right: x >> y }])
        const corners = [a.min, a.max].flatMap((x) => [n.min, n.max].map((y) => [x << y, x >> y] as const))
        for (const [bounds, which] of [
          [left, 0],
          [right, 1],
        ] as const) {
          const values = corners.map((corner) => corner[which]!)
          expect(bounds.min).toBe(values.reduce((p, q) => (p < q ? p : q)))
          expect(bounds.max).toBe(values.reduce((p, q) => (p > q ? p : q)))
        }
      }),
    )
  })

  it('by a constant is the shift by that constant', () => {
    const graph = new Graph('test')
    const x = new Int(graph, { op: 'in', id: graph.takeId(), name: 'x', min: -8n, max: 7n })
    const three = new Int(graph, graph.constant(3n, u(4)))
    expect(x.shlBy(three).node).toBe(x.shl(3).node)
    expect(x.shrBy(three).node).toBe(x.shr(3).node)
  })

  it('refuses places below 0, and more than the widest value has', () => {
    const shift = (places: IntShape, op: 'shlBy' | 'shrBy') => () =>
      maker({ x: s(8), n: places }, {}, ({ x, n }) => nothing(x[op](n)))
    expect(mistake(shift(s(3), 'shlBy'))).toMatchInlineSnapshot(
      `"E-RANGE in maker (bit-trees.test.ts, line 'maker({ x: s(8), n: places }, {}, ({ x, n }) => nothing(x[op](n)))'): shlBy takes places from 0 upwards, got [-4, 3] (s3); narrow them with .sat() or checked(), or choose between shlBy and shrBy with mux()"`,
    )
    expect(mistake(shift(s(3), 'shrBy'))).toMatchInlineSnapshot(
      `"E-RANGE in maker (bit-trees.test.ts, line 'maker({ x: s(8), n: places }, {}, ({ x, n }) => nothing(x[op](n)))'): shrBy takes places from 0 upwards, got [-4, 3] (s3); narrow them with .sat() or checked(), or choose between shlBy and shrBy with mux()"`,
    )
    expect(mistake(shift(u(17), 'shlBy'))).toMatchInlineSnapshot(
      `"E-RANGE in maker (bit-trees.test.ts, line 'maker({ x: s(8), n: places }, {}, ({ x, n }) => nothing(x[op](n)))'): shlBy by up to 131071 places makes more than 65536 bits; narrow the places with .sat(), .wrap() or checked()"`,
    )
    expect(
      mistake(() => maker({ x: bits(4), n: s(3) }, {}, ({ x, n }) => nothing(x.rotateLeft(n)))),
    ).toMatchInlineSnapshot(
      `"E-RANGE in maker (bit-trees.test.ts, line 'mistake(() => maker({ x: bits(4), n: s(3) }, {}, ({ x, n }) => nothing(x.rotateLeft(n))))'): rotateLeft takes a whole number of places from 0 upwards, got [-4, 3] (s3); narrow them with .sat() or checked()"`,
    )
    expect(mistake(() => maker({ x: bits(4) }, {}, ({ x }) => nothing(x.rotateLeft(-1))))).toMatchInlineSnapshot(
      `"E-RANGE in maker (bit-trees.test.ts, line '() => maker({ x: bits(4) }, {}, ({ x }) => nothing(x.rotateLeft(-1)))'): rotateLeft takes a whole number of places from 0 upwards, got -1; narrow them with .sat() or checked()"`,
    )
  })
})
