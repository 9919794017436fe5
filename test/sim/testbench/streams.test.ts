import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/user-error.ts'
import {
  asyncFifo,
  bool,
  clock,
  component,
  enumeration,
  mainClock,
  on,
  queue,
  record,
  s,
  stream,
  u,
} from '../../../src/dsl/index.ts'
import { describeFailure } from '../../../src/sim/engine.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { scoreboard, testbench } from '../../../src/sim/testbench/index.ts'

const element = record({ kind: enumeration('kind', ['body', 'last']), code: s(40) })
const Store = component('store', (_: object) => ({
  in: { x: stream(element), hold: bool },
  out: { y: stream(element), held: bool },
  logic: ({ x, hold }, builder) => ({ y: queue(builder, 'kept', x, 3), held: hold }),
}))
const elements = Array.from({ length: 200 }, (_, k) => ({
  kind: k % 7 === 6 ? ('last' as const) : ('body' as const),
  code: (k - 100) * 2 ** 31,
}))
const read = elements.map(({ kind, code }) => ({ kind, code: BigInt(code) }))

describe('drivers and monitors of streams', () => {
  it.each(['wasm', 'js', 'interpreter'] as const)(
    'bring every element through once and in order, whatever the pauses, in %s',
    (name) => {
      for (const [pause, stall] of [
        [0, 0],
        [0.5, 0],
        [0, 0.7],
        [0.6, 0.6],
      ] as const) {
        const bench = testbench(Store({}), openEngine(name, Store({}).module))
        const driver = bench.drive('x', elements, { pause, seed: 3 })
        const seen = bench.monitor('x')
        const board = scoreboard({ name: 'y' })
        board.expect(...elements)
        const monitor = bench.receive('y', { pause: stall, seed: 4, onElement: board.see })
        bench.until(() => monitor.elements.length === elements.length, 5000)
        expect(monitor.elements).toEqual(read)
        expect(seen.elements).toEqual(read)
        expect(monitor.cycles.every((cycle, k) => cycle > seen.cycles[k]!)).toBe(true)
        expect([board.matched, board.finish()]).toEqual([200, []])
        expect([driver.sent, driver.waiting]).toEqual([200, 0])
        expect([seen.violations, monitor.violations, bench.engine.failedChecks]).toEqual([[], [], 0])
        // Without pauses an element goes through in every cycle; with them, in about as many as are left.
        const cycles = bench.engine.cycle / elements.length
        const most = 1 / (1 - Math.max(pause, stall))
        expect(cycles).toBeGreaterThan(0.8 * most)
        expect(cycles).toBeLessThan(pause > 0 && stall > 0 ? 2.4 * most : 1.3 * most)
      }
    },
  )

  it('pause in the same cycles for the same seed, in others for another, and each stream in its own', () => {
    const run = (seed: number) => {
      const bench = testbench(Store({}))
      bench.drive('x', elements, { pause: 0.5, seed })
      const monitor = bench.receive('y', { pause: 0.5, seed })
      bench.step({}, 300)
      return [monitor.cycles, bench.monitor('x').elements.length] as const
    }
    expect(run(1)).toEqual(run(1))
    expect(run(1)).not.toEqual(run(2))
    const Two = component('two_streams', (_: object) => ({
      in: { a: stream(u(8)), b: stream(u(8)) },
      out: {},
      logic({ a, b }) {
        a.ready.value = true
        b.ready.value = true
        return {}
      },
    }))
    const bench = testbench(Two({}))
    const [a, b] = [bench.monitor('a'), bench.monitor('b')]
    const numbers = Array.from({ length: 100 }, (_, k) => k)
    bench.drive('a', numbers, { pause: 0.5 })
    bench.drive('b', numbers, { pause: 0.5 })
    bench.step({}, 100)
    expect(a.cycles).not.toEqual(b.cycles)
  })

  it('take more elements while they run, and leave other inputs alone', () => {
    const bench = testbench(Store({}))
    const driver = bench.drive('x', [])
    const monitor = bench.receive('y')
    expect(bench.step({ hold: true }, 5).held).toBe(true)
    expect(monitor.elements).toEqual([])
    driver.push(elements[6]!, elements[7]!)
    expect(driver.waiting).toBe(2)
    expect(bench.step({}, 5)).toMatchObject({ held: true, x: { ready: true } })
    expect(monitor.elements).toEqual(read.slice(6, 8))
    expect(monitor.cycles).toEqual([6, 7])
  })

  it('report where a testbench itself breaks the handshake, with cycle and values', () => {
    const bench = testbench(Store({}))
    const monitor = bench.monitor('x')
    bench.step({ x: { valid: true, data: { kind: 'body', code: 1 } }, y: { ready: false } }, 3)
    bench.step({ x: { data: { kind: 'body', code: 2 } } })
    bench.step({ x: { data: { kind: 'last', code: 2 } } })
    bench.step({ x: { valid: false } }, 2)
    expect(monitor.elements).toHaveLength(3)
    expect(monitor.violations.map(describeFailure)).toEqual([
      "cycle 4: stream 'x': data changes before it is taken (x_valid = 1, x_data_kind before = 0, x_data_code before = 2, x_data_kind = 1, x_data_code = 2)",
      "cycle 5: stream 'x': valid is withdrawn before it is taken (x_valid = 0, x_data_kind before = 1, x_data_code before = 2, x_data_kind = 1, x_data_code = 2)",
    ])
  })

  it('move at the edges of their own clock', () => {
    const slow = clock('slow')
    const Cross = component('crossing_stream', (_: object) => ({
      in: { x: on(slow, stream(u(8))) },
      out: { y: stream(u(8)) },
      logic({ x }, { use, stream: made }) {
        const fifo = use('fifo', asyncFifo({ of: u(8), depth: 4, write: slow, read: mainClock }), {
          in_valid: x.valid,
          in_data: x.data,
          out_ready: true,
        })
        x.ready.value = fifo.in_ready
        return { y: made('out', u(8), { valid: fifo.out_valid, data: fifo.out_data }) }
      },
    }))
    const numbers = Array.from({ length: 30 }, (_, k) => 3 * k)
    const bench = testbench(Cross({}))
    const driver = bench.drive('x', numbers, { pause: 0.3 })
    const seen = bench.monitor('x')
    const monitor = bench.receive('y')
    for (let cycle = 0; monitor.elements.length < 30 && cycle < 2000; cycle++)
      bench.step({ slow_tick: cycle % 3 === 0, clk_tick: cycle % 2 === 0 })
    expect(seen.elements).toEqual(numbers.map(BigInt))
    expect(monitor.elements).toEqual(numbers.map(BigInt))
    expect(seen.cycles.every((cycle) => cycle % 3 === 0)).toBe(true)
    expect(monitor.cycles.every((cycle) => cycle % 2 === 0)).toBe(true)
    expect(driver.waiting).toBe(0)
  })

  it('are refused on a port that is no such stream, and with pauses that never end', () => {
    const bench = testbench(Store({}))
    // @ts-expect-error an output
    expect(() => bench.drive('y', [])).toThrow("store has no input stream 'y'; there are x")
    // @ts-expect-error no stream
    expect(() => bench.monitor('hold')).toThrow("store has no stream 'hold'; there are x, y")
    // @ts-expect-error not there
    expect(() => bench.receive('z')).toThrow("store has no output stream 'z'; there are y")
    // @ts-expect-error no element of the stream
    bench.drive('x', [5])
    expect(() => bench.step()).toThrow("'x_data' takes a record of kind, code, got 5")
    expect(() => bench.receive('y', { pause: 1 })).toThrow("stream 'y' pauses in 0 to less than 1 of the cycles, got 1")
  })
})

describe('until', () => {
  const Counter = component('counter', (_: object) => ({
    in: { step: u(3) },
    out: { count: u(8) },
    logic({ step }, { regs }) {
      const r = regs({ count: u(8) })
      r.count.next = r.count.add(step).wrap(u(8))
      return { count: r.count }
    },
  }))

  it('steps to the first cycle that meets the condition, and gives it', () => {
    const bench = testbench(Counter({}))
    expect(bench.until(({ count }) => count >= 10n, 100, { step: 3 })).toEqual({ count: 12n })
    expect(bench.engine.cycle).toBe(5)
  })

  it('gives up after its limit, in one sentence', () => {
    const bench = testbench(Counter({}))
    bench.step({}, 4)
    const wait = () => bench.until(({ count }) => count === 1n, 20)
    expect(wait).toThrow(UserError)
    expect(bench.engine.cycle).toBe(24)
    expect(wait).toThrow(
      'counter did not come to what was waited for in 20 cycles from cycle 24 on; wait longer, or look at its waves',
    )
  })
})
