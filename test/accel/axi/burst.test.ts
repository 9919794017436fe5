import { describe, expect, it } from 'vitest'
import { type Burst, beatAddress, beatLanes, crossesBoundary } from '../../../src/accel/axi/burst.ts'

const burst = (addr: bigint, beats: number, bytes: number, type: number): Burst => ({
  addr,
  len: beats - 1,
  size: Math.log2(bytes),
  burst: type,
})
const addresses = (of: Burst): string[] =>
  Array.from({ length: of.len + 1 }, (_, beat) => beatAddress(of, beat).toString(16))

describe('the addresses of a burst', () => {
  it('go up by a beat, aligned from the second one on, where it is incrementing', () => {
    expect(addresses(burst(0x1000n, 4, 4, 1))).toEqual(['1000', '1004', '1008', '100c'])
    expect(addresses(burst(0x1ff7n, 3, 4, 1))).toEqual(['1ff7', '1ff8', '1ffc'])
    expect(addresses(burst(0xffff_ffff_ffff_f003n, 3, 8, 1))).toEqual([
      'fffffffffffff003',
      'fffffffffffff008',
      'fffffffffffff010',
    ])
  })

  it('stay where it is fixed', () => {
    expect(addresses(burst(0x1003n, 3, 4, 0))).toEqual(['1003', '1003', '1003'])
  })

  it('go round in a block of its size where it wraps', () => {
    expect(addresses(burst(0x1034n, 4, 4, 2))).toEqual(['1034', '1038', '103c', '1030'])
    expect(addresses(burst(0x1030n, 4, 4, 2))).toEqual(['1030', '1034', '1038', '103c'])
    expect(addresses(burst(0x10f8n, 8, 8, 2))).toEqual(['10f8', '10c0', '10c8', '10d0', '10d8', '10e0', '10e8', '10f0'])
    expect(addresses(burst(0x1003n, 2, 1, 2))).toEqual(['1003', '1002'])
  })

  it('tell the lanes of each beat', () => {
    const lanes = (of: Burst, busBytes: number) =>
      Array.from({ length: of.len + 1 }, (_, beat) => {
        const { low, high } = beatLanes(of, beat, busBytes)
        return `${low}-${high}`
      })
    expect(lanes(burst(0x1001n, 3, 4, 1), 8)).toEqual(['1-3', '4-7', '0-3'])
    expect(lanes(burst(0x100en, 3, 2, 1), 64)).toEqual(['14-15', '16-17', '18-19'])
    expect(lanes(burst(0x1005n, 2, 4, 0), 8)).toEqual(['5-7', '5-7'])
    expect(lanes(burst(0x100cn, 2, 4, 2), 16)).toEqual(['12-15', '8-11'])
    expect(lanes(burst(0x1003n, 1, 64, 1), 64)).toEqual(['3-63'])
  })

  it('cross 4096 bytes or end there', () => {
    expect(crossesBoundary(burst(0x1f00n, 256, 1, 1))).toBe(false)
    expect(crossesBoundary(burst(0x1f01n, 256, 1, 1))).toBe(true)
    expect(crossesBoundary(burst(0x1ff8n, 2, 4, 1))).toBe(false)
    expect(crossesBoundary(burst(0x1ffbn, 2, 4, 1))).toBe(false)
    expect(crossesBoundary(burst(0x1ffcn, 2, 4, 1))).toBe(true)
    expect(crossesBoundary(burst(0x1ffcn, 2, 4, 0))).toBe(false)
    expect(crossesBoundary(burst(0x1ffcn, 2, 4, 2))).toBe(false)
  })
})
