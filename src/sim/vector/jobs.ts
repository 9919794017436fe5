import type { Group } from './groups.ts'
import { isUniform } from './groups.ts'
import { type Schedule, stretchesOf } from './schedule.ts'

/** Nodes of a group that are computed together for some of its lanes. */
export interface Job {
  readonly rank: number
  readonly group: Group
  readonly uniform: boolean
  /** First lane, and how many. */
  readonly lane: number
  readonly lanes: number
  /** Arguments before their readers. */
  readonly nodes: readonly number[]
  /** Of two jobs of one rank and group, the one with less may be read by the other. */
  readonly order: number
}

/** Schedules of the computed nodes of each group. */
export type Schedules = ReadonlyMap<Group, ReadonlyMap<number, Schedule>>

/** Jobs in an order in which they can run. */
export const jobsOf = (schedules: Schedules): readonly Job[] =>
  [...schedules]
    .flatMap(([group, nodes]) => jobsIn(group, nodes))
    .sort(
      (a, b) =>
        a.rank - b.rank || a.group.index - b.group.index || Number(b.uniform) - Number(a.uniform) || a.order - b.order,
    )

const jobsIn = (group: Group, schedules: ReadonlyMap<number, Schedule>): readonly Job[] => {
  const together = new Map<string, { readonly schedule: Schedule; readonly nodes: number[] }>()
  for (const [node, schedule] of schedules) {
    const known = together.get(schedule.key)
    if (known) known.nodes.push(node)
    else together.set(schedule.key, { schedule, nodes: [node] })
  }
  return [...together.values()].flatMap(({ schedule, nodes }) =>
    stretchesOf(schedule).map((stretch): Job => {
      return { ...stretch, group, uniform: isUniform(group, nodes[0]!), nodes, order: schedule.sum }
    }),
  )
}
