import { type Group, isComputed, isUniform } from './groups.ts'
import type { Cone, Ranks } from './ranks.ts'

/** When a node is computed in each lane of its group; uniform nodes have one lane. */
export interface Schedule {
  readonly ranks: Int32Array
  /** Nodes of one key are computed together in every lane, and can hand values on without memory. */
  readonly key: string
  /** Larger than that of any schedule whose nodes it reads, unless that is the same. */
  readonly sum: number
}

/** Fewer lanes of one rank are not worth a loop of their own. */
const shortestStretch = 16

/** Live computed nodes, arguments before their readers. */
export const computedIn = ({ computed, live }: Group): readonly number[] => computed.filter((node) => live[node] === 1)

/** The schedule of each computed node of a group. */
export const schedulesOf = (group: Group, ranks: Ranks): ReadonlyMap<number, Schedule> => {
  const nodes = computedIn(group)
  const byCone = new Map<Cone, Schedule>()
  const varying = nodes.filter((node) => !isUniform(group, node))
  for (const node of varying) {
    const cone = ranks.coneOf(group, node)
    if (byCone.has(cone)) continue
    ranks.rankAll(group, cone)
    byCone.set(cone, scheduleOf(cone.ranks))
  }
  if (group.lanes > 1) postpone(group, ranks, varying, byCone)
  return new Map(
    nodes.map((node): [number, Schedule] => {
      if (!isUniform(group, node)) return [node, byCone.get(ranks.coneOf(group, node))!]
      const rank = ranks.rankOf({ group, node, lane: 0 })
      return [node, { ranks: Int32Array.of(rank), key: `uniform ${rank}`, sum: 0 }]
    }),
  )
}

const scheduleOf = (ranks: Int32Array): Schedule => {
  const runs: string[] = []
  let sum = 0
  ranks.forEach((rank, lane) => {
    sum += rank
    if (lane === 0 || ranks[lane - 1] !== rank) runs.push(`${lane}:${rank}`)
  })
  return { ranks, key: runs.join(), sum }
}

/**
 * Computes what only later nodes of its own lane read together with them, so that it never goes to memory, as long as that
 * leaves loops of many lanes.
 */
const postpone = (group: Group, ranks: Ranks, nodes: readonly number[], byCone: Map<Cone, Schedule>): void => {
  const { body } = group
  const read = new Set([...body.outputs, ...body.instances.flatMap(({ inputs }) => inputs)])
  const readers = new Map<Cone, Set<Cone>>([...byCone.keys()].map((cone) => [cone, new Set()]))
  const pinned = new Set<Cone>()
  for (const node of nodes) {
    const cone = ranks.coneOf(group, node)
    if (read.has(node)) pinned.add(cone)
    for (const arg of body.nodes[node]!.args) {
      const from = isComputed(body.nodes[arg]!) ? ranks.coneOf(group, arg) : cone
      if (from !== cone && byCone.has(from)) readers.get(from)!.add(cone)
    }
  }
  // Readers are reached by more ports: the widest cones first.
  for (const cone of [...byCone.keys()].sort((a, b) => b.reached.length - a.reached.length)) {
    const later = [...readers.get(cone)!].map((reader) => byCone.get(reader)!)
    if (pinned.has(cone) || later.length === 0) continue
    const latest = scheduleOf(
      cone.ranks.map((_, lane) =>
        later.reduce((first, { ranks }) => Math.min(first, ranks[lane]!), Number.MAX_SAFE_INTEGER),
      ),
    )
    if (stretchesOf(latest).every(({ lanes }) => lanes >= shortestStretch)) byCone.set(cone, latest)
  }
}

/** Neighbouring lanes of one rank. */
export const stretchesOf = ({
  ranks,
}: Schedule): readonly { readonly lane: number; readonly lanes: number; readonly rank: number }[] => {
  const found: { lane: number; lanes: number; rank: number }[] = []
  ranks.forEach((rank, lane) => {
    const last = found[found.length - 1]
    if (last?.rank === rank) last.lanes++
    else found.push({ lane, lanes: 1, rank })
  })
  return found
}
