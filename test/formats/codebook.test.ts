import { describe, expect, it } from 'vitest'
import {
  abfloatFormat,
  type CodebookFormat,
  codebookFormat,
  finite,
  flintFormat,
  infinite,
  integerCodebook,
  NAN,
  nf4,
  powerOfTwoFormat,
  specialValueFormat,
  stochastic,
  ternary,
  toNumber,
  valueText,
  zero,
} from '../../src/formats/index.ts'
import { entriesOf, oracleOf, pointsOf } from './table-oracle.ts'

const numbers = (format: CodebookFormat): number[] => format.values.map(toNumber)

const specials = ([3, 4] as const).flatMap((bits) =>
  [3, -3, 5, -5, 6, -6, 8, -8].map((special) => specialValueFormat(bits, special)),
)
const books = [
  nf4,
  ternary,
  integerCodebook([-3, -1, 1, 3], -1),
  integerCodebook([7, 0, -100, 2], 3),
  ...[3, 4, 5, 6, 7, 8].flatMap((bits) => [flintFormat(bits), flintFormat(bits, false)]),
  abfloatFormat(2, 1, 2),
  abfloatFormat(2, 1, 3),
  abfloatFormat(4, 3, 4),
  abfloatFormat(3, 0, -2),
  ...specials,
]

