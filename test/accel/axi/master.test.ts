import { describe, expect, it } from 'vitest'
import { axiMaster } from '../../../src/accel/axi/master.ts'
import type { MasterParameters } from '../../../src/accel/axi/master-shape.ts'
import { type AxiMemoryOptions, axiMemory, type InjectedErrors } from '../../../src/accel/axi/memory.ts'
import { watchAxi } from '../../../src/accel/axi/watch.ts'
import { HdlError, warningsUnder } from '../../../src/dsl/index.ts'
import { printVerilog } from '../../../src/dsl/verilog/print.ts'
import { type EngineName, openEngine } from '../../../src/sim/engines.ts'
import { lintVerilog } from '../../../src/sim/lint.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { testbench } from '../../../src/sim/testbench/index.ts'
import { yosysComplaints } from '../../synth/complaints.ts'

const from = 0x12_3456_0000n
const size = 16 * 4096
const usual: MasterParameters = {
  addressBits: 40,
  busBits: 64,
  mostBeats: 4095,
  idBits: 2,
  id: 1,
  burstBeats: 16,
  outstanding: 8,
}

interface Transfer {
  readonly address: bigint
  readonly beats: number
}
/** Transfers at random beats, none over another. */
const transfers = (seed: number, count: number, bytes: number, area: number): Transfer[] => {
  const random = randomWords(seed)
  const found: Transfer[] = []
  let next = from
  for (let k = 0; k < count; k++) {
    const address = next + BigInt((random() % 40) * bytes)
    const beats = 1 + (random() % 3 === 0 ? random() % 300 : random() % 12)
    if (address + BigInt(beats * bytes) > from + BigInt(area)) break
    found.push({ address, beats })
    next = address + BigInt(beats * bytes)
  }
  return found
}
const bigOf = (bytes: Uint8Array): bigint => bytes.reduceRight((word, byte) => (word << 8n) | BigInt(byte), 0n)

interface Setting {
  readonly parameters: MasterParameters
  readonly memory: Omit<AxiMemoryOptions, 'regions'>
  readonly pause: number
  readonly engine?: EngineName
}

/** Reads from one area and writes to another at the same time; both must end as the memory and the beats say. */
const play = ({ parameters, memory: options, pause, engine = 'wasm' }: Setting, seed: number) => {
  const component = axiMaster(parameters)
  const opened = openEngine(engine, component.module)
  const bench = testbench(component, opened)
  const random = randomWords(seed)
  const beatBytes = parameters.busBits / 8
  const [source, target] = [Uint8Array.from({ length: size }, () => random()), new Uint8Array(size).fill(0xaa)]
  const memory = axiMemory(bench, 'm_axi', {
    ...options,
    seed,
    regions: [
      { from, bytes: source, access: 'read' },
      { from: from + BigInt(size), bytes: target, access: 'write' },
    ],
  })
  const checker = watchAxi(bench, 'm_axi')
  const reads = transfers(seed, 16, beatBytes, size)
  const writes = transfers(seed + 1, 16, beatBytes, size)
  const expected = target.slice()
  const beats = writes.flatMap(({ address, beats }) =>
    Array.from({ length: beats }, (_, k) => {
      const bytes = Uint8Array.from({ length: beatBytes }, () => random())
      const strobe = bytes.map(() => random() & 1)
      const place = Number(address - from) + k * beatBytes
      bytes.forEach((byte, lane) => {
        if (strobe[lane]) expected[place + lane] = byte
      })
      const bits = strobe.reduceRight((word, one) => (word << 1n) | BigInt(one), 0n)
      return { data: bigOf(bytes), strobe: bits, last: k === beats - 1 }
    }),
  )
  bench.step()
  bench.drive('read_command', reads, { pause, seed })
  bench.drive(
    'write_command',
    writes.map(({ address, beats }) => ({ address: address + BigInt(size), beats })),
    { pause, seed },
  )
  bench.drive('write_beat', beats, { pause, seed })
  const answers = bench.receive('read_beat', { pause, seed })
  const ends = bench.receive('write_end', { pause, seed })
  const wanted = reads.reduce((sum, { beats }) => sum + beats, 0)
  bench.until(() => answers.elements.length === wanted && ends.elements.length === writes.length, 200_000)
  bench.step({}, 20)
  const violations = checker.finish(opened.cycle)
  opened.close()
  return { memory, violations, opened, answers, ends, reads, writes, source, target, expected, beatBytes }
}

