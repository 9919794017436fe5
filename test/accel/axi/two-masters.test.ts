import { describe, expect, it } from 'vitest'
import { readFromMaster, readToMaster } from '../../../src/accel/axi/channels.ts'
import { axiMemory } from '../../../src/accel/axi/memory.ts'
import { axiReadMaster } from '../../../src/accel/axi/read-master.ts'
import { watchAxi } from '../../../src/accel/axi/watch.ts'
import { readBeat, transferCommand } from '../../../src/accel/transfers.ts'
import { arbiter, bool, component, record, u } from '../../../src/dsl/index.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { testbench } from '../../../src/sim/testbench/index.ts'

const shape = { addressBits: 32, busBits: 64, idBits: 1, mostBeats: 255, burstBeats: 8, outstanding: 4 }
const readers = [0, 1].map((id) => axiReadMaster({ ...shape, id }))

/** Two masters of different IDs on one port, as behind an interconnect. */
const TwoReaders = component('two_readers', (_: object) => ({
  in: { command_0: transferCommand(shape), command_1: transferCommand(shape), m_axi: readToMaster(shape) },
  out: { beat_0: readBeat(shape), beat_1: readBeat(shape), m_axi: readFromMaster(shape) },
  logic({ command_0, command_1, m_axi }, builder) {
    const { arready: _ready, rvalid, ...answer } = m_axi
    const ask = record({ id: u(1), address: u(32), more: u(8) })
    const w = builder.wires({ first: bool, second: bool })
    const masters = [command_0, command_1].map((command, id) =>
      builder.use(`reader_${id}`, readers[id]!, {
        command,
        m_axi: { ...answer, arready: id === 0 ? w.first : w.second, rvalid: rvalid.and(answer.rid.eq(id)) },
      }),
    )
    const asks = masters.map(({ m_axi: { arvalid, arid, araddr, arlen } }, id) =>
      builder.stream(`ask_${id}`, ask, { valid: arvalid, data: { id: arid, address: araddr, more: arlen } }),
    )
    const chosen = arbiter(builder, 'choose', asks, 'roundRobin')
    w.first.value = asks[0]!.ready
    w.second.value = asks[1]!.ready
    chosen.ready.value = m_axi.arready
    const { arsize, arburst, arlock, arcache, arprot, arqos } = masters[0]!.m_axi
    return {
      beat_0: masters[0]!.beat,
      beat_1: masters[1]!.beat,
      m_axi: {
        ...{ arsize, arburst, arlock, arcache, arprot, arqos, rready: true },
        arvalid: chosen.valid,
        arid: chosen.data.id,
        araddr: chosen.data.address,
        arlen: chosen.data.more,
      },
    }
  },
}))

describe('read masters of two IDs on one port', () => {
  it.each(['wasm', 'verilator'] as const)(
    'each get their beats in order in %s, in whatever order a memory answers',
    (engine) => {
      const bytes = Uint8Array.from({ length: 65536 }, (_, k) => k ^ (k >> 7))
      for (const seed of [1, 2]) {
        const bench = testbench(TwoReaders({}), openEngine(engine, TwoReaders({}).module))
        axiMemory(bench, 'm_axi', {
          regions: [{ from: 0n, bytes, access: 'read' }],
          latency: { least: 1, most: 40 },
          pause: 0.2,
          reorder: true,
          seed,
        })
        const checker = watchAxi(bench, 'm_axi')
        const ids: number[] = []
        const { offset } = bench.engine.ports.inputs.find(({ name }) => name === 'm_axi_rid')!
        bench.attach({
          before() {},
          after() {
            if (checker.taken.r > ids.length) ids.push(bench.engine.inputs[offset]!)
          },
        })
        const random = randomWords(seed)
        const commands = [0, 1].map(() =>
          Array.from({ length: 20 }, () => ({ address: 8 * (random() % 7000), beats: 1 + (random() % 60) })),
        )
        bench.step()
        bench.drive('command_0', commands[0]!)
        bench.drive('command_1', commands[1]!)
        const beats = [bench.receive('beat_0', { pause: 0.3, seed }), bench.receive('beat_1')]
        const wanted = commands.map((list) =>
          list.flatMap(({ address, beats }) =>
            Array.from({ length: beats }, (_, k) => ({
              data: new DataView(bytes.buffer).getBigUint64(address + 8 * k, true),
              last: k === beats - 1,
              failed: false,
            })),
          ),
        )
        bench.until(() => beats.every(({ elements }, id) => elements.length === wanted[id]!.length), 20_000)
        expect(
          beats.map(({ elements }) => elements),
          `seed ${seed}`,
        ).toEqual(wanted)
        expect([checker.finish(0), bench.engine.failures]).toEqual([[], []])
        // The beats of the two were mixed, within bursts too.
        expect(ids.filter((id, k) => k > 0 && id !== ids[k - 1]).length).toBeGreaterThan(checker.taken.ar)
        bench.engine.close()
      }
    },
  )
})
