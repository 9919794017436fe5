import { describe, expect, it } from 'vitest'
import { bool, component, HdlError, type Module, s, u, vec } from '../../src/dsl/index.ts'
import { maker } from './maker.ts'

const failure = (make: () => unknown): HdlError => {
  try {
    make()
  } catch (error) {
    if (error instanceof HdlError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
const numberless = (text: string): string => text.replace(/\.ts:\d+/g, '.ts:#')
const Child = component('child', (_: object) => ({
  in: { a: u(4) },
  out: { y: u(4), z: bool },
  logic: ({ a }) => ({ y: a, z: a.eq(3) }),
}))

describe('the mistakes of a component', () => {
  it('are thrown together, each with its code and line', () => {
    const error = failure(() =>
      maker({ a: u(8), reg: bool }, { y: u(4), z: u(8) }, ({ a }, { regs, wires, use, when }) => {
        const r = regs({ sum: u(8), A: bool })
        const w = wires({ never: u(8), half: u(8) })
        when(r.A, () => {
          w.half.value = 1
        })
        r.sum.next = r.sum.add(a)
        use('one', Child({}), { a } as never)
        use('two', Child({}), { a: 1, b: 2 } as never)
        use('three', Child({}), {} as never)
        return { y: 16, z: w.half.shr(-1), more: 1 } as never
      }),
    )
    expect(error.mistakes).toHaveLength(11)
    expect(error.mistakes.map(({ where }) => where !== undefined && /test\/dsl\/\w+\.test|maker/.test(where))).toEqual(
      Array(11).fill(true),
    )
    expect(numberless(error.message)).toMatchInlineSnapshot(`
      "11 mistakes in maker:
        E-NAME in maker (test/dsl/maker.ts:#): an input cannot be called 'reg': it is a reserved word of Verilog or SystemVerilog; choose another name
        E-NAME in maker (test/dsl/collected.test.ts:#): a register cannot be called 'A': an input is called 'a', and case alone tells no names apart; choose another name
        E-UNDRIVEN in maker (test/dsl/collected.test.ts:#): wire 'half' has no value where the condition is false; drive it in both branches or once before
        E-RANGE in maker (test/dsl/collected.test.ts:#): register 'sum' holds [0, 255] (u8), got [0, 510] (u9); narrow it with .wrap(), .sat() or checked()
        E-RANGE in maker (test/dsl/collected.test.ts:#): input 'a' of 'one' holds [0, 15] (u4), got [0, 255] (u8); narrow it with .wrap(), .sat() or checked()
        E-NAME in maker (test/dsl/collected.test.ts:#): instance 'two' has no input 'b', its inputs are a; leave it out or declare it under 'in'
        E-UNDRIVEN in maker (test/dsl/collected.test.ts:#): input 'a' of 'three' has no value; give it one
        E-RANGE in maker (test/dsl/collected.test.ts:#): shr takes a whole number of places from 0 to 65536, got -1; choose one of those
        E-NAME in maker (test/dsl/maker.ts:#): logic has no output 'more', its outputs are y, z; leave it out or declare it under 'out'
        E-RANGE in maker (test/dsl/maker.ts:#): output 'y' holds [0, 15] (u4), got 16; choose one that fits, or widen the shape
        E-UNDRIVEN in maker (test/dsl/collected.test.ts:#): wire 'never' is never driven; set its .value"
    `)
  })

  it('are thrown together with what ends the description', () => {
    const error = failure(() =>
      maker({ a: u(8) }, { y: u(4) }, ({ a }, { regs }) => {
        regs({ sum: u(4) }).sum.next = a
        throw new TypeError('this came of it')
      }),
    )
    expect(error.mistakes.map(({ code }) => code)).toEqual(['E-RANGE'])
    expect(error.message).not.toMatch(/came of it/)
  })

  it('of a child are not mixed with those around it', () => {
    const Faulty = component('faulty', (_: object) => ({
      in: {},
      out: { y: u(4) },
      logic: () => ({ y: 77 }),
    }))
    const error = failure(() =>
      maker({}, { y: u(4) }, (_, { use, regs }) => {
        regs({ r: bool, R: bool })
        return use('inner', Faulty({}), {})
      }),
    )
    expect(numberless(error.message)).toMatch(/^E-RANGE in faulty /)
  })

  it('are shown up to the twentieth', () => {
    const error = failure(() => maker({}, { y: vec(25, u(4)) }, () => ({ y: Array.from({ length: 25 }, () => 16) })))
    expect(error.mistakes).toHaveLength(25)
    expect(error.message.split('\n')).toHaveLength(22)
    expect(error.message).toMatch(/^25 mistakes in maker:\n.*\n(?:.*\n)* {2}and 5 more$/)
  })
})

describe('a warning', () => {
  const texts = (module: Module): string[] =>
    module.warnings.map(({ code, message, source }) => numberless(`${code} ${source?.()}: ${message}`))

  it('names what changes no output and no check, with its line', () => {
    const module = maker({ a: u(4), b: u(4) }, { y: u(4) }, ({ a }, { regs, use, check }) => {
      const r = regs({ read: u(4), circle: u(4), promised: bool })
      r.read.next = a
      r.circle.next = use('idle', Child({}), { a: r.circle }).y
      r.promised.next = a.eq(1)
      check(r.promised, 'a was 1')
      return { y: use('busy', Child({}), { a: r.read }).y }
    })
    expect(texts(module)).toMatchInlineSnapshot(`
      [
        "W-UNUSED test/dsl/maker.ts:#: input 'b' changes no output and no check; read it or leave it out",
        "W-UNUSED test/dsl/collected.test.ts:#: register 'circle' changes no output and no check; read it or leave it out",
        "W-UNUSED test/dsl/collected.test.ts:#: instance 'idle' changes no output and no check; read it or leave it out",
      ]
    `)
  })

  it('names a comparison that its bounds decide, with its line, but none that the language writes itself', () => {
    const module = maker({ a: u(4), b: s(4) }, { y: bool, z: bool, w: u(4) }, ({ a, b }, { checked }) => ({
      y: a.lt(16),
      z: b.eq(9).or(a.bits().eq(15)),
      w: checked(a.add(1), u(4), 'a is not 15'),
    }))
    expect(texts(module).filter((text) => text.startsWith('W-CONSTANT'))).toMatchInlineSnapshot(`
      [
        "W-CONSTANT test/dsl/collected.test.ts:#: a in [0, 15] (u4) is less than 16 always; leave the comparison out or mend its operands",
        "W-CONSTANT test/dsl/collected.test.ts:#: b in [-8, 7] (s4) equals 9 never; leave the comparison out or mend its operands",
      ]
    `)
  })

  it('is not thrown, and there is none where nothing is idle', () => {
    expect(maker({ a: u(4) }, { y: u(4) }, ({ a }) => ({ y: a })).warnings).toEqual([])
  })
})
