import { type Bool, bool, component, type Int, mux, range, record, reset, stream, vec } from '../../dsl/index.ts'
import { bytesPerBeat } from '../transfers.ts'
import { type CoreDescription, mostTiles, type Side, type SideDescription, upTo } from './description.ts'
import { runCommand, runPlan } from './run-command.ts'
import { beatShape, positionShape, WordCursor, type WordStore } from './words.ts'

/** A group whose results come out of the array: where they belong, and how many of its rows and columns are results. */
export const resultGroup = ({ array, beatAddress, transfers, resultBytes }: CoreDescription) =>
  record({
    /** Beat of its first row. */
    address: beatAddress,
    /** Which part of the beat, where several tiles share one. */
    part: upTo(Math.max(1, bytesPerBeat(transfers) / (resultBytes * array.size.columns)) - 1),
    tokens: upTo(array.size.rows),
    outputs: upTo(array.size.columns),
  })

/** Where a side's memories read; nothing where it has none of that kind. */
const reading = (store: WordStore | undefined) =>
  record({ address: store ? beatShape(store) : upTo(0), position: store ? positionShape(store) : upTo(0) })
const sideReading = ({ codes, groups }: SideDescription) => record({ codes: reading(codes), groups: reading(groups) })

/** What a cycle of a run is spent on; the rest is neither work nor a stall: before the first tile's place in the order, and draining. */
export const cycleKinds = [
  'working',
  'awaits_activations',
  'awaits_weights',
  'awaits_results',
  'spaces_groups',
] as const

/**
 * The loop nest, a step at a time: strips of tiles of activations, in them tiles of weights, in them the strip's tiles, in them
 * groups, in them steps. Steps follow one another without a gap as long as operands are there; before a group's last step it waits
 * until groups are far enough apart and the group's results have a place.
 *
 * After `stop` no operand goes in any more. A group that has begun is ended by one more step without operands, so that nothing of
 * it is left in the array.
 */
