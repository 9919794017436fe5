import { describe, expect, it } from 'vitest'
import {
  finite,
  infinite,
  integerFormat,
  integerFormatOf,
  NAN,
  stochastic,
  valueText,
} from '../../src/formats/index.ts'
import { entriesOf, oracleOf, pointsOf } from './table-oracle.ts'

const small = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((bits) => [
  integerFormat(bits, 'unsigned'),
  ...(bits > 1 ? [integerFormat(bits), integerFormat(bits, 'sign-magnitude')] : []),
])

/** Second definition, straight from the weights of the bits. */
const weigh = (code: bigint, bits: number, representation: string): bigint => {
  const digits = [...code.toString(2).padStart(bits, '0')].map(Number)
  const magnitude = digits.slice(1).reduce((sum, digit) => 2 * sum + digit, 0)
  const top = 2 ** (bits - 1) * digits[0]!
  if (representation === 'unsigned') return BigInt(top + magnitude)
  if (representation === 'twos-complement') return BigInt(magnitude - top)
  return BigInt(digits[0] === 1 ? -magnitude || 0 : magnitude)
}

const isNegativeZero = (format: (typeof small)[number], code: bigint): boolean =>
  format.representation === 'sign-magnitude' && code === 1n << BigInt(format.bits - 1)

describe('integer formats', () => {
  it.each(small)('every code of $id has the value of its weighted bits and comes back', (format) => {
    for (let code = 0n; code < 1n << BigInt(format.bits); code++) {
      const value = format.decode(code)
      expect(value).toEqual(finite(weigh(code, format.bits, format.representation)))
      expect(format.encode(value)).toBe(isNegativeZero(format, code) ? 0n : code)
    }
  })

  it.each(small)('$id has the limits of its table', (format) => {
    const { entries } = oracleOf(entriesOf(format, 0), 0, 'even')
    expect(finite(entries[0]!.x)).toEqual(format.min)
    expect(finite(entries.at(-1)!.x)).toEqual(format.max)
  })

  it.each(small)('$id rounds quarters to the nearest integer, ties to even, or toward zero', (format) => {
    const oracle = oracleOf(entriesOf(format, 2), 2, 'even')
    // Two's complement puts -1 on an odd code and -2 on an even one, so even code and even value are the same.
    for (const x of pointsOf(oracle)) {
      expect(format.encode(finite(x, -2)), `${x}/4`).toBe(oracle.nearest(x))
      expect(format.encode(finite(x, -2), 'toward-zero'), `${x}/4`).toBe(oracle.towardZero(x))
    }
  })

  it.each([integerFormat(16), integerFormat(16, 'unsigned'), integerFormat(16, 'sign-magnitude')])(
    '$id rounds around every one of its values',
    (format) => {
      const oracle = oracleOf(entriesOf(format, 2), 2, 'even')
      expect(oracle.entries).toHaveLength(format.representation === 'sign-magnitude' ? 65_535 : 65_536)
      for (const x of pointsOf(oracle)) {
        if (format.encode(finite(x, -2)) !== oracle.nearest(x)) expect.fail(`${x}/4`)
        if (format.encode(finite(x, -2), 'toward-zero') !== oracle.towardZero(x)) expect.fail(`${x}/4 toward zero`)
      }
    },
  )

  it.each(small)('values outside $id saturate to the nearest limit, wrap by whole ranges, or are refused', (format) => {
    const [min, max] = [format.min.significand, format.max.significand]
    const size = max - min + 1n
    const integerOf = (code: bigint): bigint => {
      const value = format.decode(code)
      return value.kind === 'finite' ? value.significand : expect.fail('an integer is finite')
    }
    for (let x = min - 2n * size; x <= max + 2n * size; x++) {
      const nearest = x < min ? min : x > max ? max : x
      expect(integerOf(format.encode(finite(x)))).toBe(nearest)
      expect((integerOf(format.encode(finite(x), 'nearest-even', 'wrap')) - x) % size).toBe(0n)
      if (nearest !== x) expect(() => format.encode(finite(x), 'nearest-even', 'error')).toThrow(RangeError)
      else expect(integerOf(format.encode(finite(x), 'nearest-even', 'error'))).toBe(x)
    }
  })

  it('rounds before it looks at the limits: 7.5 is 8, which int4 does not hold', () => {
    const int4 = integerFormat(4)
    expect(int4.encode(finite(29n, -2), 'nearest-even', 'error')).toBe(7n)
    expect(() => int4.encode(finite(15n, -1), 'nearest-even', 'error')).toThrow('int4 holds -8 to 7, got 8')
    expect(int4.encode(finite(15n, -1), 'toward-zero', 'error')).toBe(7n)
  })

  it('says which range is allowed when a value or a code is outside it', () => {
    const int4 = integerFormat(4)
    expect(() => int4.decode(16n)).toThrow('int4 has codes 0 to 15, got 16')
    expect(() => int4.decode(-1n)).toThrow('int4 has codes 0 to 15, got -1')
    expect(() => int4.encode(NAN)).toThrow('int4 has no code for NaN')
  })

  it('takes infinities as the limits, unless overflow is an error', () => {
    const int4 = integerFormat(4)
    expect([int4.encode(infinite(false)), int4.encode(infinite(true))]).toEqual([7n, 8n])
    expect(() => int4.encode(infinite(true), 'nearest-even', 'error')).toThrow('int4 has no code for -inf')
  })

  it('keeps the limits of 32 bits exact', () => {
    expect(integerFormatOf('int32').encode(finite(-(2n ** 31n)))).toBe(2n ** 31n)
    expect(integerFormatOf('uint32').decode(2n ** 32n - 1n)).toEqual(finite(2n ** 32n - 1n))
    expect(valueText(integerFormatOf('int32').max)).toBe('2147483647')
  })

  it('goes on to the next integer by chance, in proportion to the fraction', () => {
    const draws: number[] = []
    let next = 0n
    const counting = stochastic((count) => {
      draws.push(count)
      return next++
    }, 3)
    const int8 = integerFormat(8)
    // 5.625 = 5 + 5/8: of the eight random numbers 0 to 7, five carry.
    const codes = Array.from({ length: 8 }, () => int8.encode(finite(45n, -3), counting))
    expect(codes).toEqual([5n, 5n, 5n, 6n, 6n, 6n, 6n, 6n])
    expect(draws).toEqual(Array(8).fill(3))
    expect([int8.encode(finite(5n), counting), int8.encode(finite(40n, -3), counting)]).toEqual([5n, 5n])
    expect(draws).toHaveLength(8)
  })

  it('refuses widths that do not exist', () => {
    expect(() => integerFormat(1)).toThrow("a two's-complement integer has 2 to 1024 bits, got 1")
    expect(() => integerFormat(0, 'unsigned')).toThrow(RangeError)
    expect(() => integerFormat(1025)).toThrow(RangeError)
    expect(() => integerFormat(1, 'sign-magnitude')).toThrow(RangeError)
    expect(() => integerFormat(2.5)).toThrow(RangeError)
  })
})
