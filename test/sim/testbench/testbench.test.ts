import { describe, expect, it } from 'vitest'
import {
  bits,
  bool,
  clock,
  component,
  enumeration,
  fixed,
  mux,
  on,
  queue,
  range,
  record,
  s,
  stream,
  u,
  vec,
} from '../../../src/dsl/index.ts'
import { interpreter } from '../../../src/sim/interpret.ts'
import { testbench } from '../../../src/sim/testbench/testbench.ts'

const mode = enumeration('mode', ['off', 'on', 'auto'])
const pixel = record({ sign: bool, code: bits(70), weights: vec(2, s(4)) })

/** Ports of every kind, each led through. */
const ports = { a: range(3, 9), b: range(-9, -2), f: bool, m: mode, q: fixed(s(8), 3), p: vec(2, pixel), c: bits(3) }
const Same = component('same', (_: object) => ({
  in: ports,
  out: { out_a: ports.a, out_b: ports.b, out_f: bool, out_m: mode, out_q: ports.q, out_p: ports.p, out_c: ports.c },
  logic: ({ a, b, f, m, q, p, c }) => ({ out_a: a, out_b: b, out_f: f, out_m: m, out_q: q, out_p: p, out_c: c }),
}))

describe('a testbench', () => {
  it('sets and reads ports of every shape by name', () => {
    const bench = testbench(Same({}))
    const p = [
      { sign: true, code: (1n << 70n) - 1n, weights: [-8, 7] },
      { sign: false, code: 5, weights: [0, -1] },
    ] as const
    expect(bench.step({ a: 4, b: -9n, f: true, m: 'auto', q: -1.125, p, c: 6 })).toEqual({
      out_a: 4n,
      out_b: -9n,
      out_f: true,
      out_m: 'auto',
      out_q: -1.125,
      out_p: [
        { sign: true, code: (1n << 70n) - 1n, weights: [-8n, 7n] },
        { sign: false, code: 5n, weights: [0n, -1n] },
      ],
      out_c: 6n,
    })
    expect(bench.step({ q: 3n }).out_q).toBe(3)
  })

  it('starts its inputs at 0 or the bound nearest to it, and lets those stand that are not named', () => {
    const bench = testbench(Same({}))
    expect(bench.step()).toMatchObject({ out_a: 3n, out_b: -2n, out_f: false, out_m: 'off', out_q: 0 })
    bench.step({ a: 7 })
    expect(bench.step({ f: true })).toMatchObject({ out_a: 7n, out_f: true })
  })

  it('gives outputs just before the last edge, and runs as many cycles as asked', () => {
    const Counter = component('counter', (_: object) => ({
      in: { enable: bool },
      out: { count: u(8) },
      logic({ enable }, { regs }) {
        const r = regs({ value: u(8) })
        r.value.next = mux(enable, r.value.add(1).wrap(u(8)), r.value)
        return { count: r.value }
      },
    }))
    for (const bench of [testbench(Counter({})), testbench(Counter({}), interpreter(Counter({}).module))]) {
      expect(bench.step({ enable: true }).count).toBe(0n)
      expect(bench.step({}, 5).count).toBe(5n)
      expect(bench.engine.register('value')).toBe(6n)
      expect(bench.engine.cycle).toBe(6)
    }
  })

  it('speaks the handshake of streams on both sides', () => {
    const Store = component('store', (_: object) => ({
      in: { x: stream(record({ code: s(4), last: bool })) },
      out: { y: stream(record({ code: s(4), last: bool })) },
      logic: ({ x }, builder) => ({ y: queue(builder, 'store', x, 2) }),
    }))
    const bench = testbench(Store({}))
    const first = bench.step({ x: { valid: true, data: { code: -3, last: true } }, y: { ready: false } })
    expect(first).toMatchObject({ x: { ready: true }, y: { valid: false } })
    bench.step({ x: { data: { code: 5, last: false } } })
    expect(bench.step({ x: { valid: false } })).toEqual({
      x: { ready: false },
      y: { valid: true, data: { code: -3n, last: true } },
    })
    bench.step({ y: { ready: true } })
    expect(bench.step().y).toEqual({ valid: true, data: { code: 5n, last: false } })
    expect(bench.step().y.valid).toBe(false)
  })

  it('ticks clocks, where there are several', () => {
    const slow = clock('slow')
    const Two = component('two', (_: object) => ({
      in: {},
      out: { quick: u(4), late: on(slow, u(4)) },
      logic(_, { regs }) {
        const r = regs({ quick_now: u(4) })
        const q = regs({ late_now: u(4) }, { clock: slow })
        r.quick_now.next = r.quick_now.add(1).wrap(u(4))
        q.late_now.next = q.late_now.add(1).wrap(u(4))
        return { quick: r.quick_now, late: q.late_now }
      },
    }))
    const bench = testbench(Two({}))
    bench.step({ clk_tick: true, slow_tick: false }, 3)
    expect(bench.step({ slow_tick: true })).toEqual({ quick: 3n, late: 0n })
    expect(bench.step()).toEqual({ quick: 4n, late: 1n })
  })

  it('lets an agent take part in every cycle, and tells it of a reset', () => {
    const bench = testbench(Same({}))
    const heard: string[] = []
    const agent = {
      before: () => heard.push('before'),
      after: (cycle: number) => heard.push(`after ${cycle}`),
      reset: () => heard.push('reset'),
    }
    expect(bench.attach(agent)).toBe(agent)
    bench.attach({ before() {}, after() {} })
    bench.step({}, 2)
    bench.reset()
    bench.step()
    expect(heard).toEqual(['before', 'after 0', 'before', 'after 1', 'reset', 'before', 'after 2'])
  })

  it('refuses what a port does not hold, in one sentence', () => {
    const bench = testbench(Same({}))
    const p = [{ sign: true, code: 0, weights: [0, 0] }] as const
    const sentences = [
      () => bench.step({ a: 2 }),
      () => bench.step({ a: 3.5 }),
      () => bench.step({ q: 0.1 }),
      () => bench.step({ q: 100 }),
      () => bench.step({ p }),
      () => bench.step({ p: [p[0], { ...p[0], weights: [1] }] }),
      () => bench.step({ c: 8 }),
      // @ts-expect-error a number is no flag
      () => bench.step({ f: 1 }),
      // @ts-expect-error no name of the enumeration
      () => bench.step({ m: 'maybe' }),
      // @ts-expect-error a field is missing
      () => bench.step({ p: [p[0], { sign: true, code: 0 }] }),
      // @ts-expect-error not a record
      () => bench.step({ p: [p[0], 7] }),
      // @ts-expect-error no such port
      () => bench.step({ z: true }),
    ].map((step) => {
      try {
        step()
        return 'nothing'
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
        return (error as Error).message
      }
    })
    expect(sentences).toMatchInlineSnapshot(`
      [
        "port 'a' takes 3 to 9, got 2",
        "'a' takes an integer, got 3.5",
        "'q' takes multiples of 2^-3, got 0.1",
        "port 'q' takes -128 to 127, got 800",
        "'p' takes 2 elements, got a list of 1",
        "'p_1_weights' takes 2 elements, got a list of 1",
        "port 'c' takes 0 to 7, got 8",
        "'f' takes true or false, got 1",
        "'m' takes one of off, on, auto, got maybe",
        "'p_1_weights' takes 2 elements, got nothing",
        "'p_1' takes a record of sign, code, weights, got 7",
        "no port 'z'; there are a, b, f, m, q, p_0_sign, p_0_code, p_0_weights_0, p_0_weights_1, p_1_sign, p_1_code, p_1_weights_0, p_1_weights_1, c",
      ]
    `)
    // @ts-expect-error outputs have types too
    expect(bench.step().out_f === 1n).toBe(false)
  })
})
