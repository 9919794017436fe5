import { type Group, isComputed, type Origin } from './groups.ts'
import type { Origins } from './origins.ts'

/**
 * When values can be computed. A value that only depends on registers has rank 1, one that also depends on a value of rank 1
 * in another instance rank 2, and so on. In a group of several lanes all nodes that the same ports reach form a cone, ranked
 * as a whole, so that instances may feed each other both ways as long as the paths do not meet; at the top every node is a
 * cone of its own.
 */
export interface Ranks {
  /** 0 for constants, registers and inputs of the top. */
  rankOf(origin: Origin): number
  /** The cone of a computed node. */
  coneOf(group: Group, node: number): Cone
}

export interface Cone {
  readonly index: number
  /** Ports, or at the top arguments, that reach it. */
  readonly reached: readonly number[]
  /** By lane; 0 where not yet known. */
  readonly ranks: Int32Array
}

const open = -1

export const ranksOf = (groups: readonly Group[], originOf: Origins): Ranks => {
  const cones = new Map(groups.map((group) => [group, group.lanes === 1 ? conesOfNodes(group) : conesOfPorts(group)]))
  const coneOf = (group: Group, node: number): Cone => cones.get(group)![node]!

  const rankOf = (origin: Origin): number => {
    if (!isComputed(origin.group.body.nodes[origin.node]!)) return 0
    const first = coneOf(origin.group, origin.node)
    if (first.ranks[origin.lane]! > 0) return first.ranks[origin.lane]!
    // Explicit stack: chains through thousands of cells must not overflow the machine's own.
    const stack = [{ group: origin.group, cone: first, lane: origin.lane, next: 0, most: 0 }]
    while (stack.length > 0) {
      const at = stack[stack.length - 1]!
      at.cone.ranks[at.lane] = open
      if (at.next === at.cone.reached.length) {
        at.cone.ranks[at.lane] = at.most + 1
        stack.pop()
        continue
      }
      const from = originOf(at.group, at.cone.reached[at.next]!, at.lane)
      if (!isComputed(from.group.body.nodes[from.node]!)) {
        at.next++
        continue
      }
      const cone = coneOf(from.group, from.node)
      const rank = cone.ranks[from.lane]!
      if (rank === open) throw new RangeError(`in module ${groups[0]!.body.module.name}, a value depends on itself`)
      if (rank > 0) {
        at.most = Math.max(at.most, rank)
        at.next++
      } else stack.push({ group: from.group, cone, lane: from.lane, next: 0, most: 0 })
    }
    return first.ranks[origin.lane]!
  }
  return { rankOf, coneOf }
}

const conesOfNodes = (group: Group): readonly (Cone | undefined)[] =>
  group.body.nodes.map((node, index) =>
    isComputed(node) && group.live[index] === 1 ? { index, reached: node.args, ranks: new Int32Array(1) } : undefined,
  )

const conesOfPorts = (group: Group): readonly (Cone | undefined)[] => {
  const known = new Map<string, Cone>()
  const reaching: (readonly number[])[] = []
  return group.body.nodes.map((node, index) => {
    if (group.live[index] === 0) return undefined
    if (node.op === 'in' || node.op === 'out') reaching[index] = [index]
    else if (!isComputed(node)) reaching[index] = []
    else reaching[index] = union(node.args.map((arg) => reaching[arg]!))
    if (!isComputed(node)) return undefined
    const key = reaching[index]!.join()
    const cone = known.get(key) ?? {
      index: known.size,
      reached: reaching[index]!,
      ranks: new Int32Array(group.lanes),
    }
    known.set(key, cone)
    return cone
  })
}

/** Of sorted lists; one of them itself where it has them all. */
const union = (lists: readonly (readonly number[])[]): readonly number[] => {
  const longest = lists.reduce((a, b) => (b.length > a.length ? b : a))
  const all = new Set(longest)
  for (const list of lists) for (const each of list) all.add(each)
  return all.size === longest.length ? longest : [...all].sort((a, b) => a - b)
}
