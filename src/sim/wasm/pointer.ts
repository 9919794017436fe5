import { bytesOf } from '../vector/lane-type.ts'
import type { Place } from '../vector/program.ts'
import { baseOf, type Frame } from './frame.ts'
import type { Local } from './writer.ts'

/** Puts the address of lane 0 of a step on the stack, less the offset of the loop's first lane. */
export type Pointer = (place: Place, stride: number) => void

/** Of a step that is written out: what changes from lane to lane is in the offsets. */
export const fixedPointer =
  (frame: Frame): Pointer =>
  ({ vector }) => {
    const base = baseOf(frame, vector)
    if (base) frame.writer.get(base)
    else frame.writer.i32(0)
  }

/** Of a step that `lane` says; each pointer is worked out once a step. */
export const movingPointer = (frame: Frame, lane: Local): Pointer => {
  const { writer } = frame
  const known = new Map<string, Local>()
  return ({ vector }, stride) => {
    const base = baseOf(frame, vector)
    const size = stride * bytesOf(vector.type)
    const key = `${size} ${base?.index}`
    const pointer = known.get(key)
    if (pointer) {
      writer.get(pointer)
      return
    }
    writer.get(lane)
    if (size > 1) {
      writer.i32(Math.log2(size))
      writer.calculate('i32', 'shl')
    }
    if (base) {
      writer.get(base)
      writer.calculate('i32', 'add')
    }
    const local = writer.local('i32')
    writer.tee(local)
    known.set(key, local)
  }
}
