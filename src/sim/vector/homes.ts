import type { PortLayout } from '../engine.ts'
import { type Delayed, type Delays, delaysOf, inputLane } from './delays.ts'
import { earlier as earlierInputs, isEarlier, shapeOf } from './earlier.ts'
import { type Group, isUniform, lanesOf, typesAt } from './groups.ts'
import { type LaneType, signed, unsigned } from './lane-type.ts'
import { laneOf, type Origins } from './origins.ts'
import type { EarlierInputs, Place, ProgramReset, Vector } from './program.ts'
import type { Vectors } from './vectors.ts'

/** Where values are in memory; what is only read in the loop that computes it has no place there. */
export interface Homes {
  /** Of lane 0. */
  of(group: Group, node: number): Place | undefined
  set(group: Group, node: number, place: Place): void
  /** Where the value begins that a node has in a lane. */
  placeOf(group: Group, node: number, lane: number): Place
  /** The same for several lanes. */
  places(group: Group, node: number, lane: number, lanes: number): readonly Place[]
  /** The vector that holds a register's value after the edge. */
  nextOf(vector: Vector): Vector
  /** Where the value of a register between two calls is: of one that only delays an input, in an earlier row. */
  keptAt(group: Group, node: number, lane: number): Place
}

/** A register of a group, or what a read port of a memory shows. */
export interface State {
  readonly node: number
  readonly path: string
  /** Lowest bit of the register that it holds. */
  readonly from: number
  /** Node of its next value, and its value after reset; a read port has neither. */
  readonly next: number | undefined
  readonly reset: bigint | undefined
}

/** Registers that share a vector. */
export interface Pack {
  readonly group: Group
  readonly states: readonly State[]
  /** Lanes of each. */
  readonly lanes: number
  readonly vector: Vector
}

/**
 * Puts inputs into their rows and registers into vectors. Registers of the top that only delay an input are earlier rows of
 * inputs where that is wanted, and with `all` those of other groups are as well; `history` is how many rows before the present
 * one are read.
 */
