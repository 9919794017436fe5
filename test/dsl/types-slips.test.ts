import { describe, expect, it } from 'vitest'
import {
  balance,
  bool,
  type Component,
  clock,
  component,
  delay,
  enumeration,
  fixed,
  fork,
  join,
  map,
  match,
  mux,
  on,
  queue,
  range,
  record,
  s,
  select,
  stream,
  u,
  vec,
} from '../../src/dsl/index.ts'
import { complaints, expectations } from './complaints.ts'

/* Slips of those who know the language a little, that `tsc` finds, as in types.test.ts. */
const Child = component('child', (_: { width: number }) => ({
  in: { number: s(8) },
  out: { total: s(8) },
  logic: ({ number }) => ({ total: number }),
}))
const mode = enumeration('mode', ['fp4', 'posit8'])

export const mistakes = (): Component<never, never>[] => [
  component('assignments', (_: object) => ({
    in: { a: s(8) },
    out: {},
    logic(inputs, { regs, wires }) {
      const r = regs({ held: s(8), taps: vec(2, s(8)) })
      const w = wires({ back: s(8) })
      // @ts-expect-error an input set like a register
      inputs.a.next = 1
      // @ts-expect-error an input overwritten
      inputs.a = r.held
      // @ts-expect-error a register set without its next
      r.held = inputs.a
      // @ts-expect-error an element of a register set without its next
      r.taps[0] = inputs.a
      // @ts-expect-error a wire set without its value
      w.back = inputs.a
      // @ts-expect-error a misspelt next
      w.back.value = r.held.nxt
      return {}
    },
  })) as never,

  component('operators', (_: object) => ({
    in: { a: s(8), flag: bool },
    out: {},
    logic({ a, flag }, { when, check, checked, fsm }) {
      // @ts-expect-error operators of JavaScript
      void (a + 1)
      // @ts-expect-error comparisons of JavaScript
      void (a === 1)
      // @ts-expect-error negation of JavaScript
      when(!flag, () => {})
      // @ts-expect-error a choice by what JavaScript knows
      mux(true, a, 1)
      // @ts-expect-error a check without a promise
      check(a.gt(0))
      // @ts-expect-error a checked value without a promise
      checked(a, s(4))
      // @ts-expect-error a width for a shape
      checked(a, 4, 'it fits')
      // @ts-expect-error text and a number to choose between
      mux(flag, a, '5')
      // @ts-expect-error a match over a flag
      match(flag, { true: 1, false: 0 })
      // @ts-expect-error an element by a literal
      select([a, a], 1)
      // @ts-expect-error goto from outside
      fsm('control', { idle() {}, load() {} }).goto('load')
      return {}
    },
  })) as never,

  component('shapes', (_: object) => ({
    in: { a: s(8) },
    out: {},
    logic({ a }, { regs, use }) {
      // @ts-expect-error a width for the shape of a register
      regs({ held: 8 })
      // @ts-expect-error a shape that was not called
      regs({ held: u })
      // @ts-expect-error a component without its parameters
      use('one', Child, { number: a })
      // @ts-expect-error no parameters
      use('two', Child(), { number: a })
      // @ts-expect-error parameters that lack one
      use('three', Child({}), { number: a })
      // @ts-expect-error parameters of another kind
      use('four', Child({ width: '8' }), { number: a })
      // @ts-expect-error an instance without inputs
      use('five', Child({ width: 8 }))
      // @ts-expect-error a name that is left out
      use(Child({ width: 8 }), { number: a })
      return {}
    },
  })) as never,

  // @ts-expect-error a width for the shape of a port
  component('ports', (_: object) => ({ in: { a: 8 }, out: {}, logic: () => ({}) })) as never,

  // @ts-expect-error logic that waits
  component('later', (_: object) => ({ in: {}, out: { y: bool }, logic: async () => ({ y: true }) })) as never,

  // @ts-expect-error logic that returns nothing
  component('silent', (_: object) => ({ in: {}, out: { y: bool }, logic: () => {} })) as never,

  // @ts-expect-error a description without logic
  component('empty', (_: object) => ({ in: {}, out: {} })) as never,

  // @ts-expect-error a description without parentheses
  component('nothing', (_: object) => {}) as never,

  // @ts-expect-error a stream on an output for numbers
  component('taken', (_: object) => ({
    in: { x: stream(s(8)) },
    out: { y: s(8) },
    logic: ({ x }) => ({ y: x }),
  })) as never,

  // @ts-expect-error a number on an output for a stream
  component('offered', (_: object) => ({
    in: { a: s(8) },
    out: { y: stream(s(8)) },
    logic: ({ a }) => ({ y: a }),
  })) as never,

  // @ts-expect-error a latency that is not checked
  component('timed', (_: object) => ({ in: {}, out: {}, latency: 2, logic: () => ({}) })) as never,

  component('parts', (_: object) => ({
    in: { x: stream(s(8)), a: s(8) },
    out: {},
    logic({ x, a }, builder) {
      // @ts-expect-error a queue of no depth
      queue(builder, 'store', x)
      // @ts-expect-error a fork of any ways
      fork(builder, 'both', x)
      // @ts-expect-error a part without the builder
      queue('store', x, 4)
      // @ts-expect-error a stream joined with a number
      join(builder, 'pair', x, a, (one) => one)
      // @ts-expect-error numbers are not masked
      map(x, (data) => data.and(1))
      // @ts-expect-error a delay of any cycles
      delay(builder, 'late', a)
      // @ts-expect-error a stream delayed
      delay(builder, 'late', x, 1)
      // @ts-expect-error a stream balanced
      balance(builder, { x })
      return {}
    },
  })) as never,

  component('makers', (_: object) => {
    // @ts-expect-error a vector the wrong way round
    vec(s(8), 3)
    // @ts-expect-error a vector of its elements
    vec(2, [s(8), s(8)])
    // @ts-expect-error a vector of streams
    vec(3, stream(bool))
    // @ts-expect-error a stream in a record
    record({ x: stream(bool) })
    // @ts-expect-error a stream of a stream
    stream(stream(bool))
    // @ts-expect-error fixed point of a width
    fixed(8, 4)
    // @ts-expect-error a clock by its name
    on('pixel', bool)
    // @ts-expect-error a shape before its clock
    on(bool, clock('pixel'))
    // @ts-expect-error a range of one bound
    range(3)
    // @ts-expect-error a width in text
    u('8')
    // @ts-expect-error names that are no list
    enumeration('mode', 'fp4', 'posit8')
    // @ts-expect-error a name read as the code of a name
    mode.of('fp4')
    return { in: {}, out: {}, logic: () => ({}) }
  }) as never,
]

