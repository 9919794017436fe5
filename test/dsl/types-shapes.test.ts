import { describe, expect, it } from 'vitest'
import {
  bits,
  bool,
  type Component,
  component,
  enumeration,
  equal,
  fixed,
  match,
  mux,
  pack,
  record,
  reset,
  s,
  select,
  u,
  unpack,
  vec,
} from '../../src/dsl/index.ts'
import { complaints, expectations } from './complaints.ts'

/* Mistakes with vectors, records, enumerations, fixed point and state machines that `tsc` finds, as in types.test.ts. */
const fp4 = record({ sign: bool, code: bits(3) })
const mode = enumeration('mode', ['fp4', 'posit8', 'posit16'])
const colour = enumeration('colour', ['red', 'green'])

export const mistakes = (): Component<never, never>[] => [
  component('records', (_: object) => ({
    in: { x: fp4, list: vec(3, fp4), flag: bool, a: s(8), i: u(1) },
    out: {},
    logic({ x, list, flag, a, i }, { regs, wires }) {
      const r = regs({ held: fp4, list: vec(2, fp4) })
      const w = wires({ whole: fp4 })
      // @ts-expect-error a field that is not there
      x.sing.not()
      // @ts-expect-error a record without one of its fields
      r.held.next = { sign: flag }
      // @ts-expect-error a field of the wrong kind
      r.held.next = { sign: a, code: 1 }
      // @ts-expect-error a field that no record has
      r.held.next = { sign: flag, code: 1, more: 2 }
      // @ts-expect-error a number in a record
      r.held.next = a
      // @ts-expect-error a number in a flag of a register
      r.list[0]!.sign.next = a
      // @ts-expect-error a record for a vector of records
      r.list.next = x
      // @ts-expect-error a vector in a record
      w.whole.value = list
      // @ts-expect-error a choice between a record and a flag
      mux(flag, x, flag)
      // @ts-expect-error a record compared with a flag
      equal(x, flag)
      // @ts-expect-error an element selected by a flag
      select(list, flag)
      // @ts-expect-error what select gives is read, not set
      select(r.list, i).next = x
      // @ts-expect-error a flag packed as a record
      pack(fp4, flag)
      // @ts-expect-error a number unpacked
      unpack(fp4, a)
      return {}
    },
  })) as never,

  component('enumerations', (_: object) => ({
    in: { m: mode, c: colour, a: s(8), flag: bool },
    out: {},
    logic({ m, c, a, flag }, { regs, match: choose }) {
      const r = regs({ held: mode })
      // @ts-expect-error a misspelt name
      m.eq('posit9')
      // @ts-expect-error a value of another enumeration
      m.eq(c)
      // @ts-expect-error a number for a name
      m.eq(1)
      // @ts-expect-error an enumeration is no number
      a.add(m)
      // @ts-expect-error a misspelt name in a register
      r.held.next = 'fp5'
      // @ts-expect-error another enumeration in a register
      r.held.next = c
      // @ts-expect-error an arm is missing
      match(m, { fp4: 1, posit8: 2 })
      // @ts-expect-error an arm too many
      match(m, { fp4: 1, posit8: 2, posit16: 3, posit32: 4 })
      // @ts-expect-error arms of two kinds
      match(m, { fp4: 1, posit8: flag, posit16: 3 })
      // @ts-expect-error a closure is missing
      choose(m, { fp4: () => {}, posit8: () => {} })
      // @ts-expect-error a match over a number
      match(a, { fp4: 1, posit8: 2, posit16: 3 })
      // @ts-expect-error the number of a name that is not there
      mode.code('fp5')
      return {}
    },
  })) as never,

  component('machines', (_: object) => ({
    in: { go: bool },
    out: {},
    logic({ go }, { fsm, when }) {
      const control = fsm('control', {
        idle({ goto }) {
          // @ts-expect-error a misspelt state
          when(go, () => goto('laod'))
        },
        load: ({ goto }) => goto('idle'),
      })
      // @ts-expect-error a state that is not there
      control.is('drain')
      // @ts-expect-error a state compared with another one's name
      control.state.eq('busy')
      return {}
    },
  })) as never,

  component('points', (_: object) => ({
    in: { q: fixed(s(8), 4), a: s(8) },
    out: {},
    logic({ q, a }, { regs }) {
      const r = regs({ q: fixed(s(8), 4), n: s(8) })
      // @ts-expect-error an integer without a point
      q.add(a)
      // @ts-expect-error fixed point in a register of integers
      r.n.next = q
      // @ts-expect-error an integer in a register of fixed point
      r.q.next = a
      // @ts-expect-error rounding that says no mode
      q.round(2)
      // @ts-expect-error a mode that is none
      q.round(2, 'up')
      // @ts-expect-error clamped into an integer
      q.sat(s(4))
      return {}
    },
  })) as never,

  component('resets', (_: object) => ({
    in: { a: s(8) },
    out: {},
    logic({ a }) {
      // @ts-expect-error a flag for a number
      reset(s(8), true)
      // @ts-expect-error a number for a flag
      reset(bool, 1)
      // @ts-expect-error a signal
      reset(s(8), a)
      // @ts-expect-error a name that is not there
      reset(mode, 'fp5')
      // @ts-expect-error the reset value of a record without one of its fields
      reset(fp4, { sign: true })
      return {}
    },
  })) as never,

  component('fields', (_: object) => ({
    in: { x: bits(8), a: s(8), n: u(3) },
    out: {},
    logic({ x, a, n }) {
      // @ts-expect-error a gate that is none
      x.reduce('nand')
      // @ts-expect-error places that are a field
      a.shlBy(x)
      // @ts-expect-error places that are a literal
      a.shrBy(3)
      // @ts-expect-error fields are turned, not shifted
      x.shlBy(n)
      return {}
    },
  })) as never,
]

