import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  arithmeticOf,
  compareValues,
  finite,
  fromNumber,
  infinite,
  NAN,
  NAR,
  positFormat,
  sameValue,
  valueText,
} from '../../src/formats/index.ts'
import { type Entry, entriesOf, oracleOf, pointsOf } from './table-oracle.ts'

const small = [2, 3, 4, 5, 6, 7, 8, 9, 10].flatMap((bits) => [0, 1, 2, 3].map((es) => positFormat(bits, es)))
const wide = [positFormat(16, 1), positFormat(16, 2)]

/** Second decoder, on the digits as text: `[significand, exponent]`. */
const digitsValue = (code: bigint, bits: number, es: number): [bigint, number] => {
  const negative = code >= 1n << BigInt(bits - 1)
  const magnitude = negative ? (1n << BigInt(bits)) - code : code
  const digits = magnitude.toString(2).padStart(bits, '0').slice(1)
  const [, run, rest] = /^(0+|1+)[01]?([01]*)$/.exec(digits)!
  const regime = run![0] === '1' ? run!.length - 1 : -run!.length
  const exponent = Number.parseInt(`0${rest!.slice(0, es).padEnd(es, '0')}`, 2)
  const fraction = rest!.slice(es)
  const significand = BigInt(`0b1${fraction}`)
  return [negative ? -significand : significand, regime * 2 ** es + exponent - fraction.length]
}

/** Where rounding changes from one code to the next: the posit of one bit more between them (C1 of the reference). */
const tieOf =
  (bits: number, es: number, scale: number) =>
  (lower: Entry, upper: Entry): bigint => {
    if (lower.x === 0n || upper.x === 0n) return lower.x === 0n ? 0n : -1n
    const code = lower.x > 0n ? lower.code * 2n + 1n : upper.code * 2n - 1n
    const [significand, exponent] = digitsValue(BigInt.asUintN(bits + 1, code), bits + 1, es)
    return significand << BigInt(exponent + scale)
  }

describe('posits', () => {
  it.each([...small, ...wide])(
    '$id: every code has the value of its digits and comes back, in the order of signed integers',
    ({ bits, es, decode, encode }) => {
      const nar = 1n << BigInt(bits - 1)
      expect([decode(0n), decode(nar), encode(NAR)]).toEqual([finite(0n), NAR, nar])
      let before = decode(nar)
      for (let k = 1n - nar; k < nar; k++) {
        const code = BigInt.asUintN(bits, k)
        const value = decode(code)
        if (code !== 0n && !sameValue(value, finite(...digitsValue(code, bits, es)))) expect.fail(`decode ${code}`)
        if (encode(value) !== code) expect.fail(`encode ${code}`)
        if (compareValues(before, value) !== -1) expect.fail(`order at ${code}`)
        before = value
      }
    },
  )

  it.each([...small, ...wide])(
    '$id rounds on the bit string: ties as a search in the table with the longer posit finds them',
    (format) => {
      const scale = 4 * (format.bits - 1) * 2 ** format.es
      const tie = tieOf(format.bits, format.es, scale)
      const oracle = oracleOf(entriesOf(format, scale), scale, 'even', tie)
      for (const x of pointsOf(oracle, tie)) {
        const value = finite(x, -scale)
        const nearest =
          x !== 0n && oracle.nearest(x) === 0n ? (x > 0n ? 1n : (1n << BigInt(format.bits)) - 1n) : oracle.nearest(x)
        if (format.encode(value) !== nearest)
          expect.fail(`${valueText(value)}: ${format.encode(value)}, not ${nearest}`)
        const toward = oracle.towardZero(x)
        const zeroward = x !== 0n && toward === 0n ? nearest : toward
        if (format.encode(value, 'toward-zero') !== zeroward) expect.fail(`${valueText(value)} toward zero`)
      }
    },
  )

  it.each([
    ['posit(4,1)', 4, 1, { 8: '4', 9: '16', 0.125: '0.25', 0.09375: '0.0625', 100: '16', 0.001: '0.0625' }],
    ['posit(8,0)', 8, 0, { 48: '32', 33: '32', 0.0234375: '0.03125', 0.010416666666666666: '0.015625' }],
    ['posit(16,1)', 16, 1, { [2 ** 27]: '67108864', [2 ** 27 + 1]: '268435456' }],
  ])('%s rounds the examples of the reference', (_, bits, es, examples) => {
    const { decode, encode } = positFormat(bits, es)
    for (const [x, want] of Object.entries(examples)) {
      expect(valueText(decode(encode(fromNumber(Number(x)))))).toBe(want)
      const negative = decode(encode(fromNumber(-Number(x))))
      expect(valueText(negative)).toBe(`-${want}`)
    }
  })

  it.each([
    [8, 0, 'mul', '908d123cd2f8b627e7fb8123215f74cf35a1cc9da49b8e69181a345076ae5113'],
    [8, 0, 'add', '7682b6f7b414aa0bfe2041e0aa1c2e4f4dbe02fcceb3dff8f0f432b17340f4f6'],
    [4, 1, 'mul', 'e17ea21efb6e542f06659e2c2660ebbb24e48d6486f5ede64ae46fce3ad690f4'],
    [4, 1, 'add', '62bcefdda7a43af22cea72879c50217091e1303b653ba59f946b025b878325be'],
  ] as const)(
    'posit(%i,%i) %s of every pair has the digest of three independent libraries',
    (bits, es, operation, digest) => {
      const operate = arithmeticOf(positFormat(bits, es))[operation]
      const count = 2 ** bits
      const results = Uint8Array.from({ length: count * count }, (_, pair) =>
        Number(operate(BigInt(Math.floor(pair / count)), BigInt(pair % count))),
      )
      expect(createHash('sha256').update(results).digest('hex')).toBe(digest)
    },
  )

  it('turns what is no number into NaR, and never a number into zero or NaR', () => {
    const { encode } = positFormat(16, 1)
    expect([NAN, NAR, infinite(false), infinite(true)].map((value) => encode(value))).toEqual(Array(4).fill(0x8000n))
    for (const exponent of [-5000, -29, -28, 28, 29, 5000])
      for (const rounding of ['nearest-even', 'toward-zero'] as const) {
        const code = exponent < 0 ? 1n : 0x7fffn
        expect([encode(finite(1n, exponent), rounding), encode(finite(-1n, exponent), rounding)]).toEqual([
          code,
          0x10000n - code,
        ])
      }
  })

  it('knows its limits', () => {
    const { min, max, smallest } = positFormat(16, 1)
    expect([min, max, smallest].map(valueText)).toEqual(['-268435456', '268435456', '0.0000000037252902984619140625'])
    expect(() => positFormat(33, 2)).toThrow('a posit has 2 to 32 bits, got 33')
    expect(() => positFormat(8, 4)).toThrow('a posit has 0 to 3 exponent bits, got 4')
  })

  it('posit(32,2) comes back from every digit pattern at its ends and at random', () => {
    const { decode, encode } = positFormat(32, 2)
    for (let k = 0n; k < 2n ** 32n; k += 1_000_003n) expect(encode(decode(k))).toBe(k)
    for (let k = 0; k < 32; k++)
      for (const code of [2n ** BigInt(k), 2n ** BigInt(k) - 1n]) expect(encode(decode(code))).toBe(code)
  })
})
