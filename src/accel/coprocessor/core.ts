import { type Bits, type Bool, bool, component, delay, type Int, mux, pipe, queue, stream, u } from '../../dsl/index.ts'
import { readBeat, transferCommand, writeBeat, writeEnd } from '../transfers.ts'
import { Counters, runCounters } from './counters.ts'
import { type CoreDescription, type CoreOptions, coreDescription, mostTiles, type Side, upTo } from './description.ts'
import { Fetch } from './fetch.ts'
import { Plan } from './plan.ts'
import { Receive } from './receive.ts'
import { ResultWriter } from './result-writer.ts'
import { runCommand, runError } from './run-command.ts'
import { Schedule } from './schedule.ts'
import { WordMemory } from './words.ts'

/**
 * The co-processor without a bus: takes products, asks for their operands a row at a time, runs them through an array of PEs and
 * writes the results. `ended` tells how each run went, one element a command, when all its transfers are over and the array is empty.
 *
 * `abort` ends a run early; so does a transfer that fails. What was promised to memory is then given, and no more.
 */
export const coprocessorCore = (options: CoreOptions) => Core({ core: coreDescription(options) })

const Core = component('core', ({ core }: { core: CoreDescription }) => {
  const { transfers, array } = core
  const { rows, columns } = array.size
  const command = runCommand(core)
  return {
    name: `${core.name}_core_${rows}x${columns}`,
    in: {
      command: stream(command),
      read_beat: readBeat(transfers),
      write_end: writeEnd,
      abort: bool,
    },
    out: {
      ended: stream(runError),
      read: transferCommand(transfers),
      write: transferCommand(transfers),
      write_beat: writeBeat(transfers),
      busy: bool,
      counters: runCounters,
    },
    logic(i, builder) {
      const { regs, when, fsm, use, wires } = builder
      const writes = u(16)
      const r = regs({ command, error: runError, fails: bool, writes_open: writes })
      const w = wires({
        plans: bool,
        starts: bool,
        activations_freed: upTo(mostTiles),
        weights_freed: bool,
        results_freed: bool,
      })

      const { plan, ...planned } = use('plan', Plan({ core }), { start: w.plans, command: r.command })
      const shared = { start: w.starts, stop: r.fails, command: r.command, plan }
      const fetch = use('fetch', Fetch({ core }), {
        ...shared,
        activations_freed: w.activations_freed,
        weights_freed: w.weights_freed,
      })
      const tags = queue(builder, 'tags', fetch.tag, core.readsUnderWay)
      const receive = use('receive', Receive({ core }), {
        start: w.starts,
        plan,
        tag: tags,
        beat: pipe(builder, 'read_beats', i.read_beat),
      })
      const schedule = use('schedule', Schedule({ core }), {
        ...shared,
        activations_loaded: receive.activation.loaded,
        weights_loaded: receive.weight.loaded,
        results_freed: w.results_freed,
      })
      w.activations_freed.value = schedule.activations_freed
      w.weights_freed.value = schedule.weights_freed

      // Words are in the lines' registers two cycles after the step that reads them.
      const works = delay(builder, 'works', schedule.works, 2)
      const keep = delay(builder, 'keep', schedule.step_ends, 1)
      const linesOf = (
        side: Side,
        live: readonly Bool[],
      ): { readonly words: Bits[]; readonly fields: (Bits | undefined)[] } => {
        const { codes, groups } = core[side]
        const [to, from] = [receive[side], schedule[side]]
        const position = delay(builder, `${side}_position`, from.codes.position, 1)
        const words = live.map((isLive, k) => {
          const { word } = use(`${side}_codes_${k}`, WordMemory(codes), {
            write: to.codes[k]!,
            address: to.address,
            data: receive.data,
            read: schedule.works,
            read_address: from.codes.address,
            position,
            keep,
          })
          return mux(delay(builder, `${side}_live_${k}`, isLive, 2).and(works), word, 0)
        })
        if (!groups) return { words, fields: live.map(() => undefined) }
        const groupPosition = delay(builder, `${side}_group_position`, from.groups.position, 1)
        const fields = live.map(
          (_, k) =>
            use(`${side}_groups_${k}`, WordMemory(groups), {
              write: to.fields[k]!,
              address: to.field_address,
              data: receive.data,
              read: schedule.works,
              read_address: from.groups.address,
              position: groupPosition,
              keep,
            }).word,
        )
        return { words, fields }
      }
      const activations = linesOf('activation', schedule.live_rows)
      const weights = linesOf('weight', schedule.live_columns)
      const out = use(
        'array',
        array.part,
        array.inputsOf({
          activations: activations.words,
          weights: weights.words,
          activationFields: activations.fields,
          weightFields: weights.fields,
          step: delay(builder, 'step', schedule.step, 2),
          last: delay(builder, 'last', schedule.last, 2),
          lastGroup: delay(builder, 'last_group', schedule.last_group, 2),
          mode: r.command.mode,
        }),
      )
      const ofColumns = (name: string): Int[] => Array.from({ length: columns }, (_, c) => out[`${name}_${c}`]!)
      const writer = use('writer', ResultWriter({ core }), {
        result: ofColumns('result'),
        result_valid: ofColumns('result_valid').map((valid) => valid.bit(0)),
        group: queue(builder, 'groups', schedule.group, core.resultGroups),
        result_row: plan.result_row,
        discard: r.fails,
      })
      w.results_freed.value = writer.freed

      i.write_end.ready.value = true
      const ends = i.write_end.fires
      r.writes_open.next = r.writes_open.add(writer.asked.int()).sub(ends.int()).wrap(writes)
      const quiet = fetch.busy.or(tags.valid).or(schedule.busy).or(schedule.results_open).or(r.writes_open.ne(0)).not()

      const fail = (error: 'read' | 'write' | 'aborted', found: Bool): void =>
        when(found.and(r.fails.not()), () => {
          r.fails.next = true
          r.error.next = error
        })
      const state = fsm('state', {
        idle({ goto }) {
          r.error.next = 'none'
          r.fails.next = false
          when(i.command.valid, () => {
            r.command.next = i.command.data
            goto('plan')
          })
        },
        plan({ goto }) {
          goto('planning')
          fail('aborted', i.abort)
        },
        planning({ goto }) {
          fail('aborted', i.abort)
          when(planned.done, () => {
            goto('run')
            when(planned.error.ne('none'), () => {
              r.error.next = planned.error
              r.fails.next = true
              goto('ended')
            })
          })
        },
        run({ goto }) {
          fail('aborted', i.abort)
          fail('write', ends.and(i.write_end.data.failed))
          fail('read', receive.failed)
          when(quiet, () => goto('ended'))
        },
        ended({ goto }) {
          when(i.ended.ready, () => goto('idle'))
        },
      })
      i.command.ready.value = state.is('idle')
      w.plans.value = state.is('plan')
      w.starts.value = state.is('planning').and(planned.done).and(planned.error.eq('none'))
      const { counters } = use('counters', Counters({ core }), {
        clear: i.command.fires,
        cycle: state.is('plan', 'planning', 'run'),
        ...schedule.kind,
        live_cells: schedule.live_cells,
        beat_read: receive.taken,
        beat_written: writer.beat.fires,
      })
      return {
        ended: { valid: state.is('ended'), data: r.error },
        read: queue(builder, 'reads', fetch.read, 2),
        write: writer.write,
        write_beat: writer.beat,
        busy: state.is('idle').not(),
        counters,
      }
    },
  }
})
