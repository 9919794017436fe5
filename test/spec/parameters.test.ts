import { describe, expect, expectTypeOf, it } from 'vitest'
import { nearest } from '../../src/base/suggestion.ts'
import { UserError } from '../../src/base/user-error.ts'
import {
  badValue,
  familyNamed,
  fullSpec,
  type ParameterSchema,
  parseSpec,
  readParameters,
  type SpecError,
  unknownFamily,
  unknownKey,
} from '../../src/spec/index.ts'

const schema = {
  w: { kind: 'format', allowed: ['int4', 'uint4', 'posit(16,1)'], default: 'uint4', summary: 'weight format' },
  group: {
    kind: 'integer',
    min: 8,
    max: 256,
    default: 128,
    summary: 'products in a group',
    check: (value: number) => (value % 8 === 0 ? undefined : 'a multiple of 8'),
  },
  style: { kind: 'choice', allowed: ['parallel', 'serial', '2'], default: 'parallel', summary: 'datapath' },
} as const satisfies ParameterSchema

const read = (text: string) => readParameters(parseSpec(text), schema)

const faultOf = (text: string): SpecError => {
  try {
    read(text)
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return error as SpecError
  }
  throw new Error(`'${text}' was read without an error`)
}

describe('readParameters', () => {
  it('fills in the defaults', () => {
    expect(read('pe')).toEqual({ w: 'uint4', group: 128, style: 'parallel' })
  })

  it('reads formats in any spacing, integers as numbers and choices that look like integers', () => {
    expect(read('pe(w=posit( 16, 01 ), group=64, style=2)')).toEqual({ w: 'posit(16,1)', group: 64, style: '2' })
  })

  it('derives the types of the values from the schema', () => {
    const values = read('pe')
    expectTypeOf(values.w).toEqualTypeOf<'int4' | 'uint4' | 'posit(16,1)'>()
    expectTypeOf(values.group).toEqualTypeOf<number>()
    expectTypeOf(values.style).toEqualTypeOf<'parallel' | 'serial' | '2'>()
  })

  it('points at an unknown key, suggests the nearest and lists what is allowed', () => {
    expect(faultOf('pe(w=int4, grup=128)').message.split('\n')).toEqual([
      "pe has no parameter 'grup'",
      '  pe(w=int4, grup=128)',
      '             ^^^^',
      "did you mean 'group'? allowed keys: w, group, style",
    ])
    expect(faultOf('pe(constructor=1)').code).toBe('E-SPEC-KEY')
  })

  it('points at a value of the wrong kind, outside its range, refused by its check, or not in its list', () => {
    expect(faultOf('pe(group=int4)')).toMatchObject({ code: 'E-SPEC-VALUE', from: 9, to: 13 })
    expect(faultOf('pe(group=264)').message).toContain("allowed for 'group': an integer from 8 to 256")
    expect(faultOf('pe(group=7)').message).toContain('group=7')
    expect(faultOf('pe(group=12)').message).toContain('an integer from 8 to 256, a multiple of 8')
    expect(faultOf('pe(w=int5)').message.split('\n')).toEqual([
      'pe cannot have w=int5',
      '  pe(w=int5)',
      '       ^^^^',
      "did you mean 'int4'? allowed for 'w': int4, uint4, posit(16,1)",
    ])
    expect(faultOf('pe(style=paralel)').message).toContain("did you mean 'parallel'?")
  })

  it('takes the limits themselves', () => {
    expect(read('pe(group=8)').group).toBe(8)
    expect(read('pe(group=256)').group).toBe(256)
  })

  it('prints the full text of a design, in the order of the schema, that reads back the same', () => {
    const text = fullSpec('pe', schema, read('pe(style=serial, w=int4)'))
    expect(text).toBe('pe(w=int4, group=128, style=serial)')
    expect(fullSpec('pe', schema, read(text))).toBe(text)
  })
})

describe('a spec inside a spec', () => {
  const outer = {
    of: {
      kind: 'spec',
      read: (inside) => {
        if (inside.family.text !== 'pe') throw unknownFamily(inside, ['pe'])
        return fullSpec('pe', schema, readParameters(inside, schema))
      },
      default: 'pe(w=uint4, group=128, style=parallel)',
      summary: 'what is inside',
    },
  } as const satisfies ParameterSchema
  const inner = (text: string): string => readParameters(parseSpec(text), outer).of

  it('is given as its full text, which reads back the same', () => {
    const full = 'pe(w=posit(16,1), group=64, style=parallel)'
    expect(inner('more(of=pe(group=64, w=posit(16, 1)))')).toBe(full)
    expect(inner(`more(of=${full})`)).toBe(full)
    expect(inner('more(of=pe)')).toBe(outer.of.default)
    expect(inner('more')).toBe(outer.of.default)
  })

  it('has its mistakes shown in the whole text', () => {
    const shown = (text: string): string => {
      try {
        inner(text)
      } catch (error) {
        const { from, to } = error as SpecError
        return text.slice(from, to)
      }
      return ''
    }
    expect(shown('more(of=pe(group=7))')).toBe('7')
    expect(shown('more(of=pe(grup=8))')).toBe('grup')
    expect(shown('more(of=pa)')).toBe('pa')
    expect(shown('more(of=12)')).toBe('12')
    expect(shown('more(of=pe(int4))')).toBe('int4')
    expect(() => inner('more(of=pe(int4))')).toThrow(/the parameters of pe have keys[\s\S]*write such as 'w=int4'/)
    expect(() => inner('more(of=12)')).toThrow(/a name with parameters/)
  })
})

describe('errors for families', () => {
  it('are those of a family that is not there', () => {
    const [mac, other] = [{ id: 'mac' }, { id: 'mixpe' }]
    expect(familyNamed(parseSpec('mac(w=int4)'), [other, mac])).toBe(mac)
    const message = (text: string, called?: readonly [string, string]): string => {
      try {
        familyNamed(parseSpec(text), [other, mac], called)
      } catch (error) {
        return (error as SpecError).message
      }
      return ''
    }
    expect(message('mac2')).toBe(unknownFamily(parseSpec('mac2'), ['mixpe', 'mac']).message)
    expect(message('mac2', ['tree', 'trees'])).toMatch(/^there is no tree 'mac2'[\s\S]*known trees: mixpe, mac$/)
  })

  it('suggests the nearest family', () => {
    const error = unknownFamily(parseSpec('mixep(w=int4)'), ['mixpe', 'mac', 'bitmod'])
    expect(error.message.split('\n')).toEqual([
      "there is no PE family 'mixep'",
      '  mixep(w=int4)',
      '  ^^^^^',
      "did you mean 'mixpe'? known families: mixpe, mac, bitmod",
    ])
    expect(error.exitCode).toBe(2)
  })

  it('suggests nothing that is not near', () => {
    expect(nearest('xyzzy', ['mixpe', 'mac'])).toBeUndefined()
    expect(nearest('W', ['w', 'a'])).toBe('w')
    expect(nearest('MixPE', ['mixpe', 'mac'])).toBe('mixpe')
  })

  it('says so when a family takes no parameters', () => {
    const spec = parseSpec('pe(w=1)')
    expect(unknownKey(spec, spec.parameters[0]!.key, []).message).toContain('pe takes no parameters')
  })

  it('points at the family where the refused value is a default that is not written', () => {
    const spec = parseSpec('pe(w=int4)')
    expect(badValue(spec, 'group', '128', 'at most 64 with int4')).toMatchObject({ from: 0, to: 2 })
    expect(badValue(spec, 'w', 'int4', ['int8'])).toMatchObject({ from: 5, to: 9 })
  })
})
