import { describe, expect, it } from 'vitest'
import {
  blockCodecOf,
  blockFormatOf,
  codebookFormat,
  codecOf,
  finite,
  floatOf,
  formatOf,
  formats,
  fromNumber,
  isScalar,
  positFormat,
  type ScalarFormat,
  scalarFormatOf,
  toNumber,
} from '../../src/formats/index.ts'
import { randomBits } from './random.ts'

const named = formats.map(({ id }) => formatOf(id)).filter(isScalar)
const small = named.filter(({ bits }) => bits <= 16)
/** Rules that no named format has: each special and lowest rule, unsigned, biased, and values at the ends of float32. */
const others: readonly ScalarFormat[] = [
  ...(['ieee', 'fn', 'fnuz', 'finite'] as const).flatMap((special) =>
    (['subnormal', 'flush', 'normal'] as const)
      .filter((lowest) => !(special === 'fnuz' && lowest === 'normal'))
      .flatMap((lowest) => [
        floatOf({ signed: true, exponentBits: 3, mantissaBits: 2, bias: 3, special, lowest }),
        floatOf({ signed: true, exponentBits: 3, mantissaBits: 0, bias: 1, special, lowest }),
        floatOf({ signed: special === 'fnuz', exponentBits: 4, mantissaBits: 1, bias: 20, special, lowest }),
      ]),
  ),
  floatOf({ signed: true, exponentBits: 8, mantissaBits: 3, bias: 140, special: 'ieee', lowest: 'subnormal' }),
  floatOf({ signed: true, exponentBits: 8, mantissaBits: 3, bias: 100, special: 'fn', lowest: 'subnormal' }),
  floatOf({ signed: true, exponentBits: 10, mantissaBits: 2, bias: 100, special: 'ieee', lowest: 'subnormal' }),
  positFormat(16, 3),
  positFormat(16, 0),
  positFormat(9, 3),
  ...(['lower', 'upper'] as const).map((ties) =>
    codebookFormat(
      [-5, 3, 3, 1, -1, 12, 7, -2].map((x) => finite(BigInt(x), -2)),
      { id: `codebook with ties ${ties}`, summary: '', source: 'test', ties },
    ),
  ),
  codebookFormat([finite(1n), finite(2n)], { id: 'positive codebook', summary: '', source: 'test', ties: 'upper' }),
]

const number = new Float32Array(1)
const word = new Uint32Array(number.buffer)
const bitsOf = (x: number): number => {
  number[0] = x
  return word[0]!
}

/** Every sign and exponent with some mantissas; each value and each middle between neighbours, and what lies around them. */
const telling = (format: ScalarFormat): Uint32Array => {
  const patterns = new Set<number>()
  for (let row = 0; row < 512; row++)
    for (const mantissa of [0, 1, 2, 0x3f_ffff, 0x40_0000, 0x40_0001, 0x5a_5a5a, 0x7f_fffe, 0x7f_ffff])
      patterns.add(row * 2 ** 23 + mantissa)
  const codes = Array.from({ length: 2 ** format.bits }, (_, code) => toNumber(format.decode(BigInt(code))))
  const values = codes.filter(Number.isFinite).sort((a, b) => a - b)
  const finer = format.kind === 'posit' ? positFormat(format.bits + 1, format.es) : undefined
  const middles = finer
    ? Array.from({ length: 2 ** format.bits }, (_, code) => toNumber(finer.decode(BigInt(2 * code + 1))))
    : values.slice(1).map((value, k) => (value + values[k]!) / 2)
  const largest = Math.max(...values.slice(-1), 0)
  const ends = [values.at(-2)! - largest, 0].map((step) => largest - step / 2)
  for (const at of [...values, ...middles, ...ends, ...ends.map((x) => -x)]) {
    const bits = bitsOf(at)
    for (let k = -2; k <= 2; k++) patterns.add((bits + k) >>> 0)
  }
  return Uint32Array.from(patterns)
}

/** The first numbers on which the tables and the exact path differ. */
const differences = (format: ScalarFormat, patterns: Uint32Array, overflow?: 'saturate' | 'special'): string[] => {
  const holdsNaN = format.kind === 'posit' || (format.kind === 'float' && format.nan !== undefined)
  const numbers = new Float32Array(patterns.buffer)
  // A NaN that the format refuses is tested by itself; here it is read as 0.
  if (!holdsNaN) for (let k = 0; k < patterns.length; k++) if (Number.isNaN(numbers[k])) patterns[k] = 0
  const codes = codecOf(format, overflow).encode(numbers)
  const wrong: string[] = []
  for (const [k, x] of numbers.entries()) {
    const exact = Number(format.encode(fromNumber(x), 'nearest-even', overflow ?? format.overflow))
    if (exact !== codes[k] && wrong.push(`${x} (0x${patterns[k]!.toString(16)}): ${codes[k]}, not ${exact}`) > 4) break
  }
  return wrong
}

