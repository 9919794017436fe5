import {
  type BlockFormat,
  bitsPerElement,
  blockFormatOf,
  multiplyExact,
  scalarFormatOf,
  toNumber,
  valueText,
} from '../../src/formats/index.ts'
import { withTablesOf } from '../tables-of-page.ts'
import { precisionOf } from './precision.ts'
import { short } from './values.ts'

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, k) => (k === 0 ? '---' : '---:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

/** The value of every code of formats of at most 4 bits. */
const codeTable = (ids: readonly string[]): string => {
  const formats = ids.map(scalarFormatOf)
  const most = Math.max(...formats.map(({ bits }) => bits))
  return table(
    ['code', ...ids.map((id) => `\`${id}\``)],
    Array.from({ length: 2 ** most }, (_, code) => [
      `\`${code.toString(2).padStart(most, '0')}\``,
      ...formats.map(({ bits, decode }) => {
        if (code >= 2 ** bits) return ''
        const value = decode(BigInt(code))
        return value.kind === 'finite' && valueText(value).length > 12 ? String(toNumber(value)) : valueText(value)
      }),
    ]),
  )
}

const decibels = (largest: number, smallest: number): string => (20 * Math.log10(largest / smallest)).toFixed(0)

/** Bits of precision where the format is most precise. */
const bestPrecision = (id: string): string => {
  const best = Math.max(...precisionOf(id).map(([, bits]) => bits))
  return String(Number(best.toFixed(2)))
}

const scalarTable = (ids: readonly string[]): string =>
  table(
    ['format', 'bits', 'largest', 'smallest above 0', 'range in dB', 'precision in bits'],
    ids.map((id) => {
      const { bits, max, smallest } = scalarFormatOf(id)
      const [most, least] = [toNumber(max), toNumber(smallest)]
      return [`\`${id}\``, String(bits), short(most), short(least), decibels(most, least), bestPrecision(id)]
    }),
  )

const blockTable = (ids: readonly string[]): string =>
  table(
    [
      'format',
      'bits a value',
      'block',
      'scale',
      'range in a block, dB',
      'range of all scales, dB',
      'precision in bits',
    ],
    ids.map((id) => {
      const format = blockFormatOf(id)
      const { element, scale, block } = format
      const [most, least] = [toNumber(element.max), toNumber(element.smallest)]
      return [
        `\`${id}\``,
        String(bitsPerElement(format)),
        String(block),
        scaleText(format),
        decibels(most, least),
        decibels(
          toNumber(multiplyExact(element.max, scale.max)),
          toNumber(multiplyExact(element.smallest, scale.smallest)),
        ),
        bestPrecision(element.id),
      ]
    }),
  )

const scaleText = ({ scale, outer, zero }: BlockFormat): string =>
  [
    scale.id.startsWith('fp(') ? `2^e, ${scale.bits} bits` : scale.id,
    zero ? `zero ${zero.id}` : '',
    outer ? `${outer.id} outside` : '',
  ]
    .filter((part) => part !== '')
    .join(', ')

/** The tables of the page on formats, by the name in the page's marks. */
export const tables = (): Readonly<Record<string, string>> => ({
  'integer-codes': codeTable(['int2', 'int3', 'int4', 'sm4', 'uint4']),
  'float-codes': codeTable(['fp3', 'fp4', 'e3m0', 'e1m2']),
  'posit-codes': codeTable(['posit(3,1)', 'posit(4,0)', 'posit(4,1)', 'posit(4,2)']),
  'codebook-codes': codeTable(['nf4', 'flint4', 'uflint4', 'pot4', 'abfloat(e2m1,bias=2)', 'ternary']),
  'special-value-codes': codeTable(['fp3(sv=3)', 'fp3(sv=-6)', 'fp4(sv=5)', 'fp4(sv=-8)']),
  scalars: scalarTable([
    ...[
      'int4',
      'int8',
      'int16',
      'fp3',
      'fp4',
      'e3m0',
      'e2m3',
      'e3m2',
      'e4m3',
      'fp(e4m3,bias=8,special=fnuz)',
      'e5m2',
      'ue5m3',
    ],
    ...[
      'fp16',
      'bf16',
      'nf4',
      'flint4',
      'flint8',
      'pot4',
      'posit(4,1)',
      'posit(8,0)',
      'posit(8,1)',
      'posit(8,2)',
      'posit(16,1)',
    ],
    'posit(16,2)',
  ]),
  blocks: blockTable([
    ...['mxfp4', 'mxfp6(e3m2)', 'mxfp6(e2m3)', 'mxfp8(e4m3)', 'mxfp8(e5m2)', 'mxint8', 'nvfp4', 'nvint4'],
    'dfp(int8,block=32,exponent=8)',
    'group(int4,g=128,scale=fp16,zero=none)',
    'group(uint4,g=128,scale=fp16,zero=uint4)',
    'dual(uint4,g=128,zero=uint4,outer=fp16)',
  ]),
})

/** The page of number formats with its tables as they are now. */
export const withTables = (page: string): string => withTablesOf(page, tables())
