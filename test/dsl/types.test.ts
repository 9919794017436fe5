import { describe, expect, it } from 'vitest'
import {
  arbiter,
  asyncFifo,
  balance,
  bits,
  blackBox,
  bool,
  type Component,
  clock,
  component,
  latencyOf,
  mainClock,
  mux,
  on,
  pipe,
  s,
  stream,
  sum,
  sync2,
  u,
  vec,
} from '../../src/dsl/index.ts'
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

  component('structure', (_: object) => ({
    in: { a: s(8), flag: on(clock('pixel'), bool) },
    out: {},
    logic({ a, flag }, builder) {
      const pixel = clock('pixel')
      // @ts-expect-error a clock by its name
      builder.regs({ held: s(8) }, { clock: 'pixel' })
      // @ts-expect-error a number in a flag of another clock
      builder.regs({ seen: on(pixel, bool) }).seen.next = a
      // @ts-expect-error numbers do not cross by flip-flops
      sync2(builder, 'a_seen', a, { to: pixel })
      // @ts-expect-error a crossing to nowhere
      sync2(builder, 'flag_seen', flag, {})
      // @ts-expect-error a clock mapped to a shape
      builder.use('child', Child({}), { number: a, flag, taps: [1, 2] }, { clocks: [[mainClock, bool]] })
      // @ts-expect-error a queue of one clock
      asyncFifo({ of: s(8), depth: 4, write: pixel })
      const fifo = asyncFifo({ of: s(8), depth: 4, write: pixel, read: mainClock })
      // @ts-expect-error a flag into a queue of numbers
      builder.use('fifo', fifo, { in_valid: true, in_data: flag, out_ready: true })
      // @ts-expect-error a signal that was not balanced
      balance(builder, { a }).b
      // @ts-expect-error a port whose latency is not there
      latencyOf(5)
      return {}
    },
  })) as never,

  blackBox('BOX', {
    in: { A: s(8), GO: bool },
    out: { P: s(8) },
    // @ts-expect-error a path from an input that is not there
    through: { P: ['B'] },
    model: { outputs: { P: ({ A }) => A } },
  }) as never,

  blackBox('BOX', {
    in: { A: s(8), GO: bool },
    out: { P: s(8), DONE: bool },
    // @ts-expect-error an output without a model
    model: { outputs: { P: ({ A }) => A } },
  }) as never,

  blackBox('BOX', {
    in: { A: s(8), GO: bool },
    out: { P: s(8), DONE: bool },
    // @ts-expect-error a flag where the model gives a number
    model: { outputs: { P: ({ GO }) => GO, DONE: ({ GO }) => GO } },
  }) as never,

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

  component('memories', (_: object) => ({
    in: { at: u(2), flag: bool },
    out: {},
    logic({ at, flag }, { memory, rom }) {
      // @ts-expect-error a memory without a policy
      memory('silent', { depth: 4, of: s(8) })
      // @ts-expect-error a policy that is not there
      memory('vague', { depth: 4, of: s(8), collide: 'any' })
      const words = memory('words', { depth: 4, of: s(8), collide: 'old' })
      // @ts-expect-error a flag as an address
      words.read(flag)
      // @ts-expect-error a flag as a word
      words.write(at, flag)
      // @ts-expect-error a number as an enable
      words.read(at, { enable: at })
      // @ts-expect-error a word of numbers as a flag
      words.lookup(at).and(flag)
      // @ts-expect-error a write to a rom
      rom('fixed', { of: bool, initial: [true, false] }).write(at, flag)
      // @ts-expect-error a number among flags
      rom('flags', { of: bool, initial: [true, 1] })
      return {}
    },
  })) as never,

  component('streams', (_: object) => ({
    in: { x: stream(s(8)), flags: stream(bool), flag: bool, a: s(8) },
    out: { y: stream(s(8)) },
    logic({ x, flags, flag, a, y }, builder) {
      // @ts-expect-error a number as readiness
      x.ready.value = a
      // @ts-expect-error the producer's side is not the consumer's to drive
      x.valid.value = flag
      // @ts-expect-error the readiness of an output is the consumer's
      y.ready.value = flag
      // @ts-expect-error the data of a stream of flags is no number
      flags.data.add(1)
      // @ts-expect-error a signal where a stream is taken
      pipe(builder, 'slice', a)
      // @ts-expect-error streams of different kinds into one
      arbiter(builder, 'one', [x, flags], 'priority')
      // @ts-expect-error a turn that is not there
      arbiter(builder, 'two', [x, x], 'random')
      // @ts-expect-error a register that is a stream
      builder.regs({ r: stream(s(8)) })
      return { y: x }
    },
  })) as never,

  // @ts-expect-error a stream of flags on an output of numbers
  component('stream_kinds', (_: object) => ({
    in: { x: stream(bool) },
    out: { y: stream(s(8)) },
    logic: ({ x }) => ({ y: x }),
  })) as never,

  // @ts-expect-error a stream without data
  component('stream_data', (_: object) => ({
    in: { x: stream(s(8)) },
    out: { y: stream(s(8)) },
    logic: ({ x }) => ({ y: { valid: x.valid } }),
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
        "a sum of flags: TS2769",
        "a promise that is a number: TS2740",
        "a checked flag: TS2740",
        "a shift by a signal: TS2345",
        "an input port without a value: TS2741",
        "a port that is not there: TS2353",
        "a flag on a port for numbers: TS2322",
        "a vector of the wrong kind: TS2322",
        "one value for a vector: TS2740",
        "an output that is not there: TS2339",
        "a clock by its name: TS2322",
        "a number in a flag of another clock: TS2322",
        "numbers do not cross by flip-flops: TS2769",
        "a crossing to nowhere: TS2769",
        "a clock mapped to a shape: TS2739",
        "a queue of one clock: TS2741",
        "a flag into a queue of numbers: TS2322",
        "a signal that was not balanced: TS2339",
        "a port whose latency is not there: TS2345",
        "a path from an input that is not there: TS2322",
        "an output without a model: TS2741",
        "a flag where the model gives a number: TS2322",
        "an output without a value: TS2345",
        "a number on an output for flags: TS2345",
        "an input that is not there: TS2339",
        "a vector of the wrong kind: TS2345",
        "a memory without a policy: TS2741",
        "a policy that is not there: TS2322",
        "a flag as an address: TS2345",
        "a flag as a word: TS2345",
        "a number as an enable: TS2322",
        "a word of numbers as a flag: TS2339",
        "a write to a rom: TS2339",
        "a number among flags: TS2322",
        "a number as readiness: TS2322",
        "the producer's side is not the consumer's to drive: TS2339",
        "the readiness of an output is the consumer's: TS2339",
        "the data of a stream of flags is no number: TS2339",
        "a signal where a stream is taken: TS2740",
        "streams of different kinds into one: TS2322",
        "a turn that is not there: TS2345",
        "a register that is a stream: TS2322",
        "a stream of flags on an output of numbers: TS2345",
        "a stream without data: TS2345",
        "a parameter that is not there: TS2561",
      ]
    `)
    expect(found.map((line) => line.replace(/: TS\d+$/, ''))).toEqual(expectations(import.meta.filename))
  })
})
