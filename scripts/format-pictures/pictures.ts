import { blockLayouts } from './block-layouts.ts'
import { numberLines } from './number-lines.ts'
import { precisionPicture } from './precision.ts'

/** Every picture of the page on formats: file name and SVG. */
export const pictures = (): Readonly<Record<string, string>> => ({
  'integers.svg': numberLines({
    title: 'Integers',
    subtitle: 'evenly spaced; two’s complement has one more value below zero',
    formats: ['int2', 'int3', 'int4', 'sm4', 'uint4'],
    axis: 'linear',
  }),
  'small-floats.svg': numberLines({
    title: 'Floats of 3 to 6 bits',
    subtitle: 'as fractions of the largest value, where a scale puts it; labels are the values themselves',
    formats: ['fp3', 'e1m2', 'fp4', 'e3m0', 'e2m2', 'e3m1', 'e2m3', 'e3m2'],
    axis: 'largest',
  }),
  'eight-bit.svg': numberLines({
    title: 'Eight bits, positive values, logarithmic',
    subtitle: 'integers crowd at the top, floats keep their distance, posits are dense around 1',
    formats: [
      'int8',
      'e4m3',
      ['fp(e4m3,special=fnuz,bias=8)', 'e4m3 fnuz'],
      'e5m2',
      'posit(8,0)',
      'posit(8,1)',
      'posit(8,2)',
      'flint8',
    ],
    axis: 'logarithmic',
  }),
  'posits.svg': numberLines({
    title: 'Posits, positive values, logarithmic',
    subtitle: 'each exponent bit doubles the range and costs one fraction bit around 1',
    formats: ['posit(4,0)', 'posit(4,1)', 'posit(6,1)', 'posit(8,0)', 'posit(8,1)', 'posit(8,2)'],
    axis: 'logarithmic',
  }),
  'four-bit.svg': numberLines({
    title: 'Four bits, sixteen codes',
    subtitle: 'as fractions of the largest value, where a scale puts it; labels are the values themselves',
    formats: [
      'int4',
      'fp4',
      'fp4(sv=5)',
      'fp4(sv=-8)',
      'nf4',
      'flint4',
      'posit(4,1)',
      'e3m0',
      'pot4',
      ['abfloat(e2m1,bias=2)', 'abfloat e2m1'],
    ],
    axis: 'largest',
  }),
  'precision.svg': precisionPicture('Precision over magnitude', [
    'fp16',
    'bf16',
    'posit(16,1)',
    'posit(16,2)',
    'int16',
    'e4m3',
    'e5m2',
    'posit(8,1)',
  ]),
  'blocks.svg': blockLayouts('Blocks', [
    'mxfp4',
    'mxfp6',
    'mxfp8',
    'mxint8',
    'nvfp4',
    'nvint4',
    'dfp(int8,block=32,exponent=8)',
    'group(uint4,g=128,scale=fp16,zero=uint4)',
    'dual(uint4,g=128,zero=uint4,outer=fp16)',
  ]),
})
