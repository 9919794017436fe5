import { type Bool, bool, component, type Int, mux, record, u } from '../../dsl/index.ts'
import { type CoreDescription, upTo } from './description.ts'

/** Of the last run, or of the one at work: 32 bits each, which start over (ours). */
export const countShape = u(32)

/** Cycles are `working`, one of the stalls, or `idle`: setting up, waiting for the last results and for memory's last answers. */
export const runCounters = record({
  cycles: countShape,
  working: countShape,
  awaits_activations: countShape,
  awaits_weights: countShape,
  awaits_results: countShape,
  spaces_groups: countShape,
  idle: countShape,
  /** PEs without operands in working cycles, one for each PE and cycle. */
  gated: countShape,
  beats_read: countShape,
  beats_written: countShape,
})

export const Counters = component('counters', ({ core }: { core: CoreDescription }) => {
  const { rows, columns } = core.array.size
  const cells = upTo(rows * columns)
  const events = {
    clear: bool,
    cycle: bool,
    working: bool,
    awaits_activations: bool,
    awaits_weights: bool,
    awaits_results: bool,
    spaces_groups: bool,
    live_cells: cells,
    beat_read: bool,
    beat_written: bool,
  }
  return {
    name: `${core.name}_counters`,
    in: events,
    out: { counters: runCounters },
    logic(i, { regs, when }) {
      const r = regs({ counters: runCounters })
      const stalls = [i.awaits_activations, i.awaits_weights, i.awaits_results, i.spaces_groups]
      const spent = stalls.reduce((one, other) => one.or(other), i.working)
      const steps: Readonly<Record<keyof typeof runCounters.fields, Bool | Int>> = {
        cycles: i.cycle,
        working: i.working,
        awaits_activations: i.awaits_activations,
        awaits_weights: i.awaits_weights,
        awaits_results: i.awaits_results,
        spaces_groups: i.spaces_groups,
        idle: i.cycle.and(spent.not()),
        gated: mux(i.working, i.live_cells.neg().add(rows * columns), 0),
        beats_read: i.beat_read,
        beats_written: i.beat_written,
      }
      for (const name of Object.keys(steps) as (keyof typeof steps)[]) {
        const step = steps[name]
        const counter = r.counters[name]
        counter.next = counter
          .add(step.kind === 'bool' ? step.int() : step)
          .bits(32)
          .unsigned()
      }
      when(i.clear, () => {
        for (const name of Object.keys(steps) as (keyof typeof steps)[]) r.counters[name].next = 0
      })
      return { counters: r.counters }
    },
  }
})
