import { describe, expect, it } from 'vitest'
import { beatAddress, beatLanes } from '../../../src/accel/axi/burst.ts'
import { axiMemory } from '../../../src/accel/axi/memory.ts'
import { watchAxi } from '../../../src/accel/axi/watch.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { testbench } from '../../../src/sim/testbench/index.ts'
import { AxiWires, afterWrites, traffic } from './traffic.ts'

const from = 0x8000_0000_0000n
const blocks = 4
const shape = { addressBits: 48, busBits: 64, idBits: 4, from, bytes: blocks * 4096 }

describe('the AXI memory', () => {
  it.each([8, 32, 64, 128, 256, 512])(
    'keeps every byte of random bursts of all types on %i bits, with pauses and in any order, and no rule is broken',
    (busBits) => {
      for (const seed of [1, 2, 3]) {
        const options = { ...shape, busBits, bursts: 60, pause: seed === 1 ? 0 : 0.4, seed }
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
        for (const { burst, data, resp } of run.reads)
          data.forEach((word, beat) => {
            const address = Number(beatAddress(burst, beat) - from)
            const base = address - (address % (busBits / 8))
            const { low, high } = beatLanes(burst, beat, busBits / 8)
            expect(word.slice(low, high + 1)).toEqual(bytes.slice(base + low, base + high + 1))
            expect(resp[beat]).toBe(0)
          })
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
    const one = (kind: 'aw' | 'ar', addr: bigint): number => {
      const fields = Object.fromEntries(
        Object.entries({ ...base, addr, valid: true }).map(([field, value]) => [`${kind}${field}`, value]),
      )
      const data = kind === 'aw' ? { wvalid: true, wdata: 1n, wstrb: 255n, wlast: true } : {}
      const idle = { awvalid: false, arvalid: false, wvalid: false }
      const drive = (more: object) => bench.step({ cpu: { ...zeros, ...more } as never })
      drive(idle)
      drive({ ...idle, ...fields, ...data, bready: true, rready: true })
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
    memory.inject({ at: [{ from: from + 4n, bytes: 1, response: 'decerr' }] })
    expect([one('ar', from), one('ar', from + 8n)]).toEqual([3, 0])
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
