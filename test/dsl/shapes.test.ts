import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bits, bool, type IntShape, range, s, u, vec } from '../../src/dsl/index.ts'
import { widthOf } from '../../src/dsl/ir.ts'
import { mistake } from './maker.ts'

const bound = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n })
const anyRange = fc.tuple(bound, bound).map(([a, b]) => (a < b ? range(a, b) : range(b, a)))
const someOf = (shape: IntShape): fc.Arbitrary<bigint> => fc.bigInt({ min: shape.min, max: shape.max })
const rangeAndValue = anyRange.chain((shape) => fc.tuple(fc.constant(shape), someOf(shape)))

describe('a range', () => {
  it('needs the bits of two whole widths: s8 is -128 to 127, u8 is 0 to 255', () => {
    expect([s(8).min, s(8).max, s(8).width]).toEqual([-128n, 127n, 8])
    expect([u(8).min, u(8).max, u(8).width]).toEqual([0n, 255n, 8])
    expect([s(1).min, s(1).max, u(1).max]).toEqual([-1n, 0n, 1n])
  })

  it.each([
    [0, 0, 1],
    [0, 1, 1],
    [0, 2, 2],
    [-1, 0, 1],
    [-1, 1, 2],
    [-8, 0, 4],
    [-8, 8, 5],
    [-9, -1, 5],
    [5, 6, 3],
  ])("from %i to %i takes %i wires, as few as two's complement allows", (min, max, width) => {
    expect(range(min, max).width).toBe(width)
  })

  it('has no value that its wires cannot write, and its wires are needed for one of its bounds', () => {
    fc.assert(
      fc.property(anyRange, (shape) => {
        const fits = (width: number): boolean =>
          [shape.min, shape.max].every(
            (value) => (shape.min < 0n ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value)) === value,
          )
        expect(fits(shape.width)).toBe(true)
        if (shape.width > 1) expect(fits(shape.width - 1)).toBe(false)
      }),
    )
  })

  it('of products, sums and sums of many holds every one of them, and is reached by its bounds', () => {
    fc.assert(
      fc.property(rangeAndValue, rangeAndValue, fc.integer({ min: 0, max: 100 }), ([a, x], [b, y], terms) => {
        const inside = (shape: IntShape, value: bigint): boolean => shape.min <= value && value <= shape.max
        expect(inside(a.times(b), x * y)).toBe(true)
        expect(inside(a.plus(b), x + y)).toBe(true)
        expect(inside(a.sumOf(terms), BigInt(terms) * x)).toBe(true)
        const corners = [a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max]
        expect(corners).toContain(a.times(b).min)
        expect(corners).toContain(a.times(b).max)
      }),
    )
  })

  it('of a sum of up to 64 products of symmetric INT8 takes 21 bits, where whole INT8 takes 22', () => {
    const exact = range(-127, 127)
    expect(exact.times(exact).sumOf(64).width).toBe(21)
    expect(s(8).times(s(8)).sumOf(64).width).toBe(22)
  })

  it('of a sum of up to n values holds 0, the sum of none', () => {
    expect(range(5, 7).sumOf(3)).toEqual(range(0, 21))
    expect(range(-7, -5).sumOf(3)).toEqual(range(-21, 0))
  })
})

describe('a tag', () => {
  it('is s8 or u4 for whole widths and tells the bounds of other ranges', () => {
    expect([s(8), u(4), range(-127, 127), range(3, 5), bool, bits(6), vec(3, s(8))].map(({ tag }) => tag)).toEqual([
      's8',
      'u4',
      'm127_to_127',
      '3_to_5',
      'bool',
      'b6',
      '3xs8',
    ])
  })

  it('differs for every two ranges', () => {
    fc.assert(
      fc.property(anyRange, anyRange, (a, b) => {
        expect(a.tag === b.tag).toBe(a.min === b.min && a.max === b.max)
      }),
    )
    const small = [-3, -2, -1, 0, 1, 2, 3].flatMap((min) =>
      [-3, -2, -1, 0, 1, 2, 3].filter((max) => max >= min).map((max) => range(min, max)),
    )
    expect(new Set(small.map(({ tag }) => tag)).size).toBe(small.length)
    expect(small.every((shape) => shape.width === widthOf(shape))).toBe(true)
  })
})

describe('a shape that cannot be is refused', () => {
  it('where the bounds are the wrong way round', () => {
    expect(mistake(() => range(5, 1))).toMatchInlineSnapshot(
      `"E-RANGE in range (shapes.test.ts, line '() => range(5, 1)'): a range runs from its smaller to its larger bound, got 5 to 1; swap them"`,
    )
  })

  it('where a width is no whole number of bits, or none', () => {
    expect(mistake(() => s(0))).toMatchInlineSnapshot(
      `"E-RANGE in s (shapes.test.ts, line '() => s(0)'): s takes a whole number of bits from 1 to 65536, got 0; choose one of those"`,
    )
    expect(mistake(() => u(2.5))).toMatchInlineSnapshot(
      `"E-RANGE in u (shapes.test.ts, line '() => u(2.5)'): u takes a whole number of bits from 1 to 65536, got 2.5; choose one of those"`,
    )
    expect(mistake(() => bits(-1))).toMatchInlineSnapshot(
      `"E-RANGE in bits (shapes.test.ts, line '() => bits(-1)'): bits takes a whole number of bits from 1 to 65536, got -1; choose one of those"`,
    )
    expect(mistake(() => u(1e9))).toMatchInlineSnapshot(
      `"E-RANGE in u (shapes.test.ts, line '() => u(1e9)'): u takes a whole number of bits from 1 to 65536, got 1000000000; choose one of those"`,
    )
  })

  it('where a vector has no elements, or a sum half a term', () => {
    expect(mistake(() => vec(0, bool))).toMatchInlineSnapshot(
      `"E-RANGE in vec (shapes.test.ts, line '() => vec(0, bool)'): vec takes a whole number of elements from 1 to 65536, got 0; choose one of those"`,
    )
    expect(mistake(() => s(8).sumOf(1.5))).toMatchInlineSnapshot(
      `"E-RANGE in sumOf (shapes.test.ts, line '() => s(8).sumOf(1.5)'): sumOf takes a whole number of terms from 0 to 9007199254740991, got 1.5; choose one of those"`,
    )
  })

  it('where a number is not exact', () => {
    expect(mistake(() => range(0, 0.5))).toMatchInlineSnapshot(
      `"E-RANGE in a literal (shapes.test.ts, line '() => range(0, 0.5)'): 0.5 is not an exact integer; write a whole number, from 2^53 upwards as a bigint, 5n"`,
    )
    expect(mistake(() => range(0, 2 ** 60))).toMatchInlineSnapshot(
      `"E-RANGE in a literal (shapes.test.ts, line '() => range(0, 2 ** 60)'): 1152921504606847000 is not an exact integer; write a whole number, from 2^53 upwards as a bigint, 5n"`,
    )
    expect(range(0, 2n ** 60n).max).toBe(2n ** 60n)
  })
})
