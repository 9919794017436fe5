import { describe, expect, it } from 'vitest'
import {
  addExact,
  bitsPerElement,
  blockFormatOf,
  compareExact,
  decodeBlocks,
  encodeBlocks,
  type Finite,
  finite,
  fromNumber,
  infinite,
  multiplyExact,
  NAN,
  outerScaleOf,
  packBlock,
  sameValue,
  stochastic,
  toNumber,
  unpackBlock,
  type Value,
  valueText,
  zero,
} from '../../src/formats/index.ts'
import { randomBits } from './random.ts'

const block = blockFormatOf
const numbersOf = (text: string, values: readonly number[], outer?: bigint) => {
  const format = block(text)
  const coded = encodeBlocks(format, values.map(fromNumber), { outer })
  return {
    coded,
    first: coded.blocks[0]!,
    scale: toNumber(format.scale.decode(coded.blocks[0]!.scale)),
    numbers: decodeBlocks(format, coded).map(toNumber),
  }
}

const texts = [
  'mxfp4',
  'mxfp4(block=5,rule=ceil)',
  'mxfp4(rule=rceil)',
  'mxfp4(rule=even)',
  'mxfp6(e3m2)',
  'mxfp6(e2m3,rule=even)',
  'mxfp8(e4m3)',
  'mxfp8(e4m3,rule=rceil)',
  'mxfp8(e5m2,rule=ceil)',
  'mxint8',
  'mxint8(rule=rceil)',
  'mxint8(rule=even)',
  'nvfp4',
  'nvint4',
  'dfp(int8)',
  'dfp(int4,block=16,exponent=4)',
  'group(int4,g=7)',
  'group(int8,scale=fp32)',
  'group(int4,scale=e8m0)',
  'group(uint4,g=16,zero=uint4)',
  'group(int3,g=16,scale=bf16,zero=int3)',
  'group(uint1,zero=uint1)',
  'dual(uint4,g=16,zero=uint4)',
  'dual(int4,g=16,outer=fp32)',
]

/** Vectors of many kinds: short, one-sided, wide, with zeros, with ties. */
const vectors = (seed: number, count: number): Finite[][] => {
  const random = randomBits(seed)
  const below = (n: number): number => Number(random(16)) % n
  return Array.from({ length: count }, () => {
    const kind = below(4)
    const middle = below(40) - 20
    return Array.from({ length: 1 + below(40) }, () => {
      if (below(8) === 0) return zero(below(2) === 1)
      const sign = kind === 1 ? 1n : kind === 2 ? -1n : below(2) === 1 ? 1n : -1n
      const bits = kind === 3 ? 3 : 24
      return finite(sign * (random(bits) | 1n), middle - bits + (kind === 0 ? below(30) : below(4)))
    })
  })
}

/** Where a real number may lie against the values of codes: everything times `2 * step`, so that nothing is divided. */
const distance = (value: Finite, of: Finite, step: Finite): Finite => {
  const product = multiplyExact(of, step)
  const difference = addExact(value, finite(-product.significand, product.exponent))
  return finite(difference.significand < 0n ? -difference.significand : difference.significand, difference.exponent)
}
const finiteOf = (value: Value): Finite => (value.kind === 'finite' ? value : expect.fail(valueText(value)))

