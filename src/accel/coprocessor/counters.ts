import { type Bool, bool, component, type Int, mux, record, u } from '../../dsl/index.ts'
import { bytesPerBeat } from '../transfers.ts'
import { type CoreDescription, upTo } from './description.ts'
import { cycleKind } from './steps.ts'

const count = u(32)
const counts = {
  cycles: count,
  array_busy: count,
  wait_activations: count,
  wait_weights: count,
  wait_output: count,
  wait_spacing: count,
  idle: count,
  gated_blocks: count,
  beats_read: count,
  beats_written: count,
}
type CountName = keyof typeof counts

/**
 * Of the last run, or of the one at work; 32 bits, which start over (ours). A cycle is `array_busy`, one of those that wait, or `idle`:
 * setting up, waiting for the last results and for memory's last answers.
 */
export const runCounters = ({ transfers }: CoreDescription) => {
  const bytes = u(count.width + Math.log2(bytesPerBeat(transfers)))
  const { beats_read, beats_written, ...cycles } = counts
  return record({
    ...cycles,
    /** Bytes of whole beats. */
    bytes_read: bytes,
    bytes_written: bytes,
  })
}

export const Counters = component('counters', ({ core }: { core: CoreDescription }) => {
  const { rows, columns } = core.array.size
  return {
    name: `${core.name}_counters`,
    in: {
      clear: bool,
      cycle: bool,
      kind: cycleKind,
      /** PEs that have operands in a busy cycle; the others are gated. */
      live_cells: upTo(rows * columns),
      beat_read: bool,
      beat_written: bool,
    },
    out: { counters: runCounters(core) },
    logic({ clear, cycle, kind, live_cells, beat_read, beat_written }, { regs, when }) {
      const r = regs(counts)
      const { array_busy, wait_activations, wait_weights, wait_output, wait_spacing } = kind
      const spent = [wait_activations, wait_weights, wait_output, wait_spacing].reduce(
        (one, other) => one.or(other),
        array_busy,
      )
      const steps: Readonly<Record<CountName, Bool | Int>> = {
        ...kind,
        cycles: cycle,
        idle: cycle.and(spent.not()),
        gated_blocks: mux(array_busy, live_cells.neg().add(rows * columns), 0),
        beats_read: beat_read,
        beats_written: beat_written,
      }
      for (const name of Object.keys(counts) as CountName[]) {
        const step = steps[name]
        r[name].next = r[name]
          .add(step.kind === 'bool' ? step.int() : step)
          .bits(count.width)
          .unsigned()
      }
      when(clear, () => {
        for (const name of Object.keys(counts) as CountName[]) r[name].next = 0
      })
      const { beats_read, beats_written, ...cycles } = r
      const places = Math.log2(bytesPerBeat(core.transfers))
      return {
        counters: { ...cycles, bytes_read: beats_read.shl(places), bytes_written: beats_written.shl(places) },
      }
    },
  }
})
