import { describe, expect, it } from 'vitest'
import { s, u } from '../../src/dsl/index.ts'
import { unpackLanes, writeLanes } from '../../src/pe/lanes.ts'

describe('lanes of a packed word', () => {
  /** Numbers in the first of the words. */
  const packed = (values: readonly number[], width: number): number => {
    const words = new Int32Array(2)
    writeLanes(words, 0, values, [0, values.length], width)
    return words[0]! >>> 0
  }

  it('stand side by side, the first lowest, in two’s complement', () => {
    expect(packed([-1, 2, -8], 4)).toBe(0x82f)
    expect(packed([1, -2], 16)).toBe(0xfffe_0001)
    expect(packed([-1], 32)).toBe(0xffff_ffff)
    expect(packed([0xffff_fffe], 32)).toBe(0xffff_fffe)
    expect(packed([], 8)).toBe(0)
  })

  it('come out as they went in, up to the ends of their shape', () => {
    for (const shape of [s(2), u(2), s(4), u(4), s(8), u(8), s(16), u(16), s(32), u(32)]) {
      const values = [shape.min, shape.max, 0n, shape.max, shape.min].map(Number).slice(0, 32 / shape.width)
      expect(unpackLanes(packed(values, shape.width), shape, values.length), shape.tag).toEqual(values)
    }
  })

  it('fill words of 32 bits one after the other, and clear what a last word has left', () => {
    const words = Int32Array.from([7, 7, 7, 7])
    writeLanes(words, 1, [9, 9, 1, -2, 3, 4, 5], [2, 7], 16)
    expect([...words]).toEqual([7, 0xfffe_0001 | 0, 0x0004_0003, 5])
    writeLanes(words, 0, [-1, 2, -8], [0, 3], 4)
    writeLanes(words, 1, [-1, -2], [0, 2], 32)
    expect([...words]).toEqual([0x82f, -1, -2, 5])
  })

  it('leave out what is above the last one', () => {
    expect(unpackLanes(0xffff_ff9a, s(4), 2)).toEqual([-6, -7])
    expect(unpackLanes(0xffff_ff9a, u(4), 2)).toEqual([10, 9])
  })
})
