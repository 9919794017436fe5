import { describe, expect, it } from 'vitest'
import {
  blockFormatOf,
  joinCodes,
  packBlock,
  packCodes,
  splitCodes,
  unpackBlock,
  unpackCodes,
} from '../../src/formats/index.ts'

describe('packing', () => {
  it('puts the first code in the low bits, or in the high ones', () => {
    expect(packCodes([0x1n, 0x2n, 0x3n], 4)).toEqual(Uint8Array.of(0x21, 0x03))
    expect(packCodes([0x1n, 0x2n, 0x3n], 4, 'high-first')).toEqual(Uint8Array.of(0x12, 0x30))
    // Four 6-bit codes in three bytes.
    expect(packCodes([0b000001n, 0b100000n, 0b111111n, 0n], 6)).toEqual(
      Uint8Array.of(0b00000001, 0b11111000, 0b00000011),
    )
    expect(packCodes([0b000001n, 0b100000n, 0b111111n, 0n], 6, 'high-first')).toEqual(
      Uint8Array.of(0b00000110, 0b00001111, 0b11000000),
    )
    expect(packCodes([0x1234n, 0xabcdn], 16)).toEqual(Uint8Array.of(0x34, 0x12, 0xcd, 0xab))
    expect(packCodes([], 4)).toEqual(new Uint8Array(0))
  })

  it('comes back for every width and order', () => {
    for (let bits = 1; bits <= 17; bits++)
      for (const order of ['low-first', 'high-first'] as const) {
        const codes = Array.from(
          { length: 23 },
          (_, k) => (0x9e3779b97f4a7c15n >> BigInt(k)) & ((1n << BigInt(bits)) - 1n),
        )
        expect(unpackCodes(packCodes(codes, bits, order), bits, codes.length, order)).toEqual(codes)
      }
  })

  it('refuses codes that are too wide and bytes that are too few', () => {
    expect(() => packCodes([16n], 4)).toThrow('code 16 has more than 4 bits')
    expect(() => packCodes([-1n], 4)).toThrow('code -1 has more than 4 bits')
    expect(() => unpackCodes(new Uint8Array(2), 6, 3)).toThrow('3 codes of 6 bits need 3 bytes, got 2')
    const format = blockFormatOf('mxfp4')
    expect(() => unpackBlock(format, new Uint8Array(16))).toThrow('need 17 bytes, got 16')
    expect(() => packBlock(format, { codes: [1n], scale: 256n, zero: undefined })).toThrow(
      'code 256 has more than 8 bits',
    )
  })

  it('a block is its scale, its zero point, its elements', () => {
    const mxfp4 = blockFormatOf('mxfp4')
    expect(packBlock(mxfp4, { codes: [7n, 15n, 1n], scale: 0x80n, zero: undefined })).toEqual(
      Uint8Array.of(0x80, 0xf7, 0x01),
    )
    const group = blockFormatOf('group(uint4,zero=uint4)')
    expect(packBlock(group, { codes: [1n, 2n], scale: 0x3c00n, zero: 9n })).toEqual(
      Uint8Array.of(0x00, 0x3c, 0x19, 0x02),
    )
  })

  it('FP6 split 4+2: the high two bits of four codes in a byte, the low four of two', () => {
    const codes = [0b10_0001n, 0b01_0010n, 0b11_1111n, 0b00_1000n, 0b10_0100n]
    const split = splitCodes(codes)
    expect(split.high).toEqual(Uint8Array.of(0b10_01_11_00, 0b10_00_00_00))
    expect(split.low).toEqual(Uint8Array.of(0b0001_0010, 0b1111_1000, 0b0100_0000))
    expect(joinCodes(split, 5)).toEqual(codes)
    expect(() => splitCodes([64n])).toThrow('code 64 has more than 6 bits')
    expect(() => joinCodes(split, 9)).toThrow('need')
  })
})
