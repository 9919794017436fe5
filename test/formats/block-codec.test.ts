import { describe, expect, it } from 'vitest'
import {
  type BlockFormat,
  blockCodecOf,
  blockFormatOf,
  type CodedBlocks,
  decodeBlocks,
  encodeBlocks,
  finite,
  fromNumber,
  scalarFormatOf,
  toNumber,
} from '../../src/formats/index.ts'
import { quantiseWeights } from '../../src/quant/group-integer.ts'
import { randomBits } from './random.ts'

const block = blockFormatOf

const texts = [
  ...['floor', 'ceil', 'rceil', 'even'].flatMap((rule) => [
    `mxfp4(rule=${rule})`,
    `mxfp6(e3m2,rule=${rule})`,
    `mxfp6(e2m3,rule=${rule})`,
    `mxfp8(e4m3,rule=${rule})`,
    `mxfp8(e5m2,rule=${rule})`,
    `mxint8(rule=${rule})`,
  ]),
  'mxfp4(block=3)',
  'nvfp4',
  'nvfp4(block=32)',
  'nvint4',
  'dfp(int8)',
  'dfp(int16,block=64,exponent=5)',
  'dfp(int2,exponent=2)',
  'group(int4)',
  'group(int16,g=5,scale=fp32)',
  'group(int8,scale=bf16)',
  'group(int4,scale=e4m3)',
  'group(int4,scale=ue5m3)',
  'group(int4,scale=e8m0)',
  'group(uint4,zero=uint4)',
  'group(uint1,zero=uint1)',
  'group(uint16,g=16,scale=fp32,zero=uint16)',
  'group(int3,g=16,scale=e4m3,zero=int3)',
  'dual(uint4,g=16,zero=uint4)',
  'dual(int4,g=16,outer=fp32)',
  'dual(uint3,g=16,zero=uint3,outer=bf16)',
]

const number = new Float32Array(1)
const word = new Uint32Array(number.buffer)

/** Vectors for every path: random bits, one exponent, few bits (ties), one sign, subnormals, zeros, the largest numbers. */
const vectors = (seed: number, count: number): Float32Array[] => {
  const random = randomBits(seed)
  const below = (n: number): number => Number(random(16)) % n
  const bits = (kind: number, exponent: number): number => {
    const sign = kind === 4 ? 0 : kind === 5 ? 1 : below(2)
    if (below(10) === 0) return sign * 2 ** 31
    const mantissa = kind === 2 ? Number(random(3)) * 2 ** 20 : Number(random(23))
    const field =
      kind === 0 ? below(255) : kind === 3 ? 0 : Math.min(254, Math.max(0, exponent - below(kind === 1 ? 3 : 40)))
    return sign * 2 ** 31 + field * 2 ** 23 + mantissa
  }
  return Array.from({ length: count }, (_, k) => {
    const exponent = [127, 127, 254, 130, below(255)][below(5)]!
    return Float32Array.from({ length: below(100) }, () => {
      word[0] = bits(k % 7, exponent)
      return number[0]!
    })
  })
}

/** The exact path's codes as the tables give them. */
const exactly = (format: BlockFormat, numbers: Float32Array, outer?: number): CodedBlocks => {
  const { blocks, outer: used } = encodeBlocks(format, [...numbers].map(fromNumber), {
    outer: outer === undefined ? undefined : BigInt(outer),
  })
  const array = (bits: number, codes: readonly bigint[]) =>
    new (bits <= 8 ? Uint8Array : bits <= 16 ? Uint16Array : Uint32Array)(codes.map(Number))
  return {
    codes: array(
      format.element.bits,
      blocks.flatMap(({ codes }) => codes),
    ) as CodedBlocks['codes'],
    scales: array(
      format.scale.bits,
      blocks.map(({ scale }) => scale),
    ),
    zeros:
      format.zero &&
      (array(
        format.zero.bits,
        blocks.map(({ zero }) => zero!),
      ) as CodedBlocks['codes']),
    outer: used === undefined ? undefined : Number(used),
  }
}