describe('the compiler', () => {
  it('finds each of these slips, one error a line', () => {
    const found = complaints(import.meta.filename)
    expect(found).toMatchInlineSnapshot(`
      [
        "an input set like a register: TS2339",
        "an input overwritten: TS2540",
        "a register set without its next: TS2540",
        "an element of a register set without its next: TS2322",
        "a wire set without its value: TS2540",
        "a misspelt next: TS2551",
        "operators of JavaScript: TS2365",
        "comparisons of JavaScript: TS2367",
        "negation of JavaScript: TS2345",
        "a choice by what JavaScript knows: TS2769",
        "a check without a promise: TS2554",
        "a checked value without a promise: TS2554",
        "a width for a shape: TS2345",
        "text and a number to choose between: TS2769",
        "a match over a flag: TS2739",
        "an element by a literal: TS2345",
        "goto from outside: TS2339",
        "a width for the shape of a register: TS2322",
        "a shape that was not called: TS2322",
        "a component without its parameters: TS2345",
        "no parameters: TS2554",
        "parameters that lack one: TS2741",
        "parameters of another kind: TS2322",
        "an instance without inputs: TS2554",
        "a name that is left out: TS2554",
        "a width for the shape of a port: TS2345",
        "logic that waits: TS2345",
        "logic that returns nothing: TS2345",
        "a description without logic: TS2345",
        "a description without parentheses: TS2345",
        "a stream on an output for numbers: TS2345",
        "a number on an output for a stream: TS2345",
        "a latency that is not checked: TS2345",
        "a queue of no depth: TS2554",
        "a fork of any ways: TS2554",
        "a part without the builder: TS2554",
        "a stream joined with a number: TS2740",
        "numbers are not masked: TS2339",
        "a delay of any cycles: TS2554",
        "a stream delayed: TS2345",
        "a stream balanced: TS2322",
        "a vector the wrong way round: TS2345",
        "a vector of its elements: TS2345",
        "a vector of streams: TS2345",
        "a stream in a record: TS2322",
        "a stream of a stream: TS2345",
        "fixed point of a width: TS2345",
        "a clock by its name: TS2345",
        "a shape before its clock: TS2739",
        "a range of one bound: TS2554",
        "a width in text: TS2345",
        "names that are no list: TS2554",
        "a name read as the code of a name: TS2345",
      ]
    `)
    expect(found.map((line) => line.replace(/: TS\d+$/, ''))).toEqual(expectations(import.meta.filename))
  })
})
