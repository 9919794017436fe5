import { type Group, isUniform, type Origin, originOf } from './groups.ts'

/** Where values begin; see `originOf`. For groups of which it is known what varies. */
export interface Origins {
  /** Of a node in a lane. */
  of(group: Group, node: number, lane: number): Origin
  /** Of a node in each lane of its group, in the order of the lanes. */
  runs(group: Group, node: number): readonly Run[]
}

/** Neighbouring lanes whose values are those of neighbouring lanes of one node, or, with a step of 0, one value. */
export interface Run extends Origin {
  /** The first of so many lanes. */
  readonly start: number
  readonly lanes: number
  readonly step: 0 | 1
}

/** Ports are followed once, and what they lead to is kept as runs: an array has thousands of lanes, and most are like their neighbours. */
export const originsOf = (groups: readonly Group[]): Origins => {
  const known = groups.map(({ body }) => new Array<readonly Run[] | undefined>(body.nodes.length))
  /** Of the nodes of a single lane, of which an array has tens of thousands. */
  const single = groups.map(({ body, lanes }) => new Array<Origin | undefined>(lanes === 1 ? body.nodes.length : 0))
  const runs = (group: Group, node: number): readonly Run[] => {
    const ofGroup = known[group.index]!
    ofGroup[node] ??= isPort(group, node) ? runsOfPort(group, node) : [runOf(group, node)]
    return ofGroup[node]
  }
  return {
    runs,
    of(group, node, lane) {
      if (group.lanes === 1) {
        const ofGroup = single[group.index]!
        ofGroup[node] ??= originOf(group, node, 0)
        return ofGroup[node]
      }
      if (!isPort(group, node)) return { group, node, lane: isUniform(group, node) ? 0 : lane }
      const run = runAt(runs(group, node), lane)
      return { group: run.group, node: run.node, lane: laneOf(run, lane) }
    },
  }
}

/** The lane that a lane of a run reads. */
export const laneOf = ({ start, lane, step }: Run, of: number): number => lane + step * (of - start)

const runAt = (runs: readonly Run[], lane: number): Run => {
  let [low, high] = [0, runs.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (runs[middle]!.start <= lane) low = middle
    else high = middle - 1
  }
  return runs[low]!
}

const isPort = ({ body }: Group, node: number): boolean => {
  const { op } = body.nodes[node]!
  return op === 'in' || op === 'out'
}

type Growing = { -readonly [K in keyof Run]: Run[K] }

const runFrom = (group: Group, node: number, lane: number, start: number): Growing => {
  return { group, node, lane, start, lanes: 1, step: 0 }
}

const runOf = (group: Group, node: number): Run => {
  const run = runFrom(group, node, 0, 0)
  run.lanes = group.lanes
  run.step = isUniform(group, node) ? 0 : 1
  return run
}

const runsOfPort = (group: Group, node: number): readonly Run[] => {
  const found: Growing[] = []
  let last: Growing | undefined
  for (let start = 0; start < group.lanes; start++) {
    const { group: from, node: of, lane } = originOf(group, node, start)
    if (last && last.group === from && last.node === of) {
      if (last.lanes === 1 && (lane === last.lane || lane === last.lane + 1)) last.step = lane === last.lane ? 0 : 1
      if (lane === last.lane + last.step * last.lanes) {
        last.lanes++
        continue
      }
    }
    last = runFrom(from, of, lane, start)
    found.push(last)
  }
  return found
}
