import { bytesOf, type LaneType, signed } from './lane-type.ts'
import type { Operand, Place, Step, Vector } from './program.ts'
import type { Vectors } from './vectors.ts'
import { windowsOf } from './windows.ts'

/** Runs of lanes that are copied by a loop. */
const shortestRun = 8
/** Lanes that are put together by code of their own for each. */
const mostAssembled = 2048
/** More single lanes than this are copied through a table. */
const mostMoves = 512

/** Lanes of a constant beside a vector. */
const widestHalo = 64

/** How lanes get to where they are read: in place where they lie well, else copied. */
export interface Wires {
  /** What a loop reads to see `places[i]` in lane i. */
  operand(places: readonly Place[], type: LaneType): Operand
  /** Copies `places[i]` to lane `to.lane + i`. */
  wire(to: Place, places: readonly Place[]): void
  /** The same, and whoever reads these lanes later reads the copy. */
  commit(to: Vector, places: readonly Place[]): void
}

export const wires = (vectors: Vectors, steps: Step[]): Wires => {
  const copies = new Map<string, Vector>()
  const keyOf = (places: readonly Place[], { bits, kind }: LaneType): string => `${kind}${bits} ${runsOf(places)}`

  const copy = (to: Place, lanes: number, operand: Operand): void => {
    const { type } = to.vector
    const statement = {
      op: 'copy' as const,
      of: { min: 0n, max: 0n, amount: 0 },
      ranges: [],
      type,
      work: type,
      operands: [operand],
      stores: [to],
    }
    steps.push({ kind: 'loop', lanes, statements: [statement], padded: ends(to, lanes) })
  }
  const slice = ({ vector, lane }: Place, stride: 1 | 2 = 1): Operand => {
    return { kind: 'lanes', vector, lane, stride, type: vector.type }
  }

  const wire = (to: Place, places: readonly Place[]): void => {
    const all = places.length
    const after = (lane: number): Place => ({ vector: to.vector, lane: to.lane + lane })
    if (all >= shortestRun) {
      const direct = inPlace(places)
      if (direct) {
        copy(to, all, direct)
        return
      }
    }
    const best = commonShift(places)
    const spread = best.length < shortestRun || isShuffled(places, to.vector.type, all - best.length)
    if (all > 1 && all <= mostAssembled && spread) {
      steps.push({ kind: 'assembly', to, from: places, padded: ends(to, all) })
      return
    }
    const done = new Uint8Array(all)
    if (best.length >= shortestRun && 2 * best.length >= best[best.length - 1]! + 1 - best[0]!) {
      const from = best[0]!
      copy(after(from), best[best.length - 1]! + 1 - from, slice(places[from]!))
      for (const lane of best) done[lane] = 1
    }
    const single: number[] = []
    for (let k = 0; k < all; ) {
      let end = k + 1
      if (done[k] === 0) {
        while (end < all && done[end] === 0 && follows(places[end - 1]!, places[end]!)) end++
        if (end - k >= shortestRun) copy(after(k), end - k, slice(places[k]!))
        else for (let lane = k; lane < end; lane++) single.push(lane)
      }
      k = end
    }
    if (single.length === 0) return
    if (single.length <= mostMoves || to.vector.space === 'output' || to.vector.space === 'watch')
      steps.push({ kind: 'moves', moves: single.map((lane) => ({ to: after(lane), from: places[lane]! })) })
    else gather(to, places, single)
  }
  const gather = (to: Place, places: readonly Place[], lanes: readonly number[]): void => {
    const byVector = new Map<Vector, number[]>()
    for (const lane of lanes) {
      const { vector } = places[lane]!
      const known = byVector.get(vector)
      if (known) known.push(lane)
      else byVector.set(vector, [lane])
    }
    for (const [of, found] of byVector) {
      const table = (): Vector => vectors.make(signed[32], found.length, 'temporary')
      steps.push({
        kind: 'gather',
        into: to.vector,
        of,
        to: found.map((lane) => to.lane + lane),
        from: found.map((lane) => places[lane]!.lane),
        tables: { to: table(), from: table() },
      })
    }
  }
  const inPlace = (places: readonly Place[]): Operand | undefined => {
    const { vector, lane } = places[0]!
    const strided = (stride: number): boolean =>
      places.every((place, k) => place.vector === vector && place.lane === lane + stride * k)
    if (strided(0))
      return vector.value === undefined
        ? { kind: 'one', vector, lane, type: vector.type }
        : { kind: 'constant', value: vector.value, type: vector.type }
    if (strided(1)) return slice(places[0]!)
    const beyond = pastTheEdge(places)
    if (beyond && vectors.surround(beyond.vector, beyond.value, beyond.before, beyond.behind))
      return slice({ vector: beyond.vector, lane: beyond.lane })
    return places.length >= shortestRun && strided(2) ? slice(places[0]!, 2) : undefined
  }

  return {
    wire,
    operand(places, type) {
      const direct = inPlace(places)
      if (direct) return direct
      const key = keyOf(places, type)
      let vector = copies.get(key)
      if (!vector) {
        vector = vectors.make(type, places.length, 'temporary')
        copies.set(key, vector)
        wire({ vector, lane: 0 }, places)
      }
      return slice({ vector, lane: 0 })
    },
    commit(to, places) {
      wire({ vector: to, lane: 0 }, places)
      const key = keyOf(places, to.type)
      if (!copies.has(key)) copies.set(key, to)
    },
  }
}

