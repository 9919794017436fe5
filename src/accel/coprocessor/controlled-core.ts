import { bool, cat, component, type Int, u } from '../../dsl/index.ts'
import { axiLiteFromMaster, axiLiteToMaster } from '../axi/channels.ts'
import { registerFile } from '../axi/register-file.ts'
import { readBeat, transferCommand, writeBeat, writeEnd } from '../transfers.ts'
import { coprocessorCore } from './core.ts'
import { runCounters } from './counters.ts'
import { type CoreDescription, type CoreOptions, coreDescription } from './description.ts'
import { coprocessorMap, counterRegisters } from './registers.ts'
import { runCommand, runError } from './run-command.ts'

/** Address bits of the registers' port: a page of 4096 bytes. */
export const registerAddressBits = 12
/** The registers' port, AXI4-Lite. */
export const registerPort = { addressBits: registerAddressBits, busBits: 32 } as const

/** A core and the registers that run it, which is all of a co-processor but what brings transfers. */
export const controlledCore = (options: CoreOptions) => {
  const core = coreDescription(options)
  return ControlledCore({ core, options: { ...options, identity: core.identity } })
}

interface Parameters {
  readonly core: CoreDescription
  readonly options: CoreOptions & { readonly identity: string }
}

const ControlledCore = component('controlled_core', ({ core, options }: Parameters) => {
  const { transfers } = core
  const { rows, columns } = core.array.size
  return {
    name: `${core.name}_controlled_core_${rows}x${columns}`,
    in: { s_axi: axiLiteFromMaster(registerPort), read_beat: readBeat(transfers), write_end: writeEnd },
    out: {
      s_axi: axiLiteToMaster(registerPort),
      read: transferCommand(transfers),
      write: transferCommand(transfers),
      write_beat: writeBeat(transfers),
      irq: bool,
    },
    logic({ s_axi, read_beat, write_end }, builder) {
      const { regs, wires, when, use } = builder
      const r = regs({ wanted: bool, code: runError })
      const w = wires({ busy: bool, ended: bool, failed: bool, counters: runCounters(core) })
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
        read_beat,
        write_end,
        abort_run: software.control_abort!.eq(1),
      })
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
      const { read, write, write_beat } = run
      return { s_axi: registers.s_axi, read, write, write_beat, irq: registers.irq }
    },
  }
})
