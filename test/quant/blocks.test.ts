import { describe, expect, it } from 'vitest'
import { blockCodecOf, blockFormatOf } from '../../src/formats/index.ts'
import { dequantiseBlocks, fitBlocks } from '../../src/quant/blocks.ts'
import { roundToNearest } from '../../src/quant/fitted.ts'
import { normalMatrix } from './normals.ts'

describe.each([
  'mxfp4',
  'mxfp4(rule=rceil)',
  'mxfp6(e3m2)',
  'mxfp6(e2m3)',
  'mxfp8(e4m3)',
  'mxfp8(e5m2)',
  'mxint8',
  'nvfp4',
  'nvint4',
])('%s', (name) => {
  const format = blockFormatOf(name)
  const codec = blockCodecOf(format)

  it('has the codes, scales and values that the format gives for each row', () => {
    const matrix = normalMatrix(5, 77, 8)
    matrix.data.fill(0, 77, 154)
    const found = roundToNearest(matrix, fitBlocks(matrix, format))
    const restored = dequantiseBlocks(found)
    for (let row = 0; row < 5; row++) {
      const blocks = codec.encode(matrix.data.subarray(77 * row, 77 * row + 77), found.outer)
      expect([...found.codes.subarray(77 * row, 77 * row + 77)]).toEqual([...blocks.codes])
      const { groups } = found
      expect([...found.scales.subarray(groups * row, groups * row + groups)]).toEqual([...blocks.scales])
      expect(restored.subarray(77 * row, 77 * row + 77)).toEqual(codec.decode(blocks))
    }
  })

  it('saturates as the format does, just below a power of two', () => {
    const data = Float32Array.from({ length: 40 }, (_, k) => (k === 3 ? -1.9999 : k === 35 ? 3.9999 : 0.01 * k))
    const matrix = { data, outputs: 1, inputs: 40, name: 'm' }
    const found = roundToNearest(matrix, fitBlocks(matrix, format))
    expect([...found.codes]).toEqual([...codec.encode(data, found.outer).codes])
  })

  it('has one second-level scale for the matrix, where it has any', () => {
    const matrix = normalMatrix(3, 32, 1)
    const { outer } = fitBlocks(matrix, format).finish()
    expect(outer).toBe(format.outer ? codec.encode(matrix.data).outer : undefined)
  })
})

it('refuses a format with zero points', () => {
  expect(() => fitBlocks(normalMatrix(1, 4, 1), blockFormatOf('group(uint4,zero=uint4)'))).toThrow(RangeError)
})
