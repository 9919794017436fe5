import { describe, expect, it } from 'vitest'
import {
  type FloatFormat,
  finite,
  floatOf,
  formatOf,
  fromNumber,
  infinite,
  knownFloats,
  NAN,
  NAR,
  sameValue,
  toNumber,
  usualBias,
  valueText,
  zero,
} from '../../src/formats/index.ts'
import { randomBits } from './random.ts'
import { type Entry, oracleOf, pointsOf } from './table-oracle.ts'

const float = (text: string): FloatFormat => {
  const format = formatOf(text)
  return format.kind === 'float' ? format : expect.fail(`${text} is no float`)
}

/** Every special and lowest rule on a small layout, besides the named formats. */
const variants = (['ieee', 'fn', 'fnuz', 'finite'] as const).flatMap((special) =>
  (['subnormal', 'flush', 'normal'] as const)
    .filter((lowest) => !(special === 'fnuz' && lowest === 'normal'))
    .flatMap((lowest) =>
      [
        { signed: true, exponentBits: 3, mantissaBits: 2, bias: 3 },
        { signed: true, exponentBits: 2, mantissaBits: 3, bias: -5 },
        { signed: true, exponentBits: 3, mantissaBits: 0, bias: 1 },
        { signed: false, exponentBits: 4, mantissaBits: 1, bias: 20 },
      ]
        .filter(({ signed }) => signed || special !== 'fnuz')
        .map((fields) => floatOf({ ...fields, special, lowest })),
    ),
)
const formats = [...knownFloats, ...variants].filter(({ bits }) => bits <= 16)

/** Second decoder: the digits of the code, cut apart as text. `undefined` for infinity and NaN. */
const finiteNumber = (format: FloatFormat, code: bigint): number | undefined => {
  const digits = code.toString(2).padStart(format.bits, '0')
  const sign = format.signed && digits[0] === '1' ? -1 : 1
  const rest = format.signed ? digits.slice(1) : digits
  const field = Number.parseInt(rest.slice(0, format.exponentBits), 2)
  const mantissa = Number.parseInt(`0${rest.slice(format.exponentBits)}`, 2) / 2 ** format.mantissaBits
  const { special, lowest, bias } = format
  if (special === 'ieee' && field === 2 ** format.exponentBits - 1) return undefined
  if (special === 'fn' && !rest.includes('0')) return undefined
  if (special === 'fnuz' && /^10*$/.test(digits)) return undefined
  if (field > 0 || lowest === 'normal') return sign * (1 + mantissa) * 2 ** (field - bias)
  if (lowest === 'flush') return special === 'fnuz' ? 0 : sign * 0
  return sign * mantissa * 2 ** (1 - bias)
}

const scaleOf = (format: FloatFormat): number => format.mantissaBits + format.bias + 4

const scaledNumber = (x: number, scale: number): bigint => {
  const exact = fromNumber(x)
  return exact.kind === 'finite'
    ? (exact.significand << BigInt(Math.max(0, exact.exponent + scale))) >> BigInt(Math.max(0, -exact.exponent - scale))
    : expect.fail()
}

const tableOf = (format: FloatFormat): Entry[] => {
  const entries: Entry[] = []
  for (let code = 0n; code < 1n << BigInt(format.bits); code++) {
    const x = finiteNumber(format, code)
    if (x === undefined || Object.is(x, -0) || (x === 0 && code !== 0n)) continue
    entries.push({ code, x: scaledNumber(x, scaleOf(format)) })
  }
  return entries
}

