import type { LaneType } from './lane-type.ts'
import type { Place, Vector } from './program.ts'

/** True where the bytes of a lane are those of a lane of the given type. */
export const isAlike = ({ type, value, length }: Vector, into: LaneType): boolean =>
  value === undefined && length > 1 && type.bits === into.bits && (type.kind === 'mask') === (into.kind === 'mask')

/** Lanes of one vector that 16 bytes hold, from its lane `lane` on. */
export type Window = Place

/** The one or two windows that have all the places of a register, whose lanes are of type `into`; undefined where it takes more. */
export const windowsOf = (places: readonly Place[], into: LaneType): readonly Window[] | undefined => {
  const first = new Map<Vector, { least: number; most: number }>()
  for (const { vector, lane } of places) {
    if (!isAlike(vector, into)) return undefined
    const known = first.get(vector)
    if (!known) {
      if (first.size === 2) return undefined
      first.set(vector, { least: lane, most: lane })
    } else {
      known.least = Math.min(known.least, lane)
      known.most = Math.max(known.most, lane)
    }
  }
  const reach = 128 / into.bits
  const found = [...first].map(([vector, { least, most }]) =>
    most - least < reach ? { vector, lane: least } : undefined,
  )
  return found.every((window) => window !== undefined) ? found : undefined
}