describe('block formats', () => {
  it.each(texts)('%s: every element is a nearest one that its scale offers, ties to the even code', (text) => {
    const format = block(text)
    const { element } = format
    const candidates = Array.from({ length: 2 ** element.bits }, (_, code) => ({
      code,
      value: element.decode(BigInt(code)),
    }))
      .filter(({ value }) => value.kind === 'finite')
      .map(({ code, value }) => ({ code, value: finiteOf(value) }))
      .filter(({ value }) => format.zero || compareExact(addExact(value, element.max), finite(0n)) >= 0)
    const wrong: string[] = []
    for (const values of vectors(11, element.bits > 4 ? 20 : 60)) {
      const coded = encodeBlocks(format, values)
      const outer = format.outer ? finiteOf(format.outer.decode(coded.outer!)) : finite(1n)
      for (const [index, { codes, scale, zero: zeroCode }] of coded.blocks.entries()) {
        const factor = finiteOf(format.scale.decode(scale))
        const step = multiplyExact(multiplyExact(factor, outer), finite(1n, format.unit))
        const zeroPoint = format.zero ? finiteOf(format.zero.decode(zeroCode!)) : finite(0n)
        const offered = candidates
          .map(({ code, value }) => ({ code, value: addExact(value, finite(-zeroPoint.significand)) }))
          .filter(({ value }) => {
            if (!format.product) return true
            const product = multiplyExact(value, factor)
            return compareExact(product, format.product.min) >= 0 && compareExact(product, format.product.max) <= 0
          })
        for (const [k, code] of codes.entries()) {
          const value = values[index * format.block + k]!
          const own = offered.find((candidate) => candidate.code === Number(code))
          if (!own) {
            wrong.push(`${valueText(value)} has code ${code}`)
            continue
          }
          const far = distance(value, own.value, step)
          const odd =
            element.kind === 'float' ? code % 2n === 1n : (own.value.significand << BigInt(own.value.exponent)) & 1n
          for (const other of offered) {
            const order = compareExact(distance(value, other.value, step), far)
            const zeros = other.value.significand === 0n && own.value.significand === 0n
            if (order < 0 || (order === 0 && !zeros && other.code !== own.code && odd))
              wrong.push(
                `${valueText(value)} is ${valueText(own.value)}, not ${valueText(other.value)}, of ${valueText(step)}`,
              )
          }
        }
      }
    }
    expect(wrong.slice(0, 5)).toEqual([])
  })

  it('MX: the scale is the largest power of two in the maximum over that of the element (v1.0, 6.3)', () => {
    // 2^floor(log2 7) / 2^2 = 1: 7 saturates at 6. Just below 8 as well.
    expect(numbersOf('mxfp4', [7, 1, -0.3, 0.25])).toMatchObject({ scale: 1, numbers: [6, 1, -0.5, 0] })
    expect(numbersOf('mxfp4', [7.999]).numbers).toEqual([6])
    expect(numbersOf('mxfp4', [8]).scale).toBe(2)
    expect(numbersOf('mxfp8(e4m3)', [500, 1]).numbers).toEqual([448, 1])
    expect(numbersOf('mxfp8(e5m2)', [2 ** 16])).toMatchObject({ scale: 2 })
    expect(numbersOf('mxfp6(e2m3)', [7.5]).scale).toBe(1)
    expect(numbersOf('mxfp6(e3m2)', [28]).scale).toBe(1)
    expect(numbersOf('mxint8', [1, -0.5, 1 / 64, 1 / 128, 3 / 128]).numbers).toEqual([1, -0.5, 1 / 64, 0, 1 / 32])
    // The lowest code of INT8 would be -2: it is not given, only read.
    expect(numbersOf('mxint8', [-1.999]).numbers).toEqual([-127 / 64])
    const format = block('mxint8')
    expect(
      decodeBlocks(format, { blocks: [{ codes: [0x80n], scale: 127n, zero: undefined }], outer: undefined }).map(
        toNumber,
      ),
    ).toEqual([-2])
  })

  it('MX: other scale rules differ where the maximum is not a power of two', () => {
    const scales = (x: number) =>
      ['floor', 'ceil', 'rceil', 'even'].map((rule) => numbersOf(`mxfp4(rule=${rule})`, [x]).scale)
    expect(scales(4)).toEqual([1, 1, 1, 1])
    expect(scales(5)).toEqual([1, 2, 1, 1])
    expect(scales(6)).toEqual([1, 2, 1, 1])
    expect(scales(6.5)).toEqual([1, 2, 2, 1])
    expect(scales(7)).toEqual([1, 2, 2, 2])
    expect(scales(6.999)).toEqual([1, 2, 2, 1])
    expect(['floor', 'rceil', 'even'].map((rule) => numbersOf(`mxint8(rule=${rule})`, [127.6 / 64]).scale)).toEqual([
      1, 2, 2,
    ])
  })

  it('MX: the scale stops at the ends of E8M0, and zeros have the smallest', () => {
    const tiny = numbersOf('mxfp4', [2 ** -149, 0])
    expect(tiny.first.scale).toBe(0n)
    expect(tiny.numbers).toEqual([0, 0])
    expect(numbersOf('mxfp4', [2 ** -126]).numbers).toEqual([2 ** -126])
    expect(encodeBlocks(block('mxint8'), [finite(1n, 200)]).blocks[0]!.scale).toBe(254n)
    expect(numbersOf('mxfp4', [0, -0, 0])).toMatchObject({ first: { scale: 0n, codes: [0n, 8n, 0n] } })
    expect(numbersOf('mxfp4', [0, -0]).numbers).toEqual([0, -0])
    expect(numbersOf('dfp(int8,exponent=4)', [0]).first.scale).toBe(0n)
  })

  it('a NaN or an infinity makes its block NaN, or is refused where the scale cannot be NaN', () => {
    const format = block('mxfp4(block=2)')
    for (const wrong of [NAN, infinite(false), infinite(true)]) {
      const coded = encodeBlocks(format, [finite(1n), finite(3n), finite(1n), wrong, finite(5n)])
      expect(coded.blocks[1]).toEqual({ codes: [0n, 0n], scale: 255n, zero: undefined })
      expect(decodeBlocks(format, coded).map(valueText)).toEqual(['1', '3', 'NaN', 'NaN', '4'])
    }
    expect(encodeBlocks(block('group(uint4,zero=uint4)'), [NAN]).blocks[0]).toEqual({
      codes: [0n],
      scale: 0x7e00n,
      zero: 0n,
    })
    expect(() => encodeBlocks(block('dfp(int8)'), [infinite(true)])).toThrow(
      'dfp(int8,block=32,exponent=8) has no code for -inf',
    )
    expect(() => encodeBlocks(block('dual(int4)'), [NAN])).toThrow('has no code for NaN')
  })

  it('MX: elements that are NaN or infinite are read as such, a NaN scale makes all of them NaN (v1.0, 5.1)', () => {
    const read = (text: string, codes: readonly bigint[], scale: bigint) =>
      decodeBlocks(block(text), { blocks: [{ codes, scale, zero: undefined }], outer: undefined }).map(valueText)
    expect(read('mxfp8(e5m2)', [0x7cn, 0xfcn, 0x7dn, 0x3cn], 128n)).toEqual(['inf', '-inf', 'NaN', '2'])
    expect(read('mxfp8(e5m2)', [0x7cn, 0x3cn, 0n], 255n)).toEqual(['NaN', 'NaN', 'NaN'])
    // Beyond float32: exact here.
    expect(read('mxfp8(e5m2)', [0x7bn], 254n)).toEqual(['7*2^140'])
  })

  it('NVFP4: scales are the maximum over 6, rounded to E4M3; the tensor scale brings the largest to 448', () => {
    const nv = numbersOf('nvfp4', [6, 3, -1, 0.3])
    expect(nv.coded.outer).toBe(BigInt(new Uint32Array(Float32Array.of(6 / 2688).buffer)[0]!))
    expect(nv.scale).toBe(448)
    const one = BigInt(0x3f80_0000)
    expect(numbersOf('nvfp4', [6, 3, -1, 0.3], one)).toMatchObject({ scale: 1, numbers: [6, 3, -1, 0.5] })
    // 7 / 6 = 1.1667 is nearest to 1.125; 7 / 1.125 = 6.2 saturates.
    expect(numbersOf('nvfp4', [7], one)).toMatchObject({ scale: 1.125, numbers: [6.75] })
    expect(numbersOf('nvint4', [7, -7, 3.5, 2.5], one).numbers).toEqual([7, -7, 4, 2])
    // A scale that would be zero is the smallest one, one that is too large the largest.
    expect(numbersOf('nvfp4', [2 ** -12], one)).toMatchObject({ scale: 2 ** -9 })
    expect(numbersOf('nvfp4', [1e9], one)).toMatchObject({ scale: 448, numbers: [2688] })
    expect(numbersOf('nvfp4', [0, 0], one)).toMatchObject({ scale: 1, numbers: [0, 0] })
    expect(numbersOf('nvfp4', [0, 0]).coded.outer).toBe(one)
    expect(() => numbersOf('nvfp4', [1], 0n)).toThrow('nvfp4 needs a second-level scale above 0, got code 0 of fp32')
    expect(() => numbersOf('mxfp4', [1], one)).toThrow('mxfp4 has no second-level scale')
    expect(() => outerScaleOf(block('mxfp4'), [])).toThrow('mxfp4 has no second-level scale')
    expect(outerScaleOf(block('nvfp4'), [finite(1n, -300)])).toBe(1n)
    expect(outerScaleOf(block('nvfp4'), [NAN, finite(-2688n), infinite(true)])).toBe(one)
  })

  it('dynamic fixed point takes the smallest power of two at which nothing saturates', () => {
    expect(numbersOf('dfp(int8)', [127, -1])).toMatchObject({ scale: 1, numbers: [127, -1] })
    expect(numbersOf('dfp(int8)', [127.001, -1])).toMatchObject({ scale: 2, numbers: [128, 0] })
    expect(numbersOf('dfp(int8)', [-128])).toMatchObject({ scale: 2, numbers: [-128] })
    // A 4-bit exponent ends at 2^8 and at 2^-7.
    expect(numbersOf('dfp(int4,exponent=4)', [1e6]).numbers).toEqual([7 * 256])
    expect(numbersOf('dfp(int4,exponent=4)', [2 ** -9]).numbers).toEqual([0])
  })

  it('groups: the scale is rounded first, a zero point is the code of 0', () => {
    expect(numbersOf('group(int4)', [7, -3.5, 0.5])).toMatchObject({ scale: 1, numbers: [7, -4, 0] })
    expect(numbersOf('group(uint4,zero=uint4)', [-1, 14, 0.4])).toMatchObject({
      scale: 1,
      first: { zero: 1n, codes: [0n, 15n, 1n] },
      numbers: [-1, 14, 0],
    })
    // All positive: 0 stays exact, the range begins at it.
    expect(numbersOf('group(uint4,zero=uint4)', [30, 15])).toMatchObject({
      scale: 2,
      first: { zero: 0n },
      numbers: [30, 16],
    })
    expect(numbersOf('group(int4,zero=int4)', [-1, 14])).toMatchObject({
      first: { zero: 0x9n, codes: [8n, 7n] },
      numbers: [-1, 14],
    })
    expect(numbersOf('group(int4)', [0, 0])).toMatchObject({ scale: 1, numbers: [0, 0] })
    expect(numbersOf('group(int4)', [1e-30])).toMatchObject({ scale: 2 ** -24 })
  })

  it('a block of a format with a zero point has one', () => {
    const missing = { codes: [1n], scale: 0x3c00n, zero: undefined }
    expect(() => decodeBlocks(block('group(uint4,zero=uint4)'), { blocks: [missing], outer: undefined })).toThrow(
      'a block has a zero point',
    )
  })

  it('a value is rounded once, however little above a tie it lies', () => {
    const format = block('group(int4)')
    const tie = finite(3n, -2)
    for (const [more, code] of [
      [finite(0n), 0n],
      [finite(1n, -300), 1n],
      [finite(-1n, -300), 0n],
    ] as const) {
      const { blocks } = encodeBlocks(format, [finite(21n, -1), addExact(tie, more)])
      expect(toNumber(format.scale.decode(blocks[0]!.scale))).toBe(1.5)
      expect(blocks[0]!.codes[1]).toBe(code)
    }
  })

  it('dual-grained: element times scale stays an INT8 number of the channel', () => {
    const format = block('dual(uint4,g=2,zero=uint4)')
    const values = [-127, 127, 100, 90, 1, -1].map(fromNumber)
    const coded = encodeBlocks(format, values)
    expect(toNumber(format.outer!.decode(coded.outer!))).toBe(1)
    expect(coded.blocks.map(({ scale }) => scale)).toEqual([17n, 7n, 1n])
    expect(decodeBlocks(format, coded).map(toNumber)).toEqual([-119, 119, 98, 91, 1, -1])
  })

  it('the last block of a vector is shorter, and only its own values choose its scale', () => {
    const format = block('mxfp4')
    const values = Array.from({ length: 33 }, (_, k) => finite(k === 32 ? 1n : 100n))
    const { blocks } = encodeBlocks(format, values)
    expect(blocks.map(({ codes }) => codes.length)).toEqual([32, 1])
    expect(blocks[1]!.scale).toBe(125n)
    expect(encodeBlocks(format, []).blocks).toEqual([])
  })

  it('rounds elements toward zero or by chance where asked; the scale keeps its rule', () => {
    const format = block('mxfp4')
    const values = [7, 3.9, -0.4].map(fromNumber)
    const numbers = (rounding: Parameters<typeof encodeBlocks>[2]) =>
      decodeBlocks(format, encodeBlocks(format, values, rounding)).map(toNumber)
    expect(numbers({ rounding: 'toward-zero' })).toEqual([6, 3, -0])
    expect(numbers({ rounding: stochastic(() => 0xffn, 8) })).toEqual([6, 4, -0.5])
    expect(
      decodeBlocks(
        block('dfp(int8)'),
        encodeBlocks(block('dfp(int8)'), [fromNumber(100), fromNumber(-1.9)], { rounding: 'toward-zero' }),
      ).map(toNumber),
    ).toEqual([100, -1])
  })

  it('bits per element count scale and zero point, not the second level', () => {
    const bits = (text: string) => bitsPerElement(block(text))
    expect(['mxfp4', 'mxfp6', 'mxfp8', 'mxint8'].map(bits)).toEqual([4.25, 6.25, 8.25, 8.25])
    expect(['nvfp4', 'nvint4', 'dfp(int8,block=16,exponent=5)'].map(bits)).toEqual([4.5, 4.5, 8.3125])
    expect(['group(int4,zero=uint4)', 'group(int4)', 'dual(uint4,zero=uint4)'].map(bits)).toEqual([
      4.15625, 4.125, 4.09375,
    ])
  })

  it.each(texts)('%s: a block goes into bytes and comes back', (text) => {
    const format = block(text)
    for (const values of vectors(5, 5)) {
      for (const coded of encodeBlocks(format, values).blocks) {
        const bytes = packBlock(format, coded)
        const bits = format.scale.bits + (format.zero?.bits ?? 0) + coded.codes.length * format.element.bits
        expect(bytes.length).toBe(Math.ceil(bits / 8))
        expect(unpackBlock(format, bytes, coded.codes.length)).toEqual(coded)
      }
    }
  })

  it('decoding then encoding keeps the values of power-of-two scales', () => {
    for (const text of ['mxfp4', 'mxfp8(e5m2)', 'mxint8', 'dfp(int8)']) {
      const format = block(text)
      for (const values of vectors(9, 20)) {
        const once = decodeBlocks(format, encodeBlocks(format, values))
        const twice = decodeBlocks(format, encodeBlocks(format, once))
        expect(once.every((value, k) => sameValue(value, twice[k]!))).toBe(true)
      }
    }
  })
})
