import { describe, expect, it } from 'vitest'
import { type Bits, bits, component, s, u } from '../../../src/dsl/index.ts'
import {
  abfloatFormat,
  type Finite,
  flintFormat,
  integerFormat,
  type ScalarFormat,
} from '../../../src/formats/index.ts'
import {
  decodeAbfloatE2M1,
  decodeFlint4,
  decodeInteger,
  type ExponentInteger,
  eitherPair,
  packPair,
  pairProduct,
  unpackPair,
} from '../../../src/pe/arith/exponent-integer.ts'
import { evaluate, firstDifference } from '../../dsl/equivalence.ts'

const decoder = (name: string, width: number, decode: (code: Bits) => ExponentInteger) =>
  component(name, (_: object) => ({
    in: { code: bits(width) },
    out: { significand: s(8), exponent: u(4) },
    logic({ code }) {
      const { integer, exponent } = decode(code)
      return { significand: integer, exponent }
    },
  }))({}).module

const abfloat = (bias: number) => (code: Bits) => decodeAbfloatE2M1(code, code.unsigned().shr(4).add(bias).wrap(u(2)))

const cases: readonly (readonly [string, ScalarFormat, (code: Bits) => ExponentInteger, number, number])[] = [
  ['flint4', flintFormat(4), decodeFlint4, 3, 3],
  ['int4', integerFormat(4), decodeInteger, 8, 0],
  ['int8', integerFormat(8), decodeInteger, 128, 0],
  ['abfloat(e2m1,bias=2)', abfloatFormat(2, 1, 2), abfloat(2), 3, 5],
  ['abfloat(e2m1,bias=3)', abfloatFormat(2, 1, 3), abfloat(3), 3, 6],
]

describe('a code as integer and exponent', () => {
  it.each(cases)(
    'of %s has the value of the format, for every code',
    (_, format, decode, mostInteger, mostExponent) => {
      const values = evaluate(decoder('decoder', format.bits, decode))
      let [integers, exponents] = [0, 0]
      for (let code = 0n; code < 2n ** BigInt(format.bits); code++) {
        const { significand, exponent } = values({ code }) as { significand: bigint; exponent: bigint }
        const want = format.decode(code) as Finite
        expect(significand << exponent, `code ${code}`).toBe(want.significand << BigInt(want.exponent))
        integers = Math.max(integers, Math.abs(Number(significand)))
        exponents = Math.max(exponents, Number(exponent))
      }
      expect([integers, exponents]).toEqual([mostInteger, mostExponent])
    },
  )
})

describe('a pair in a word', () => {
  const bitsOfPair = { integer: 4, exponent: 3 }
  const Through = component('through', (_: object) => ({
    in: { x: s(4), e: u(3) },
    out: { word: bits(7), x_out: s(4), e_out: u(3) },
    logic({ x, e }) {
      const word = packPair({ integer: x, exponent: e }, bitsOfPair)
      const { integer, exponent } = unpackPair(word, bitsOfPair)
      return { word, x_out: integer, e_out: exponent }
    },
  }))

  it('has the exponent above the integer, and comes out as it went in', () => {
    expect(
      firstDifference(Through({}).module, ({ x, e }) => ({ word: (e! << 4n) | (x! & 15n), x_out: x!, e_out: e! })),
    ).toBeUndefined()
  })
})

describe('the product of two pairs', () => {
  const decode = (code: Bits) =>
    eitherPair(code.bit(4), decodeFlint4(code.slice(3, 0)), decodeInteger(code.slice(3, 0)))
  const Multiply = component('multiply', (p: { width: number }) => ({
    in: { a: bits(5), b: bits(5) },
    out: { y: s(p.width) },
    logic: ({ a, b }, builder) => ({ y: pairProduct(builder, 'integers', decode(a), decode(b), p.width) }),
  }))
  const numberOf = (code: bigint): bigint => {
    const format = code >= 16n ? flintFormat(4) : integerFormat(4)
    const value = format.decode(code % 16n) as Finite
    return value.significand << BigInt(value.exponent)
  }
  const golden = ({ a, b }: Readonly<Record<string, bigint>>) => ({ y: numberOf(a!) * numberOf(b!) })

  it('is that of their values, for every code of int4 and flint4', () => {
    expect(firstDifference(Multiply({ width: 10 }).module, golden)).toBeUndefined()
  })

  it('needs the width it is given: with a bit less 16 * 16 comes out wrong', () => {
    expect(firstDifference(Multiply({ width: 9 }).module, golden)).toMatch(/256/)
  })
})
