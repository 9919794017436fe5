import { describe, expect, it } from 'vitest'
import {
  formatFamilies,
  formatOf,
  formatOfValue,
  formats,
  integerFormatOf,
  scalarFormatOf,
} from '../../src/formats/index.ts'
import { parseSpec, SpecError } from '../../src/spec/index.ts'

const messageOf = (text: string): string => {
  try {
    formatOf(text)
  } catch (error) {
    if (error instanceof SpecError) return error.message
    throw error
  }
  return expect.fail(`${text} is read`)
}

describe('the text of formats', () => {
  it('every listed format reads back to itself by its id, and has a summary and a source', () => {
    expect(formats.length).toBeGreaterThan(50)
    expect(new Set(formats.map(({ id }) => id)).size).toBe(formats.length)
    for (const { id, summary, source } of formats) {
      expect(formatOf(id).id).toBe(id)
      expect([summary, source].join()).not.toMatch(/undefined|NaN\b.*NaN\b.*NaN|^,|,$/)
    }
  })

  it('every family reads each of its examples, and no other family takes it first', () => {
    for (const family of formatFamilies)
      for (const example of family.examples) {
        const value = parseSpecValue(example)
        const first = formatFamilies.find(({ read }) => read({ text: example, value }))
        expect(first, example).toBe(family)
      }
  })

  it.each([
    ['fp4', 'fp4'],
    ['fp(e2m1)', 'fp4'],
    ['e2m1', 'fp4'],
    ['fp4()', 'fp4'],
    ['fp4(sv=0)', 'fp4'],
    ['fp(e5m10)', 'fp16'],
    ['ue8m0', 'e8m0'],
    ['fp(ue8m0)', 'e8m0'],
    ['fp( e2m1 , bias = 1)', 'fp4'],
    ['fp(layout=e2m1)', 'fp4'],
    ['fp(e2m1,bias=2)', 'fp(e2m1,bias=2)'],
    ['fp(e4m3,lowest=flush,special=ieee)', 'fp(e4m3,special=ieee,lowest=flush)'],
    ['fp(e6m9)', 'fp(e6m9)'],
    ['fp(e6m9, special=finite)', 'fp(e6m9,special=finite)'],
    ['posit(8,0)', 'posit(8,0)'],
    ['posit(8, es=0)', 'posit(8,0)'],
    ['posit(es=1, bits=16)', 'posit(16,1)'],
    ['posit(16)', 'posit(16,2)'],
    ['int4', 'int4'],
    ['uint1', 'uint1'],
    ['sm4', 'sm4'],
    ['int1000', 'int1000'],
    ['fp4(sv=5)', 'fp4(sv=5)'],
    ['fp3(-3)', 'fp3(sv=-3)'],
    ['bitmod4', 'bitmod4(g=128)'],
    ['bitmod3(g=64)', 'bitmod3(g=64)'],
    ['abfloat', 'abfloat(e2m1,bias=2)'],
    ['olive(flint4)', 'olive(flint4)'],
    ['codebook(0, 1, -2, 3, exponent=-1)', 'codebook(0,1,-2,3,exponent=-1)'],
    ['flint4', 'flint4'],
    ['uflint8', 'uflint8'],
    ['pot4', 'pot4'],
    ['nf4', 'nf4'],
    ['ternary', 'ternary'],
    ['ifairy', 'ifairy'],
  ])('%s is %s', (text, id) => {
    expect(formatOf(text).id).toBe(id)
    expect(formatOf(id)).toMatchObject({ id })
  })

  it.each([
    ['fp5', /no number format 'fp5'[\s\S]*\n {2}\^\^\^\n[\s\S]*'bitloom list formats' shows/],
    ['posit(8,5)', /posit cannot have es=5[\s\S]*\n {2} {8}\^\n[\s\S]*an integer from 0 to 3/],
    ['posit(40)', /bits=40[\s\S]*an integer from 2 to 32/],
    ['posit(8,0,1)', /posit has 2 arguments at most[\s\S]*in this order: bits, es/],
    ['posit(8,bits=8)', /'bits' is given twice/],
    ['posit(8,ess=1)', /no parameter 'ess'[\s\S]*did you mean 'es'/],
    ['possit(8,0)', /did you mean 'posit'/],
    ['int', /no number format 'int'/],
    ['int1', /there is no number format 'int1'[\s\S]*there are int2 to int1024/],
    ['int99999999', /there are int2 to int1024/],
    ['int4(8)', /int4 has 0 arguments at most[\s\S]*write 'int4'/],
    ['fp(e4m99)', /layout=e4m99/],
    ['fp(e2m1,special=ieeee)', /did you mean 'ieee'/],
    ['fp(e1m2,special=ieee)', /needs 2 exponent bits or more/],
    ['fp(ue4m3,special=fnuz)', /needs a sign and a zero/],
    ['fp4(svv=5)', /allowed keys: sv/],
    ['flint9', /flint3 to flint8/],
    ['codebook(1,2,3)', /2, 4, 8, .* got 3/],
    ['codebook(1,two)', /a value of a codebook is an integer/],
    ['codebook', /got 0/],
    ['olive(int5)', /did you mean 'int4'|allowed for 'normal': int4, flint4, int8/],
    ['bitmod4(g=0)', /an integer from 1 to 65536/],
    ['16', /a number format has a name/],
    ['constructor', /no number format 'constructor'/],
    ['fp4(', /the spec ends where/],
  ])('%s is refused with the cure', (text, message) => {
    expect(messageOf(text)).toMatch(message)
    expect(messageOf(text).split('\n').length).toBeLessThanOrEqual(4)
  })

  it('points into the longer text that a format stands in', () => {
    const text = 'xrnpe(w=posit(16,9))'
    const { value } = parseSpec(text).parameters[0]!
    expect(() => formatOfValue(text, value)).toThrow(`${text}\n  ${' '.repeat(17)}^`)
  })

  it('gives formats of a wanted kind, and says so where another one is named', () => {
    expect(integerFormatOf('uint8').representation).toBe('unsigned')
    expect(() => integerFormatOf('fp4')).toThrow('fp4 is no integer format')
    expect(scalarFormatOf('posit(8,0)').kind).toBe('posit')
    expect(() => scalarFormatOf('ifairy')).toThrow('ifairy is no format of single real numbers')
  })
})

const parseSpecValue = (text: string) => {
  const { value } = parseSpec(`x(w=${text})`).parameters[0]!
  return value.kind === 'integer' ? expect.fail() : value
}
