import { bool, cat, component, type Int, u } from '../../dsl/index.ts'
import { axiFromMaster, axiLiteFromMaster, axiLiteToMaster, axiToMaster } from '../axi/channels.ts'
import { axiMaster } from '../axi/master.ts'
import { type MasterParameters, masterShape } from '../axi/master-shape.ts'
import { registerFile } from '../axi/register-file.ts'
import { readBeat, writeEnd } from '../transfers.ts'
import { coprocessorCore } from './core.ts'
import { runCounters } from './counters.ts'
import { type CoreDescription, type CoreOptions, coreDescription } from './description.ts'
import { coprocessorMap, counterRegisters } from './registers.ts'
import { runCommand, runError } from './run-command.ts'

/** A core, and how its bus master asks memory. */
export interface CoprocessorOptions extends CoreOptions {
  /** Bursts of 16 beats, 16 of them open, ID 0 of 4 bits unless said. */
  readonly master?: Partial<Pick<MasterParameters, 'idBits' | 'id' | 'burstBeats' | 'outstanding'>>
}

/** Address bits of the registers' port: a page of 4096 bytes. */
export const registerAddressBits = 12

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
  const lite = { addressBits: registerAddressBits, busBits: 32 }
  const { rows, columns } = core.array.size
  return {
    name: `${core.name}_coprocessor_${rows}x${columns}`,
    in: { s_axi: axiLiteFromMaster(lite), m_axi: axiToMaster(axi) },
    out: { s_axi: axiLiteToMaster(lite), m_axi: axiFromMaster(axi), irq: bool },
    logic({ s_axi, m_axi }, builder) {
      const { regs, wires, when, use } = builder
      const counters = runCounters(core)
      const r = regs({ wanted: bool, code: runError })
      const w = wires({
        busy: bool,
        ended: bool,
        failed: bool,
        counters,
        beat: readBeat(bus).of,
        beat_valid: bool,
        end: writeEnd.of,
        end_valid: bool,
      })
      const { software, ...registers } = use('registers', registerFile({ map: coprocessorMap(core) }), {
        s_axi,
        hardware: {
          status_busy: w.busy.int(),
          status_done: w.ended.int(),
          status_error: w.failed.int(),
          status_error_code: r.code.int(),
          ...Object.fromEntries(
            counterRegisters.map(({ register, counter, low }) => {
              return [register, w.counters[counter].shr(low).wrap(u(32))]
            }),
          ),
        },
      })
      const address = (name: 'activations' | 'weights' | 'results'): Int =>
        cat(software[`${name}_high`]!.bits(), software[`${name}_low`]!.bits()).unsigned()
      const { ended, ...run } = use('core', coprocessorCore(options), {
        command: builder.stream('request', runCommand, {
          valid: r.wanted,
          data: {
            tokens: software.tokens!,
            outputs: software.outputs!,
            inputs: software.inputs!,
            group: software.group!,
            mode: software.mode!,
            activations: address('activations'),
            weights: address('weights'),
            results: address('results'),
          },
        }),
        read_beat: builder.stream('beats', readBeat(bus).of, { valid: w.beat_valid, data: w.beat }),
        write_end: builder.stream('ends', writeEnd.of, { valid: w.end_valid, data: w.end }),
        abort_run: software.control_abort!.eq(1),
      })
      const dma = use('dma', axiMaster(bus), {
        read_command: run.read,
        write_command: run.write,
        write_beat: run.write_beat,
        m_axi,
      })
      w.beat.value = dma.read_beat.data
      w.beat_valid.value = dma.read_beat.valid
      dma.read_beat.ready.value = run.read_beat.ready
      w.end.value = dma.write_end.data
      w.end_valid.value = dma.write_end.valid
      dma.write_end.ready.value = run.write_end.ready
      w.counters.value = run.counters

      // Registers that describe a run are locked from here on, so the request stands still until it is taken.
      when(software.control_start!.eq(1), () => {
        r.wanted.next = true
      })
      when(r.wanted.and(run.command.ready), () => {
        r.wanted.next = false
      })
      ended.ready.value = true
      when(ended.fires, () => {
        r.code.next = ended.data
      })
      w.busy.value = r.wanted.or(run.busy)
      w.ended.value = ended.fires
      w.failed.value = ended.fires.and(ended.data.ne('none'))
      return { s_axi: registers.s_axi, m_axi: dma.m_axi, irq: registers.irq }
    },
  }
})
