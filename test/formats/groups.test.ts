import { describe, expect, it } from 'vitest'
import {
  bitmodFormat,
  complexUnits,
  finite,
  fromNumber,
  infinite,
  NAN,
  type OutlierVictimFormat,
  outlierVictimFormat,
  toNumber,
} from '../../src/formats/index.ts'

const pair = (format: OutlierVictimFormat, left: number, right: number): number[] => {
  const [a, b] = format.encodePair(fromNumber(left), fromNumber(right))
  return format.decodePair(a, b).map(toNumber)
}

describe("OliVe's outlier-victim pairs", () => {
  const int4 = outlierVictimFormat('int4')

  it('stores normal pairs as they are, and zeroes the neighbour of an outlier', () => {
    expect(pair(int4, 3, -7)).toEqual([3, -7])
    expect(pair(int4, 20, 5)).toEqual([24, 0])
    expect(pair(int4, 5, -33)).toEqual([0, -32])
    expect(int4.encodePair(fromNumber(5), fromNumber(-32))).toEqual([8n, 12n])
  })

  it('keeps the left one of two outliers', () => {
    expect(pair(int4, 40, 90)).toEqual([48, 0])
    expect(pair(int4, -12, 96)).toEqual([-12, 0])
  })

  it('takes for an outlier what is nearer to one, ties too', () => {
    expect(pair(int4, 9.4375, 1)).toEqual([7, 1])
    expect(pair(int4, 9.5, 1)).toEqual([12, 0])
    expect(pair(int4, 1, -9.5)).toEqual([0, -12])
    expect(pair(int4, -9.4375, 1)).toEqual([-7, 1])
    expect(pair(int4, -8, 1)).toEqual([-7, 1])
  })

  it('never gives the zero of the outlier format, in any rounding mode, and saturates at its largest', () => {
    for (const sign of [1n, -1n]) {
      const [code, victim] = int4.encodePair(finite(sign * 10n), finite(1n), 'toward-zero')
      expect(int4.decodePair(code, victim).map(toNumber)).toEqual([Number(sign) * 12, 0])
    }
    expect(pair(int4, 1e9, 1)).toEqual([96, 0])
    expect(int4.decodePair(...int4.encodePair(infinite(true), finite(0n))).map(toNumber)).toEqual([-96, 0])
    expect(() => int4.encodePair(NAN, finite(0n))).toThrow('no code for NaN')
  })

  it.each(['int4', 'flint4', 'int8'] as const)(
    '%s: every pair of codes reads as values whose own pair reads the same',
    (kind) => {
      const format = outlierVictimFormat(kind)
      const codes = kind === 'int8' ? [0, 1, 5, 127, 128, 129, 200, 255] : Array.from({ length: 16 }, (_, code) => code)
      for (const left of codes)
        for (const right of codes) {
          const values = format.decodePair(BigInt(left), BigInt(right))
          expect(format.decodePair(...format.encodePair(...values)).map(toNumber)).toEqual(values.map(toNumber))
        }
    },
  )

  it('int8 has its first outlier above 127 and flint4 above 16', () => {
    expect(toNumber(outlierVictimFormat('int8').outlier.smallest)).toBe(144)
    expect(toNumber(outlierVictimFormat('flint4').outlier.smallest)).toBe(24)
    expect(toNumber(outlierVictimFormat('int8').normal.min)).toBe(-127)
  })
})

describe("BitMoD's groups", () => {
  it('have four grids, in the order in which the paper tries them', () => {
    const format = bitmodFormat(4, 128)
    expect(format.grids.map(({ id }) => id)).toEqual(['fp4(sv=5)', 'fp4(sv=-5)', 'fp4(sv=8)', 'fp4(sv=-8)'])
    expect(bitmodFormat(3, 64).grids.map(({ id }) => id)).toEqual([
      'fp3(sv=3)',
      'fp3(sv=-3)',
      'fp3(sv=6)',
      'fp3(sv=-6)',
    ])
    // 10 bits a group of 128: 0.078125 bits a weight (section III).
    expect((format.selectorBits + format.scaleBits) / format.group).toBe(0.078125)
    expect(() => bitmodFormat(4, 0)).toThrow('1 to 65536 weights, got 0')
  })
})

describe('fourth roots of unity', () => {
  const { decode, encode, mul } = complexUnits

  it('multiply as complex numbers do', () => {
    for (let a = 0n; a < 4n; a++)
      for (let b = 0n; b < 4n; b++) {
        const [x, y, z] = [decode(a), decode(b), decode(mul(a, b))]
        const [xr, xi, yr, yi] = [x.re, x.im, y.re, y.im].map(toNumber) as [number, number, number, number]
        expect([toNumber(z.re), toNumber(z.im)]).toEqual([xr * yr - xi * yi || 0, xr * yi + xi * yr || 0])
      }
  })

  it('come back from their values, and a value goes to the nearest one', () => {
    for (let code = 0n; code < 4n; code++) expect(encode(decode(code))).toBe(code)
    const of = (re: number, im: number): bigint => encode({ re: finite(BigInt(re)), im: finite(BigInt(im)) })
    expect([of(5, 4), of(4, 5), of(-5, 4), of(4, -5), of(-4, -5)]).toEqual([0n, 1n, 2n, 3n, 3n])
    expect([of(5, 5), of(-5, 5), of(0, 0), of(0, -1)]).toEqual([0n, 2n, 0n, 3n])
    expect(() => decode(4n)).toThrow('ifairy has codes 0 to 3, got 4')
    expect(() => mul(4n, 0n)).toThrow(RangeError)
  })
})
