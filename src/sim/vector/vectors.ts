import { bytesOf, type LaneType, laneType, rangeOf } from './lane-type.ts'
import type { Place, ProgramMemory, Space, Vector } from './program.ts'

type Growing<T> = { -readonly [K in keyof T]: T[K] }

/** The vectors and memories of a program while it is planned; they get their places in memory at the end. */
export interface Vectors {
  make(type: LaneType, length: number, space: Space): Vector
  /** A vector at a given byte of a row. */
  at(space: 'input' | 'output' | 'watch', offset: number, type: LaneType, length: number): Vector
  /** A register's vector: present and next values at one offset. */
  state(type: LaneType, length: number): { readonly now: Vector; readonly next: Vector }
  /** One that moves by so many bytes in each cycle. */
  earlier(type: LaneType, length: number, pace: number): Vector
  constant(value: bigint): Place
  /** Gives a vector lanes of a constant at one end; false where it cannot have them. */
  surround(vector: Vector, value: bigint, before: number, behind: number): boolean
  memory(of: Omit<ProgramMemory, 'offset'>): ProgramMemory
  readonly all: readonly Vector[]
  /** Gives every vector its offset; the bytes of each space, memories among them. */
  layOut(rows: Readonly<Record<'input' | 'output' | 'watch', number>>): Record<Space, number>
}

/** Lanes of a vector and of what a loop may write behind it: its last chunk of 16 may begin with the last lane. */
const roomFor = (length: number): number => (length === 1 ? 1 : (length + 15 + 15) & ~15)

export const vectors = (): Vectors => {
  const all: Growing<Vector>[] = []
  const twins = new Map<Vector, Growing<Vector>>()
  const constants = new Map<bigint, Place>()
  let memoryBytes = 0
  const make = (type: LaneType, length: number, space: Space): Growing<Vector> => {
    const vector = { id: all.length, type, length, space, offset: 0 }
    all.push(vector)
    return vector
  }
  return {
    all,
    make,
    at: (space, offset, type, length) => Object.assign(make(type, length, space), { offset }),
    state(type, length) {
      const now = make(type, length, 'state')
      const next = make(type, length, 'next')
      twins.set(now, next)
      return { now, next }
    },
    earlier: (type, length, pace) => Object.assign(make(type, length, 'earlier'), { pace }),
    constant(value) {
      let known = constants.get(value)
      if (!known) {
        const vector = Object.assign(make(laneType({ min: value, max: value })!, 1, 'temporary'), { value })
        known = { vector, lane: 0 }
        constants.set(value, known)
      }
      return known
    },
    surround(vector, value, before, behind) {
      const range = rangeOf(vector.type)
      const { halo } = vector
      const mutable = vector.space === 'state' || (vector.space === 'temporary' && vector.value === undefined)
      if (!mutable || value < range.min || value > range.max || (halo && halo.value !== value)) return false
      const both = {
        value,
        before: Math.max(before, halo?.before ?? 0),
        behind: Math.max(behind, halo?.behind ?? 0),
      }
      Object.assign(vector, { halo: both })
      const twin = twins.get(vector)
      if (twin) Object.assign(twin, { halo: both })
      return true
    },
    memory(of) {
      const offset = memoryBytes
      memoryBytes = (memoryBytes + of.depth * of.lanes * bytesOf(of.type) + 15) & ~15
      return { ...of, offset }
    },
    layOut(rows) {
      // A vector's first lanes may be loaded with what lies before it.
      const sizes = { ...rows, state: 16, next: 0, temporary: 16, earlier: 0 }
      for (const vector of all) {
        const { space, pace } = vector
        if (pace) sizes.earlier += pace
        if (space !== 'state' && space !== 'temporary') continue
        const size = bytesOf(vector.type)
        const alignment = vector.length === 1 ? size : 16
        const before = (vector.halo?.before ?? 0) * size
        vector.offset = (sizes[space] + before + alignment - 1) & ~(alignment - 1)
        sizes[space] = vector.offset + roomFor(vector.length + (vector.halo?.behind ?? 0)) * size
        const twin = twins.get(vector)
        if (twin) twin.offset = vector.offset
      }
      sizes.next = sizes.state
      return sizes
    },
  }
}
