import { describe, expect, it } from 'vitest'
import {
  blockFormatOf,
  dualGrained,
  dynamicFixedPoint,
  formatOf,
  groupFormat,
  integerFormat,
  mxFormat,
  scalarFormatOf,
} from '../../src/formats/index.ts'

const message = (text: string): string => {
  try {
    formatOf(text)
  } catch (error) {
    return error instanceof Error ? error.message : expect.fail('no error')
  }
  return expect.fail(`${text} is read`)
}

describe('texts of block formats', () => {
  it('have one canonical form, without what is usual', () => {
    for (const [text, id] of [
      ['mxfp4(block=32)', 'mxfp4'],
      ['mxfp4( rule=even, block=16 )', 'mxfp4(block=16,rule=even)'],
      ['mxfp6', 'mxfp6(e3m2)'],
      ['mxfp6(e2m3)', 'mxfp6(e2m3)'],
      ['mxfp8(element=e5m2,rule=floor)', 'mxfp8(e5m2)'],
      ['mxint8()', 'mxint8'],
      ['nvfp4', 'nvfp4'],
      ['nvint4(block=32)', 'nvint4(block=32)'],
      ['dfp', 'dfp(int8,block=32,exponent=8)'],
      ['dfp(int16,64)', 'dfp(int16,block=64,exponent=8)'],
      ['group', 'group(int4,g=128,scale=fp16,zero=none)'],
      ['group(int4, g=128, scale=fp16, zero=uint4)', 'group(uint4,g=128,scale=fp16,zero=uint4)'],
      ['group(uint3,zero=int3)', 'group(int3,g=128,scale=fp16,zero=int3)'],
      ['dual', 'dual(int4,g=128,zero=none,outer=fp16)'],
      ['dual(uint4,g=64,zero=uint4,outer=fp32)', 'dual(uint4,g=64,zero=uint4,outer=fp32)'],
    ] as const) {
      expect(formatOf(text).id).toBe(id)
      expect(formatOf(id).id).toBe(id)
    }
  })

  it('point at mistakes and say what may stand there', () => {
    expect(message('mxfp5')).toContain("did you mean 'mxfp4'?")
    expect(message('mxfp4(block=0)')).toBe(
      "mxfp4 cannot have block=0\n  mxfp4(block=0)\n              ^\nallowed for 'block': an integer from 1 to 65536",
    )
    expect(message('mxfp4(rule=flor)')).toContain("did you mean 'floor'?")
    expect(message('mxfp8(e4m2)')).toContain("did you mean 'e4m3'?")
    expect(message('mxint8(int8)')).toContain("allowed for 'block'")
    expect(message('nvfp4(blok=8)')).toContain("did you mean 'block'?")
    expect(message('group(fp4)')).toContain("allowed for 'element'")
    expect(message('group(int4,scale=ue5m2)')).toContain("did you mean 'ue5m3'?")
    expect(message('group(int4,zero=uint8)')).toBe(
      "a zero point is as wide as its elements, 4 bits of int4\n  group(int4,zero=uint8)\n                  ^^^^^\nwrite 'uint4', 'int4' or 'none'",
    )
    expect(message('dual(int3,64,int4)')).toContain('\n  dual(int3,64,int4)\n               ^^^^\n')
    expect(message('group(uint4)')).toContain(
      'group(uint4,g=128,scale=fp16,zero=none): uint4 needs a zero point, zero=uint4',
    )
    expect(message('dfp(int8,exponent=9)')).toContain("allowed for 'exponent': an integer from 2 to 8")
    expect(message('dual(int4,outer=int8)')).toContain("allowed for 'outer'")
  })

  it('are read by blockFormatOf, and no others', () => {
    expect(blockFormatOf('nvfp4').id).toBe('nvfp4')
    expect(() => blockFormatOf('fp4')).toThrow('fp4 is no block format')
    expect(() => scalarFormatOf('mxfp4')).toThrow('mxfp4 is no format of single real numbers')
  })

  it('constructors refuse parts that do not go together', () => {
    expect(() => mxFormat('mxfp4', 'fp4', { block: 65_537 })).toThrow('a block has 1 to 65536 elements, got 65537')
    expect(() => groupFormat(integerFormat(17))).toThrow('an element has at most 16 bits, got int17')
    expect(() => dualGrained(integerFormat(4, 'unsigned'), { zero: false })).toThrow('uint4 needs a zero point')
    expect(() => dynamicFixedPoint(8, { exponent: 1 })).toThrow('a shared exponent has 2 to 8 bits, got 1')
  })
})
