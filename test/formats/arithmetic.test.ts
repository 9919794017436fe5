import { describe, expect, it } from 'vitest'
import {
  arithmeticOf,
  exactDot,
  type FloatFormat,
  finite,
  formatOf,
  fromNumber,
  infinite,
  lMul,
  lMulEquation,
  lMulErrors,
  lMulOffset,
  NAN,
  NAR,
  negated,
  positFormat,
  product,
  quireOf,
  sameValue,
  scalarFormatOf,
  sum,
  toNumber,
  usualQuireBits,
  type Value,
  zero,
} from '../../src/formats/index.ts'
import { randomBits } from './random.ts'

const float = (text: string): FloatFormat => {
  const format = formatOf(text)
  return format.kind === 'float' ? format : expect.fail(`${text} is no float`)
}

/** Values that meet every rule of IEEE 754 for exceptions and signs, as doubles. */
const doubles = [0, -0, 1, -1, 2.5, -2.5, Infinity, -Infinity, Number.NaN]

describe('exact arithmetic', () => {
  it('follows the doubles in zeros, infinities and NaN', () => {
    for (const x of doubles) {
      expect(Object.is(toNumber(negated(fromNumber(x))), -x), `-(${x})`).toBe(true)
      for (const y of doubles) {
        expect(Object.is(toNumber(sum(fromNumber(x), fromNumber(y))), x + y), `${x} + ${y}`).toBe(true)
        expect(Object.is(toNumber(product(fromNumber(x), fromNumber(y))), x * y), `${x} * ${y}`).toBe(true)
      }
    }
  })

  it('NaR wins over all', () => {
    for (const other of [...doubles.map(fromNumber), NAR]) {
      expect([sum(NAR, other), sum(other, NAR), product(NAR, other), product(other, NAR)]).toEqual(Array(4).fill(NAR))
    }
    expect(negated(NAR)).toBe(NAR)
  })

  it('of fp16 agrees with doubles rounded once: products, sums and fused multiply-adds are exact in 53 bits', () => {
    const fp16 = float('fp16')
    const { add, sub, mul } = arithmeticOf(fp16)
    const seed = 11
    const random = randomBits(seed)
    for (let k = 0; k < 20_000; k++) {
      const [a, b] = [random(16), random(16)]
      const [x, y] = [toNumber(fp16.decode(a)), toNumber(fp16.decode(b))]
      const codes = [add(a, b), sub(a, b), mul(a, b)]
      const wants = [x + y, x - y, x * y].map((z) => fp16.encode(fromNumber(z)))
      if (codes.some((code, i) => code !== wants[i])) expect.fail(`${a}, ${b} (seed ${seed}): ${codes}, not ${wants}`)
    }
  })

  it('a fused multiply-add is rounded once', () => {
    const fp16 = float('fp16')
    const { fma, mul, add } = arithmeticOf(fp16)
    const code = (x: number): bigint => fp16.encode(fromNumber(x))
    // (1 + 2^-9)^2 - 1 = 2^-8 + 2^-18; the product alone loses the 2^-18.
    const a = code(1 + 2 ** -9)
    expect(toNumber(fp16.decode(fma(a, a, code(-1))))).toBe(2 ** -8 + 2 ** -18)
    expect(toNumber(fp16.decode(add(mul(a, a), code(-1))))).toBe(2 ** -8)
  })

  it('dot products are rounded once, after each multiply-add, or after each operation', () => {
    const fp16 = float('fp16')
    const code = (x: number): bigint => fp16.encode(fromNumber(x))
    const { dot } = arithmeticOf(fp16)
    const value = (x: bigint): number => toNumber(fp16.decode(x))
    // 2048 + 1 + 1 + 1: each 1 alone is half a step of fp16 and is lost.
    const [a, b] = [[2048, 1, 1, 1].map(code), [1, 1, 1, 1].map(code)]
    expect([value(dot(a, b)), value(dot(a, b, 'each-fma')), value(dot(a, b, 'each-operation'))]).toEqual([
      2052, 2048, 2048,
    ])
    const c = code(1 + 2 ** -9)
    const [x, y] = [
      [code(-1), c],
      [code(1), c],
    ]
    expect(value(dot(x, y, 'each-fma'))).toBe(2 ** -8 + 2 ** -18)
    expect(value(dot(x, y, 'each-operation'))).toBe(2 ** -8)
    expect(dot([], [])).toBe(0n)
    for (const when of ['fused', 'each-fma'] as const) expect(() => dot(a, [], when)).toThrow('one length, got 4 and 0')
  })

  it('takes rounding and overflow of its own', () => {
    const fp4 = float('fp4')
    const six = fp4.encode(finite(6n))
    expect(arithmeticOf(fp4).add(six, six)).toBe(six)
    expect(() => arithmeticOf(fp4, { overflow: 'error' }).add(six, six)).toThrow('fp4 holds -6 to 6, got 12')
    const half = fp4.encode(finite(1n, -1))
    const oneAndHalf = fp4.encode(finite(3n, -1))
    expect(arithmeticOf(fp4).mul(half, oneAndHalf)).toBe(2n)
    expect(arithmeticOf(fp4, { rounding: 'toward-zero' }).mul(half, oneAndHalf)).toBe(1n)
    const int8 = scalarFormatOf('int8')
    expect(arithmeticOf(int8, { overflow: 'wrap' }).add(127n, 1n)).toBe(128n)
    expect(arithmeticOf(int8).add(127n, 1n)).toBe(127n)
  })

  it('mixes formats in an exact dot product', () => {
    const [fp4, int8] = [float('fp4'), scalarFormatOf('int8')]
    const total = exactDot([fp4.decode(1n), fp4.decode(15n)], [int8.decode(3n), int8.decode(250n)])
    expect(toNumber(total)).toBe(0.5 * 3 + -6 * -6)
    expect(() => exactDot([], [NAN])).toThrow('one length, got 0 and 1')
  })
})

