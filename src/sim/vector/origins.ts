import { type Group, type Origin, originOf } from './groups.ts'

/** `originOf` for groups of which it is known what varies: of a port in a lane it is worked out once. */
export type Origins = (group: Group, node: number, lane: number) => Origin

export const originsOf = (groups: readonly Group[]): Origins => {
  /** By group and node: the origins in each lane. */
  const known = groups.map(({ body }) => new Array<(Origin | undefined)[] | undefined>(body.nodes.length))
  return (group, node, lane) => {
    const { op } = group.body.nodes[node]!
    if (op !== 'in' && op !== 'out') return originOf(group, node, lane)
    const ofGroup = known[group.index]!
    let lanes = ofGroup[node]
    if (!lanes) {
      lanes = new Array<Origin | undefined>(group.lanes)
      ofGroup[node] = lanes
    }
    let origin = lanes[lane]
    if (!origin) {
      origin = originOf(group, node, lane)
      lanes[lane] = origin
    }
    return origin
  }
}
