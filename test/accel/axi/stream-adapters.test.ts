import { describe, expect, it } from 'vitest'
import type { StreamBeat } from '../../../src/accel/axi/nets.ts'
import { axiStreamReader, axiStreamWriter } from '../../../src/accel/axi/stream-adapters.ts'
import { axiStreamSink, axiStreamSource } from '../../../src/accel/axi/stream-agents.ts'
import { watchAxiStream } from '../../../src/accel/axi/watch.ts'
import { warningsUnder } from '../../../src/dsl/index.ts'
import { printVerilog } from '../../../src/dsl/verilog/print.ts'
import { type EngineName, openEngine } from '../../../src/sim/engines.ts'
import { lintVerilog } from '../../../src/sim/lint.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { testbench } from '../../../src/sim/testbench/index.ts'
import { yosysComplaints } from '../../synth/complaints.ts'

const shape = { busBits: 64, addressBits: 32, mostBeats: 255 }
const bigOf = (bytes: Uint8Array): bigint => bytes.reduceRight((word, byte) => (word << 8n) | BigInt(byte), 0n)
const settings = [
  ['wasm', 0, 32],
  ['wasm', 0.5, 64],
  ['wasm', 0.3, 512],
  ['verilator', 0.4, 64],
] as const satisfies readonly (readonly [EngineName, number, number])[]

describe('reads from an AXI4-Stream', () => {
  const open = (engine: EngineName, pause: number, busBits: number, seed: number) => {
    const component = axiStreamReader({ ...shape, busBits })
    const bench = testbench(component, openEngine(engine, component.module))
    const source = axiStreamSource(bench, 's_axis', { pause, seed })
    const checker = watchAxiStream(bench, 's_axis')
    const answers = bench.receive('beat', { pause, seed })
    return { bench, source, checker, answers }
  }

  it.each(settings)(
    'give every byte of every packet in %s, pausing in %d of the cycles, on %i bits',
    (engine, pause, busBits) => {
      for (const seed of [1, 2]) {
        const { bench, source, checker, answers } = open(engine, pause, busBits, seed)
        const random = randomWords(seed)
        const lanes = busBits / 8
        const packets = Array.from({ length: 20 }, () =>
          Uint8Array.from({ length: 1 + (random() % (20 * lanes)) }, () => random()),
        )
        for (const packet of packets) source.send(packet)
        const beats = packets.map(({ length }) => Math.ceil(length / lanes))
        bench.drive(
          'command',
          beats.map((beats) => ({ address: random() % 2 ** 32, beats })),
          { pause, seed },
        )
        const wanted = packets.flatMap((packet) => {
          const padded = new Uint8Array(Math.ceil(packet.length / lanes) * lanes)
          padded.set(packet)
          const count = padded.length / lanes
          return Array.from({ length: count }, (_, k) => ({
            data: bigOf(padded.subarray(k * lanes, (k + 1) * lanes)),
            last: k === count - 1,
            failed: false,
          }))
        })
        bench.until(() => answers.elements.length === wanted.length, 20_000)
        bench.step({}, 5)
        expect(answers.elements, `seed ${seed}`).toEqual(wanted)
        expect([checker.finish(0), checker.taken.packets, bench.engine.failures]).toEqual([[], 20, []])
        // A packet's beats come one a cycle where nobody waits.
        if (pause === 0) expect(bench.engine.cycle).toBeLessThan(wanted.length + 3 * packets.length + 20)
        bench.engine.close()
      }
    },
  )

  it.each([0, 0.4])(
    'give what is missing as failed, drop what is too much, and go on with the next packet, pausing in %d',
    (pause) => {
      const { bench, source, checker, answers } = open('wasm', pause, 64, 3)
      const commands = bench.drive('command', [])
      bench.step()
      for (const [packet, asked] of [
        [3, 3],
        [2, 4],
        [5, 2],
        [1, 1],
        [4, 1],
        [1, 3],
        [2, 2],
      ] as const) {
        const before = answers.elements.length
        // Each packet has bytes of its own, so that none of another one is taken for them.
        const bytes = Uint8Array.from({ length: 8 * packet }, (_, k) => 16 * before + k)
        source.send(bytes)
        commands.push({ address: 0, beats: asked })
        bench.until(() => answers.elements.length === before + asked, 500)
        const given = answers.elements.slice(before)
        given.slice(0, packet).forEach(({ data }, k) => {
          expect(data).toBe(bigOf(bytes.subarray(8 * k, 8 * k + 8)))
        })
        const told = given.map(({ failed, last }) => `${failed ? 'x' : '.'}${last ? '|' : ''}`).join('')
        const short = packet < asked ? 'x'.repeat(asked - packet - 1).concat('x|') : ''
        const kept = '.'.repeat(Math.min(packet, asked) - 1)
        expect(told).toBe(`${kept}${packet < asked ? `.${short}` : packet > asked ? 'x|' : '.|'}`)
      }
      bench.step({}, 20)
      expect([source.waiting, checker.violations, bench.engine.failures]).toEqual([0, [], []])
    },
  )

  it('give a beat as failed where bytes are missing that are not its packet’s last', () => {
    const beat = (keep: number, last: boolean): StreamBeat => ({
      data: new Uint8Array(8).fill(0xff),
      keep: Uint8Array.of(keep),
      last,
    })
    for (const [keep, last, failed, data] of [
      [0xff, false, false, 2n ** 64n - 1n],
      [0x7f, false, true, 2n ** 56n - 1n],
      [0x7f, true, false, 2n ** 56n - 1n],
      [0xfe, true, true, 2n ** 64n - 256n],
      [0x05, true, true, 0xff00ffn],
      [0x00, true, false, 0n],
    ] as const) {
      const { bench, source, answers } = open('wasm', 0, 64, 1)
      source.sendBeats(...(last ? [beat(keep, true)] : [beat(keep, false), beat(0xff, true)]))
      bench.drive('command', [{ address: 0, beats: last ? 1 : 2 }])
      bench.until(() => answers.elements.length > 0, 50)
      expect(answers.elements[0], `keep ${keep}`).toEqual({ data, last, failed })
    }
  })
})

