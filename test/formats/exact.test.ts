import { describe, expect, it } from 'vitest'
import {
  addExact,
  bitLength,
  bitsFrom,
  compareExact,
  compareValues,
  finite,
  fromNumber,
  infinite,
  multiplyExact,
  NAN,
  NAR,
  normalised,
  sameValue,
  scalarFormatOf,
  stochastic,
  toNumber,
  type Value,
  valueOfText,
  valueText,
  zero,
} from '../../src/formats/index.ts'
import { roundedShift } from '../../src/formats/rounding.ts'
import { randomBits } from './random.ts'

const finiteOf = (x: number) => {
  const value = fromNumber(x)
  return value.kind === 'finite' ? value : expect.fail(`${x} is not finite`)
}

describe('exact values', () => {
  it('sums and products of small dyadics are those of doubles, which hold them exactly', () => {
    const seed = 3
    const random = randomBits(seed)
    const draw = (): number => (Number(random(20)) - 2 ** 19) * 2 ** (Number(random(4)) - 8)
    for (let k = 0; k < 5000; k++) {
      const [x, y] = [draw(), draw()]
      const [a, b] = [finiteOf(x), finiteOf(y)]
      if (toNumber(addExact(a, b)) !== x + y) expect.fail(`${x} + ${y} (seed ${seed})`)
      if (toNumber(multiplyExact(a, b)) !== (x * y || 0)) expect.fail(`${x} * ${y} (seed ${seed})`)
      if (compareExact(a, b) !== Math.sign(x - y)) expect.fail(`${x} against ${y} (seed ${seed})`)
    }
  })

  it('does not lose the small term beside a large one', () => {
    const total = addExact(finite(1n, 1000), finite(1n, -1000))
    expect(compareExact(addExact(total, finite(-1n, 1000)), finite(1n, -1000))).toBe(0)
  })

  it('every double comes back, and values between doubles go to the even one', () => {
    const view = new DataView(new ArrayBuffer(8))
    const random = randomBits(9)
    for (let k = 0; k < 20_000; k++) {
      view.setUint32(0, Number(random(32)))
      view.setUint32(4, Number(random(32)))
      const x = view.getFloat64(0)
      if (!Object.is(toNumber(fromNumber(x)), x)) expect.fail(`${x}`)
    }
    for (const x of [0, -0, 5e-324, -5e-324, 2 ** -1022, Number.MAX_VALUE, Infinity, -Infinity, Number.NaN])
      expect(Object.is(toNumber(fromNumber(x)), x)).toBe(true)
    const half = 2n ** 53n
    expect([half + 1n, half + 3n, -half - 1n].map((x) => toNumber(finite(x)))).toEqual([
      2 ** 53,
      2 ** 53 + 4,
      -(2 ** 53),
    ])
    expect([toNumber(finite(1n, -1075)), toNumber(finite(3n, -1075)), toNumber(finite(-1n, -5000))]).toEqual([
      0, 1e-323, -0,
    ])
    expect([
      toNumber(finite(2n ** 54n - 1n, 970)),
      toNumber(finite(2n ** 53n - 1n, 971)),
      toNumber(finite(-1n, 1024)),
    ]).toEqual([Infinity, Number.MAX_VALUE, -Infinity])
    // Rounded once, although a subnormal has fewer bits: just above half of the smallest.
    expect(toNumber(finite(2n ** 60n + 1n, -1135))).toBe(5e-324)
    expect(toNumber(NAR)).toBeNaN()
  })

  it('counts the bits of magnitudes on both sides of 32', () => {
    for (let k = 0; k < 200; k++) {
      expect(bitLength(1n << BigInt(k))).toBe(k + 1)
      expect(bitLength((1n << BigInt(k)) - 1n)).toBe(k)
    }
  })

  it('orders values: NaR below all, NaN beside none, both zeros equal', () => {
    const ascending: Value[] = [
      NAR,
      infinite(true),
      finite(-5n),
      zero(true),
      finite(1n, -9),
      finite(1n),
      infinite(false),
    ]
    for (const [i, a] of ascending.entries())
      for (const [j, b] of ascending.entries()) expect(compareValues(a, b)).toBe(Math.sign(i - j))
    expect(compareValues(zero(true), zero(false))).toBe(0)
    expect([compareValues(NAN, finite(1n)), compareValues(NAR, NAN)]).toEqual([undefined, undefined])
    expect([sameValue(zero(true), zero(false)), sameValue(NAN, NAN), sameValue(NAN, NAR)]).toEqual([false, true, false])
    expect([sameValue(infinite(true), infinite(false)), sameValue(finite(4n), finite(1n, 2))]).toEqual([false, true])
    expect(normalised(finite(-48n, -3))).toEqual(finite(-3n, 1))
  })
})

