import { afterAll, describe, expect, it } from 'vitest'
import { type IntShape, range, s, u } from '../../../src/dsl/index.ts'
import { MultiplyAdd, type ProductForm } from '../../../src/pe/arith/multiply-add.ts'
import { javascriptEngine } from '../../../src/sim/javascript/engine.ts'
import { openYosys } from '../../../src/synth/yosys.ts'
import { type Case, equivalenceProof, firstDifference, gatesDiffer } from '../../dsl/equivalence.ts'

const yosys = openYosys()
afterAll(() => yosys.close())

const forms = ['array', 'booth', 'shift-add'] as const
const signs = ['plus', 'minus'] as const
const shapes = [u(1), u(2), u(3), u(4), s(1), s(2), s(3), s(4)]

/** By the definition: c + a * b or c - a * b. */
const golden =
  (sign: (typeof signs)[number]) =>
  ({ a, b, c }: Case): Record<string, bigint> => ({ result: sign === 'plus' ? c! + a! * b! : c! - a! * b! })

const make = (a: IntShape, b: IntShape, c: IntShape, form: ProductForm, sign: 'plus' | 'minus') =>
  MultiplyAdd({ a, b, c, form, sign }).module

describe('multiply-add as gates and as logic is c + a * b or c - a * b', () => {
  it.each(forms.flatMap((form) => signs.map((sign) => [form, sign] as const)))(
    '%s, %s, for every value of operands of 1 to 4 bits, signed or not',
    (form, sign) => {
      for (const a of shapes)
        for (const b of shapes) {
          const module = make(a, b, a.min < 0n ? s(3) : u(2), form, sign)
          expect(firstDifference(module.gates!, golden(sign)), module.name).toBeUndefined()
          expect(firstDifference(module, golden(sign)), module.name).toBeUndefined()
        }
    },
  )

  it.each([
    ['INT8 x UINT4 + the sum of a group', s(8), u(4), range(-245760, 243840)],
    ['INT8 x INT8 + 32 bits', s(8), s(8), s(32)],
    ['INT8 x INT8 + 16 bits, no wider than the product', s(8), s(8), s(16)],
    ['UINT8 x UINT8 + 20 bits', u(8), u(8), u(20)],
    ['INT16 x INT5 + 40 bits', s(16), s(5), s(40)],
    ['INT3 x UINT9 + 48 bits', s(3), u(9), s(48)],
    ['bounds that are no powers of two', range(-100, 77), range(3, 21), range(-9, 1000)],
  ])('%s, for ends of the bounds and random values', (_, a, b, c) => {
    for (const form of forms)
      for (const sign of signs) {
        const module = make(a, b, c, form, sign)
        expect(firstDifference(module.gates!, golden(sign), { count: 2000 }), module.name).toBeUndefined()
        expect(gatesDiffer(module, { count: 500, seed: 2 })).toBeUndefined()
      }
  })

  it.each([
    [s(3), s(3), s(8), 'booth', 'plus'],
    [s(4), u(3), s(9), 'array', 'plus'],
    [u(3), s(4), s(9), 'booth', 'minus'],
  ] as const)(
    'Yosys proves the printed gates of %s x %s, %s, equal to the printed logic (%s, %s)',
    async (a, b, c, form, sign) => {
      expect(await yosys.run(equivalenceProof(make(a, b, c, form, sign)))).toMatchObject({ ok: true })
    },
  )
})

describe('what it is made of', () => {
  const adders = (form: ProductForm): number =>
    make(s(8), s(8), s(32), form, 'plus').gates!.instances.filter(({ of }) => of.name === 'bitloom_full_adder').length

  it('an INT8 product into 32 bits takes 62 full adders as an array and 42 by Booth digits', () => {
    expect([adders('array'), adders('booth')]).toEqual([62, 42])
  })

  it('shift-add has no multiplication in its logic', () => {
    const operations = (form: ProductForm) => make(s(8), u(4), s(20), form, 'plus').operations.map(({ op }) => op)
    expect(operations('array')).toContain('mul')
    expect(operations('shift-add')).not.toContain('mul')
  })

  it('runs in the engines as one multiplication and one addition', () => {
    const module = make(s(8), s(8), s(32), 'booth', 'plus')
    expect(module.instances).toEqual([])
    const engine = javascriptEngine(module)
    engine.inputs.set([-128, -128, -5])
    engine.step()
    expect(engine.outputs[0]).toBe(16379)
  })
})
