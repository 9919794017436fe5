import { bool, component, type Int, mux, range, record, reset, stream } from '../../dsl/index.ts'
import { bytesPerBeat } from '../transfers.ts'
import { type CoreDescription, upTo } from './description.ts'
import { runPlan } from './run-command.ts'

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

/** What a cycle of a run is spent on; in a cycle with none of these the array has nothing to do. */
export const cycleKind = record({
  array_busy: bool,
  /** A tile of activations or weights is not there yet. */
  wait_activations: bool,
  wait_weights: bool,
  /** There is no place for a group's results until others are written. */
  wait_output: bool,
  /** Groups end too soon one after the other for the array's drain. */
  wait_spacing: bool,
})

/**
 * The steps of a tile's groups, one after the other without a gap as long as the tile is there; so are the tiles. Before a group's
 * last step it waits until groups are far enough apart and the group's results have a place.
 *
 * After `stop` no operand goes in any more. A group that has begun, or whose output has, is ended by one more step that is not
 * `live`, so that nothing of it stays in the array; with the last of this it has `stopped`.
 */
export const Steps = component('steps', ({ core }: { core: CoreDescription }) => {
  const { array, dimension, beatAddress, resultGroups } = core
  const { cyclesPerStep, shortestGroup, addsGroups } = array
  const plan = runPlan(core).fields
  return {
    name: `${core.name}_steps`,
    in: {
      start: bool,
      stop: bool,
      plan: record({ groups: dimension, group_steps: dimension, last_steps: dimension, matrix: plan.matrix }),
      /** There are tiles to do; those of this one are here. */
      runs: bool,
      activations_here: bool,
      weights_here: bool,
      /** Where the tile's results are, those of the first group. */
      tile: resultGroup(core),
      /** A group's results are written, and their place is free. */
      results_freed: bool,
    },
    out: {
      /** A step is at work: its first cycle, its last, the last of its group and of its tile. */
      works: bool,
      step: bool,
      step_ends: bool,
      group_ends: bool,
      tile_ends: bool,
      last_group: bool,
      live: bool,
      stopped: bool,
      group: stream(resultGroup(core)),
      kind: cycleKind,
      /** Some groups' results are not written yet. */
      results_open: bool,
    },
    accepted: addsGroups ? { 'W-UNUSED': { plan_matrix: 'there is one matrix of results' } } : {},
    logic(i, { regs, when, check, checked }) {
      const { start, stop, runs, tile } = i
      const r = regs({
        groups_left: dimension,
        steps_left: dimension,
        open: bool,
        since: reset(upTo(shortestGroup), shortestGroup),
        free: reset(upTo(resultGroups), resultGroups),
      })

      // Where a step takes several cycles, what is decided in its first one stands.
      const held = cyclesPerStep > 1 ? regs({ phase: upTo(cyclesPerStep - 1), flushes: bool }) : undefined
      const begins = held?.phase.eq(0)
      const flushes = held && begins ? mux(begins, stop, held.flushes) : stop
      const lastStep = r.steps_left.eq(1).or(flushes)
      const lastGroup = r.groups_left.eq(1).or(flushes)
      const givesResults = addsGroups ? lastStep.and(lastGroup) : lastStep
      const spaced = r.since.add(cyclesPerStep - 1).ge(shortestGroup)
      const here = i.activations_here.and(i.weights_here)
      const mayBegin = mux(flushes, r.open, here)
        .and(lastStep.not().or(spaced))
        .and(givesResults.not().or(r.free.ne(0)))
      const works = runs.and(begins ? mayBegin.or(begins.not()) : mayBegin)
      const stepEnds = held ? works.and(held.phase.eq(cyclesPerStep - 1)) : works
      const groupEnds = stepEnds.and(lastStep)
      const tileEnds = groupEnds.and(lastGroup)

      const less = (left: Int): Int => left.sub(1).wrap(dimension)
      when(stepEnds, () => {
        r.steps_left.next = less(r.steps_left)
        r.open.next = (addsGroups ? tileEnds : groupEnds).not()
      })
      when(groupEnds, () => {
        r.groups_left.next = mux(lastGroup, i.plan.groups, less(r.groups_left))
        r.steps_left.next = mux(r.groups_left.eq(2), i.plan.last_steps, i.plan.group_steps)
      })
      if (held) {
        when(works, () => {
          held.phase.next = mux(stepEnds, 0, held.phase.add(1).wrap(held.phase.shape))
        })
        held.flushes.next = flushes
      }
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
      )
      check(pushes.and(i.group.ready.not()).not(), 'results have a place before their group ends')
      when(start, () => {
        r.groups_left.next = i.plan.groups
        r.steps_left.next = i.plan.group_steps
        r.open.next = false
      })

      let { address } = tile
      if (!addsGroups) {
        const m = regs({ matrix_offset: beatAddress })
        when(groupEnds, () => {
          m.matrix_offset.next = mux(lastGroup, 0, m.matrix_offset.add(i.plan.matrix).wrap(beatAddress))
        })
        when(start, () => {
          m.matrix_offset.next = 0
        })
        address = address.add(m.matrix_offset).wrap(beatAddress)
      }
      const waits = runs.and(works.not()).and(flushes.not())
      return {
        works,
        step: begins ? works.and(begins) : works,
        step_ends: stepEnds,
        group_ends: groupEnds,
        tile_ends: tileEnds,
        last_group: lastGroup,
        live: flushes.not(),
        stopped: flushes.and(mux(r.open, tileEnds, begins ?? true)),
        group: { valid: pushes, data: { ...tile, address } },
        kind: {
          array_busy: works,
          wait_activations: waits.and(i.activations_here.not()),
          wait_weights: waits.and(i.activations_here).and(i.weights_here.not()),
          wait_spacing: waits.and(here).and(spaced.not()),
          wait_output: waits.and(here).and(spaced),
        },
        results_open: r.free.ne(resultGroups),
      }
    },
  }
})
