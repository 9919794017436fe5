import type { Body } from './body.ts'
import type { Group, LaneOrder } from './groups.ts'
import type { Ranks } from './ranks.ts'
import { computedIn } from './schedule.ts'

/** Lanes a rank must have on average for a vector of them to be worth while. */
const lanesARank = 4
/** Lanes of a vector of bytes. */
const fullVector = 16
/** Groups with less of all work than one part in so many are not worth planning everything again. */
const smallestShare = 16

/**
 * Lanes of one rank side by side, for groups whose lanes differ in rank, so that they can be computed together; undefined
 * where no group would gain. Other wires may get worse by it.
 */
export const orderByRank = (groups: readonly Group[], ranks: Ranks): LaneOrder | undefined => {
  const latest = new Map<Body, Map<number, number>>()
  const several = groups.filter(({ lanes }) => lanes > 1).map((group) => ({ group, nodes: computedIn(group) }))
  const workOf = (group: Group, nodes: readonly number[]): number => group.lanes * nodes.length
  const all = several.reduce((sum, { group, nodes }) => sum + workOf(group, nodes), 0)
  for (const { group, nodes } of several) {
    if (smallestShare * workOf(group, nodes) < all) continue
    const byLane = new Int32Array(group.lanes)
    for (const cone of new Set(nodes.map((node) => ranks.coneOf(group, node))))
      for (let lane = 0; lane < group.lanes; lane++) byLane[lane] = Math.max(byLane[lane]!, cone.ranks[lane]!)
    const distinct = new Set(byLane).size
    if (distinct === 1 || group.lanes / distinct < lanesARank || fillVectors(byLane)) continue
    group.parents.forEach((parent, lane) => {
      const of = latest.get(parent.body) ?? new Map<number, number>()
      const instance = group.instances[lane]!
      latest.set(parent.body, of.set(instance, Math.max(of.get(instance) ?? 0, byLane[lane]!)))
    })
  }
  if (latest.size === 0) return undefined
  return (body) => {
    const rank = (instance: number): number => latest.get(body)?.get(instance) ?? 0
    return body.instances.map((_, k) => k).sort((a, b) => rank(a) - rank(b))
  }
}

/** True where neighbours of one rank are whole vectors of bytes: no other order gains, and planning it takes as long again. */
const fillVectors = (ranks: Int32Array): boolean => {
  let first = 0
  for (let lane = 1; lane <= ranks.length; lane++) {
    if (lane < ranks.length && ranks[lane] === ranks[first]) continue
    if ((lane - first) % fullVector > 0) return false
    first = lane
  }
  return true
}
