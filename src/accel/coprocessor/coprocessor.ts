import { UserError } from '../../base/user-error.ts'
import { type Bool, type Builder, bool, component, type Stream } from '../../dsl/index.ts'
import {
  axiFromMaster,
  axiLiteFromMaster,
  axiLiteToMaster,
  axiStreamFromTransmitter,
  axiStreamToTransmitter,
  axiToMaster,
} from '../axi/channels.ts'
import { axiMaster } from '../axi/master.ts'
import { type MasterParameters, masterShape } from '../axi/master-shape.ts'
import { axiStreamReader, axiStreamWriter } from '../axi/stream-adapters.ts'
import { bytesPerBeat, readBeat, type TransferShape, writeEnd } from '../transfers.ts'
import { controlledCore, registerPort } from './controlled-core.ts'
import { type CoreDescription, type CoreOptions, coreDescription } from './description.ts'

/** A core, and how its bus master asks memory. */
export interface CoprocessorOptions extends CoreOptions {
  /** Bursts of 16 beats, 16 of them open, ID 0 of 4 bits unless said. */
  readonly master?: Partial<Pick<MasterParameters, 'idBits' | 'id' | 'burstBeats' | 'outstanding'>>
}

/**
 * The co-processor: registers behind `s_axi` (AXI4-Lite), operands and results through `m_axi` (AXI4), `irq` a level. Software
 * writes a product's dimensions and addresses, then `start`, and waits for `done`. Whatever it writes, a run ends, with an error code
 * where there is no such product; nothing outside the results is ever written.
 */
export const coprocessor = (options: CoprocessorOptions) => {
  const { master, ...ofCore } = options
  const core = coreDescription(ofCore)
  const bus = { idBits: 4, id: 0, burstBeats: 16, outstanding: 16, ...master, ...core.transfers }
  return Coprocessor({ ...bus, core, options: { ...ofCore, identity: core.identity } })
}

interface Parameters extends MasterParameters {
  readonly core: CoreDescription
  readonly options: CoreOptions & { readonly identity: string }
}

const Coprocessor = component('coprocessor', ({ core, options, ...bus }: Parameters) => {
  const { axi } = masterShape('coprocessor', bus)
  const { rows, columns } = core.array.size
  return {
    name: `${core.name}_coprocessor_${rows}x${columns}`,
    in: { s_axi: axiLiteFromMaster(registerPort), m_axi: axiToMaster(axi) },
    out: { s_axi: axiLiteToMaster(registerPort), m_axi: axiFromMaster(axi), irq: bool },
    logic({ s_axi, m_axi }, builder) {
      const back = answers(builder, bus)
      const { irq, ...run } = builder.use('core', controlledCore(options), { s_axi, ...back.streams })
      const dma = builder.use('dma', axiMaster(bus), {
        read_command: run.read,
        write_command: run.write,
        write_beat: run.write_beat,
        m_axi,
      })
      back.connect(dma.read_beat, dma.write_end, run)
      return { s_axi: run.s_axi, m_axi: dma.m_axi, irq }
    },
  }
})

/**
 * The same with AXI4-Stream in place of addresses: operands come in `s_axis`, a packet for each row that the core asks for, in the order of
 * `operandOrder`, and results leave by `m_axis`, a packet for each row of a tile, in that of `resultOrder`. The address registers mean
 * nothing but that they have to be whole beats. A packet of another length than its row ends the run with the error `read`. A UserError
 * where a row of the array's results is no whole number of beats.
 */
export const streamingCoprocessor = (options: CoreOptions) => {
  const core = coreDescription(options)
  const rowBytes = core.resultBytes * core.array.size.columns
  if (rowBytes % bytesPerBeat(core.transfers) !== 0)
    throw new UserError(
      'E-CORE',
      `a row of results has ${rowBytes} bytes and a beat ${bytesPerBeat(core.transfers)}, so that packets would begin inside a beat; choose more columns or a narrower bus`,
    )
  return StreamingCoprocessor({ core, options: { ...options, identity: core.identity } })
}

const StreamingCoprocessor = component(
  'streaming_coprocessor',
  ({ core, options }: Omit<Parameters, keyof MasterParameters>) => {
    const { transfers } = core
    const { rows, columns } = core.array.size
    return {
      name: `${core.name}_streaming_coprocessor_${rows}x${columns}`,
      in: {
        s_axi: axiLiteFromMaster(registerPort),
        s_axis: axiStreamFromTransmitter(transfers),
        m_axis: axiStreamToTransmitter,
      },
      out: {
        s_axi: axiLiteToMaster(registerPort),
        s_axis: axiStreamToTransmitter,
        m_axis: axiStreamFromTransmitter(transfers),
        irq: bool,
      },
      logic({ s_axi, s_axis, m_axis }, builder) {
        const back = answers(builder, transfers)
        const { irq, ...run } = builder.use('core', controlledCore(options), { s_axi, ...back.streams })
        const reader = builder.use('reader', axiStreamReader(transfers), { command: run.read, s_axis })
        const writer = builder.use('writer', axiStreamWriter(transfers), {
          command: run.write,
          beat: run.write_beat,
          m_axis,
        })
        back.connect(reader.beat, writer.end, run)
        return { s_axi: run.s_axi, s_axis: reader.s_axis, m_axis: writer.m_axis, irq }
      },
    }
  },
)

/** What comes back to a core from what its transfers go to, which is made behind it. */
const answers = (builder: Builder, transfers: TransferShape) => {
  const beat = readBeat(transfers).of
  const w = builder.wires({ beat, beat_valid: bool, end: writeEnd.of, end_valid: bool })
  return {
    streams: {
      read_beat: builder.stream('beats', beat, { valid: w.beat_valid, data: w.beat }),
      write_end: builder.stream('ends', writeEnd.of, { valid: w.end_valid, data: w.end }),
    },
    connect(
      beats: Stream<typeof beat>,
      ends: Stream<(typeof writeEnd)['of']>,
      core: { readonly read_beat: { readonly ready: Bool }; readonly write_end: { readonly ready: Bool } },
    ): void {
      w.beat.value = beats.data
      w.beat_valid.value = beats.valid
      beats.ready.value = core.read_beat.ready
      w.end.value = ends.data
      w.end_valid.value = ends.valid
      ends.ready.value = core.write_end.ready
    },
  }
}
