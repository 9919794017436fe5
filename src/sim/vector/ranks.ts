import { type Group, isComputed, type Origin } from './groups.ts'
import { laneOf, type Origins } from './origins.ts'

/**
 * When values can be computed. A value that only depends on registers has rank 1, one that also depends on a value of rank 1
 * in another instance rank 2, and so on. In a group of several lanes all nodes that the same ports reach form a cone, ranked
 * as a whole, so that instances may feed each other both ways as long as the paths do not meet; at the top every node is a
 * cone of its own.
 */
export interface Ranks {
  /** 0 for constants, registers and inputs of the top. */
  rankOf(origin: Origin): number
  /** Works out the ranks of a cone in all lanes of its group. */
  rankAll(group: Group, cone: Cone): void
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

export const ranksOf = (groups: readonly Group[], origins: Origins): Ranks => {
  const cones = groups.map((group) => (group.lanes === 1 ? conesOfNodes(group) : conesOfPorts(group)))
  const coneOf = ({ index }: Group, node: number): Cone => cones[index]![node]!

  const rankOf = ({ group, node, lane }: Origin): number =>
    isComputed(group.body.nodes[node]!) ? rankIn(group, coneOf(group, node), lane) : 0
  const rankAll = (group: Group, cone: Cone): void => {
    const all = ranksAfter(group, cone)
    if (all) cone.ranks.set(all)
    else for (let lane = 0; lane < group.lanes; lane++) rankIn(group, cone, lane)
  }
  /** The ranks of a cone where those of all that reaches it are known, as those of registers are. */
  const ranksAfter = (group: Group, { reached }: Cone): Int32Array | undefined => {
    const ranks = new Int32Array(group.lanes).fill(1)
    for (const port of reached)
      for (const run of origins.runs(group, port)) {
        if (!isComputed(run.group.body.nodes[run.node]!)) continue
        const before = coneOf(run.group, run.node).ranks
        for (let lane = run.start; lane < run.start + run.lanes; lane++) {
          const rank = before[laneOf(run, lane)]!
          if (rank === 0) return undefined
          ranks[lane] = Math.max(ranks[lane]!, rank + 1)
        }
      }
    return ranks
  }
  const rankIn = (group: Group, first: Cone, lane: number): number => {
    if (first.ranks[lane]! > 0) return first.ranks[lane]!
    // Explicit stack: chains through thousands of cells must not overflow the machine's own.
    const stack = [{ group, cone: first, lane, next: 0, most: 0 }]
    while (stack.length > 0) {
      const at = stack[stack.length - 1]!
      at.cone.ranks[at.lane] = open
      if (at.next === at.cone.reached.length) {
        at.cone.ranks[at.lane] = at.most + 1
        stack.pop()
        continue
      }
      const from = origins.of(at.group, at.cone.reached[at.next]!, at.lane)
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
    return first.ranks[lane]!
  }
  return { rankOf, rankAll, coneOf }
}

const conesOfNodes = ({ body, live, computed }: Group): readonly (Cone | undefined)[] => {
  const cones = new Array<Cone | undefined>(body.nodes.length)
  for (const index of computed)
    if (live[index] === 1) cones[index] = { index, reached: body.nodes[index]!.args, ranks: new Int32Array(1) }
  return cones
}

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