describe('the compiler', () => {
  it('finds each of these mistakes, one error a line', () => {
    const found = complaints(import.meta.filename)
    expect(found).toMatchInlineSnapshot(`
      [
        "a field that is not there: TS2339",
        "a record without one of its fields: TS2741",
        "a field of the wrong kind: TS2322",
        "a field that no record has: TS2353",
        "a number in a record: TS2739",
        "a number in a flag of a register: TS2322",
        "a record for a vector of records: TS2740",
        "a vector in a record: TS2739",
        "a choice between a record and a flag: TS2769",
        "a record compared with a flag: TS2739",
        "an element selected by a flag: TS2345",
        "what select gives is read, not set: TS2339",
        "a flag packed as a record: TS2739",
        "a number unpacked: TS2740",
        "a misspelt name: TS2345",
        "a value of another enumeration: TS2345",
        "a number for a name: TS2345",
        "an enumeration is no number: TS2345",
        "a misspelt name in a register: TS2322",
        "another enumeration in a register: TS2322",
        "an arm is missing: TS2741",
        "an arm too many: TS2353",
        "arms of two kinds: TS2322",
        "a closure is missing: TS2741",
        "a match over a number: TS2739",
        "the number of a name that is not there: TS2345",
        "a misspelt state: TS2345",
        "a state that is not there: TS2345",
        "a state compared with another one's name: TS2345",
        "an integer without a point: TS2345",
        "fixed point in a register of integers: TS2322",
        "an integer in a register of fixed point: TS2322",
        "rounding that says no mode: TS2554",
        "a mode that is none: TS2345",
        "clamped into an integer: TS2739",
        "a flag for a number: TS2345",
        "a number for a flag: TS2345",
        "a signal: TS2345",
        "a name that is not there: TS2345",
        "the reset value of a record without one of its fields: TS2741",
        "a gate that is none: TS2345",
        "places that are a field: TS2740",
        "places that are a literal: TS2345",
        "fields are turned, not shifted: TS2339",
      ]
    `)
    expect(found.map((line) => line.replace(/: TS\d+$/, ''))).toEqual(expectations(import.meta.filename))
  })
})