describe('tables', () => {
  it.each([...small, ...others])('of $id give the codes of the exact path around every threshold', (format) => {
    expect(differences(format, telling(format))).toEqual([])
    if (format.kind === 'float') expect(differences(format, telling(format), 'saturate')).toEqual([])
  })

  // One million patterns in all, each format its share; with BITLOOM_FULL one million for each.
  const all = [...small, ...others]
  const share = process.env.BITLOOM_FULL ? 1_000_000 : Math.ceil(1_000_000 / all.length)
  it.each(all.map((format, k) => ({ id: format.id, format, seed: 100 + k })))(
    'of $id give the codes of the exact path on random bits, seed $seed',
    ({ format, seed }) => {
      const random = randomBits(seed)
      expect(
        differences(
          format,
          Uint32Array.from({ length: share }, () => Number(random(32))),
        ),
      ).toEqual([])
    },
    600_000,
  )

  it.each([...small, ...others])('of $id decode every code to the exact value as a float32', (format) => {
    const codec = codecOf(format)
    const codes = Uint16Array.from({ length: 2 ** format.bits }, (_, code) => code)
    const numbers = codec.decode(codes)
    const wrong = [...numbers].filter((x, code) => !Object.is(x, Math.fround(toNumber(format.decode(BigInt(code))))))
    expect(wrong).toEqual([])
  })

  it('give bytes up to 8 bits and 16-bit words above, or fill what they are given', () => {
    expect(codecOf(scalarFormatOf('fp4')).encode(Float32Array.of(6))).toBeInstanceOf(Uint8Array)
    const bf16 = codecOf(scalarFormatOf('bf16'))
    expect(bf16.encode(Float32Array.of(1))).toEqual(Uint16Array.of(0x3f80))
    const given = new Uint16Array(2)
    expect(bf16.encode(Float32Array.of(1, -2), given)).toBe(given)
    expect(given).toEqual(Uint16Array.of(0x3f80, 0xc000))
    expect(() => bf16.encode(Float32Array.of(1), given)).toThrow('1 numbers do not fit in an array of 2')
    expect(() => bf16.decode(given, new Float32Array(3))).toThrow('2 numbers do not fit in an array of 3')
  })

  it('ignore the bits of a code above those of the format', () => {
    expect(codecOf(scalarFormatOf('int4')).decode(Uint8Array.of(0xff, 0x13))).toEqual(Float32Array.of(-1, 3))
    const mxfp4 = blockCodecOf(blockFormatOf('mxfp4'))
    const coded = mxfp4.encode(Float32Array.of(6, 1))
    expect(mxfp4.decode({ ...coded, codes: coded.codes.map((code) => code | 0xf0) })).toEqual(Float32Array.of(6, 1))
  })

  it('read the part of a buffer that they are given', () => {
    const part = Float32Array.of(9, 1, 2, 9).subarray(1, 3)
    expect(codecOf(scalarFormatOf('int8')).encode(part)).toEqual(Uint8Array.of(1, 2))
  })

  it('refuse NaN where the format has none, as the exact path does, and formats that are too large', () => {
    const int8 = codecOf(scalarFormatOf('int8'))
    for (const bits of [0x7f80_0001, 0x7fc0_0000, 0x7fff_ffff, 0xff80_0001, 0xffff_ffff])
      expect(() => int8.encode(new Float32Array(Uint32Array.of(0, bits, 0).buffer))).toThrow('int8 has no code for NaN')
    expect(int8.encode(Float32Array.of(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY))).toEqual(
      Uint8Array.of(0x80, 0x7f),
    )
    expect(() => codecOf(scalarFormatOf('fp32'))).toThrow('tables are for formats of at most 16 bits, got fp32')
  })

  it('refuse values that float32 numbers hardly part', () => {
    const close = [0, 1, 2, 3].map((k) => finite(2n ** 23n + BigInt(k), -23))
    const format = codebookFormat(close, { id: 'close', summary: '', source: 'test', ties: 'lower' })
    expect(() => codecOf(format)).toThrow('close has values too close together for tables')
    // Powers of two down to float32's smallest subnormal, where it has one bit left.
    const tiny = floatOf({
      signed: true,
      exponentBits: 11,
      mantissaBits: 2,
      bias: 1023,
      special: 'ieee',
      lowest: 'subnormal',
    })
    expect(() => codecOf(tiny)).toThrow('fp(e11m2) has values too close together for tables; use encode')
  })
})