describe('writes to an AXI4-Stream', () => {
  it.each(settings)(
    'are packets with every byte in %s, pausing in %d of the cycles, on %i bits',
    (engine, pause, busBits) => {
      for (const seed of [1, 2]) {
        const component = axiStreamWriter({ ...shape, busBits })
        const bench = testbench(component, openEngine(engine, component.module))
        const sink = axiStreamSink(bench, 'm_axis', { pause, seed })
        const checker = watchAxiStream(bench, 'm_axis')
        const random = randomWords(seed)
        const lanes = busBits / 8
        const packets = Array.from({ length: 20 }, () =>
          Uint8Array.from({ length: 1 + (random() % (20 * lanes)) }, () => random()),
        )
        const beats = packets.flatMap((packet) =>
          Array.from({ length: Math.ceil(packet.length / lanes) }, (_, k) => {
            const part = packet.subarray(k * lanes, (k + 1) * lanes)
            return { data: bigOf(part), strobe: 2n ** BigInt(part.length) - 1n, last: (k + 1) * lanes >= packet.length }
          }),
        )
        bench.drive(
          'command',
          packets.map(({ length }) => ({ address: 0, beats: Math.ceil(length / lanes) })),
          { pause, seed },
        )
        bench.drive('beat', beats, { pause, seed })
        const ends = bench.receive('end', { pause, seed })
        bench.until(() => ends.elements.length === packets.length, 20_000)
        expect(sink.packets, `seed ${seed}`).toEqual(packets)
        expect(ends.elements).toEqual(packets.map(() => ({ failed: false })))
        expect([checker.finish(0), checker.taken, bench.engine.failures]).toEqual([
          [],
          { beats: beats.length, packets: 20 },
          [],
        ])
        if (pause === 0) expect(bench.engine.cycle).toBeLessThan(beats.length + 3 * packets.length + 20)
        bench.engine.close()
      }
    },
  )

  it('wait with the last beat until the end before was taken', () => {
    const component = axiStreamWriter(shape)
    const bench = testbench(component)
    const sink = axiStreamSink(bench, 'm_axis')
    bench.drive(
      'command',
      [1, 2].map((beats) => ({ address: 0, beats })),
    )
    bench.drive(
      'beat',
      [true, false, true].map((last) => ({ data: 1, strobe: 255, last })),
    )
    bench.step({ end: { ready: false } }, 20)
    expect(sink.beats).toHaveLength(2)
    bench.step({ end: { ready: true } }, 5)
    expect(sink.beats).toHaveLength(3)
  })
})

describe('the adapters of AXI4-Stream', () => {
  it.each([32, 512])('print Verilog that linters and Yosys read without a word, on %i bits', async (busBits) => {
    for (const { module, name } of [axiStreamReader({ ...shape, busBits }), axiStreamWriter({ ...shape, busBits })]) {
      expect(warningsUnder(module)).toEqual([])
      const text = printVerilog(module)
      expect(text).toMatch(/put wire (\[\d+:0\] )?[sm]_axis_tkeep\b/)
      for (const { complaints } of await lintVerilog(text, name)) expect(complaints).toEqual([])
      expect(await yosysComplaints(text, name)).toEqual([])
    }
  })
})