export const homesOf = (
  groups: readonly Group[],
  origins: Origins,
  ports: PortLayout,
  vectors: Vectors,
  wanted: 'none' | 'top' | 'all',
): {
  readonly homes: Homes
  readonly packs: readonly Pack[]
  readonly history: number
  readonly earlier: EarlierInputs
  readonly resets: readonly ProgramReset[]
} => {
  const known = groups.map(({ body }) => new Array<Place | undefined>(body.nodes.length))
  const successors = new Map<Vector, Vector>()
  const homes: Homes = {
    of: (group, node) => known[group.index]![node],
    set(group, node, place) {
      known[group.index]![node] = place
    },
    placeOf(group, node, lane) {
      const origin = origins.of(group, node, lane)
      return placeOfOrigin(origin.group, origin.node, origin.lane)
    },
    places(group, node, lane, lanes) {
      const found: Place[] = []
      const end = lane + lanes
      for (const run of origins.runs(group, node)) {
        const first = Math.max(lane, run.start)
        const last = Math.min(end, run.start + run.lanes)
        for (let k = first; k < last; k++) found.push(placeOfOrigin(run.group, run.node, laneOf(run, k)))
      }
      return found
    },
    nextOf: (vector) => successors.get(vector)!,
    keptAt(group, node, lane) {
      const delayed = delays.registers.get(group)?.get(node)
      return delayed ? rowPlace(delayed[delayed.length === 1 ? 0 : lane]!) : homes.placeOf(group, node, lane)
    },
  }
  const placeOfOrigin = (group: Group, node: number, lane: number): Place => {
    const of = group.body.nodes[node]!
    if (of.op === 'const') return vectors.constant(of.value)
    const spread = spreads[group.index]![node]
    if (spread) return spread[lane]!
    const home = known[group.index]![node]
    if (!home) throw new Error(`${of.op} of ${group.body.module.name} has no place`)
    return lane === 0 ? home : { vector: home.vector, lane: home.lane + lane }
  }

  const top = groups[0]!
  const delays: Delays =
    wanted === 'none'
      ? { registers: new Map(), resets: [] }
      : delaysOf(wanted === 'top' ? [top] : groups, origins, ports, (group, node, lanes) => {
          return lanes.length === 1 || (isEarlier(typesAt(group, node).type) && shapeOf(lanes) !== undefined)
        })
  const history = delays.resets.reduce((most, { cycles }) => Math.max(most, cycles), 0)
  const rowBytes = 4 * ports.inputWords
  const rows = new Map<LaneType, Vector[]>([signed[32], unsigned[32]].map((type) => [type, []]))
  /** All words of the present row, or of one before it. */
  const rowOf = (type: LaneType, cycles: number): Vector => {
    const before = rows.get(type)!
    before[cycles] ??= vectors.at('input', (history - cycles) * rowBytes, type, ports.inputWords)
    return before[cycles]
  }
  ports.inputs.forEach(({ range, offset, words }, k) => {
    const node = top.body.inputs[k]!
    if (words === 1) homes.set(top, node, { vector: rowOf(inputLane(range), 0), lane: offset })
    else {
      const type = range.max < 2n ** 63n ? signed[64] : unsigned[64]
      homes.set(top, node, { vector: vectors.at('input', history * rowBytes + 4 * offset, type, 1), lane: 0 })
    }
  })
  const rowPlace = ({ input, cycles }: Delayed): Place => {
    const { range, offset } = ports.inputs[input]!
    return { vector: rowOf(inputLane(range), cycles), lane: offset }
  }
  const earlier = earlierInputs(vectors, ports, history)
  /** Of registers whose lanes are earlier inputs, by group and node. */
  const spreads = groups.map(({ body }) => new Array<readonly Place[] | undefined>(body.nodes.length))
  for (const [group, registers] of delays.registers) {
    for (const [node, lanes] of registers)
      if (lanes.length === 1) homes.set(group, node, rowPlace(lanes[0]!))
      else spreads[group.index]![node] = earlier.places(shapeOf(lanes)!, typesAt(group, node).type)
  }
  const packs = groups.flatMap((group) =>
    alike(group, (node) => delays.registers.get(group)?.has(node) === true).map((states): Pack => {
      const lanes = lanesOf(group, states[0]!.node)
      const { now, next } = vectors.state(typesAt(group, states[0]!.node).type, lanes * states.length)
      successors.set(now, next)
      states.forEach(({ node }, k) => {
        homes.set(group, node, { vector: now, lane: k * lanes })
      })
      return { group, states, lanes, vector: now }
    }),
  )
  const resets = [
    ...packs.flatMap(({ states, lanes, vector }) =>
      states.flatMap(({ reset: value }, k): readonly ProgramReset[] =>
        value === undefined ? [] : [{ place: { vector, lane: k * lanes }, lanes, value }],
      ),
    ),
    ...delays.resets.map((delayed): ProgramReset => {
      return { place: rowPlace(delayed), lanes: 1, value: BigInt(delayed.reset) }
    }),
  ]
  return { homes, packs, history, earlier: earlier.all, resets }
}

export const statesOf = ({ body }: Group): readonly State[] => [
  ...body.registers,
  ...body.memories.flatMap(({ reads, from }) =>
    reads.map(({ value, path }) => ({ node: value, path, from, next: undefined, reset: undefined })),
  ),
]

/** At the top, registers whose names differ in digits only lie side by side: `skew_3_1`, `skew_3_2`, ... */
const alike = (group: Group, without: (node: number) => boolean): readonly (readonly State[])[] => {
  const packs = new Map<string, State[]>()
  for (const state of statesOf(group)) {
    if (without(state.node)) continue
    const { min, max, op } = group.body.nodes[state.node]!
    const alone = group.lanes > 1 || op === 'read'
    const key = alone
      ? `${state.node}`
      : `${state.path.replaceAll(/\d+/g, '#')} ${min} ${max} ${isUniform(group, state.node)}`
    const known = packs.get(key)
    if (known) known.push(state)
    else packs.set(key, [state])
  }
  return [...packs.values()]
}