describe('codebooks', () => {
  it.each(books)(
    '$id: values come back on their first code, and are rounded as a search in the table does',
    (format) => {
      const firsts = new Map<number, bigint>()
      for (const [code, x] of numbers(format).entries()) if (!firsts.has(x)) firsts.set(x, BigInt(code))
      for (const [code, x] of numbers(format).entries()) {
        expect(toNumber(format.decode(BigInt(code)))).toBe(x)
        expect(format.encode(format.decode(BigInt(code)))).toBe(firsts.get(x))
      }
      const scale = 40
      const oracle = oracleOf(entriesOf(format, scale), scale, format.ties)
      expect(oracle.entries).toHaveLength(firsts.size)
      for (const x of pointsOf(oracle)) {
        const value = finite(x, -scale)
        if (format.encode(value) !== oracle.nearest(x)) expect.fail(`${valueText(value)}: not ${oracle.nearest(x)}`)
        if (format.encode(value, 'toward-zero') !== oracle.towardZero(x)) expect.fail(`${valueText(value)} toward zero`)
      }
    },
  )

  it.each(books)('$id saturates, or refuses where overflow is an error', (format) => {
    const sorted = numbers(format).toSorted((a, b) => a - b)
    expect([toNumber(format.min), toNumber(format.max)]).toEqual([sorted[0], sorted.at(-1)])
    expect(toNumber(format.smallest)).toBe(sorted.find((x) => x > 0))
    const beyond = [finite(1n, 200), finite(-1n, 200), infinite(false), infinite(true)]
    const limits = [format.encode(format.max), format.encode(format.min)]
    expect(beyond.map((value) => format.encode(value))).toEqual([...limits, ...limits])
    for (const value of beyond) expect(() => format.encode(value, 'nearest-even', 'error')).toThrow(RangeError)
    expect(format.encode(format.max, 'nearest-even', 'error')).toBe(limits[0])
    expect(() => format.encode(NAN)).toThrow(`${format.id} has no code for NaN`)
    expect(() => format.encode(format.max, 'nearest-even', 'wrap')).toThrow('only integers')
    expect(() => format.decode(BigInt(format.values.length))).toThrow(RangeError)
  })

  it('flint has the values of the ANT paper', () => {
    expect(numbers(flintFormat(3)).slice(0, 4)).toEqual([0, 1, 4, 2])
    expect(numbers(flintFormat(4)).slice(0, 8)).toEqual([0, 1, 2, 3, 16, 8, 4, 6])
    expect(numbers(flintFormat(4)).slice(8)).toEqual([-0, -1, -2, -3, -16, -8, -4, -6].map((x) => x || 0))
    expect(numbers(flintFormat(4, false))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 64, 32, 16, 24, 8, 10, 12, 14])
    expect(numbers(flintFormat(5)).slice(0, 16)).toEqual(numbers(flintFormat(4, false)))
  })

  it.each([3, 4, 5, 6, 7, 8])(
    '%i-bit unsigned flint: integers, then powers with fewer and fewer fraction bits',
    (bits) => {
      const half = 2 ** (bits - 1)
      const want = Array.from({ length: half }, (_, x) => x)
      for (let power = bits - 1; power < 2 * bits - 2; power++) {
        const steps = 2 ** (2 * bits - 3 - power)
        for (let j = 0; j < steps; j++) want.push(2 ** power * (1 + j / steps))
      }
      want.push(4 ** (bits - 1))
      expect(numbers(flintFormat(bits, false)).toSorted((a, b) => a - b)).toEqual(want)
    },
  )

  it('NF4 is the float32 table of QLoRA', () => {
    const table = [
      -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
      -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
      0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
    ]
    expect(numbers(nf4)).toEqual(table)
    expect(table.map(Math.fround)).toEqual(table)
  })

  it('abfloat of four bits has the outliers of OliVe', () => {
    expect(numbers(abfloatFormat(2, 1, 2)).slice(0, 8)).toEqual([0, 12, 16, 24, 32, 48, 64, 96])
    expect(numbers(abfloatFormat(2, 1, 3)).slice(0, 8)).toEqual([0, 24, 32, 48, 64, 96, 128, 192])
    expect(numbers(abfloatFormat(2, 1, 2))[9]).toBe(-12)
    expect(() => abfloatFormat(5, 3, 0)).toThrow('8 bits at most')
    expect(() => abfloatFormat(2, 1, 0.5)).toThrow('bias')
  })

  it('BitMoD puts the special value on the code of -0', () => {
    expect(numbers(specialValueFormat(3, -6))).toEqual([0, 1, 2, 4, -6, -1, -2, -4])
    expect(numbers(specialValueFormat(4, 5))).toEqual([0, 0.5, 1, 1.5, 2, 3, 4, 6, 5, -0.5, -1, -1.5, -2, -3, -4, -6])
    expect(specialValueFormat(4, 8).summary).toContain('extra asymmetry')
    expect(specialValueFormat(4, -5).summary).toContain('extra resolution')
    // Ties go to the lower level: 4.5 between 4 and 5, -7 between -8 and -6.
    expect(valueText(specialValueFormat(4, 5).decode(specialValueFormat(4, 5).encode(finite(9n, -1))))).toBe('4')
    expect(valueText(specialValueFormat(4, -8).decode(specialValueFormat(4, -8).encode(finite(-7n))))).toBe('-8')
  })

  it('ternary is sign and magnitude, with one zero in use', () => {
    expect(numbers(ternary)).toEqual([0, 1, 0, -1])
    expect([zero(true), finite(1n), finite(-1n)].map((value) => ternary.encode(value))).toEqual([0n, 1n, 3n])
  })

  it('powers of two are zero and 1 to 2^(2^(bits-1) - 2), ties on the even exponent', () => {
    const pot4 = powerOfTwoFormat(4)
    expect(Array.from({ length: 8 }, (_, code) => toNumber(pot4.decode(BigInt(code))))).toEqual([
      0, 1, 2, 4, 8, 16, 32, 64,
    ])
    expect([3n, 6n, 12n].map((x) => pot4.encode(finite(x)))).toEqual([2n, 4n, 4n])
    expect(() => powerOfTwoFormat(2)).toThrow('3 to 8 bits, got 2')
  })

  it('rounds by chance in proportion to the place between neighbours', () => {
    const format = integerCodebook([0, 1, -1, 4], 0)
    let next = 0n
    const counting = stochastic(() => next++ % 16n, 4)
    // 2.5 is half of the way from 1 to 4; of 16 numbers 8 carry. -0.25: a quarter from 0 to -1, 4 carry.
    const codes = (value: ReturnType<typeof finite>): number =>
      Array.from({ length: 16 }, () => format.encode(value, counting)).filter((code) => code >= 2n).length
    expect([codes(finite(5n, -1)), codes(finite(-1n, -2)), codes(finite(1n))]).toEqual([8, 4, 0])
  })

  it('refuses tables of other sizes', () => {
    const options = { id: 'x', summary: '', source: '', ties: 'lower' } as const
    const values = Array.from({ length: 512 }, (_, x) => finite(BigInt(x)))
    for (const length of [0, 1, 3, 512])
      expect(() => codebookFormat(values.slice(0, length), options)).toThrow(RangeError)
    expect(() => codebookFormat([finite(-1n), finite(0n)], options)).toThrow('a value above zero')
  })
})