describe('floating-point formats', () => {
  it.each(formats)('$id: every code decodes to what its digits say and canonical ones come back', (format) => {
    const wrong: string[] = []
    for (let code = 0n; code < 1n << BigInt(format.bits); code++) {
      const value = format.decode(code)
      const number = finiteNumber(format, code)
      if (number === undefined ? value.kind === 'finite' : !sameValue(value, fromNumber(number)))
        wrong.push(`decode ${code}`)
      const canonical =
        value.kind === 'finite'
          ? format.lowest !== 'flush' || number !== 0 || code % (1n << BigInt(format.bits - 1)) === 0n
          : value.kind === 'infinite' || code === format.nan || (format.special === 'fn' && !format.signed)
      if ((format.encode(value) === code) !== canonical) wrong.push(`encode ${code}`)
      if (!sameValue(format.decode(format.encode(value)), value)) wrong.push(`value ${code}`)
    }
    expect(wrong).toEqual([])
  })

  it.each(formats)('$id is monotone, and its limits are those of its table', (format) => {
    const entries = tableOf(format)
    const positive = entries.filter(({ x }) => x > 0n)
    expect(
      positive.every(({ x, code }, k) => k === 0 || (x > positive[k - 1]!.x && code > positive[k - 1]!.code)),
    ).toBe(true)
    const byValue = entries.toSorted((a, b) => (a.x < b.x ? -1 : 1))
    expect(format.encode(format.max)).toBe(byValue.at(-1)!.code)
    expect(format.encode(format.min)).toBe(byValue[0]!.code)
    expect(format.encode(format.smallest)).toBe(byValue.find(({ x }) => x > 0n)!.code)
  })

  it.each(formats)('$id rounds as a search in its table does: ties to the even code, toward zero down', (format) => {
    const scale = scaleOf(format)
    const oracle = oracleOf(tableOf(format), scale, 'even')
    const smallest = oracle.entries.find(({ x }) => x > 0n)!.x
    const wrong: string[] = []
    for (const x of pointsOf(oracle)) {
      const value = finite(x, -scale)
      // Without a zero, what is too small becomes the smallest number of its sign, in every mode; see below.
      if (format.lowest === 'normal' && x * x < smallest * smallest) continue
      for (const rounding of ['nearest-even', 'toward-zero'] as const) {
        const want = rounding === 'nearest-even' ? oracle.nearest(x) : oracle.towardZero(x)
        const got = format.encode(value, rounding)
        // The table has one zero; what rounds to it from below is -0 where there is one.
        const zeroBelow = x < 0n && format.signed && format.special !== 'fnuz' && want === 0n
        if (got !== (zeroBelow ? 1n << BigInt(format.bits - 1) : want))
          wrong.push(`${valueText(value)} ${rounding}: ${got}, not ${want}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('rounds as if exponents went on: half a step above the largest number is the first overflow', () => {
    const rows = [
      ['fp16', 65519.99, '65504'],
      ['fp16', 65520, 'inf'],
      ['fp16', -65520, '-inf'],
      ['e5m2', 61439, '57344'],
      ['e5m2', 61440, 'inf'],
      ['e4m3', 464, '448'],
      ['e4m3', 464.0001, 'NaN'],
      ['fp(e4m3,special=fnuz)', 247.9, '240'],
      ['fp4', 1000, '6'],
      ['e8m0', 2 ** 127 * 1.5, '170141183460469231731687303715884105728'],
      ['e8m0', 2 ** 127 * 1.75, 'NaN'],
      ['e8m0', -1, 'NaN'],
      ['e8m0', 0, '2^-127'],
      ['ue5m3', -1, 'NaN'],
      ['ue5m3', -(2 ** -30), '0'],
    ] as const
    for (const [text, x, want] of rows) {
      const format = float(text)
      expect(valueText(format.decode(format.encode(fromNumber(x)))), `${text} ${x}`).toBe(want)
    }
  })

  it('saturates, or refuses, where overflow says so; infinities too', () => {
    const [fp16, e4m3] = [float('fp16'), float('e4m3')]
    const saturated = (format: FloatFormat, x: number): string =>
      valueText(format.decode(format.encode(fromNumber(x), 'nearest-even', 'saturate')))
    expect([saturated(fp16, 1e9), saturated(fp16, Number.NEGATIVE_INFINITY)]).toEqual(['65504', '-65504'])
    expect([saturated(e4m3, -1e9), saturated(e4m3, Number.POSITIVE_INFINITY)]).toEqual(['-448', '448'])
    expect([saturated(float('ue5m3'), -5), saturated(float('e8m0'), -5)]).toEqual(['0', '2^-127'])
    expect(() => e4m3.encode(fromNumber(1e9), 'nearest-even', 'error')).toThrow(
      'e4m3 holds -448 to 448, got 1000000000',
    )
    expect(() => e4m3.encode(infinite(true), 'nearest-even', 'error')).toThrow('e4m3 has no code for -inf')
    expect(() => e4m3.encode(fromNumber(1e9), 'nearest-even', 'wrap')).toThrow('only integers')
    expect(valueText(e4m3.decode(e4m3.encode(infinite(true))))).toBe('NaN')
    expect(fp16.encode(infinite(true), 'nearest-even', 'error')).toBe(0xfc00n)
  })

  it('toward zero a finite value never leaves the limits', () => {
    for (const [text, want] of [
      ['fp16', '65504'],
      ['e4m3', '448'],
      ['e8m0', '170141183460469231731687303715884105728'],
    ] as const) {
      const format = float(text)
      expect(valueText(format.decode(format.encode(fromNumber(1e300), 'toward-zero')))).toBe(want)
    }
  })

  it('keeps the sign of zero where there are two zeros', () => {
    expect(float('fp4').encode(zero(true))).toBe(8n)
    expect(float('fp(e4m3,special=fnuz)').encode(zero(true))).toBe(0n)
    expect(float('fp(e4m3,special=fnuz)').encode(finite(-1n, -99))).toBe(0n)
    expect(float('fp16').encode(finite(-1n, -99))).toBe(0x8000n)
  })

  it('without a zero, what is too small becomes the smallest number of its sign', () => {
    const format = float('fp(e3m2,lowest=normal)')
    for (const rounding of ['nearest-even', 'toward-zero'] as const) {
      expect([1n, -1n].map((sign) => format.encode(finite(sign, -40), rounding))).toEqual([0n, 32n])
      expect([zero(false), zero(true)].map((value) => format.encode(value, rounding))).toEqual([0n, 32n])
    }
  })

  it('NaN is the quiet NaN, NaR becomes NaN, and a format without NaN refuses both', () => {
    expect([float('fp16').encode(NAN), float('bf16').encode(NAR), float('e4m3').encode(NAN)]).toEqual([
      0x7e00n,
      0x7fc0n,
      0x7fn,
    ])
    expect(float('fp(e4m3,special=fnuz)').encode(NAN)).toBe(0x80n)
    expect(() => float('fp4').encode(NAN)).toThrow('fp4 has no code for NaN')
    expect(() => float('fp4').encode(NAR)).toThrow('fp4 has no code for NaR')
  })

  it('has the value grids of the standards', () => {
    const grid = (text: string): string => {
      const format = float(text)
      return Array.from({ length: 2 ** (format.bits - 1) }, (_, code) => toNumber(format.decode(BigInt(code)))).join(
        ' ',
      )
    }
    expect(grid('fp4')).toBe('0 0.5 1 1.5 2 3 4 6')
    expect(grid('fp3')).toBe('0 1 2 4')
    expect(grid('e3m0')).toBe('0 0.25 0.5 1 2 4 8 16')
    expect([float('e2m3').max, float('e3m2').max, float('e5m2').max].map(toNumber)).toEqual([7.5, 28, 57344])
    expect([float('e2m3').smallest, float('e3m2').smallest].map(toNumber)).toEqual([0.125, 0.0625])
  })

  it('fp32 agrees with Math.fround on random bits, random sizes, ties and their neighbours', () => {
    const fp32 = float('fp32')
    const view = new DataView(new ArrayBuffer(8))
    const seed = 20_26
    const random = randomBits(seed)
    const word = (): number => Number(random(32))
    let compared = 0
    const check = (x: number): void => {
      view.setFloat32(0, Math.fround(x))
      const want = Number.isNaN(x) ? 0x7fc00000 : view.getUint32(0)
      if (Number(fp32.encode(fromNumber(x))) !== want)
        expect.fail(`${x} (seed ${seed}) gives another code than ${want}`)
      compared++
    }
    for (let k = 0; k < 400_000; k++) {
      // Any double; and one whose exponent is near the range of binary32, subnormals and overflow included.
      view.setUint32(0, word())
      view.setUint32(4, word())
      const any = view.getFloat64(0)
      check(any)
      view.setUint16(0, (word() & 0x8000) | ((1023 - 155 + (word() % 290)) << 4) | (word() & 15))
      check(view.getFloat64(0))
      // Exactly between two binary32 numbers, and the doubles beside it.
      if (k % 2 === 0) continue
      view.setUint32(4, (view.getUint32(4) & 0xe000_0000) | 0x1000_0000)
      check(view.getFloat64(0))
    }
    for (const x of [
      0,
      -0,
      Number.NaN,
      Infinity,
      -Infinity,
      2 ** -150,
      2 ** -149,
      1.5 * 2 ** -149,
      3.4028235677973366e38,
    ])
      check(x)
    expect(compared).toBeGreaterThanOrEqual(1_000_000)
  })

  it('fp16 agrees with integer bit operations on random doubles, ties and subnormals', () => {
    const fp16 = float('fp16')
    const view = new DataView(new ArrayBuffer(8))
    const seed = 16
    const random = randomBits(seed)
    for (let k = 0; k < 1_000_000; k++) {
      const high = Number(random(32))
      // Three of four have an exponent near the range of binary16; every other mantissa is mostly zeros, so that ties come.
      view.setUint16(
        0,
        k % 4 === 0 ? high >>> 16 : ((high >>> 16) & 0x8000) | ((1023 - 27 + (high % 46)) << 4) | (high & 15),
      )
      view.setUint16(2, k % 2 === 0 ? Number(random(16)) : Number(random(2)) << 9)
      view.setUint32(4, k % 2 === 0 ? Number(random(32)) : 0)
      const got = Number(fp16.encode(fromNumber(view.getFloat64(0))))
      const want = halfBits(view)
      if (got !== want) expect.fail(`${view.getFloat64(0)} (seed ${seed}): ${got}, not ${want}`)
    }
  })

  it('bf16 is the upper half of fp32, rounded to nearest even', () => {
    const [bf16, fp32] = [float('bf16'), float('fp32')]
    for (let code = 0n; code < 1n << 16n; code++)
      if (!sameValue(bf16.decode(code), fp32.decode(code << 16n))) expect.fail(`code ${code}`)
    const seed = 7
    const random = randomBits(seed)
    for (let k = 0; k < 100_000; k++) {
      const bits = Number(random(32))
      const value = fp32.decode(BigInt(bits))
      if (value.kind === 'nan') continue
      const want = (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16
      if (Number(bf16.encode(value)) !== want) expect.fail(`fp32 code ${bits} (seed ${seed}): not ${want}`)
    }
  })

  it('refuses layouts that make no format, and says what is allowed', () => {
    const layout = {
      signed: true,
      exponentBits: 4,
      mantissaBits: 3,
      bias: usualBias(4),
      lowest: 'subnormal',
      special: 'fn',
    } as const
    expect(() => floatOf({ ...layout, exponentBits: 12 })).toThrow('1 to 11 exponent bits, got 12')
    expect(() => floatOf({ ...layout, mantissaBits: -1 })).toThrow('0 to 52 mantissa bits, got -1')
    expect(() => floatOf({ ...layout, bias: 0.5 })).toThrow('bias')
    expect(() => floatOf({ ...layout, exponentBits: 1, special: 'ieee' })).toThrow('2 exponent bits')
    expect(() => floatOf({ ...layout, exponentBits: 1, mantissaBits: 0 })).toThrow('2 bits')
    expect(() => floatOf({ ...layout, signed: false, special: 'fnuz' })).toThrow('sign')
    expect(() => float('fp16').decode(65536n)).toThrow('fp16 has codes 0 to 65535')
  })
})

/** binary64 to binary16 by shifts on 32-bit integers, round to nearest even. */
const halfBits = (view: DataView): number => {
  const high = view.getUint32(0)
  const sticky = view.getUint32(4) !== 0 ? 1 : 0
  const sign = (high >>> 16) & 0x8000
  const field = (high >>> 20) & 0x7ff
  const fraction = high & 0xfffff
  if (field === 0x7ff) return fraction | sticky ? 0x7e00 : sign | 0x7c00
  const exponent = field - 1023 + 15
  if (exponent >= 31) return sign | 0x7c00
  if (exponent < -10) return sign
  // 21 bits with the hidden one; below them the sticky bit.
  const significand = ((fraction | 0x100000) << 1) | sticky
  const shift = exponent > 0 ? 11 : 12 - exponent
  const kept = significand >>> shift
  const rest = significand & (2 ** shift - 1)
  const half = 2 ** (shift - 1)
  const up = rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0
  return sign | (exponent > 0 ? ((exponent - 1) << 10) + kept + up : kept + up)
}