const runs = process.env.BITLOOM_FULL ? 3000 : 150

describe('block formats on typed arrays', () => {
  it.each(texts.map((text, k) => ({ text, seed: k + 1 })))(
    '$text: codes and numbers are those of the exact path, seed $seed',
    ({ text, seed }) => {
      const format = block(text)
      const codec = blockCodecOf(format)
      for (const numbers of vectors(seed, runs)) {
        const coded = codec.encode(numbers)
        expect(coded).toEqual(exactly(format, numbers))
        const exact = decodeBlocks(format, encodeBlocks(format, [...numbers].map(fromNumber)))
        const wanted = exact.map((value) => Math.fround(toNumber(value)))
        expect([...codec.decode(coded)].every((x, k) => Object.is(x, wanted[k]))).toBe(true)
      }
    },
    600_000,
  )

  it.each(texts)('%s: scales are those of the exact path for maxima of all sizes', (text) => {
    const format = block(text)
    const codec = blockCodecOf(format)
    for (let field = 0; field < 255; field += field < 12 || field > 240 ? 1 : 7) {
      const maxima = [0, 1, 0x2a_aaab, 0x40_0000, 0x60_0000, 0x77_7777, 0x7e_0000, 0x7f_ffff]
      const numbers = new Float32Array(maxima.length)
      for (const [k, mantissa] of maxima.entries()) {
        word[0] = field * 2 ** 23 + mantissa
        numbers[k] = number[0]!
      }
      // One number a vector, so that each has its own scale.
      const outer = format.outer && Number(format.outer.encode(finite(1n)))
      for (const x of numbers) {
        const one = Float32Array.of(x)
        expect(codec.encode(one, outer), `${x}`).toEqual(exactly(format, one, outer))
      }
    }
  })

  it('takes a second-level scale, also one that is far off', () => {
    const format = block('nvfp4')
    const codec = blockCodecOf(format)
    for (const outer of [1, 0x3f80_0000, 0x0080_0000, 0x7f00_0000, 0x3a12_3457])
      for (const numbers of vectors(outer, 20))
        expect(codec.encode(numbers, outer)).toEqual(exactly(format, numbers, outer))
    expect(() => codec.encode(Float32Array.of(1), 0)).toThrow('nvfp4 needs a second-level scale above 0')
    expect(() => blockCodecOf(block('mxfp4')).encode(Float32Array.of(1), 1)).toThrow('mxfp4 has no second-level scale')
  })

  it('NaN and infinities: the block is NaN, or the exact path refuses it', () => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const numbers = Float32Array.from({ length: 40 }, (_, k) => (k === 35 ? wrong : k))
      for (const text of ['mxfp4', 'nvfp4(block=8)', 'group(uint4,g=16,zero=uint4)']) {
        const codec = blockCodecOf(block(text))
        const coded = codec.encode(numbers)
        expect(coded).toEqual(exactly(block(text), numbers))
        expect(codec.decode(coded).map(Number)[36]).toBeNaN()
        expect(codec.decode(coded)[31]).not.toBeNaN()
      }
      expect(() => blockCodecOf(block('dfp(int8)')).encode(numbers)).toThrow(
        'dfp(int8,block=32,exponent=8) has no code for',
      )
    }
  })

  it('a range that a double cannot hold is still rounded once', () => {
    const format = block('group(uint4,zero=uint4)')
    // 15 * (1 + 2^-11), a tie between two FP16 scales but for a weight of -2^-60.
    for (const low of [-(2 ** -60), -(2 ** -100), 0]) {
      const numbers = Float32Array.of(15 * (1 + 2 ** -11), low)
      expect(blockCodecOf(format).encode(numbers)).toEqual(exactly(format, numbers))
    }
    expect(blockCodecOf(format).encode(Float32Array.of(15 * (1 + 2 ** -11), -(2 ** -60))).scales[0]).toBe(0x3c01)
    expect(blockCodecOf(format).encode(Float32Array.of(15 * (1 + 2 ** -11), 0)).scales[0]).toBe(0x3c00)
  })

  it('a scale just above a tie below 2^-126 is rounded up, one beyond float32 saturates', () => {
    const e8m0 = block('group(int4,scale=e8m0)')
    number[0] = 10.5 * 2 ** -127
    for (const [more, scale] of [
      [0, 0],
      [1, 1],
    ] as const) {
      const numbers = new Float32Array(Uint32Array.of(word[0]! + more).buffer)
      expect(blockCodecOf(e8m0).encode(numbers)).toEqual(exactly(e8m0, numbers))
      expect(blockCodecOf(e8m0).encode(numbers).scales[0]).toBe(scale)
    }
    const wide = block('group(uint1,scale=fp32,zero=uint1)')
    const ends = Float32Array.of(3.4e38, -3.4e38)
    expect(blockCodecOf(wide).encode(ends)).toEqual(exactly(wide, ends))
    expect(blockCodecOf(wide).encode(ends).scales[0]).toBe(0x7f7f_ffff)
  })

  it('groups give the codes, scales and zero points of the weight quantiser', () => {
    const random = randomBits(77)
    for (const [text, options] of [
      ['group(uint4,g=32,zero=uint4)', { bits: 4, group: 32, signed: false }],
      ['group(uint2,g=128,zero=uint2)', { bits: 2, group: 128, signed: false }],
      ['group(int4,g=32)', { bits: 4, group: 32, signed: true }],
      ['group(int8,g=100)', { bits: 8, group: 100, signed: true }],
    ] as const) {
      const weights = Float32Array.from({ length: 1500 }, (_, k) =>
        k < 128 ? 0 : (Number(random(24)) / 2 ** 24 - 0.4) * 2 ** (k % 3),
      )
      const theirs = quantiseWeights(weights, 1, weights.length, options)
      const { codes, scales, zeros } = blockCodecOf(block(text)).encode(weights)
      const format = block(text)
      expect([...codes].map((code) => toNumber(format.element.decode(BigInt(code))))).toEqual([...theirs.codes])
      expect([...scales].map((code) => toNumber(format.scale.decode(BigInt(code))))).toEqual([...theirs.scales])
      if (zeros) expect([...zeros]).toEqual([...theirs.zeros])
    }
  })

  it('refuses formats of whose parts doubles cannot hold the products', () => {
    const nvfp4 = block('nvfp4')
    const fp32 = scalarFormatOf('fp32')
    if (fp32.kind !== 'float') return expect.fail()
    const message = 'nvfp4 has parts too long for tables; use encodeBlocks'
    expect(() => blockCodecOf({ ...nvfp4, element: block('dfp(int8)').element, scale: fp32, outer: fp32 })).toThrow(
      message,
    )
    const wide = scalarFormatOf('fp(e8m3)')
    if (wide.kind !== 'float') return expect.fail()
    expect(() => blockCodecOf({ ...nvfp4, element: wide })).toThrow(message)
    const long = scalarFormatOf('fp(e5m12)')
    if (long.kind !== 'float') return expect.fail()
    expect(() => blockCodecOf({ ...nvfp4, scale: long })).toThrow(message)
  })

  it('refuses scales that do not go with the codes', () => {
    const codec = blockCodecOf(block('mxfp4'))
    const coded = codec.encode(new Float32Array(33))
    expect(() => codec.decode({ ...coded, scales: coded.scales.subarray(1) })).toThrow(
      'mxfp4: 33 codes have 2 scales, got 1',
    )
    expect(() => codec.decode({ ...coded, zeros: new Uint8Array(2) })).toThrow('mxfp4: there are 0 zero points, got 2')
    const group = blockCodecOf(block('group(uint4,zero=uint4)'))
    expect(() => group.decode({ ...group.encode(new Float32Array(3)), zeros: undefined })).toThrow(
      'there are 1 zero points, got 0',
    )
  })
})