describe('quires', () => {
  it.each([
    [8, 0, 32, 127n],
    [4, 1, 32, 32767n],
    [16, 1, 128, 32767n],
    [16, 2, 256, 2n ** 31n - 1n],
    [8, 2, 128, 2n ** 31n - 1n],
    [32, 2, 512, 2n ** 31n - 1n],
  ])('of posit(%i,%i) has %i bits and room for %i products', (bits, es, width, capacity) => {
    const format = positFormat(bits, es)
    expect(usualQuireBits(format)).toBe(width)
    expect(quireOf(format).capacity).toBe(capacity)
  })

  it('is exact up to its capacity of the largest products, and then stays at the limit with a flag', () => {
    const format = positFormat(8, 0)
    const quire = quireOf(format)
    const { max } = format
    for (const [a, b, sign] of [
      [max, max, 1],
      [max, format.min, -1],
    ] as const) {
      let state = quire.cleared
      for (let k = 0; k < 127; k++) state = quire.add(state, a, b)
      expect([toNumber(quire.read(state)), state.saturated]).toEqual([sign * 127 * 4096, false])
      state = quire.add(state, a, b)
      expect([state.sum, state.saturated]).toEqual([BigInt(sign) * (2n ** 31n - 1n), true])
      // The flag stays when the sum comes back into the range.
      state = quire.add(state, a, negated(b))
      expect([state.saturated, toNumber(quire.read(state)) < 128 * 4096]).toEqual([true, true])
    }
  })

  it.each([
    [4, 1],
    [8, 0],
    [8, 2],
    [16, 1],
    [16, 2],
  ])('dot products of posit(%i,%i) are the exact ones, rounded once', (bits, es) => {
    const format = positFormat(bits, es)
    const quire = quireOf(format)
    const seed = 100 * bits + es
    const random = randomBits(seed)
    for (let round = 0; round < 200; round++) {
      const codes = (): bigint[] =>
        Array.from({ length: 40 }, () => random(bits)).map((x) => (x === 1n << BigInt(bits - 1) ? 0n : x))
      const [a, b] = [codes(), codes()]
      const want = format.encode(exactDot(a.map(format.decode), b.map(format.decode)))
      expect(quire.dot(a, b), `seed ${seed}`).toEqual({ code: want, saturated: false })
    }
  })

  it('holds its limit exactly', () => {
    const quire = quireOf(positFormat(8, 0), 26)
    let state = quire.cleared
    for (let power = -12; power <= 12; power++)
      state = quire.add(state, finite(1n, Math.floor(power / 2)), finite(1n, Math.ceil(power / 2)))
    expect(state).toEqual({ sum: 2n ** 25n - 1n, saturated: false, nar: false })
    expect(quire.add(state, finite(1n, -6), finite(1n, -6)).saturated).toBe(true)
  })

  it('keeps the smallest product beside the largest', () => {
    const format = positFormat(16, 1)
    const { dot } = quireOf(format)
    const [big, minusBig, tiny] = [0x7fffn, 0x8001n, 1n]
    expect(dot([big, tiny, big], [big, tiny, minusBig]).code).toBe(1n)
  })

  it('remembers NaR, and refuses values of other formats and widths that hold no product', () => {
    const format = positFormat(8, 0)
    const quire = quireOf(format)
    const nar = quire.add(quire.cleared, NAR, finite(1n))
    expect(quire.read(quire.add(nar, finite(1n), finite(1n)))).toBe(NAR)
    expect(quire.dot([128n, 1n], [1n, 1n]).code).toBe(128n)
    expect(() => quire.add(quire.cleared, finite(1n, 7), finite(1n, 6))).toThrow('values of posit(8,0) only')
    expect(() => quire.add(quire.cleared, finite(1n, -7), finite(1n, -6))).toThrow('values of posit(8,0) only')
    expect(() => quireOf(format, 25)).toThrow('26 to 4096 bits, got 25')
    expect(quireOf(format, 26).capacity).toBe(1n)
    expect(() => quire.dot([1n], [])).toThrow('one length')
  })
})

