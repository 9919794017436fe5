import { describe, expect, it } from 'vitest'
import { beatAddress, beatLanes } from '../../../src/accel/axi/burst.ts'
import { axiMemory } from '../../../src/accel/axi/memory.ts'
import { axiReader, netsUnder } from '../../../src/accel/axi/nets.ts'
import { watchAxi } from '../../../src/accel/axi/watch.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { testbench } from '../../../src/sim/testbench/index.ts'
import { AxiWires, afterWrites, traffic } from './traffic.ts'

const from = 0x8000_0000_0000n
const blocks = 4
const burstBeats = ({ len }: { readonly len: number }) => Array.from({ length: len + 1 }, (_, beat) => beat)
const shape = { addressBits: 48, busBits: 64, idBits: 4, from, bytes: blocks * 4096 }

describe('the AXI memory', () => {
  it.each([8, 32, 64, 128, 256, 512])(
    'keeps every byte of random bursts of all types on %i bits, with pauses, and no rule is broken',
    (busBits) => {
      for (const seed of [1, 2, 3]) {
        const options = { ...shape, busBits, bursts: 40, pause: seed === 1 ? 0 : 0.4, seed }
        const bench = testbench(AxiWires(options), openEngine('wasm', AxiWires(options).module))
        const bytes = new Uint8Array(options.bytes)
        const memory = axiMemory(bench, 'm_axi', {
          regions: [{ from, bytes, access: 'readWrite' }],
          latency: { least: 1, most: 20 },
          pause: options.pause,
          // Writes that may overtake each other leave bytes that depend on who came last, so that they keep their order here.
          reorder: false,
          seed,
        })
        const checker = watchAxi(bench, 'm_axi')
        const run = traffic(bench, options)
        for (let cycle = 0; !run.done && cycle < 100_000; cycle++) bench.step()
        expect(run.done, `seed ${seed}`).toBe(true)
        expect(checker.finish(bench.engine.cycle)).toEqual([])
        expect(Buffer.compare(bytes, afterWrites(run.writes, options)), `seed ${seed}`).toBe(0)
        const wrong = run.reads.flatMap(({ burst, data, resp }) =>
          data.filter((word, beat) => {
            const address = Number(beatAddress(burst, beat) - from)
            const base = address - (address % (busBits / 8))
            const { low, high } = beatLanes(burst, beat, busBits / 8)
            const read = word.subarray(low, high + 1)
            return resp[beat] !== 0 || Buffer.compare(read, bytes.subarray(base + low, base + high + 1)) !== 0
          }),
        )
        expect(wrong, `seed ${seed}`).toEqual([])
        expect([memory.idle, memory.faults]).toEqual([true, []])
        expect([memory.written.beats, memory.read.beats]).toEqual([checker.taken.w, checker.taken.r])
      }
    },
    60_000,
  )

  it('answers IDs in another order than they asked where it may, and never those of one ID', () => {
    const orders = [false, true].map((reorder) => {
      const options = { ...shape, bursts: 80, pause: 0, seed: 5 }
      const bench = testbench(AxiWires(options))
      const bytes = Uint8Array.from({ length: options.bytes }, (_, k) => k * 7)
      axiMemory(bench, 'm_axi', {
        regions: [{ from, bytes, access: 'readWrite' }],
        latency: { least: 1, most: 60 },
        reorder,
        seed: 9,
      })
      const checker = watchAxi(bench, 'm_axi')
      const run = traffic(bench, options)
      for (let cycle = 0; !run.done && cycle < 100_000; cycle++) bench.step()
      expect(checker.finish(bench.engine.cycle)).toEqual([])
      return [run.responses.map(({ id }) => id), run.writes.map(({ burst }) => burst.id)]
    })
    expect(orders[0]![0]).toEqual(orders[0]![1])
    expect(orders[1]![0]).not.toEqual(orders[1]![1])
    expect([...orders[1]![0]!].sort()).toEqual([...orders[1]![1]!].sort())
  })

  it('answers after as many cycles as were drawn, has as many bursts open as were allowed, and counts what it gave', () => {
    for (const [least, most, outstanding] of [
      [1, 1, 1],
      [9, 9, 1],
      [7, 7, 3],
      [10, 40, 16],
    ] as const) {
      const options = { ...shape, bursts: 60, pause: 0, seed: 2 }
      const bench = testbench(AxiWires(options))
      const bytes = new Uint8Array(options.bytes)
      const memory = axiMemory(bench, 'm_axi', {
        regions: [{ from, bytes, access: 'readWrite' }],
        latency: { least, most },
        outstanding,
      })
      const nets = netsUnder(bench.engine, 'm_axi')
      const observe = axiReader(nets)
      const asked: number[] = []
      const latencies: number[] = []
      let [open, mostOpen, answered, first] = [0, 0, 0, true]
      bench.attach({
        before() {},
        after(cycle) {
          const { ar, r } = observe()
          // A burst can wait for the one before; where none is before it, its first beat tells its latency.
          if (r!.beat && first && open === 1) latencies.push(cycle - asked[answered]!)
          if (r!.beat) first = false
          if (r!.beat && r!.ready && r!.beat.last) {
            open--
            answered++
            first = true
          }
          if (ar!.beat && ar!.ready) {
            asked.push(cycle)
            open++
          }
          mostOpen = Math.max(mostOpen, open)
        },
      })
      const run = traffic(bench, options)
      for (let cycle = 0; !run.done && cycle < 100_000; cycle++) bench.step()
      expect(mostOpen).toBeLessThanOrEqual(outstanding)
      expect(mostOpen).toBeGreaterThanOrEqual(Math.min(outstanding, 8))
      expect(latencies.length).toBeGreaterThan(0)
      if (outstanding === 1) expect(new Set(latencies)).toEqual(new Set([least]))
      for (const latency of latencies) expect(latency).toBeGreaterThanOrEqual(least)
      const lanes = run.reads.reduce(
        (sum, { burst }) =>
          sum +
          burstBeats(burst).reduce((bytes, beat) => {
            const { low, high } = beatLanes(burst, beat, 8)
            return bytes + high - low + 1
          }, 0),
        0,
      )
      expect(memory.read.bytes).toBe(lanes)
    }
  })

  it('answers what is not there with DECERR and what may not be done with SLVERR, changes nothing and says where', () => {
    const options = { ...shape, bursts: 0, pause: 0, seed: 1 }
    const bench = testbench(AxiWires(options))
    const [kept, open] = [new Uint8Array(64).fill(7), new Uint8Array(64)]
    const memory = axiMemory(bench, 'm_axi', {
      regions: [
        { from, bytes: kept, access: 'read' },
        { from: from + 64n, bytes: open, access: 'write' },
      ],
    })
    const base = { id: 0, len: 0, size: 3, burst: 1, lock: false, cache: 0, prot: 0, qos: 0 }
    const one = (kind: 'aw' | 'ar', addr: bigint, beats = 1): number => {
      const fields = Object.fromEntries(
        Object.entries({ ...base, addr, len: beats - 1, valid: true }).map(([field, value]) => [
          `${kind}${field}`,
          value,
        ]),
      )
      const data = (last: boolean) => (kind === 'aw' ? { wvalid: true, wdata: 1n, wstrb: 255n, wlast: last } : {})
      const idle = { awvalid: false, arvalid: false, wvalid: false }
      const drive = (more: object) => bench.step({ cpu: { ...zeros, ...more } as never })
      drive(idle)
      drive({ ...idle, ...fields, ...data(beats === 1), bready: true, rready: true })
      for (let k = 1; k < beats; k++) drive({ ...idle, ...data(k === beats - 1), bready: true, rready: true })
      for (let k = 0; k < 10; k++) {
        const { cpu } = drive({ ...idle, bready: true, rready: true })
        if (cpu.bvalid || cpu.rvalid) return Number(cpu.bvalid ? cpu.bresp : cpu.rresp)
      }
      return -1
    }
    const zeros = Object.fromEntries(
      Object.entries(AxiWires(options).in.cpu.fields).map(([field, { kind }]) => [field, kind === 'bool' ? false : 0]),
    )
    expect([one('ar', from), one('aw', from)]).toEqual([0, 2])
    expect([one('ar', from + 64n), one('aw', from + 64n)]).toEqual([2, 0])
    expect([one('ar', from + 128n), one('aw', from - 8n)]).toEqual([3, 3])
    expect([kept.every((byte) => byte === 7), open[0], open[1]]).toEqual([true, 1, 0])
    expect(
      memory.faults.map(({ kind, address, response, injected }) => [kind, address - from, response, injected]),
    ).toEqual([
      ['write', 0n, 'slverr', false],
      ['read', 64n, 'slverr', false],
      ['read', 128n, 'decerr', false],
      ['write', -8n, 'decerr', false],
    ])
    // Of a burst with several errors the worst is told.
    expect([one('aw', from - 8n, 2), one('aw', from + 56n, 2)]).toEqual([3, 2])
    memory.inject({ at: [{ from: from + 4n, bytes: 1, response: 'decerr' }] })
    expect([one('ar', from), one('ar', from + 8n)]).toEqual([3, 0])
    memory.inject({ at: [{ from: from + 70n, bytes: 1, response: 'slverr' }] })
    expect([one('aw', from + 64n), one('aw', from + 72n)]).toEqual([2, 0])
    memory.inject({ chance: 1 })
    expect(one('ar', from + 8n)).toBeGreaterThan(1)
    expect(memory.faults.at(-1)!.injected).toBe(true)
  })

  it('refuses a latency of 0 and a pause of 1', () => {
    const bench = testbench(AxiWires({ ...shape }))
    expect(() => axiMemory(bench, 'm_axi', { regions: [], latency: { least: 0, most: 4 } })).toThrow(/1 cycle or more/)
    expect(() => axiMemory(bench, 'm_axi', { regions: [], pause: 1 })).toThrow(/got 1/)
    expect(() => axiMemory(bench, 'x_axi', { regions: [] })).toThrow(/no port 'x_axi_/)
  })
})
