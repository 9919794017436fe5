import { describe, expect, it } from 'vitest'
import { codedBitsPerWeight, dequantise, describeCoded, tensorsOf } from '../../src/quant/coded.ts'
import { matrixQuantiserFamilies } from '../../src/quant/families.ts'
import { roundToNearest } from '../../src/quant/fitted.ts'
import { float16BitsOf } from '../../src/quant/float16.ts'
import { parseSpec } from '../../src/spec/index.ts'
import { normalMatrix, squaredError } from './normals.ts'

const quantiserOf = (text: string) => {
  const spec = parseSpec(text)
  return matrixQuantiserFamilies.find(({ id }) => id === spec.family.text)!.apply(spec)
}
const matrix = normalMatrix(12, 256, 7)
const coded = (text: string, of = matrix) => roundToNearest(of, quantiserOf(text).fit(of))
const errorOf = (text: string): number => squaredError(matrix.data, dequantise(coded(text)))

describe.each(matrixQuantiserFamilies.map(({ id }) => id))('%s', (id) => {
  it('works with nothing said, and its full text is the same quantiser', () => {
    const { spec } = quantiserOf(id)
    expect(spec.startsWith(`${id}(`)).toBe(true)
    expect(quantiserOf(spec).spec).toBe(spec)
    expect(coded(spec)).toEqual(coded(id))
  })

  it('gives each value that is stored by its round, on a ragged matrix', () => {
    const ragged = normalMatrix(3, 150, 2)
    const fitted = quantiserOf(id).fit(ragged)
    const values = ragged.data.map((weight, at) => fitted.round(Math.floor(at / 150), at % 150, weight))
    expect(dequantise(fitted.finish())).toEqual(values)
  })

  it('is nearer to the weights with more bits', () => {
    const texts: Readonly<Record<string, readonly string[]>> = {
      'group-integer': ['w=int3', 'w=int4', 'w=int6', 'w=int8'],
      mixpe: ['w=int3', 'w=int4', 'w=int8'],
      bitmod: ['w=fp3', 'w=fp4', 'w=int8'],
      ant: ['bits=3', 'bits=4', 'bits=6', 'bits=8'],
      olive: ['normal=int4', 'normal=int8'],
      scaled: ['w=fp3', 'w=fp4', 'w=e2m3', 'w=posit(16,1)'],
      xrnpe: ['w=fp4', 'w=posit(8,0)', 'w=posit(16,1)'],
      block: ['w=mxfp4', 'w=mxfp6(e2m3)', 'w=mxint8'],
    }
    const errors = texts[id]!.map((text) => errorOf(`${id}(${text})`))
    expect(errors).toEqual(errors.toSorted((a, b) => b - a))
  })
})

describe('the published order of errors', () => {
  it('has groups before channels before the tensor, a zero point before none, a search before the whole range', () => {
    for (const w of ['int3', 'int4', 'int8']) {
      const group = errorOf(`group-integer(w=${w})`)
      const channel = errorOf(`group-integer(w=${w}, per=channel)`)
      expect(group).toBeLessThan(channel)
      expect(channel).toBeLessThan(errorOf(`group-integer(w=${w}, per=tensor)`))
      expect(group).toBeLessThan(errorOf(`group-integer(w=${w}, weights=symmetric)`))
      expect(errorOf(`group-integer(w=${w}, clip=mse)`)).toBeLessThanOrEqual(group)
    }
    expect(errorOf('bitmod(w=fp3, clip=mse)')).toBeLessThan(errorOf('bitmod(w=fp3)'))
  })

  it('has BitMoD before the plain formats of its basic values, and ANT before each of its types', () => {
    expect(errorOf('bitmod(w=fp4)')).toBeLessThan(errorOf('scaled(w=fp4)'))
    expect(errorOf('bitmod(w=fp3)')).toBeLessThan(errorOf('scaled(w=fp3)'))
    const ant = errorOf('ant(per=group, type=scale)')
    for (const w of ['flint4', 'pot4']) expect(ant).toBeLessThanOrEqual(errorOf(`scaled(w=${w}, clip=mse)`))
  })
})

describe('what is saved of a matrix', () => {
  it('has codes, scales and what else there is, each in its type', () => {
    const shapes = (text: string) =>
      Object.entries(tensorsOf(coded(text))).map(([name, { type, shape }]) => `${name} ${type} ${shape.join('x')}`)
    expect(shapes('group-integer')).toEqual(['codes I8 12x256', 'scales F16 12x2', 'zeros U8 12x2'])
    expect(shapes('group-integer(w=int8)')[0]).toBe('codes U8 12x256')
    expect(shapes('group-integer(weights=symmetric)')).toEqual(['codes I8 12x256', 'scales F16 12x2'])
    expect(shapes('bitmod')).toEqual([
      'codes U8 12x256',
      'scales U8 12x2',
      'selectors U8 12x2',
      'channel_scales F16 12x1',
    ])
    expect(shapes('bitmod(w=int6)')).toEqual(['codes U8 12x256', 'scales U8 12x2', 'channel_scales F16 12x1'])
    expect(shapes('ant')).toEqual(['codes U8 12x256', 'scales F16 12x1', 'types U8 12x1'])
    expect(shapes('olive')).toEqual(['codes U8 12x256', 'scales F16 12x1'])
    expect(shapes('scaled(w=posit(16,1))')).toEqual(['codes U16 12x256', 'scales F16 12x2'])
    expect(shapes('block')).toEqual(['codes U8 12x256', 'scales U8 12x8'])
    expect(shapes('block(w=nvfp4)')).toEqual(['codes U8 12x256', 'scales U8 12x16', 'outer F32 1'])
    const integers = coded('group-integer')
    expect(tensorsOf(integers).scales!.data[0]).toBe(
      integers.kind === 'integer' ? float16BitsOf(integers.scales[0]!) : Number.NaN,
    )
  })

  it('says its kind, size, bits and formats', () => {
    expect(describeCoded(coded('group-integer(w=int3)'))).toEqual({
      kind: 'integer',
      outputs: 12,
      inputs: 256,
      group: 128,
      bits: 3,
      formats: ['uint3'],
    })
    expect(describeCoded(coded('bitmod(w=fp3)')).formats).toEqual([3, -3, 6, -6].map((sv) => `fp3(sv=${sv})`))
    expect(describeCoded(coded('ant')).formats).toEqual(['int4', 'flint4', 'pot4'])
    expect(describeCoded(coded('olive')).formats).toEqual(['olive(int4)'])
    expect(describeCoded(coded('block(w=nvfp4)'))).toMatchObject({ formats: ['nvfp4'], bits: 4, group: 16 })
  })

  it('costs the bits that papers count', () => {
    expect(codedBitsPerWeight(coded('group-integer'))).toBe(4 + (16 + 4) / 128)
    expect(codedBitsPerWeight(coded('group-integer(weights=symmetric)'))).toBe(4 + 16 / 128)
    // BitMoD, HPCA 2025, III-C: 10 bits a group, and an FP16 scale a row.
    expect(codedBitsPerWeight(coded('bitmod(w=fp3)'))).toBe(3 + 10 / 128 + 16 / 256)
    expect(codedBitsPerWeight(coded('block'))).toBe(4 + 8 / 32)
    expect(codedBitsPerWeight(coded('block(w=nvfp4)'))).toBe(4 + 8 / 16 + 32 / (12 * 256))
  })
})