describe('L-Mul', () => {
  it('has the offsets of the paper', () => {
    expect([0, 1, 2, 3, 4, 5, 7, 10, 23].map(lMulOffset)).toEqual([0, 1, 2, 3, 3, 4, 4, 4, 4])
  })

  it.each(['e4m3', 'e5m2', 'e3m2', 'fp16'])(
    'of %s adds the fractions and an offset, and carries into the exponent',
    (text) => {
      const format = float(text)
      const operate = lMul(format)
      const random = randomBits(5)
      const { mantissaBits } = format
      const smallestNormal = 2 ** (1 - format.bias)
      for (let k = 0; k < 4000; k++) {
        const [a, b] = [random(format.bits), random(format.bits)]
        const [x, y] = [toNumber(format.decode(a)), toNumber(format.decode(b))]
        if (!Number.isFinite(x * y) || Math.abs(x) < smallestNormal || Math.abs(y) < smallestNormal) continue
        const powers = [x, y].map((z) => Math.floor(Math.log2(Math.abs(z))))
        const power = powers[0]! + powers[1]!
        const fraction =
          Math.abs(x) / 2 ** powers[0]! - 1 + (Math.abs(y) / 2 ** powers[1]! - 1) + 2 ** -lMulOffset(mantissaBits)
        const carries = Math.floor(fraction)
        const magnitude = 2 ** (power + carries) * (1 + fraction - carries)
        const want =
          magnitude < smallestNormal
            ? Math.sign(x * y) * 0
            : magnitude > toNumber(format.max)
              ? toNumber(format.decode(format.encode(finite(x * y < 0 ? -1n : 1n, 2000))))
              : Math.sign(x * y) * magnitude
        if (!Object.is(toNumber(format.decode(operate(a, b))), want))
          expect.fail(`${x} * ${y}: ${toNumber(format.decode(operate(a, b)))}, not ${want}`)
        if (fraction >= 1) continue
        const equation = lMulEquation(fromPositive(Math.abs(x)), fromPositive(Math.abs(y)), mantissaBits)
        if (toNumber(equation) !== 2 ** power * (1 + fraction)) expect.fail(`equation of ${x} * ${y}`)
      }
    },
  )

  it('takes zeros and subnormals as zero, and infinities and NaN as a product does', () => {
    const fp16 = float('fp16')
    const operate = lMul(fp16)
    const value = (a: Value, b: Value): Value => fp16.decode(operate(fp16.encode(a), fp16.encode(b)))
    expect(sameValue(value(finite(-1n), zero(false)), zero(true))).toBe(true)
    expect(sameValue(value(finite(1n, -20), finite(1n, 10)), zero(false))).toBe(true)
    expect(sameValue(value(infinite(true), finite(2n)), infinite(true))).toBe(true)
    expect(value(infinite(true), zero(false)).kind).toBe('nan')
    expect(value(NAN, finite(1n)).kind).toBe('nan')
    expect(toNumber(fp16.decode(lMul(fp16, { overflow: 'saturate' })(0xfbffn, 0x7bffn)))).toBe(-65504)
    expect(toNumber(fp16.decode(operate(0xfbffn, 0x7bffn)))).toBe(-Infinity)
    expect(() => operate(65536n, 0n)).toThrow(RangeError)
    expect(() => lMul(float('e8m0'))).toThrow('no zero')
  })

  it('without mantissa bits is the exact product of powers of two', () => {
    const e3m0 = float('e3m0')
    const operate = lMul(e3m0, { overflow: 'saturate' })
    const { mul } = arithmeticOf(e3m0, { overflow: 'saturate' })
    for (let a = 0n; a < 16n; a++)
      for (let b = 0n; b < 16n; b++) {
        const exact = Math.abs(toNumber(product(e3m0.decode(a), e3m0.decode(b))))
        if (exact === 0 || exact >= 0.25) expect(operate(a, b)).toBe(mul(a, b))
      }
  })

  it('errors: the statistics are those of all pairs, computed in fractions', () => {
    // m = 1: fractions 0 and 1/2, offset 1/2. Exact products 1, 3/2, 3/2, 9/4.
    const adder = lMulErrors(1)
    expect(adder.pairs).toBe(4)
    // Adder: 3/2, then sums >= 1 double: 2, 2 and 3.
    expect(adder.mean).toBeCloseTo((0.5 + 0.5 + 0.5 + 0.75) / 4, 14)
    expect(adder.meanRelative).toBeCloseTo((1 / 2 + 1 / 3 + 1 / 3 + 1 / 3) / 4, 14)
    expect(adder.worstRelative).toBeCloseTo(1 / 2, 14)
    // Equation: 3/2, 2, 2, 5/2.
    const equation = lMulErrors(1, 'equation')
    expect(equation.mean).toBeCloseTo((0.5 + 0.5 + 0.5 + 0.25) / 4, 14)
    expect(equation.meanAbsoluteRelative).toBeCloseTo((1 / 2 + 1 / 3 + 1 / 3 + 1 / 9) / 4, 14)
    expect(lMulErrors(0)).toEqual({ pairs: 1, meanRelative: 0, meanAbsoluteRelative: 0, worstRelative: 0, mean: 0 })
    expect(() => lMulErrors(11)).toThrow('0 to 10 mantissa bits, got 11')
  })

  it.each(['e5m2', 'fp(e5m5)', 'fp(e5m6)'])(
    'errors agree with the adder itself, run on every pair of mantissas of %s',
    (text) => {
      const format = float(text)
      const count = 2n ** BigInt(format.mantissaBits)
      const operate = lMul(format)
      const one = format.encode(finite(1n))
      let [total, worst] = [0, 0]
      for (let x = 0n; x < count; x++)
        for (let y = 0n; y < count; y++) {
          const exact = toNumber(product(format.decode(one + x), format.decode(one + y)))
          const relative = toNumber(format.decode(operate(one + x, one + y))) / exact - 1
          total += Math.abs(relative)
          worst = Math.max(worst, Math.abs(relative))
        }
      const errors = lMulErrors(format.mantissaBits)
      expect(errors.meanAbsoluteRelative).toBeCloseTo(total / Number(count * count), 14)
      expect(Math.abs(errors.worstRelative)).toBeCloseTo(worst, 14)
    },
  )
})

const fromPositive = (x: number) => {
  const value = fromNumber(x)
  return value.kind === 'finite' ? value : expect.fail(`${x} is not finite`)
}
