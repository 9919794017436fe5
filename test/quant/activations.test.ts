import { describe, expect, it } from 'vitest'
import { blockCodecOf, blockFormatOf } from '../../src/formats/index.ts'
import { activationsOf, describeActivations, roundActivations } from '../../src/quant/activations.ts'
import { roundToFloat16 } from '../../src/quant/float16.ts'
import { quantiseTokens } from '../../src/quant/token-integer.ts'
import { normals, squaredError } from './normals.ts'

const input = normals(3 * 40, 6, 2)
const rounded = (text: string): Float32Array => roundActivations(input, 3, 40, activationsOf(text))

describe('activations', () => {
  it('stay, become FP16, or integers with a scale a token', () => {
    expect(rounded('float')).toBe(input)
    expect(rounded('fp16')).toEqual(input.map(roundToFloat16))
    const { codes, scales } = quantiseTokens(input, 3, 40, { bits: 6 })
    expect(rounded('int6')).toEqual(input.map((_, at) => codes[at]! * scales[Math.floor(at / 40)]!))
  })

  it('become a format with a scale a token, or blocks along each token', () => {
    const codec = blockCodecOf(blockFormatOf('mxfp4'))
    const tokens = [0, 1, 2].flatMap((token) => [
      ...codec.decode(codec.encode(input.subarray(40 * token, 40 * token + 40))),
    ])
    expect([...rounded('mxfp4')]).toEqual(tokens)
    // A token does not change another one's codes.
    for (const text of ['posit(8,0)', 'fp4', 'mxfp4', 'nvfp4', 'nvint4'])
      for (const from of [0, 40, 80])
        expect(rounded(text).slice(from, from + 40)).toEqual(
          roundActivations(input.slice(from, from + 40), 1, 40, activationsOf(text)),
        )
    const error = (text: string): number => squaredError(input, rounded(text))
    expect(error('posit(16,1)')).toBeLessThan(error('posit(8,0)'))
    expect(error('posit(8,0)')).toBeLessThan(error('fp4'))
  })

  it('are said in a phrase', () => {
    expect(['float', 'fp16', 'int8', 'fp4', 'nvfp4'].map((text) => describeActivations(activationsOf(text)))).toEqual([
      'float32',
      'rounded to FP16',
      'int8 per token, scale = largest magnitude / 127',
      'fp4 with an FP16 scale a token',
      'nvfp4 along each token',
    ])
  })
})
