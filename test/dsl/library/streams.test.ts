import { describe, expect, it } from 'vitest'
import {
  arbiter,
  type Builder,
  bits,
  bool,
  cat,
  component,
  enumeration,
  equal,
  fork,
  type IntShape,
  join,
  map,
  mux,
  pack,
  pipe,
  queue,
  range,
  record,
  type Stream,
  s,
  stream,
  type Turn,
  u,
} from '../../../src/dsl/index.ts'
import { printed } from '../verilog/printed.ts'
import { dataOf, type Pace, paces, type Traffic, traffic } from './elements.ts'

const word = s(8)
type Words = Stream<IntShape>

/** A component from one stream to another. */
const line = (name: string, part: (builder: Builder, x: Words) => Words, out = word) =>
  component(name, (_: object) => ({
    in: { x: stream(word) },
    out: { y: stream(out) },
    logic: ({ x }, builder) => ({ y: part(builder, x) }),
  }))({}).module

/** Elements may still be inside at the end, but what came out is what went in, from the first on. */
const expectSame = (
  runs: readonly Traffic[],
  from: string,
  to: string,
  most: number,
  change = (data: bigint) => data,
) => {
  const [went, came] = [dataOf(runs, from).map(change), dataOf(runs, to)]
  expect(came).toEqual(went.slice(0, came.length))
  expect(went.length - came.length).toBeLessThanOrEqual(most)
  expect(came.length).toBeGreaterThan(500)
}

/** Handovers in a run in which nobody waits, after the first cycles. */
const perCycle = (run: Traffic, port: string): number => {
  const cycles = run[port]!.map(({ cycle }) => cycle)
  return (cycles.length - 1) / (cycles.at(-1)! - cycles[0]!)
}

describe('pipe', () => {
  it('hands every element on once and in order, an element every cycle, one cycle later', async () => {
    const module = line('piped', (builder, x) => pipe(builder, 'slice', x))
    const runs = traffic(module, ['x'], ['y'], paces, { verilator: true })
    expectSame(runs, 'x', 'y', 1)
    expect([perCycle(runs[0]!, 'y'), perCycle(runs.at(-1)!, 'y')]).toEqual([1, 1])
    expect(runs[0]!.y![0]!.cycle - runs[0]!.x![0]!.cycle).toBe(1)
    await printed(module)
  })
})

describe('queue', () => {
  it.each([2, 3, 4, 7, 16])(
    'of %i hands every element on once and in order, an element every cycle, after one cycle at the earliest',
    async (depth) => {
      const module = line(`queued_${depth}`, (builder, x) => queue(builder, 'store', x, depth))
      const runs = traffic(module, ['x'], ['y'], paces, { seed: depth, verilator: depth === 7 })
      expectSame(runs, 'x', 'y', depth)
      expect([perCycle(runs[0]!, 'y'), perCycle(runs.at(-1)!, 'y')]).toEqual([1, 1])
      expect(runs[0]!.y![0]!.cycle - runs[0]!.x![0]!.cycle).toBe(1)
      await printed(module)
    },
  )

  it('takes exactly its depth where nobody takes from it', () => {
    const module = line('filled', (builder, x) => queue(builder, 'store', x, 5))
    const [filling, emptying] = traffic(
      module,
      ['x'],
      ['y'],
      [
        { offers: 100, takes: 0 },
        { offers: 0, takes: 100 },
      ],
    )
    expect([filling!.x!.length, filling!.y!.length]).toEqual([5, 0])
    // The sixth was offered while the queue was full.
    expect(emptying!.y!.map(({ cycle }) => cycle - 400)).toEqual([0, 1, 2, 3, 4, 5])
  })
})

describe('map', () => {
  it('changes every element on its way, in the same cycle', async () => {
    const module = line('squares', (_, x) => map(x, (data) => data.mul(data)), word.times(word))
    const runs = traffic(module, ['x'], ['y'], paces)
    expectSame(runs, 'x', 'y', 0, (data) => data * data)
    expect(runs[0]!.y![0]!.cycle - runs[0]!.x![0]!.cycle).toBe(0)
    await printed(module)
  })
})

describe('fork', () => {
  it.each([2, 3])('gives all elements to each of %i ways once and in order, an element every cycle', async (ways) => {
    const names = Array.from({ length: ways }, (_, k) => `y_${k}`)
    const module = component(`forked_${ways}`, (_: object) => ({
      in: { x: stream(word) },
      out: Object.fromEntries(names.map((name) => [name, stream(word)])),
      logic: (ports, builder) =>
        Object.fromEntries(fork(builder, 'both', ports.x as Words, ways).map((y, k) => [`y_${k}`, y])),
    }))({}).module
    const runs = traffic(module, ['x'], names, paces, { seed: ways, verilator: ways === 2 })
    for (const name of names) {
      expectSame(runs, 'x', name, 0, (data) => data)
      expect(perCycle(runs[0]!, name)).toBe(1)
    }
    await printed(module)
  })
})