export const Schedule = component('schedule', ({ core }: { core: CoreDescription }) => {
  const { array, dimension, beatAddress, bufferBeats, fieldBeats, resultBytes, transfers, resultGroups } = core
  const { rows, columns } = array.size
  const { cyclesPerStep, shortestGroup } = array
  const bytes = bytesPerBeat(transfers)
  const tileBytes = columns * resultBytes
  return {
    name: `${core.name}_schedule`,
    in: {
      start: bool,
      stop: bool,
      command: runCommand(core),
      plan: runPlan(core),
      activations_loaded: bool,
      weights_loaded: bool,
      /** A group's results are written, and their place is free. */
      results_freed: bool,
    },
    out: {
      activations_freed: upTo(mostTiles),
      weights_freed: bool,
      /** A step is at work; its first cycle, the last one of it, of its group, and whether the group is its outputs' last. */
      works: bool,
      step: bool,
      step_ends: bool,
      last: bool,
      last_group: bool,
      activation: sideReading(core.activation),
      weight: sideReading(core.weight),
      /** Rows and columns that have operands. */
      live_rows: vec(rows, bool),
      live_columns: vec(columns, bool),
      /** How many of them. */
      live_cells: upTo(rows * columns),
      group: stream(resultGroup(core)),
      kind: record({
        working: bool,
        awaits_activations: bool,
        awaits_weights: bool,
        awaits_results: bool,
        spaces_groups: bool,
      }),
      /** Some groups' results are not written yet. */
      results_open: bool,
      busy: bool,
    },
    logic(i, builder) {
      const { regs, when, fsm, wires, use, check, checked } = builder
      const { start, stop, command, plan } = i
      const tiles = upTo(mostTiles)
      const place = { slot: tiles, codes: upTo(bufferBeats - 1), fields: upTo(fieldBeats - 1) }
      const group = resultGroup(core).fields
      const r = regs({
        activation: record(place),
        weight: record(place),
        /** The strip's first tile. */
        strip: record(place),
        activation_tiles: tiles,
        weight_tiles: tiles,
        /** Of the tiles that are here, the number of the one at work. */
        strip_tile: tiles,
        weight_tile: tiles,
        tokens_left: dimension,
        strip_tokens: dimension,
        outputs_left: dimension,
        groups_left: dimension,
        steps_left: dimension,
        /** Beats of results: of the tile's first row, of the strip's, from there to the tile's column and to the group's matrix. */
        row_address: beatAddress,
        strip_address: beatAddress,
        column_offset: beatAddress,
        matrix_offset: beatAddress,
        part: group.part,
        phase: upTo(Math.max(1, cyclesPerStep - 1)),
        open: bool,
        flushes: bool,
        since: reset(upTo(shortestGroup), shortestGroup),
        free: reset(upTo(resultGroups), resultGroups),
      })
      const w = wires({ runs: bool })

      const isFirstCycle = cyclesPerStep === 1 ? undefined : r.phase.eq(0)
      const flushes = isFirstCycle ? mux(isFirstCycle, stop, r.flushes) : stop
      const lastStep = r.steps_left.eq(1).or(flushes)
      const lastGroup = r.groups_left.eq(1).or(flushes)
      const givesResults = array.addsGroups ? lastStep.and(lastGroup) : lastStep
      const spaced = r.since.add(cyclesPerStep - 1).ge(shortestGroup)
      const hasPlace = r.free.ne(0)
      const here = {
        activations: r.activation_tiles.gt(r.strip_tile).or(flushes),
        weights: r.weight_tiles.gt(r.weight_tile).or(flushes),
      }
      const mayWork = here.activations
        .and(here.weights)
        .and(lastStep.not().or(spaced))
        .and(givesResults.not().or(hasPlace))
        .and(flushes.not().or(r.open))
      const works = w.runs.and(isFirstCycle ? mayWork.or(isFirstCycle.not()) : mayWork)
      const step = isFirstCycle ? works.and(isFirstCycle) : works
      const stepEnds = isFirstCycle ? works.and(r.phase.eq(cyclesPerStep - 1)) : works
      const groupEnds = stepEnds.and(lastStep)
      const passEnds = groupEnds.and(lastGroup)

      const lastOfStrip = r.tokens_left.le(rows).or(r.strip_tile.add(1).eq(plan.strip))
      const lastColumns = r.outputs_left.le(columns)
      const nextColumns = passEnds.and(lastOfStrip)
      const stripEnds = nextColumns.and(lastColumns)

      const after = (at: Place, side: Side): Place => {
        const wraps = at.slot.add(1).eq(plan[side].tiles)
        return {
          slot: mux(wraps, 0, at.slot.add(1).wrap(tiles)),
          codes: mux(wraps, 0, at.codes.add(plan[side].codes).wrap(place.codes)),
          fields: mux(wraps, 0, at.fields.add(plan[side].fields).wrap(place.fields)),
        }
      }
      const chosen = (condition: Bool, then: Place | 0, otherwise: Place): Place => ({
        slot: mux(condition, then === 0 ? 0 : then.slot, otherwise.slot),
        codes: mux(condition, then === 0 ? 0 : then.codes, otherwise.codes),
        fields: mux(condition, then === 0 ? 0 : then.fields, otherwise.fields),
      })
      const next = {
        activation: chosen(lastOfStrip.and(lastColumns.not()), r.strip, after(r.activation, 'activation')),
        weight: chosen(stripEnds.and(plan.weights_stay), 0, chosen(lastOfStrip, after(r.weight, 'weight'), r.weight)),
      }
      const begin = (at: typeof r.weight): void => {
        at.slot.next = 0
        at.codes.next = 0
        at.fields.next = 0
      }

      // Which tiles and groups are next.
      const less = (left: Int, count: number): Int => left.sub(count).sat(dimension)
      when(stepEnds, () => {
        r.steps_left.next = mux(
          lastStep,
          mux(r.groups_left.eq(2), plan.last_steps, plan.group_steps),
          less(r.steps_left, 1),
        )
      })
      when(groupEnds, () => {
        r.groups_left.next = mux(lastGroup, plan.groups, less(r.groups_left, 1))
        if (!array.addsGroups)
          r.matrix_offset.next = mux(lastGroup, 0, r.matrix_offset.add(plan.matrix).wrap(beatAddress))
      })
      const tileRow = r.row_address.add(plan.result_row.mul(rows)).wrap(beatAddress)
      when(passEnds, () => {
        r.activation.next = next.activation
        r.weight.next = next.weight
        r.strip_tile.next = mux(lastOfStrip, 0, r.strip_tile.add(1).wrap(tiles))
        r.tokens_left.next = mux(lastOfStrip.and(lastColumns.not()), r.strip_tokens, less(r.tokens_left, rows))
        r.row_address.next = mux(lastOfStrip.and(lastColumns.not()), r.strip_address, tileRow)
      })
      when(nextColumns, () => {
        r.outputs_left.next = mux(lastColumns, command.outputs, less(r.outputs_left, columns))
        r.weight_tile.next = mux(lastColumns.or(plan.weights_stay.not()), 0, r.weight_tile.add(1).wrap(tiles))
        const beats = tileBytes >= bytes ? tileBytes / bytes : r.part.eq(bytes / tileBytes - 1).int()
        r.column_offset.next = mux(lastColumns, 0, r.column_offset.add(beats).wrap(beatAddress))
        if (tileBytes < bytes) r.part.next = mux(lastColumns, 0, r.part.add(1).wrap(group.part))
      })
      when(stripEnds, () => {
        r.strip.next = next.activation
        r.strip_tokens.next = less(r.tokens_left, rows)
        r.strip_address.next = tileRow
      })

      // When groups may end.
      when(r.since.lt(shortestGroup), () => {
        r.since.next = r.since.add(1).wrap(r.since.shape)
      })
      when(groupEnds, () => {
        r.since.next = 1
      })
      const pushes = groupEnds.and(givesResults)
      r.free.next = checked(
        r.free.add(i.results_freed.int()).sub(pushes.int()),
        range(0, resultGroups),
        'no more groups have places for results than there are',
      ).sat(upTo(resultGroups))
      when(stepEnds, () => {
        r.open.next = (array.addsGroups ? passEnds : groupEnds).not()
      })
      if (isFirstCycle) {
        when(works, () => {
          r.phase.next = mux(stepEnds, 0, r.phase.add(1).wrap(r.phase.shape))
        })
        r.flushes.next = flushes
      }

      // Which tiles are here.
      const freed = {
        activations: mux(stripEnds, r.strip_tile.add(1), 0).wrap(tiles),
        weights: nextColumns.and(plan.weights_stay.not()),
      }
      const present = range(0, mostTiles)
      const promise = 'no more tiles are freed than came'
      r.activation_tiles.next = checked(
        r.activation_tiles.add(i.activations_loaded.int()).sub(freed.activations),
        present,
        promise,
      )
      r.weight_tiles.next = checked(
        r.weight_tiles.add(i.weights_loaded.int()).sub(freed.weights.int()),
        present,
        promise,
      )

      const state = fsm('state', {
        idle({ goto }) {
          when(start, () => {
            for (const at of [r.activation, r.weight, r.strip]) begin(at)
            for (const at of [r.activation_tiles, r.weight_tiles, r.strip_tile, r.weight_tile]) at.next = 0
            r.tokens_left.next = command.tokens
            r.strip_tokens.next = command.tokens
            r.outputs_left.next = command.outputs
            r.groups_left.next = plan.groups
            r.steps_left.next = plan.group_steps
            r.row_address.next = command.results.shr(Math.log2(bytes))
            r.strip_address.next = command.results.shr(Math.log2(bytes))
            r.column_offset.next = 0
            r.matrix_offset.next = 0
            r.part.next = 0
            r.open.next = false
            goto('run')
          })
        },
        run({ goto }) {
          when(stripEnds.and(r.tokens_left.le(rows)), () => goto('idle'))
          when(flushes.and(r.open.not().or(passEnds)), () => goto('idle'))
        },
      })
      w.runs.value = state.is('run')

      const load = start.or(passEnds)
      const reads = (side: Side) => {
        const { codes, groups } = core[side]
        const at = { codes: mux(start, 0, next[side].codes), fields: mux(start, 0, next[side].fields) }
        return {
          codes: use(`${side}_codes_cursor`, WordCursor(codes), { load, from: at.codes, advance: stepEnds }),
          groups: groups
            ? use(`${side}_groups_cursor`, WordCursor(groups), { load, from: at.fields, advance: groupEnds })
            : { address: 0, position: 0 },
        }
      }
      const counted = (left: Int, most: number): Int => left.sat(range(1, most))
      const [tokens, outputs] = [counted(r.tokens_left, rows), counted(r.outputs_left, columns)]
      check(pushes.and(i.group.ready.not()).not(), 'results have a place before their group ends')
      const awaits = w.runs.and(works.not()).and(flushes.not())
      const ready = here.activations.and(here.weights)
      return {
        activations_freed: freed.activations,
        weights_freed: freed.weights,
        works,
        step,
        step_ends: stepEnds,
        last: groupEnds,
        last_group: lastGroup,
        activation: reads('activation'),
        weight: reads('weight'),
        live_rows: Array.from({ length: rows }, (_, k) => r.tokens_left.gt(k).and(flushes.not())),
        live_columns: Array.from({ length: columns }, (_, k) => r.outputs_left.gt(k).and(flushes.not())),
        live_cells: mux(flushes, 0, tokens.mul(outputs)),
        group: {
          valid: pushes,
          data: {
            address: r.row_address.add(r.column_offset).add(r.matrix_offset).wrap(beatAddress),
            part: r.part,
            tokens,
            outputs,
          },
        },
        kind: {
          working: works,
          awaits_activations: awaits.and(here.activations.not()),
          awaits_weights: awaits.and(here.activations).and(here.weights.not()),
          spaces_groups: awaits.and(ready).and(spaced.not()),
          awaits_results: awaits.and(ready).and(spaced),
        },
        results_open: r.free.ne(resultGroups),
        busy: w.runs,
      }
    },
  }
})

/** A tile in its side's buffers: which of those there is room for, and where its beats begin. */
interface Place {
  readonly slot: Int
  readonly codes: Int
  readonly fields: Int
}
