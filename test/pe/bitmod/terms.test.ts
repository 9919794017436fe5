import { describe, expect, it } from 'vitest'
import { integerFormat, specialValueFormat, toNumber } from '../../../src/formats/index.ts'
import { TermGenerator } from '../../../src/pe/bitmod/term-generator.ts'
import {
  integerOf,
  paperSpecialValues,
  type Term,
  termsOf,
  weightNames,
  weightTypes,
} from '../../../src/pe/bitmod/terms.ts'
import { testbench } from '../../../src/sim/testbench/testbench.ts'

const sumOf = (terms: readonly Term[], step: number): number =>
  terms.reduce(
    (sum, { negative, exponent, present }, k) => sum + (present ? (negative ? -1 : 1) * 2 ** (exponent + k * step) : 0),
    0,
  )

/** `+x`, `-2x`, `0` with sign, exponent and mantissa bits, as the paper's tables have them. */
const text = ({ negative, exponent, present }: Term): string => `${Number(negative)}${exponent}${Number(present)}`

const everyCode = (bits: number): number[] => Array.from({ length: 2 ** bits }, (_, code) => code)

/** Every special value in halves that has two ones at most, of either sign. */
const everySpecial = Array.from({ length: 32 }, (_, k) => k)
  .filter((k) => k.toString(2).replaceAll('0', '').length <= 2)
  .flatMap((k) => (k === 0 ? [0] : [k, -k]))

describe('the terms of a weight', () => {
  it('are 4, 3 or 2, one a cycle', () => {
    const all = weightNames.map((name) => [name, weightTypes[name].bits, weightTypes[name].cycles])
    expect(all).toEqual([
      ['int8', 8, 4],
      ['int6', 6, 3],
      ['int5', 5, 3],
      ['int4', 4, 2],
      ['int3', 3, 2],
      ['fp4', 4, 2],
      ['fp3', 3, 2],
    ])
  })

  it.each(weightNames.filter((name) => weightTypes[name].kind === 'integer'))(
    'add up to the integer: every code of %s',
    (name) => {
      const type = weightTypes[name]
      const format = integerFormat(type.bits)
      for (const code of everyCode(type.bits)) {
        const terms = termsOf(type, code)
        expect(terms).toHaveLength(type.cycles)
        expect(sumOf(terms, 2), `code ${code}`).toBe(toNumber(format.decode(BigInt(code))))
        expect(integerOf(type, code)).toBe(sumOf(terms, 2))
        // Only -2, -1, 1 and 2 are digits, and nothing else stands beside a digit of 0.
        for (const term of terms) expect(['000', '001', '011', '101', '111']).toContain(text(term))
      }
    },
  )

  it.each(['fp4', 'fp3'] as const)(
    'add up to the value: every code of %s with every special value of the paper',
    (name) => {
      const type = weightTypes[name]
      const specials = paperSpecialValues(type)
      expect(specials.map((special) => special / 2)).toEqual(name === 'fp4' ? [5, -5, 8, -8] : [3, -3, 6, -6])
      for (const special of specials) {
        const format = specialValueFormat(type.bits === 3 ? 3 : 4, special / 2)
        for (const code of everyCode(type.bits)) {
          const terms = termsOf(type, code, special)
          expect(terms).toHaveLength(2)
          expect(sumOf(terms, 1) / 2, `code ${code}`).toBe(toNumber(format.decode(BigInt(code))))
          for (const term of terms) if (!term.present) expect(text(term)).toBe('000')
        }
      }
    },
  )

  it("are those of the paper's worked table: value, term of significance 1, term of significance 0", () => {
    const rows = [
      [0, '000', '000'],
      [1, '000', '001'],
      [2, '001', '000'],
      [3, '001', '001'],
      [4, '011', '000'],
      [6, '011', '011'],
      [8, '021', '000'],
      [10, '021', '011'],
      [12, '021', '021'],
      [16, '031', '000'],
    ] as const
    for (const [halves, upper, lower] of rows)
      expect(termsOf(weightTypes.fp4, 8, halves).map(text)).toEqual([lower, upper])
    expect(termsOf(weightTypes.fp4, 8, -10).map(text)).toEqual(['111', '121'])
  })

  it("are the digits of radix-4 Booth: the window's eight cases and three worked weights", () => {
    const digits = (code: number) => termsOf(weightTypes.int8, code & 255).map(text)
    expect(digits(127)).toEqual(['101', '000', '000', '011'])
    expect(digits(-128)).toEqual(['000', '000', '000', '111'])
    expect(digits(93)).toEqual(['001', '101', '011', '001'])
    // Windows 000 and 010, 100, 110 over b(-1) = 0; then 001, 011, 101, 111 above a 1.
    expect([0, 1, 2, 3].map((code) => termsOf(weightTypes.int4, code)[0]).map((term) => text(term!))).toEqual([
      '000',
      '001',
      '111',
      '101',
    ])
    expect([2, 6, 10, 14].map((code) => termsOf(weightTypes.int4, code)[1]).map((term) => text(term!))).toEqual([
      '001',
      '011',
      '101',
      '000',
    ])
  })

  it('are refused for a special value of three ones, and for one beyond the window', () => {
    expect(() => termsOf(weightTypes.fp4, 8, 14)).toThrow('the special value 7 is no sum of two powers of two up to 8')
    expect(() => termsOf(weightTypes.fp4, 8, 32)).toThrow(RangeError)
    expect(() => termsOf(weightTypes.fp4, 8, -7)).toThrow('-3.5')
    expect(termsOf(weightTypes.fp4, 8).map(text)).toEqual(['000', '000'])
    for (const special of everySpecial) expect(sumOf(termsOf(weightTypes.fp4, 8, special), 1)).toBe(special)
  })
})