const exact = (setting: Setting, seed: number): void => {
  const { violations, opened, answers, ends, reads, writes, source, target, expected, beatBytes, memory } = play(
    setting,
    seed,
  )
  expect([violations, opened.failures, memory.faults], `seed ${seed}`).toEqual([[], [], []])
  const beats = reads.flatMap(({ address, beats }) =>
    Array.from({ length: beats }, (_, k) => {
      const place = Number(address - from) + k * beatBytes
      return { data: bigOf(source.subarray(place, place + beatBytes)), last: k === beats - 1, failed: false }
    }),
  )
  expect(answers.elements, `seed ${seed}`).toEqual(beats)
  expect(ends.elements).toEqual(writes.map(() => ({ failed: false })))
  expect(Buffer.compare(target, expected), `seed ${seed}`).toBe(0)
  expect(memory.idle).toBe(true)
}

describe('the AXI master', () => {
  it.each([32, 64, 128, 256, 512])('moves every byte on %i bits, whatever latency, pauses and bursts', (busBits) => {
    for (const [k, burstBeats] of [2, 16, 256].entries())
      for (const pause of [0, 0.5]) {
        const parameters = { ...usual, busBits, burstBeats, outstanding: [1, 3, 8][k]! }
        exact(
          { parameters, pause, memory: { latency: { least: 1, most: 1 + 30 * k }, pause: pause / 2, reorder: true } },
          10 * k + busBits,
        )
      }
  })

  it.each(['js', 'interpreter', 'verilator'] as const)(
    'does the same in %s',
    (engine) => {
      exact({ parameters: usual, pause: 0.3, memory: { latency: { least: 1, most: 30 }, pause: 0.3 }, engine }, 77)
    },
    240_000,
  )

  it('reports every beat and every transfer that failed, ends all of them, and goes on', () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const errors: InjectedErrors = { chance: 0.05 }
      const setting = { parameters: usual, pause: 0.3, memory: { latency: { least: 1, most: 30 }, pause: 0.3, errors } }
      const { violations, opened, answers, ends, reads, writes, source, memory, target, expected, beatBytes } = play(
        setting,
        seed,
      )
      expect([violations, opened.failures], `seed ${seed}`).toEqual([[], []])
      const failedReads = memory.faults.filter(({ kind }) => kind === 'read')
      const places = reads.flatMap(({ address, beats }) =>
        Array.from({ length: beats }, (_, k) => address + BigInt(k * beatBytes)),
      )
      expect(answers.elements.flatMap(({ failed }, k) => (failed ? [places[k]!] : []))).toEqual(
        failedReads.map(({ address }) => address),
      )
      answers.elements.forEach(({ failed, data }, k) => {
        const place = Number(places[k]! - from)
        if (!failed) expect(data).toBe(bigOf(source.subarray(place, place + beatBytes)))
      })
      const failedWrites = memory.faults.filter(({ kind }) => kind === 'write')
      const hit = ({ address, beats }: Transfer): boolean =>
        failedWrites.some(
          ({ address: at }) => at - BigInt(size) >= address && at - BigInt(size) < address + BigInt(beats * beatBytes),
        )
      expect(ends.elements).toEqual(writes.map((transfer) => ({ failed: hit(transfer) })))
      expect(failedReads.length * failedWrites.length).toBeGreaterThan(0)
      for (const transfer of writes)
        if (!hit(transfer)) {
          const [begin, end] = [
            Number(transfer.address - from),
            Number(transfer.address - from) + transfer.beats * beatBytes,
          ]
          expect(Buffer.compare(target.subarray(begin, end), expected.subarray(begin, end))).toBe(0)
        }
    }
  })

  it.each([64, 512])(
    'moves at least 95 of 100 beats that a memory of full rate and 50 cycles could, on %i bits',
    (busBits) => {
      const component = axiMaster({ ...usual, busBits })
      const bench = testbench(component, openEngine('wasm', component.module))
      const bytes = new Uint8Array(1024 * busBits)
      axiMemory(bench, 'm_axi', {
        regions: [{ from, bytes, access: 'readWrite' }],
        latency: { least: 50, most: 50 },
      })
      const checker = watchAxi(bench, 'm_axi')
      const beats = 4000
      bench.step()
      bench.drive('read_command', [{ address: from + BigInt(busBits), beats }])
      bench.drive('write_command', [{ address: from + BigInt(busBits), beats }])
      bench.drive(
        'write_beat',
        Array.from({ length: beats }, (_, k) => ({
          data: k,
          strobe: (1n << BigInt(busBits / 8)) - 1n,
          last: k === beats - 1,
        })),
      )
      const [answers, ends] = [bench.receive('read_beat'), bench.receive('write_end')]
      bench.until(() => answers.elements.length === beats && ends.elements.length === 1, 2 * beats)
      expect(checker.finish(0)).toEqual([])
      // All of it, the first latency too.
      expect(answers.cycles.at(-1)! - 1).toBeLessThan(beats / 0.95)
      expect(ends.cycles.at(-1)! - 1).toBeLessThan(beats / 0.95)
    },
  )

  it('takes a transfer of one beat in every cycle, and has as many bursts open as it may', () => {
    for (const outstanding of [1, 5, 32]) {
      const component = axiMaster({ ...usual, outstanding })
      const bench = testbench(component)
      axiMemory(bench, 'm_axi', {
        regions: [{ from, bytes: new Uint8Array(size), access: 'readWrite' }],
        latency: { least: 12, most: 12 },
        outstanding: 64,
      })
      const checker = watchAxi(bench, 'm_axi')
      let [openReads, openWrites] = [0, 0]
      bench.attach({
        before() {},
        after() {
          openReads = Math.max(openReads, checker.taken.ar - checker.taken.r)
          openWrites = Math.max(openWrites, checker.taken.aw - checker.taken.b)
        },
      })
      const count = 300
      const commands = Array.from({ length: count }, (_, k) => ({ address: from + BigInt(8 * k), beats: 1 }))
      bench.step()
      bench.drive('read_command', commands)
      bench.drive('write_command', commands)
      bench.drive(
        'write_beat',
        commands.map(() => ({ data: 5, strobe: 255, last: true })),
      )
      const [answers, ends] = [bench.receive('read_beat'), bench.receive('write_end')]
      bench.until(() => answers.elements.length === count && ends.elements.length === count, 10_000)
      expect(checker.finish(0)).toEqual([])
      // Those that are answered but not yet known of are open for the master, and those that wait in its register not on the bus.
      for (const open of [openReads, openWrites]) {
        expect(open).toBeLessThanOrEqual(outstanding)
        expect(open).toBeGreaterThanOrEqual(Math.min(outstanding, 12))
      }
      if (outstanding === 32) expect(Math.max(...answers.cycles, ...ends.cycles)).toBeLessThan(count + 30)
    }
  })

  it('loses no end of a transfer while nobody takes ends', () => {
    const component = axiMaster({ ...usual, outstanding: 4 })
    const bench = testbench(component)
    axiMemory(bench, 'm_axi', { regions: [{ from, bytes: new Uint8Array(size), access: 'readWrite' }] })
    const checker = watchAxi(bench, 'm_axi')
    const commands = Array.from({ length: 30 }, (_, k) => ({ address: from + BigInt(8 * k), beats: 1 }))
    bench.step()
    bench.drive('write_command', commands)
    bench.drive(
      'write_beat',
      commands.map(() => ({ data: 5, strobe: 255, last: true })),
    )
    bench.step({ write_end: { ready: false } }, 200)
    expect(checker.taken.b).toBe(4)
    const ends = bench.receive('write_end')
    bench.step({}, 200)
    expect([ends.elements.length, bench.engine.failures, checker.finish(0)]).toEqual([30, [], []])
  })

  it('comes back from a reset in any cycle, memory and all, and moves every byte', () => {
    const component = axiMaster(usual)
    const bench = testbench(component, openEngine('wasm', component.module))
    const bytes = Uint8Array.from({ length: size }, (_, k) => k ^ (k >> 8))
    axiMemory(bench, 'm_axi', {
      regions: [{ from, bytes, access: 'readWrite' }],
      latency: { least: 1, most: 20 },
      pause: 0.2,
    })
    const checker = watchAxi(bench, 'm_axi')
    const random = randomWords(11)
    const idle = { read_command: { valid: false }, write_command: { valid: false }, write_beat: { valid: false } }
    const answers = bench.receive('read_beat')
    for (let k = 0; k < 100; k++) {
      const address = from + BigInt(8 * (random() % 1000))
      const beats = 1 + (random() % 60)
      const command = { valid: true, data: { address, beats } }
      // A read and a write are under way, and then no more.
      bench.step({ ...idle, read_command: command, write_command: command })
      bench.step({ ...idle, write_beat: { valid: true, data: { data: 1, strobe: 0, last: false } } }, random() % beats)
      bench.step(idle, random() % 100)
      bench.reset()
      bench.step(idle)
      const before = answers.elements.length
      bench.step({ ...idle, read_command: command })
      bench.step(idle)
      bench.until(() => answers.elements.length === before + beats, 2000)
      const place = Number(address - from)
      expect(answers.elements.slice(before).map(({ data }) => data)).toEqual(
        Array.from({ length: beats }, (_, beat) => bigOf(bytes.subarray(place + 8 * beat, place + 8 * beat + 8))),
      )
    }
    expect([checker.violations, bench.engine.failures]).toEqual([[], []])
  })

  it('asks for no more than it has room for, and never holds the bus up', () => {
    const component = axiMaster({ ...usual, outstanding: 2 })
    const bench = testbench(component)
    axiMemory(bench, 'm_axi', { regions: [{ from, bytes: new Uint8Array(size), access: 'readWrite' }] })
    const checker = watchAxi(bench, 'm_axi')
    bench.step()
    const command = { valid: true, data: { address: from, beats: 200 } }
    // Nobody takes beats: two bursts come, and no more are asked for. Nobody gives beats: nothing is announced.
    const seen = bench.step({ read_command: command, write_command: command, read_beat: { ready: false } }, 200)
    expect([checker.taken.ar, checker.taken.r, seen.m_axi.rready]).toEqual([2, 32, true])
    bench.step({ write_beat: { valid: true, data: { data: 1, strobe: 1, last: false } } }, 15)
    bench.step({ write_beat: { valid: false } }, 20)
    expect([checker.taken.aw, checker.taken.w]).toEqual([0, 0])
    bench.step({ write_beat: { valid: true } })
    bench.step({ write_beat: { valid: false } }, 20)
    expect([checker.taken.aw, checker.taken.w, checker.taken.b]).toEqual([1, 16, 1])
    expect([bench.engine.failures, checker.violations]).toEqual([[], []])
  })

  it('refuses parameters it cannot be built with', () => {
    for (const [change, message] of [
      [{ busBits: 48 }, /busBits is a power of two from 32 to 512, got 48/],
      [{ burstBeats: 1 }, /burstBeats is a power of two from 2 to 256, got 1/],
      [{ id: 4 }, /id is a whole number from 0 to 3, got 4/],
      [{ outstanding: 0 }, /outstanding/],
      [{ mostBeats: 2 ** 24 }, /mostBeats/],
      [{ addressBits: 65 }, /addressBits/],
    ] as const) {
      expect(() => axiMaster({ ...usual, ...change }).module).toThrow(HdlError)
      expect(() => axiMaster({ ...usual, ...change }).module).toThrow(message)
    }
  })

  it('prints ports by which FPGA tools find the interface, and nothing that linters or Yosys complain of', async () => {
    for (const parameters of [
      usual,
      { ...usual, busBits: 512, burstBeats: 256, outstanding: 1 },
      { ...usual, busBits: 32, burstBeats: 2, addressBits: 64 },
    ]) {
      const { module, name } = axiMaster(parameters)
      expect(warningsUnder(module)).toEqual([])
      const text = printVerilog(module)
      for (const port of ['awvalid', 'awready', 'araddr', 'wstrb', 'bresp', 'rlast', 'rready'])
        expect(text).toMatch(new RegExp(`put wire (\\[\\d+:0\\] )?m_axi_${port}\\b`))
      for (const { complaints } of await lintVerilog(text, name)) expect(complaints).toEqual([])
      expect(await yosysComplaints(text, name)).toEqual([])
    }
  }, 120_000)
})