describe('join', () => {
  it('makes one element of one of each, in order, an element every cycle', async () => {
    const module = component('joined', (_: object) => ({
      in: { a: stream(word), b: stream(word) },
      out: { y: stream(word.plus(word).times(range(1, 3))) },
      logic: ({ a, b }, builder) => ({ y: join(builder, 'both', a, b, (p, q) => p.add(q.mul(2))) }),
    }))({}).module
    const runs = traffic(module, ['a', 'b'], ['y'], paces, { verilator: true })
    const [a, b] = [dataOf(runs, 'a'), dataOf(runs, 'b')]
    expect(dataOf(runs, 'y')).toEqual(a.map((data, k) => data + 2n * b[k]!))
    expect(a.length).toBe(b.length)
    expect(perCycle(runs[0]!, 'y')).toBe(1)
    await printed(module)
  })
})

describe('arbiter', () => {
  /** `ways` streams into one; the data says where it came from. */
  const chosen = (ways: number, turn: Turn) =>
    component(`chosen_${turn}_${ways}`, (_: object) => ({
      in: Object.fromEntries(Array.from({ length: ways }, (_, k) => [`x_${k}`, stream(u(8))])),
      out: { y: stream(u(11)) },
      logic(ports, builder) {
        const marked = Array.from({ length: ways }, (_, k) =>
          map(ports[`x_${k}`]! as Words, (data) => data.add(256 * k)),
        )
        return { y: arbiter(builder, 'choose', marked, turn) }
      },
    }))({}).module
  const data = (k: number): bigint => BigInt(k % 256)
  const names = (ways: number): string[] => Array.from({ length: ways }, (_, k) => `x_${k}`)
  const run = (ways: number, turn: Turn, at: readonly Pace[] = paces) =>
    traffic(chosen(ways, turn), names(ways), ['y'], at, {
      data,
      seed: ways,
      verilator: at === paces && ways === 3 && turn === 'roundRobin',
    })

  it.each([
    [2, 'roundRobin'],
    [3, 'roundRobin'],
    [5, 'roundRobin'],
    [2, 'priority'],
    [3, 'priority'],
  ] as const)(
    'of %i, %s: every element once, in the order of its stream, an element every cycle',
    async (ways, turn) => {
      const runs = run(ways, turn)
      const came = dataOf(runs, 'y')
      names(ways).forEach((name, k) => {
        const own = came.filter((element) => element >> 8n === BigInt(k)).map((element) => element & 255n)
        expect(own).toEqual(dataOf(runs, name))
      })
      expect(perCycle(runs[0]!, 'y')).toBe(1)
      await printed(chosen(ways, turn))
    },
  )

  it('round robin serves all in turn where all wait', () => {
    const [busy] = run(3, 'roundRobin', [{ offers: 100, takes: 60 }])
    const order = busy!.y!.map(({ data: element }) => Number(element >> 8n))
    order.forEach((way, k) => {
      if (k > 0) expect(way).toBe((order[k - 1]! + 1) % 3)
    })
  })

  it('priority serves the first while it has elements', () => {
    const [busy] = run(3, 'priority', [{ offers: 100, takes: 60 }])
    expect(new Set(busy!.y!.map(({ data: element }) => Number(element >> 8n)))).toEqual(new Set([0]))
  })
})

describe('a stream of records', () => {
  it('goes through every part, a net for each scalar, a memory for all of them, and keeps its elements whole', async () => {
    const item = record({ low: bits(4), top: record({ sign: bool, rest: bits(3) }) })
    const module = line('records', (builder, x) => {
      const [low, rest, sign] = [x.data.bits().slice(3, 0), x.data.bits().slice(6, 4), x.data.lt(0)]
      const items = builder.stream('items', item, { valid: x.valid, data: { low, top: { sign, rest } } })
      x.ready.value = items.ready
      const [a, b] = fork(builder, 'both', pipe(builder, 'slice', queue(builder, 'store', items, 5)), 2)
      const same = join(builder, 'same', a!, b!, (one, other) => mux(equal(one, other), pack(item, one), 0))
      // Packed, the sign stands below the four low bits and above the three others.
      return map(same, (data) => cat(data.bit(3).bits(), data.slice(2, 0), data.slice(7, 4)).signed())
    })
    expectSame(traffic(module, ['x'], ['y'], paces), 'x', 'y', 6)
    const text = await printed(module)
    expect(text).toContain('reg [7:0] words [0:4];')
    expect(text).toContain('input wire [2:0] x_data_top_rest')
  })
  it('is drawn from several by an arbiter', async () => {
    const item = record({ data: s(8), from: enumeration('way', ['left', 'right']) })
    const module = component('drawn', (_: object) => ({
      in: { x: stream(item), z: stream(item) },
      out: { y: stream(item) },
      logic: ({ x, z }, builder) => ({ y: arbiter(builder, 'turns', [x, z], 'roundRobin') }),
    }))({}).module
    expect(module.inputs.map(({ name }) => name)).toContain('x_data_from')
    expect(module.outputs.find(({ name }) => name === 'y_data_from')?.encoding?.values).toEqual(['left', 'right'])
    await printed(module)
  })
})
