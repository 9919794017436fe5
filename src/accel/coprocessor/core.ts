import { type Bool, bool, component, delay, type Int, type IntShape, pipe, queue, stream, u } from '../../dsl/index.ts'
import { readBeat, transferCommand, writeBeat, writeEnd } from '../transfers.ts'
import { Counters, runCounters } from './counters.ts'
import { type CoreDescription, type CoreOptions, coreDescription, mostTiles, type Side, upTo } from './description.ts'
import { Fetch } from './fetch.ts'
import { OperandBuffers } from './operand-buffers.ts'
import { Plan } from './plan.ts'
import { Receive } from './receive.ts'
import { ResultWriter } from './result-writer.ts'
import { runCommand, runError } from './run-command.ts'
import { Steps } from './steps.ts'
import { Tiles } from './tiles.ts'

/**
 * The co-processor without a bus: takes products, asks for their operands a row at a time, runs them through an array of PEs and
 * writes the results. `ended` tells how each run went, one element a command, when all its transfers are over and the array is empty.
 *
 * `abort_run` ends a run early; so does a transfer that fails. What was promised to memory is then given, and no more.
 */
export const coprocessorCore = (options: CoreOptions) => Core({ core: coreDescription(options) })

const Core = component('core', ({ core }: { core: CoreDescription }) => {
  const { transfers, array } = core
  const { rows, columns } = array.size
  return {
    name: `${core.name}_core_${rows}x${columns}`,
    in: {
      command: stream(runCommand),
      read_beat: readBeat(transfers),
      write_end: writeEnd,
      abort_run: bool,
    },
    out: {
      ended: stream(runError),
      read: transferCommand(transfers),
      write: transferCommand(transfers),
      write_beat: writeBeat(transfers),
      busy: bool,
      counters: runCounters(core),
    },
    logic(i, builder) {
      const { regs, when, fsm, use, wires, checked } = builder
      const writes = u(16)
      const r = regs({ command: runCommand, error: runError, fails: bool, writes_open: writes })
      const w = wires({
        plans: bool,
        starts: bool,
        activations_freed: upTo(mostTiles),
        weights_freed: bool,
        results_freed: bool,
        stopped: bool,
        step_ends: bool,
        group_ends: bool,
        tile_ends: bool,
        live: bool,
      })
      const { plan, ...planned } = use('plan', Plan({ core }), { start: w.plans, command: r.command })
      const narrow = (value: Int, to: IntShape): Int => value.bits(to.width).unsigned()
      const tokens = narrow(r.command.tokens, core.dimension)
      const outputs = narrow(r.command.outputs, core.dimension)
      const address = u(transfers.addressBits)
      const { mode } = plan
      const ofSide = ({ codes, fields, tiles }: (typeof plan)['weight']) => ({ codes, fields, tiles })
      const fetch = use('fetch', Fetch({ core }), {
        start: w.starts,
        stop: r.fails,
        command: {
          tokens,
          outputs,
          activations: narrow(r.command.activations, address),
          weights: narrow(r.command.weights, address),
        },
        plan: {
          activation: { row: plan.activation.row, tiles: plan.activation.tiles },
          weight: { row: plan.weight.row, tiles: plan.weight.tiles },
          strip: plan.strip,
          weights_stay: plan.weights_stay,
        },
        activations_freed: w.activations_freed,
        weights_freed: w.weights_freed,
      })
      const tags = queue(builder, 'tags', fetch.tag, core.readsUnderWay)
      const receive = use('receive', Receive({ core }), {
        start: w.starts,
        plan: { activation: ofSide(plan.activation), weight: ofSide(plan.weight) },
        tag: tags,
        beat: pipe(builder, 'read_beats', i.read_beat),
      })
      const tiles = use('tiles', Tiles({ core }), {
        start: w.starts,
        stopped: w.stopped,
        command: { tokens, outputs, results: narrow(r.command.results, address) },
        plan: {
          activation: ofSide(plan.activation),
          weight: ofSide(plan.weight),
          strip: plan.strip,
          weights_stay: plan.weights_stay,
          result_row: plan.result_row,
        },
        activations_loaded: receive.activations_loaded,
        weights_loaded: receive.weights_loaded,
        step_ends: w.step_ends,
        group_ends: w.group_ends,
        tile_ends: w.tile_ends,
        live: w.live,
      })
      w.activations_freed.value = tiles.activations_freed
      w.weights_freed.value = tiles.weights_freed
      const { groups, group_steps, last_steps, matrix } = plan
      const steps = use('steps', Steps({ core }), {
        start: w.starts,
        stop: r.fails,
        plan: { groups, group_steps, last_steps, matrix },
        runs: tiles.busy,
        activations_here: tiles.activations_here,
        weights_here: tiles.weights_here,
        tile: tiles.results,
        results_freed: w.results_freed,
      })
      w.stopped.value = steps.stopped
      w.step_ends.value = steps.step_ends
      w.group_ends.value = steps.group_ends
      w.tile_ends.value = steps.tile_ends
      w.live.value = steps.live

      const buffersOf = (side: Side, live: readonly Bool[]) =>
        use(`${side}_buffers`, OperandBuffers({ core, side }), {
          data: receive.data,
          to: receive[side],
          from: tiles[side],
          step: steps.step,
          works: steps.works,
          live,
        })
      const activations = buffersOf('activation', tiles.live_rows)
      const weights = buffersOf('weight', tiles.live_columns)
      // Operands are there two cycles after the step that reads them.
      const out = use(
        'array',
        array.part,
        array.inputsOf({
          activations: activations.words,
          weights: weights.words,
          activationFields: activations.fields,
          weightFields: weights.fields,
          get step() {
            return delay(builder, 'step', steps.step, 2)
          },
          last: delay(builder, 'last', steps.group_ends, 2),
          get lastGroup() {
            return delay(builder, 'last_group', steps.last_group, 2)
          },
          mode,
        }),
      )
      const ofColumns = (name: string): Int[] => Array.from({ length: columns }, (_, c) => out[`${name}_${c}`]!)
      const writer = use('writer', ResultWriter({ core }), {
        result: ofColumns('result'),
        result_valid: ofColumns('result_valid').map((valid) => valid.bit(0)),
        group: queue(builder, 'groups', steps.group, core.resultGroups),
        result_row: plan.result_row,
        discard: r.fails,
      })
      w.results_freed.value = writer.freed

      i.write_end.ready.value = true
      const ends = i.write_end.fires
      r.writes_open.next = checked(
        r.writes_open.add(writer.asked.int()).sub(ends.int()),
        writes,
        'a write ends once, and fewer than 65,536 are open',
      )
      const quiet = fetch.busy.or(tags.valid).or(tiles.busy).or(steps.results_open).or(r.writes_open.ne(0)).not()

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
          fail('aborted', i.abort_run)
        },
        planning({ goto }) {
          fail('aborted', i.abort_run)
          when(planned.done, () => {
            goto('run')
            when(r.fails, () => goto('ended'))
            when(planned.error.ne('none'), () => {
              r.error.next = planned.error
              r.fails.next = true
              goto('ended')
            })
          })
        },
        run({ goto }) {
          fail('aborted', i.abort_run)
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
      w.starts.value = state.is('planning').and(planned.done).and(planned.error.eq('none')).and(r.fails.not())
      const { counters } = use('counters', Counters({ core }), {
        clear: i.command.fires,
        cycle: state.is('plan', 'planning', 'run'),
        kind: steps.kind,
        live_cells: tiles.live_cells,
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
