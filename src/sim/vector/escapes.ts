import { type Group, isComputed, isUniform } from './groups.ts'
import type { Schedules } from './jobs.ts'
import type { Root } from './liveness.ts'
import type { Origins } from './origins.ts'

/** Computed nodes that somebody reads outside the loop that computes them, so that they need a place in memory; `roots` are read. */
export const escapesOf = (
  groups: readonly Group[],
  origins: Origins,
  schedules: Schedules,
  checks: boolean,
  roots: readonly Root[],
): ((group: Group, node: number) => boolean) => {
  const marks = groups.map(({ body }) => new Uint8Array(body.nodes.length))
  const mark = ({ index }: Group, node: number): void => {
    marks[index]![node] = 1
  }
  /** A port is read in every lane, wherever it leads. */
  const follow = (group: Group, node: number): void => {
    if (group.lanes > 1) for (const run of origins.runs(group, node)) mark(run.group, run.node)
    else {
      const origin = origins.of(group, node, 0)
      mark(origin.group, origin.node)
    }
  }
  for (const group of groups) {
    const { body, live } = group
    const schedule = schedules.get(group)!
    // At the top of an array are tens of thousands of ports, which lead from instance to instance: these follow them.
    if (group.lanes > 1)
      body.nodes.forEach((node, k) => {
        if (live[k] === 1 && (node.op === 'in' || node.op === 'out')) follow(group, k)
      })
    for (const node of schedule.keys())
      for (const arg of body.nodes[node]!.args)
        if (group.lanes === 1) follow(group, arg)
        else if (isComputed(body.nodes[arg]!) && schedule.get(arg)!.key !== schedule.get(node)!.key) mark(group, arg)
    for (const { node, next } of body.registers)
      if (group.lanes === 1 || isUniform(group, node) !== isUniform(group, next)) follow(group, next)
    for (const { writes, reads } of body.memories) {
      for (const { address, value, enable } of writes) for (const node of [address, value, enable]) follow(group, node)
      for (const { address, enable } of reads) for (const node of [address, enable]) follow(group, node)
    }
    if (checks) for (const { holds } of body.checks) follow(group, holds)
  }
  for (const { group, node } of roots) follow(group, node)
  return (group, node) => marks[group.index]![node] === 1
}
