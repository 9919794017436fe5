import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bits, bool, cat, fixed, type Int, mux, range, s, sum, u } from '../../src/dsl/index.ts'
import { maker, mistake, run } from './maker.ts'

describe('mux', () => {
  it('takes its first value where the condition holds, and the bounds of an integer cover both', () => {
    const module = maker({ c: bool, a: range(3, 5), b: range(-2, -1) }, { y: range(-2, 5) }, ({ c, a, b }) => {
      const y = mux(c, a, b)
      expect([y.shape.min, y.shape.max]).toEqual([-2n, 5n])
      return { y }
    })
    expect(
      run(module, [
        { c: 1, a: 4, b: -2 },
        { c: 0, a: 4, b: -2 },
      ]),
    ).toEqual([{ y: 4n }, { y: -2n }])
  })

  it('chooses between flags, between fields of one width, and takes literals', () => {
    const module = maker(
      { c: bool, a: bool, f: bits(4) },
      { flag: bool, field: bits(4), number: range(-1, 7) },
      ({ c, a, f }) => ({ flag: mux(c, a, true), field: mux(c, f, 0b1001), number: mux(c, 7, -1) }),
    )
    expect(
      run(module, [
        { c: 1, a: 0, f: 6 },
        { c: 0, a: 0, f: 6 },
      ]),
    ).toEqual([
      { flag: 0n, field: 6n, number: 7n },
      { flag: 1n, field: 9n, number: -1n },
    ])
  })

  it('refuses fields of two widths', () => {
    expect(
      mistake(() => maker({ c: bool, a: bits(4), b: bits(3) }, { y: bits(4) }, ({ c, a, b }) => ({ y: mux(c, a, b) }))),
    ).toMatchInlineSnapshot(
      `"E-WIDTH in maker (choices.test.ts, line 'mistake(() => maker({ c: bool, a: bits(4), b: bits(3) }, { y: bits(4) }, ({ c, a, b }) => ({ y: mux(c, a, b) })))'): this place takes 4 bits, got 3; use .slice() or cat()"`,
    )
  })

  it('between two constants is the condition only where that is as wide', () => {
    const module = maker({ c: bool, f: bits(4) }, { y: bits(8), z: bool }, ({ c, f }) => {
      const one = f.xor(f).or(1)
      return { y: cat(mux(c, one, 0), f), z: mux(c, false, true) }
    })
    expect(
      run(module, [
        { c: 1, f: 3 },
        { c: 0, f: 3 },
      ]),
    ).toEqual([
      { y: 0x13n, z: 0n },
      { y: 0x03n, z: 1n },
    ])
  })

  it('makes nothing where there is nothing to choose', () => {
    const module = maker({ c: bool, a: s(8) }, { same: s(8), flag: bool, turned: bool }, ({ c, a }) => ({
      same: mux(c, a, a),
      flag: mux(c, true, false),
      turned: mux(c.not(), true, false).not().not(),
    }))
    expect(module.operations.map(({ op }) => op)).toEqual(['not'])
    expect(module.outputs.map(({ node }) => node.op)).toEqual(['in', 'in', 'not'])
  })
})

describe('sum', () => {
  it('adds all its terms, one as well as many, within bounds that are the sums of theirs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -128, max: 127 }), { minLength: 1, maxLength: 9 }), (values) => {
        const ports = Object.fromEntries(values.map((_, k) => [`a${k}`, s(8)]))
        const module = maker(ports, { y: s(8).sumOf(values.length) }, (inputs) => {
          const y = sum(Object.values(inputs) as unknown as Int[])
          expect([y.shape.min, y.shape.max]).toEqual([-128n * BigInt(values.length), 127n * BigInt(values.length)])
          return { y }
        })
        const [row] = run(module, [Object.fromEntries(values.map((value, k) => [`a${k}`, value]))])
        expect(row!.y).toBe(BigInt(values.reduce((a, b) => a + b)))
      }),
      { numRuns: 50 },
    )
  })

  it('is a balanced tree: 8 terms are 3 additions deep', () => {
    const ports = Object.fromEntries(Array.from({ length: 8 }, (_, k) => [`a${k}`, u(4)]))
    const module = maker(ports, { y: u(4).sumOf(8) }, (inputs) => ({
      y: sum(Object.values(inputs) as unknown as Int[]),
    }))
    const depth = (node: (typeof module.operations)[number] | { op: string }): number =>
      'args' in node ? 1 + Math.max(...node.args.map(depth)) : 0
    expect(depth(module.outputs[0]!.node)).toBe(3)
  })

  it('lines up the points of values in fixed point', () => {
    const quarter = fixed(s(8), 2)
    const module = maker({ a: quarter, b: fixed(s(8), 4) }, { y: fixed(s(12), 4) }, ({ a, b }) => ({
      y: sum([a, b, a.mul(0.25)]),
    }))
    expect(run(module, [{ a: -5, b: 3 }])).toEqual([{ y: BigInt(-5 * 4 + 3 - 5) }])
  })

  it('of nothing is refused', () => {
    expect(mistake(() => sum([]))).toMatchInlineSnapshot(
      `"E-RANGE in sum (choices.test.ts, line '() => sum([])'): sum takes at least one term, got none; pass some"`,
    )
  })
})
