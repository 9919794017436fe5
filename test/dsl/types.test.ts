import { describe, expect, it } from 'vitest'
import { bits, bool, type Component, component, mux, s, sum, u, vec } from '../../src/dsl/index.ts'
import { complaints, expectations } from './complaints.ts'

/*
 * Every mistake the language claims that `tsc` finds, on the line under the comment that expects it: `tsc` complains of an
 * expectation without an error. The test below looks at what `tsc` says about each. Nothing of this is run.
 */
const Child = component('child', (_: object) => ({
  in: { number: s(8), flag: bool, taps: vec(2, s(4)) },
  out: { total: s(8), valid: bool },
  logic: ({ number, flag }) => ({ total: number, valid: flag }),
}))

export const mistakes = (): Component<never, never>[] => [
  component('places', (_: object) => ({
    in: { a: s(8), flag: bool, code: bits(4) },
    out: {},
    logic({ a, flag, code }, { regs, wires }) {
      const r = regs({ number: s(8), busy: bool, field: bits(4), stage: vec(2, s(8)) })
      const w = wires({ named: s(8) })
      // @ts-expect-error a flag in a register of numbers
      r.number.next = flag
      // @ts-expect-error a literal flag in a register of numbers
      r.number.next = true
      // @ts-expect-error a number in a flag
      r.busy.next = a
      // @ts-expect-error 0 and 1 are numbers, not flags
      r.busy.next = 1
      // @ts-expect-error a number in a field
      r.field.next = a
      // @ts-expect-error a misspelt register
      r.bussy.next = flag
      // @ts-expect-error an element of the wrong kind
      r.stage[0]!.next = code
      // @ts-expect-error a vector as a whole
      r.stage.next = a
      // @ts-expect-error a wire is driven by its value
      w.named.next = a
      // @ts-expect-error text
      r.number.next = '5'
      return {}
    },
  })) as never,

  component('operands', (_: object) => ({
    in: { a: s(8), flag: bool, code: bits(4) },
    out: {},
    logic({ a, flag, code }, { when, check, checked }) {
      // @ts-expect-error a number as a condition
      when(a, () => {})
      // @ts-expect-error a field as a condition
      when(code, () => {})
      // @ts-expect-error a number and a flag
      a.add(flag)
      // @ts-expect-error a number and a field
      a.add(code)
      // @ts-expect-error a flag and a number
      flag.and(a)
      // @ts-expect-error flags are not added
      flag.add(1)
      // @ts-expect-error numbers are not turned bit by bit
      a.not()
      // @ts-expect-error fields have no order
      code.lt(3)
      // @ts-expect-error a choice on a number
      mux(a, 1, 0)
      // @ts-expect-error a choice between a number and a flag
      mux(flag, a, flag)
      // @ts-expect-error a sum of flags
      sum([flag])
      // @ts-expect-error a promise that is a number
      check(a, 'it holds')
      // @ts-expect-error a checked flag
      checked(flag, s(4), 'it fits')
      // @ts-expect-error a shift by a signal
      a.shr(a)
      return {}
    },
  })) as never,

  component('instances', (_: object) => ({
    in: { a: s(8), flag: bool },
    out: {},
    logic({ a, flag }, { use }) {
      // @ts-expect-error an input port without a value
      use('one', Child({}), { number: a, flag })
      // @ts-expect-error a port that is not there
      use('two', Child({}), { number: a, flag, taps: [1, 2], more: a })
      // @ts-expect-error a flag on a port for numbers
      use('three', Child({}), { number: flag, flag, taps: [1, 2] })
      // @ts-expect-error a vector of the wrong kind
      use('four', Child({}), { number: a, flag, taps: [1, flag] })
      // @ts-expect-error one value for a vector
      use('five', Child({}), { number: a, flag, taps: a })
      // @ts-expect-error an output that is not there
      use('six', Child({}), { number: a, flag, taps: [1, 2] }).sum
      return {}
    },
  })) as never,

  // @ts-expect-error an output without a value
  component('ports', (_: object) => ({
    in: { a: s(8) },
    out: { y: s(8) },
    logic: () => ({}),
  })) as never,

  // @ts-expect-error a number on an output for flags
  component('more_ports', (_: object) => ({
    in: { a: s(8) },
    out: { y: bool },
    logic: ({ a }) => ({ y: a }),
  })) as never,

  component('inputs', (_: object) => ({
    in: { a: s(8) },
    out: {},
    // @ts-expect-error an input that is not there
    logic: ({ b }) => ({ b }),
  })) as never,

  // @ts-expect-error a vector of the wrong kind
  component('elements', (_: object) => ({
    in: { a: s(8), flags: vec(2, bool) },
    out: { y: vec(2, s(8)) },
    logic: ({ flags }) => ({ y: flags }),
  })) as never,

  component('parameters', (p: { width: number }) => ({
    in: { a: u(p.width) },
    out: {},
    logic: () => ({}),
    // @ts-expect-error a parameter that is not there
  }))({ widht: 8 }) as never,
]

describe('the compiler', () => {
  it('finds each of these mistakes, one error a line', () => {
    const found = complaints(import.meta.filename)
    expect(found).toMatchInlineSnapshot(`
      [
        "a flag in a register of numbers: TS2322",
        "a literal flag in a register of numbers: TS2322",
        "a number in a flag: TS2322",
        "0 and 1 are numbers, not flags: TS2322",
        "a number in a field: TS2322",
        "a misspelt register: TS2551",
        "an element of the wrong kind: TS2322",
        "a vector as a whole: TS2740",
        "a wire is driven by its value: TS2339",
        "text: TS2322",
        "a number as a condition: TS2740",
        "a field as a condition: TS2739",
        "a number and a flag: TS2345",
        "a number and a field: TS2345",
        "a flag and a number: TS2345",
        "flags are not added: TS2339",
        "numbers are not turned bit by bit: TS2339",
        "fields have no order: TS2339",
        "a choice on a number: TS2769",
        "a choice between a number and a flag: TS2769",
        "a sum of flags: TS2740",
        "a promise that is a number: TS2740",
        "a checked flag: TS2740",
        "a shift by a signal: TS2345",
        "an input port without a value: TS2741",
        "a port that is not there: TS2353",
        "a flag on a port for numbers: TS2322",
        "a vector of the wrong kind: TS2322",
        "one value for a vector: TS2740",
        "an output that is not there: TS2339",
        "an output without a value: TS2345",
        "a number on an output for flags: TS2345",
        "an input that is not there: TS2339",
        "a vector of the wrong kind: TS2345",
        "a parameter that is not there: TS2561",
      ]
    `)
    expect(found.map((line) => line.replace(/: TS\d+$/, ''))).toEqual(expectations(import.meta.filename))
  })
})
