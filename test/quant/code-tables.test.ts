import { expect, test } from 'vitest'
import { codeTablesOf, tableCodes } from '../../src/quant/code-tables.ts'
import { type CodedMatrix, dequantise } from '../../src/quant/coded.ts'
import { matrixQuantiserFamilies } from '../../src/quant/families.ts'
import { roundToNearest } from '../../src/quant/fitted.ts'
import { familyNamed, parseSpec } from '../../src/spec/index.ts'
import { normals } from './normals.ts'

const [outputs, inputs] = [6, 80]
const data = Float32Array.from(normals(outputs * inputs, 4), (value, at) => (at < inputs ? 0 : value * 2 ** (at % 3)))
const coded = (spec: string): CodedMatrix => {
  const matrix = { data, outputs, inputs, name: 'matrix' }
  return roundToNearest(
    matrix,
    familyNamed(parseSpec(spec), matrixQuantiserFamilies, ['quantiser', 'quantisers'])
      .apply(parseSpec(spec))
      .fit(matrix),
  )
}

test.each([
  'group-integer(w=int4, group=32)',
  'group-integer(w=int3, per=channel)',
  'group-integer(w=int2, group=24, weights=symmetric)',
  'group-integer(w=int4, weights=symmetric, per=tensor)',
  'mixpe(group=32)',
  'bitmod(w=fp4, group=32)',
  'bitmod(w=fp3, group=16)',
  'bitmod(w=int4, group=32)',
  'ant(bits=4, per=group, group=32, type=scale)',
  'ant(bits=3)',
  'scaled(w=fp4, group=32)',
  'scaled(w=fp3, group=32)',
  'scaled(w=pot4, group=32)',
  'block(w=mxfp4)',
])('the tables of %s give every weight as it is dequantised, bit for bit', (spec) => {
  const matrix = coded(spec)
  const { scales, tables, values } = codeTablesOf(matrix)!
  const found = Float32Array.from(matrix.codes, (code, at) => {
    const slot = Math.floor(at / inputs) * matrix.groups + Math.floor((at % inputs) / matrix.group)
    return Math.fround(scales[slot]!) * values[tables[slot]! * tableCodes + (code & 15)]!
  })
  expect(found).toEqual(dequantise(matrix))
  expect(found.some((value) => value !== 0)).toBe(true)
  expect(new Uint32Array(values.buffer).every((bits) => (bits & 0xffff) === 0)).toBe(true)
})

test.each([
  ['more than 4 bits', 'group-integer(w=int5, group=32)'],
  ['more than 4 bits in BitMoD', 'bitmod(w=int6, group=32)'],
  ['more than 4 bits in one format', 'scaled(w=e2m3, group=32)'],
  ['more than 4 bits in blocks', 'block(w=mxfp6(e2m3))'],
  ['pairs that are decoded together', 'olive(per=group, group=32)'],
  ['values with more digits than a bfloat16', 'scaled(w=nf4, group=32)'],
  ['a code that stands for no number', 'scaled(w=posit(4,1), group=32)'],
  ['two levels of scales, whose product is no float32', 'block(w=nvfp4)'],
])('there are none for %s', (_, spec) => {
  expect(codeTablesOf(coded(spec))).toBeUndefined()
})