describe('the term generator', () => {
  const lanes = 4
  const benchOf = (name: (typeof weightNames)[number]) => {
    const bench = testbench(TermGenerator({ type: name, lanes }))
    /** Weights of one step, the cycles of its terms compared with the golden model. */
    const step = (weight: readonly number[], special: readonly number[] = [], selector = 0): void => {
      const type = weightTypes[name]
      const golden = weight.map((code) => termsOf(type, code, special[selector] ?? 0))
      const specials = special.length > 0 ? { special: special.map(specialOf), selector } : {}
      for (let k = 0; k < type.cycles; k++) {
        const { term, significance } = bench.step({ weight: [...weight], step: k === 0, ...specials })
        const what = `${name} ${weight} ${special[selector] ?? ''} term ${k}`
        expect(
          term.map(({ negative, exponent, present }) => ({ negative, exponent: Number(exponent), present })),
          what,
        ).toEqual(golden.map((terms) => terms[k]))
        const any = golden.some((terms) => terms[k]!.present)
        expect(significance, what).toBe(any ? BigInt(k * type.significanceStep) : 0n)
      }
    }
    return { bench, step }
  }
  const specialOf = (halves: number) => ({ negative: halves < 0, magnitude: Math.abs(halves) })

  it.each(weightNames)(
    'gives the terms of every code of %s, steps back to back, each in its cycles exactly',
    (name) => {
      const { step } = benchOf(name)
      const type = weightTypes[name]
      const codes = everyCode(type.bits)
      if (type.kind === 'integer')
        for (const code of codes) step([code, codes.at(-1 - code)!, codes[(code * 3) % codes.length]!, 0])
      else
        for (const selector of [0, 1, 2, 3])
          for (const code of codes)
            step([code, codes.at(-1 - code)!, codes[(code * 3) % codes.length]!, 0], paperSpecialValues(type), selector)
    },
  )

  it('takes any special value of two ones, in any place of the table', () => {
    const { step } = benchOf('fp4')
    const plain = weightTypes.fp4.bits * 2
    everySpecial.forEach((special, k) => {
      const table = [10, -16, 5, -1]
      table[k % 4] = special
      step([plain, 3, plain, 12], table, k % 4)
    })
  })

  it('gives nothing outside a step, whatever the weights are, and begins again at once', () => {
    for (const name of weightNames) {
      const { bench, step } = benchOf(name)
      const special = weightTypes[name].kind === 'float' ? [10, -10, 16, -16] : []
      step([5, 1, 2, 7], special)
      for (let k = 0; k < 5; k++) {
        const { term, significance } = bench.step({ step: false })
        for (const lane of term) expect(lane).toEqual({ negative: false, exponent: 0n, present: false })
        expect(significance).toBe(0n)
      }
      step([3, 6, 2, 1], special, special.length > 0 ? 2 : 0)
    }
  })

  it('a lane of zeros beside zeros has significance 0 in every cycle', () => {
    const { bench } = benchOf('int8')
    for (let k = 0; k < 4; k++) expect(bench.step({ weight: [0, 0, 0, 0], step: k === 0 }).significance).toBe(0n)
  })
})
