import { type Group, isComputed, isUniform, lanesOf } from './groups.ts'
import type { Ranks } from './ranks.ts'

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
  /** Ports that reach its nodes: of two jobs of one rank, the one with fewer may be read by the other. */
  readonly reached: number
}

/** Jobs in an order in which they can run. */
export const jobsOf = (groups: readonly Group[], ranks: Ranks): readonly Job[] =>
  groups
    .flatMap((group) => jobsIn(group, ranks))
    .sort(
      (a, b) =>
        a.rank - b.rank ||
        a.group.index - b.group.index ||
        Number(b.uniform) - Number(a.uniform) ||
        a.reached - b.reached,
    )

const jobsIn = (group: Group, ranks: Ranks): readonly Job[] => {
  const found = new Map<string, { -readonly [K in keyof Job]: Job[K] } & { nodes: number[] }>()
  const together = !splitRanks(group, ranks)
  for (const node of computedIn(group)) {
    const cone = ranks.coneOf(group, node)
    const uniform = isUniform(group, node)
    for (const { lane, lanes, rank } of stretches(group, node, ranks)) {
      const key = `${rank} ${uniform} ${lane} ${lanes} ${together ? '' : cone.index}`
      const job = found.get(key) ?? { rank, group, uniform, lane, lanes, nodes: [], reached: 0 }
      found.set(key, job)
      job.nodes.push(node)
      job.reached = Math.max(job.reached, cone.reached.length)
    }
  }
  return [...found.values()]
}

export const computedIn = ({ body, live }: Group): readonly number[] =>
  body.nodes.flatMap((node, index) => (live[index] === 1 && isComputed(node) ? [index] : []))

/** Neighbouring lanes of one rank. */
const stretches = (
  group: Group,
  node: number,
  { rankOf }: Ranks,
): readonly { readonly lane: number; readonly lanes: number; readonly rank: number }[] => {
  const all = lanesOf(group, node)
  const found: { lane: number; lanes: number; rank: number }[] = []
  for (let lane = 0; lane < all; lane++) {
    const rank = rankOf({ group, node, lane })
    const last = found[found.length - 1]
    if (last?.rank === rank) last.lanes++
    else found.push({ lane, lanes: 1, rank })
  }
  return found
}

/** True where lanes of one node have different ranks, so that a group's cones do not keep step. */
export const splitRanks = (group: Group, ranks: Ranks): boolean =>
  group.lanes > 1 && computedIn(group).some((node) => stretches(group, node, ranks).length > 1)

/** Nodes of one class are in the same jobs in every lane, and can hand values on without memory. */
export const classesOf = (group: Group, ranks: Ranks): ((node: number) => number) => {
  const together = !splitRanks(group, ranks)
  return (node) => {
    const step = together ? ranks.rankOf({ group, node, lane: 0 }) : ranks.coneOf(group, node).index
    return 2 * step + Number(isUniform(group, node))
  }
}
