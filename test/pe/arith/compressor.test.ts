import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Bool, bits, bool, component, range, s, u, vec } from '../../../src/dsl/index.ts'
import { CarryAdd, SplitAdd } from '../../../src/pe/arith/add.ts'
import { compress } from '../../../src/pe/arith/compressor.ts'
import { FullAdder } from '../../../src/pe/arith/full-adder.ts'
import { addCarries } from '../../../src/pe/arith/late-carries.ts'
import { type Case, firstDifference, gatesDiffer } from '../../dsl/equivalence.ts'

describe('a full adder', () => {
  it('counts its three bits, for all eight', () => {
    expect(
      firstDifference(FullAdder({}).module, ({ a, b, c }) => {
        const sum = a! + b! + c!
        return { sum: sum & 1n, carry: sum >> 1n }
      }),
    ).toBeUndefined()
  })
})

let made = 0
/** A component that compresses bits of these weights and arrivals with a constant. */
const compressor = (weights: readonly number[], arrivals: readonly number[], constant: bigint, width: number) =>
  component('compressor', (_: { made: number }) => ({
    in: { x: vec(weights.length, bool) },
    out: { sum: bits(width) },
    logic({ x }, builder) {
      const terms = x.map((bit, k) => ({ bit, weight: weights[k]!, arrival: arrivals[k] ?? 0 }))
      return { sum: compress(builder, 'column', { bits: terms, constant }, width) }
    },
  }))({ made: made++ }).module

const total = (weights: readonly number[], constant: bigint, width: number) => (values: Case) => ({
  sum: BigInt.asUintN(
    width,
    weights.reduce((sum, weight, k) => sum + (values[`x_${k}`]! << BigInt(weight)), constant),
  ),
})

describe('the compressor gives the sum of its terms modulo 2^width', () => {
  const terms = fc.record({
    width: fc.integer({ min: 1, max: 7 }),
    weights: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 9 }),
    arrivals: fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 9 }),
    constant: fc.bigInt({ min: -300n, max: 300n }),
  })

  it('for every value of up to nine bits, any weights, arrivals and constants', () => {
    fc.assert(
      fc.property(terms, ({ width, weights, arrivals, constant }) => {
        const module = compressor(weights, arrivals, constant, width)
        expect(firstDifference(module, total(weights, constant, width))).toBeUndefined()
      }),
      { numRuns: 100 },
    )
  })

  it('for an accumulator above a product, where carries are late', () => {
    const accumulator = [0, 1, 2, 3, 4, 5, 6, 7]
    for (const constant of [0n, -4n, -8n, -16n, 8n])
      for (const low of [[0, 1, 2], [0, 0, 1, 1, 2, 2], [2, 2], [4]]) {
        const weights = [...accumulator, ...low]
        expect(firstDifference(compressor(weights, [], constant, 8), total(weights, constant, 8))).toBeUndefined()
      }
  })

  it('puts the three earliest bits of a column into its first adder', () => {
    const { instances } = compressor([0, 0, 0, 0, 0], [50, 10, 40, 30, 20], 0n, 3)
    const first = instances.find(({ name }) => name === 'column_0_0')!
    expect([...first.inputs.values()].map((node) => ('name' in node ? node.name : ''))).toEqual(['x_1', 'x_4', 'x_3'])
  })

  it('spends no adder on the top column, whose carries nobody reads', () => {
    const { instances } = compressor([0, 0, 0, 1, 1, 1, 1], [], 0n, 2)
    expect(instances.map(({ name }) => name)).toEqual(['column_0_0'])
  })

  it('folds constants: a bit that is known and a constant cost no adder', () => {
    const known = component('known', (_: object) => ({
      in: { x: u(2) },
      out: { sum: bits(3) },
      logic({ x }, builder) {
        const low: Bool = x.bit(0)
        const zeros = [low, low.or(true), low.and(false)].map((bit) => ({ bit, weight: 0, arrival: 0 }))
        const terms = { bits: [...zeros, { bit: x.bit(1), weight: 1, arrival: 0 }], constant: 1n }
        return { sum: compress(builder, 'column', terms, 3) }
      },
    }))({}).module
    expect(known.instances).toEqual([])
    expect(firstDifference(known, ({ x }) => ({ sum: (x! + 2n) & 7n }))).toBeUndefined()
  })
})

describe('late carries count an accumulator up or down', () => {
  const cases = [
    { constant: 0, carries: 0 },
    { constant: 0, carries: 1 },
    { constant: -1, carries: 0 },
    { constant: -1, carries: 1 },
    { constant: -1, carries: 2 },
  ] as const
  it.each(cases)('constant $constant with $carries carries, for every value of 6 bits', ({ constant, carries }) => {
    const module = component('counted', (_: { constant: number; carries: number }) => ({
      in: { high: vec(6, bool), late: vec(2, bool) },
      out: { sum: vec(6, bool) },
      logic: ({ high, late }) => ({ sum: addCarries(high, late.slice(0, carries), constant) }),
    }))({ constant, carries }).module
    const word = (values: Case, name: string, count: number): bigint =>
      Array.from({ length: count }, (_, k) => values[`${name}_${k}`]! << BigInt(k)).reduce((a, b) => a + b, 0n)
    expect(
      firstDifference(module, (values) => {
        const added = Array.from({ length: carries }, (_, k) => values[`late_${k}`]!).reduce((a, b) => a + b, 0n)
        const sum = BigInt.asUintN(6, word(values, 'high', 6) + BigInt(constant) + added)
        return Object.fromEntries(Array.from({ length: 6 }, (_, k) => [`sum_${k}`, (sum >> BigInt(k)) & 1n]))
      }),
    ).toBeUndefined()
  })
})

describe('a split adder gives a + b', () => {
  it.each([
    [s(12), s(4)],
    [s(12), u(4)],
    [u(12), u(4)],
    [u(12), s(4)],
    [s(4), s(4)],
    [range(-300, 200), range(-5, 9)],
    [s(40), s(17)],
  ])('%s + %s', (a, b) => {
    const { module } = SplitAdd({ a, b })
    expect(firstDifference(module.gates!, (values) => ({ sum: values.a! + values.b! }))).toBeUndefined()
    expect(gatesDiffer(module)).toBeUndefined()
  })
})

describe('a carry adder gives a + b + carry', () => {
  it.each([
    [u(1), u(1)],
    [u(4), u(4)],
    [u(6), u(3)],
    [u(3), u(6)],
    [u(13), u(13)],
  ])('%s + %s', (a, b) => {
    const { module } = CarryAdd({ a, b })
    expect(firstDifference(module.gates!, (values) => ({ sum: values.a! + values.b! + values.carry! }))).toBeUndefined()
    expect(gatesDiffer(module)).toBeUndefined()
  })
})
