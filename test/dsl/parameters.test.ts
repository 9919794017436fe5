import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bits, bool, type Component, component, range, s, u } from '../../src/dsl/index.ts'
import { mistake } from './maker.ts'

const family = (label = 'mac') =>
  component(label, (_: object) => ({ in: { a: bool }, out: { y: bool }, logic: ({ a }) => ({ y: a }) }))

describe('a component', () => {
  it('is the same object for the same parameters, in whatever order, left out or undefined', () => {
    const Mac = family()
    expect(Mac({ a: s(8), terms: 4 })).toBe(Mac({ terms: 4, a: range(-128, 127) }))
    expect(Mac({ a: 1, b: undefined })).toBe(Mac({ a: 1 }))
    expect(Mac({ a: 1 }).module).toBe(Mac({ a: 1 }).module)
    expect(Mac({ a: 1 })).not.toBe(Mac({ a: 2 }))
  })

  it('tells all its parameters in its name and in its module', () => {
    const Mac = family()
    const { name, module } = Mac({ b: s(4), a: range(-127, 127), terms: 64, saturate: true, offset: -3 })
    expect(name).toBe('mac_a_m127_to_127_b_s4_offset_m3_saturate_true_terms_64')
    expect(module.parameters).toEqual({ a: 'm127_to_127', b: 's4', offset: '-3', saturate: 'true', terms: '64' })
    expect(Mac({ kind: 'booth' }).name).toBe('mac_kind_booth')
    expect(family('plain')({}).name).toBe('plain')
  })

  it('ends a long name in a hash of all parameters', () => {
    const Mac = family()
    const long = 'a'.repeat(50)
    const names = [Mac({ [long]: 1 }).name, Mac({ [long]: 2 }).name]
    expect(names).toMatchInlineSnapshot(`
      [
        "mac_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_1",
        "mac_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_2",
      ]
    `)
    expect(names[0]).not.toBe(names[1])
  })

  it('ends a name in a hash where other parameters would be written alike', () => {
    const Mac = family()
    expect(Mac({ a: -1 }).name).toBe('mac_a_m1')
    expect(Mac({ a: 'm1' }).name).toMatch(/^mac_a_m1_[0-9a-f]{8}$/)
    expect(Mac({ a: 0.5 }).name).toMatch(/^mac_a_0_5_[0-9a-f]{8}$/)
  })

  it('takes lists, in its name where they are whole numbers alone', () => {
    const Fir = family('fir')
    expect(Fir({ taps: [1, -2, 3n] }).name).toBe('fir_taps_1_m2_3')
    expect(Fir({ taps: [1, -2, 3n] })).toBe(Fir({ taps: [1n, -2, 3] }))
    expect(Fir({ taps: [1, -2, 3n] }).module.parameters).toEqual({ taps: '1 -2 3' })
    expect(Fir({ taps: [0.5, 1] }).name).toMatch(/^fir_taps_0_5_1_[0-9a-f]{8}$/)
    expect(Fir({ taps: [[1], [2]] })).not.toBe(Fir({ taps: [[1, 2]] }))
    expect(Fir({ taps: [1] }).name).toMatch(/^fir_taps_1_[0-9a-f]{8}$/)
    expect(Fir({ taps: [] }).name).toMatch(/^fir_taps_+[0-9a-f]{8}$/)
  })

  it('has another name for every other parameters', () => {
    const Other = family('other')
    const scalar = fc.oneof(
      fc.integer({ min: -3, max: 12 }),
      fc.bigInt({ min: -3n, max: 12n }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.boolean(),
      fc.constantFrom(s(1), u(1), u(8), range(-1, 2), range(-1, 0), bool, bits(8), Other({}), Other({ a: 1 })),
      fc.constantFrom('1', 'm1', 'true', 's1', 'b8', 'bool', 'a_1', 'a', 'b_1', '', '-1', 'none', 'other', 'm1_to_2'),
      fc.string({ maxLength: 3 }),
    )
    const value = fc.oneof(
      { weight: 3, arbitrary: scalar },
      fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), { maxLength: 3 }),
    )
    const parameters = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { maxKeys: 3 })
    const Mac = family()
    const known = new Map<string, Component>()
    fc.assert(
      fc.property(parameters, (p) => {
        const made = Mac(p)
        const holder = known.get(made.name)
        if (holder) expect(made).toBe(holder)
        known.set(made.name, made as Component)
      }),
      { numRuns: 3000 },
    )
    expect(known.size).toBeGreaterThan(1000)
  })

  it('refuses a parameter that cannot be told in text', () => {
    expect(mistake(() => family()({ weights: new Map() }))).toMatchInlineSnapshot(
      `"E-PARAMETER in mac (parameters.test.ts, line '() => family()({ weights: new Map() })'): parameter 'weights' is an object with nothing in it, which cannot tell one module from another; pass text, numbers, flags, shapes, components or lists of these, or give the object an 'identity' text"`,
    )
    expect(() => family()({ weights: [1, [2, {}]] })).toThrow("parameter 'weights[1][1]' is an object")
    expect(() => family()({ weights: { identity: '1 2 3' } })).not.toThrow()
  })
})