describe('the text of values', () => {
  it.each([
    [finite(-3n, -2), '-0.75'],
    [finite(1n, -6), '0.015625'],
    [finite(5n, 3), '40'],
    [finite(1n, 127), '170141183460469231731687303715884105728'],
    [finite(1n, 200), '2^200'],
    [finite(-6n, -150), '-3*2^-149'],
    [zero(true), '-0'],
    [zero(false), '0'],
    [infinite(true), '-inf'],
    [NAN, 'NaN'],
    [NAR, 'NaR'],
  ])('%o is %s, and back', (value, text) => {
    expect(valueText(value)).toBe(text)
    const back = valueOfText(text)
    expect(back && sameValue(back, value)).toBe(true)
  })

  it.each([
    ['1e3', 1000],
    ['-2.50', -2.5],
    ['+.5', 0.5],
    ['5.', 5],
    ['125e-3', 0.125],
    ['Infinity', Infinity],
    ['3*2^-4', 0.1875],
    ['-2^3', -8],
  ])('reads %s', (text, x) => {
    const value = valueOfText(text)
    expect(value && sameValue(value, fromNumber(x))).toBe(true)
  })

  it.each(['', '.', 'e5', '1e', '0x10', '1,5', 'one', '2**3', '1e2000', '2^9999', '-', '1 2'])(
    'does not read %o',
    (text) => {
      expect(valueOfText(text)).toBeUndefined()
    },
  )

  it('reads a decimal that is no dyadic so that it compares and rounds like itself', () => {
    const tenth = valueOfText('0.1')
    if (tenth?.kind !== 'finite') return expect.fail()
    // 10 * cut is below 1, and 10 * (cut + one place) above it.
    expect(compareExact(multiplyExact(finite(10n), tenth), finite(1n))).not.toBe(0)
    expect(toNumber(tenth)).toBe(0.1)
    for (const text of ['0.3', '-1e-7', '123456.789', '2.2250738585072014e-308', '1.7976931348623157e308'])
      expect(toNumber(valueOfText(text) ?? NAN)).toBe(Number(text))
    // Just above and just below a tie of two integers.
    const near = (text: string): number => {
      const value = valueOfText(text)
      return value?.kind === 'finite'
        ? Number(roundedShift(value.significand, -value.exponent, 'nearest-even'))
        : Number.NaN
    }
    expect([near('2.5'), near(`2.4${'9'.repeat(200)}`)]).toEqual([2, 2])
    for (const zeros of [0, 200, 1300, 4900]) expect(near(`2.5${'0'.repeat(zeros)}1`)).toBe(3)
  })
})

describe('stochastic rounding', () => {
  it('of a binary fraction carries as an adder of random bits does', () => {
    for (let random = 0n; random < 8n; random++)
      for (let x = 0n; x < 64n; x++) {
        const want = x % 16n === 0n ? x >> 4n : (x + (random << 1n)) >> 4n
        // Three random bits on four fraction bits: the last bit of the fraction is cut.
        const cut = x % 16n === 0n ? x : (x >> 1n) << 1n
        expect(
          roundedShift(
            x,
            4,
            stochastic(() => random, 3),
          ),
        ).toBe((cut + (random << 1n)) >> 4n || want)
      }
  })

  it('of floats and posits has the chance of the fraction, for posits that of the bit string', () => {
    const counting = (text: string, value: ReturnType<typeof finite>, upper: string): number => {
      const format = scalarFormatOf(text)
      let next = 0n
      const codes = Array.from({ length: 8 }, () =>
        format.encode(
          value,
          stochastic(() => next++, 3),
        ),
      )
      return codes.filter((code) => valueText(format.decode(code)) === upper).length
    }
    expect(counting('e4m3', finite(17n, -4), '1.125')).toBe(4)
    expect(counting('e4m3', finite(-69n, -6), '-1.125')).toBe(5)
    // 464 lies half of the way to 480, the first number that e4m3 has no code for.
    expect(counting('e4m3', finite(464n), 'NaN')).toBe(4)
    // 8 is half of the way from 4 to 16 in the exponent, 6 a quarter.
    expect([counting('posit(4,1)', finite(8n), '16'), counting('posit(4,1)', finite(6n), '16')]).toEqual([4, 2])
    expect(counting('posit(4,1)', finite(1n, -9), '0.0625')).toBe(8)
  })

  it('takes its bits from the first ones of numbers in [0, 1)', () => {
    const numbers = [0.75, 1 - 2 ** -32, 0.5]
    const bits = bitsFrom(() => numbers.shift() ?? expect.fail('one number too many'))
    expect([bits(2), bits(35)]).toEqual([3n, 0b1111_1111_1111_1111_1111_1111_1111_1111_100n])
  })

  it('needs a bit', () => {
    expect(() => stochastic(() => 0n, 0)).toThrow('at least 1 bit, got 0')
  })
})