/** True where registers picked from others are fewer than the lanes that would be copied otherwise. */
const isShuffled = (places: readonly Place[], type: LaneType, others: number): boolean => {
  const reach = 128 / type.bits
  const starts = Array.from({ length: Math.ceil(places.length / reach) }, (_, k) => k * reach)
  return (
    others > 2 * starts.length &&
    starts.every((start) => windowsOf(places.slice(start, start + reach), type) !== undefined)
  )
}

/** True where what lies behind the last lane may be written. */
const ends = ({ vector, lane }: Place, lanes: number): boolean =>
  lane + lanes === vector.length && vector.space !== 'output' && vector.space !== 'watch'

const follows = (a: Place, b: Place): boolean => a.vector === b.vector && b.lane === a.lane + 1

/** The lanes that are the same distance from their places in the same vector, for the distance most have. */
const commonShift = (places: readonly Place[]): readonly number[] => {
  const shifts = new Map<Vector, Map<number, number[]>>()
  let best: number[] = []
  for (let k = 0; k < places.length; k++) {
    const { vector, lane } = places[k]!
    let ofVector = shifts.get(vector)
    if (!ofVector) {
      ofVector = new Map()
      shifts.set(vector, ofVector)
    }
    const known = ofVector.get(lane - k)
    if (known) known.push(k)
    else ofVector.set(lane - k, [k])
  }
  for (const ofVector of shifts.values())
    for (const lanes of ofVector.values()) if (lanes.length > best.length) best = lanes
  return best
}

/** Lanes of one vector up to one of its ends, and beyond that as many lanes of a constant. */
const pastTheEdge = (places: readonly Place[]) => {
  const isConstant = ({ vector }: Place): boolean => vector.value !== undefined
  const from = places.findIndex((place) => !isConstant(place))
  if (from < 0) return undefined
  const end = places.findLastIndex((place) => !isConstant(place)) + 1
  const [before, behind] = [from, places.length - end]
  if (places.length < shortestRun || (before === 0) === (behind === 0)) return undefined
  const { vector, lane } = places[from]!
  const value = places[before > 0 ? 0 : end]!.vector.value
  const fits =
    before + behind <= widestHalo &&
    value !== undefined &&
    (before === 0 || lane === 0) &&
    (behind === 0 || places[end - 1]!.lane === vector.length - 1)
  const alike = (place: Place, k: number): boolean =>
    k < from || k >= end ? place.vector.value === value : place.vector === vector && place.lane === lane + k - from
  return fits && places.every(alike) ? { vector, value, before, behind, lane: lane - before } : undefined
}

/** A lane map as text, neighbouring lanes as one run. */
const runsOf = (places: readonly Place[]): string => {
  const runs: string[] = []
  for (let k = 0; k < places.length; ) {
    const { vector, lane } = places[k]!
    const same = places[k + 1]?.vector === vector && places[k + 1]?.lane === lane
    const stride = same ? 0 : 1
    let end = k + 1
    while (places[end]?.vector === vector && places[end]!.lane === lane + stride * (end - k)) end++
    runs.push(`${vector.id}.${lane}${same ? '*' : '+'}${end - k}`)
    k = end
  }
  return runs.join()
}

/** Rough work of a program in a cycle: vector instructions, lanes done one by one, moves. */
export const costOf = (steps: readonly Step[]): number => {
  let cost = 0
  for (const step of steps) {
    if (step.kind === 'loop') {
      const whole = step.padded ? Math.ceil(step.lanes / 16) : Math.floor(step.lanes / 16)
      const rest = step.padded ? 0 : step.lanes % 16
      cost += 4 + step.statements.reduce((sum, { work }) => sum + whole * 2 * bytesOf(work) + rest, whole)
      const picks = new Map<string, number>()
      for (const operand of step.statements.flatMap(({ operands }) => operands))
        if (operand.kind === 'picked')
          picks.set(runsOf(operand.from), (operand.from.length * bytesOf(operand.type)) / 4)
      for (const work of picks.values()) cost += work
    } else if (step.kind === 'assembly') {
      const jumps = step.from.filter((place, k) => k > 0 && !follows(step.from[k - 1]!, place)).length
      cost += (step.from.length * bytesOf(step.to.vector.type)) / 8 + 2 * jumps
    } else if (step.kind === 'moves') cost += 2 * step.moves.length
    else if (step.kind === 'gather') cost += 3 * step.to.length
    else cost += 8 * step.memory.lanes * (step.writes.length + step.reads.length)
  }
  return cost
}
