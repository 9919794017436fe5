import type { LaneType } from './lane-type.ts'
import type { Place, Vector } from './program.ts'

/** True where the bytes of a lane are those of a lane of the given type. */
export const isAlike = ({ type, value, length }: Vector, into: LaneType): boolean =>
  value === undefined && length > 1 && type.bits === into.bits && (type.kind === 'mask') === (into.kind === 'mask')

/** Lanes of one vector that 16 bytes hold, from its lane `lane` on. */
export type Window = Place

/** More are not faster than lanes one by one. */
const mostWindows = 4

/** The few windows that have all the places of a register, whose lanes are of type `into`; undefined where it takes more. */
export const windowsOf = (places: readonly Place[], into: LaneType): readonly Window[] | undefined => {
  if (!places.every(({ vector }) => isAlike(vector, into))) return undefined
  const windows = windowsOver(places)
  return windows.length <= mostWindows ? windows : undefined
}

/** As many windows as it takes to have all the places. */
export const windowsOver = (places: readonly Place[]): readonly Window[] => {
  const windows: Window[] = []
  const byVector = new Map<Vector, number[]>()
  for (const { vector, lane } of places) {
    const known = byVector.get(vector)
    if (known) known.push(lane)
    else byVector.set(vector, [lane])
  }
  for (const [vector, lanes] of byVector) {
    const reach = 128 / vector.type.bits
    let end = Number.NEGATIVE_INFINITY
    for (const lane of ascending(lanes)) {
      if (lane < end) continue
      windows.push({ vector, lane })
      end = lane + reach
    }
  }
  return windows
}

/** Most lanes are in order as they come. */
const ascending = (lanes: readonly number[]): readonly number[] => {
  for (let k = 1; k < lanes.length; k++) if (lanes[k]! < lanes[k - 1]!) return lanes.toSorted((a, b) => a - b)
  return lanes
}

/** True where a window has a place, for lanes of `bits` bits. */
export const isWithin = (window: Window, { vector, lane }: Place, bits: number): boolean =>
  window.vector === vector && lane >= window.lane && lane < window.lane + 128 / bits
