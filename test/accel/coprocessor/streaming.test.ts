import { describe, expect, it } from 'vitest'
import { axiLiteMaster } from '../../../src/accel/axi/lite-master.ts'
import { axiStreamSink, axiStreamSource } from '../../../src/accel/axi/stream-agents.ts'
import { watchAxiLite, watchAxiStream } from '../../../src/accel/axi/watch.ts'
import { computeArray } from '../../../src/accel/coprocessor/compute-array.ts'
import { streamingCoprocessor } from '../../../src/accel/coprocessor/coprocessor.ts'
import { coreDescription } from '../../../src/accel/coprocessor/description.ts'
import { coprocessorDriver } from '../../../src/accel/coprocessor/driver.ts'
import { operandOrder, resultOrder } from '../../../src/accel/coprocessor/order.ts'
import { unpackResults } from '../../../src/accel/coprocessor/packer.ts'
import { warningsUnder } from '../../../src/dsl/index.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { testbench } from '../../../src/sim/testbench/index.ts'
import type { Shape } from './coprocessor-bench.ts'
import { placedProduct } from './core-runs.ts'

const open = (specs: readonly string[], busBits: number, pause: number) => {
  const elements = specs.map(elementOf)
  const options = {
    array: computeArray(elements, { rows: 3, columns: 4 }),
    transfers: { busBits, addressBits: 40, mostBeats: 4095 },
    ...{ bufferBeats: 32, fieldBeats: 8, resultGroups: 2 },
  }
  const top = streamingCoprocessor(options)
  const core = coreDescription(options)
  const engine = openEngine('wasm', top.module)
  const bench = testbench(top, engine)
  const bus = axiLiteMaster(bench, 's_axi')
  const source = axiStreamSource(bench, 's_axis', { pause, seed: 2 })
  const sink = axiStreamSink(bench, 'm_axis', { pause, seed: 3 })
  const checkers = [watchAxiLite(bench, 's_axi'), watchAxiStream(bench, 's_axis'), watchAxiStream(bench, 'm_axis')]
  bench.step()
  const driver = coprocessorDriver(core, bus)
  driver.interrupts({ done: true, error: false })
  const untilInterrupt = (): void => {
    for (let cycle = 0; cycle < 50_000; cycle++) if (bench.step().irq) return
  }
  return { elements, core, engine, source, sink, checkers, driver, untilInterrupt, module: top.module }
}

/** Sends a product's rows, and gives its results, put together from packets. */
const streamed = (bench: ReturnType<typeof open>, shape: Shape, seed: number) => {
  const { core, source, sink, driver } = bench
  const { size, layout, at, memory, wanted } = placedProduct(bench, shape, seed)
  const sentPackets = operandOrder(core, size).map(({ side, row }) => {
    const { rowBytes } = layout[side]
    return memory.subarray(at[side] + row * rowBytes, at[side] + (row + 1) * rowBytes)
  })
  for (const packet of sentPackets) source.send(packet)
  const known = sink.packets.length
  const report = driver.run(size, { activations: 0, weights: 0, results: 0 }, { wait: bench.untilInterrupt, looks: 3 })
  const results = new Uint8Array(layout.results.bytes)
  const order = resultOrder(core, size)
  const packets = sink.packets.slice(known)
  order.forEach(({ matrix, token, from, count }, k) => {
    const { matrixBytes, rowBytes } = layout.results
    const packet = packets[k]!
    expect(packet.length).toBe(count * core.resultBytes)
    results.set(packet, matrix * matrixBytes + token * rowBytes + from * core.resultBytes)
  })
  return {
    report,
    packets: packets.length,
    expected: order.length,
    found: unpackResults(core, size, layout, results),
    wanted,
  }
}

describe.each([
  { specs: ['mac'], busBits: 64 },
  { specs: ['mixpe'], busBits: 64 },
  { specs: ['bitmod(w=fp4)'], busBits: 128 },
])('the streaming co-processor of $specs', ({ specs, busBits }) => {
  it.each([0, 0.4])('multiplies what comes in the order of rows, streams pausing in %d of the cycles', (pause) => {
    const bench = open(specs, busBits, pause)
    for (const [k, shape] of (
      [
        [1, 1, 1, 1],
        [3, 4, 16, 16],
        [7, 9, 21, 8],
        [20, 3, 40, 20],
        [40, 30, 24, 12],
      ] as const
    ).entries()) {
      const { report, packets, expected, found, wanted } = streamed(bench, shape, k + 1)
      expect(report.error).toBe('none')
      expect(packets).toBe(expected)
      expect(found).toEqual(wanted)
      expect(bench.source.waiting).toBe(0)
    }
    for (const checker of bench.checkers) expect(checker.violations).toEqual([])
    expect(bench.engine.failures).toEqual([])
  })
})

describe('a streaming co-processor', () => {
  it('ends a run with an error where a packet is too short', () => {
    const bench = open(['mac'], 64, 0.2)
    const { core, source, driver } = bench
    const { size, layout, at, memory } = placedProduct(bench, [3, 4, 32, 32], 1)
    const order = operandOrder(core, size)
    order.forEach(({ side, row }, k) => {
      const { rowBytes } = layout[side]
      const from = at[side] + row * rowBytes
      source.send(memory.subarray(from, from + rowBytes - (k === 4 ? 8 : 0)))
    })
    const places = { activations: 0, weights: 0, results: 0 }
    expect(driver.run(size, places, { wait: bench.untilInterrupt, looks: 3 }).error).toBe('read')
    // What the core did not ask for any more still waits in the stream, and is for whoever sent it to take back.
    expect(bench.engine.failures).toEqual([])
  })

  it('has no warnings', () => {
    expect(warningsUnder(open(['mixpe'], 64, 0).module)).toEqual([])
  })

  it('is refused where a row of results would begin inside a beat', () => {
    const options = { transfers: { busBits: 64, addressBits: 40, mostBeats: 4095 } }
    const narrow = computeArray([elementOf('mac')], { rows: 2, columns: 1 })
    expect(() => streamingCoprocessor({ ...options, array: narrow })).toThrow(/4 bytes and a beat 8/)
  })
})
