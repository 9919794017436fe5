import { type Group, isComputed, isUniform } from './groups.ts'
import type { Schedules } from './jobs.ts'
import type { Root } from './liveness.ts'
import type { Origins } from './origins.ts'

/** Computed nodes that somebody reads outside the loop that computes them, so that they need a place in memory. */
export const escapesOf = (
  groups: readonly Group[],
  originOf: Origins,
  schedules: Schedules,
  checks: boolean,
  roots: readonly Root[],
): ((group: Group, node: number) => boolean) => {
  const marks = new Map(groups.map((group) => [group, new Uint8Array(group.body.nodes.length)]))
  const mark = (group: Group, node: number): void => {
    marks.get(group)![node] = 1
  }
  /** A port is read in every lane, wherever it leads. */
  const follow = (group: Group, node: number): void => {
    for (let lane = 0; lane < group.lanes; lane++) {
      const origin = originOf(group, node, lane)
      mark(origin.group, origin.node)
    }
  }
  for (const group of groups) {
    const { body, live } = group
    const schedule = schedules.get(group)!
    body.nodes.forEach((node, k) => {
      if (live[k] === 1 && (node.op === 'in' || node.op === 'out')) follow(group, k)
    })
    for (const node of schedule.keys())
      for (const arg of body.nodes[node]!.args)
        if (group.lanes === 1 || (isComputed(body.nodes[arg]!) && schedule.get(arg)!.key !== schedule.get(node)!.key))
          mark(group, arg)
    for (const { node, next } of body.registers)
      if (group.lanes === 1 || isUniform(group, node) !== isUniform(group, next)) mark(group, next)
    for (const { writes, reads } of body.memories) {
      for (const { address, value, enable } of writes) for (const node of [address, value, enable]) mark(group, node)
      for (const { address, enable } of reads) for (const node of [address, enable]) mark(group, node)
    }
    if (checks) for (const { holds } of body.checks) mark(group, holds)
  }
  for (const { group, node } of roots) mark(group, node)
  return (group, node) => marks.get(group)![node] === 1
}
