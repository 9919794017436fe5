import type { LaneType } from '../vector/lane-type.ts'
import type { Frame } from './frame.ts'
import { op } from './writer.ts'

/**
 * Lanes one at a time. A value is an exact integer in an i32, or in an i64 where its lane has 64 bits; what is a mask in
 * memory is 0 or 1 here. An unsigned value of 32 or 64 bits is its bit pattern.
 */
export const kindOf = ({ bits }: LaneType): 'i32' | 'i64' => (bits === 64 ? 'i64' : 'i32')

/** Converts the value on the stack. */
export const convert = ({ writer }: Frame, from: LaneType, to: LaneType): void => {
  if (kindOf(from) === kindOf(to)) return
  if (kindOf(to) === 'i32') writer.put(op.wrap)
  else writer.put(from.kind === 'signed' ? 0xac : 0xad)
}

/** Puts a lane on the stack, from memory at `base` + `offset` of which `base` is on the stack. */
export const loadLane = ({ writer }: Frame, type: LaneType, offset: number): void => {
  writer.access(loadOp(type), offset)
  if (type.kind !== 'mask') return
  writer.i32(1)
  writer.calculate('i32', 'and')
}

/** Stores the value on the stack, over the address under it. */
export const storeLane = ({ writer }: Frame, type: LaneType, offset: number): void => {
  if (type.kind === 'mask') {
    writer.i32(-1)
    writer.calculate('i32', 'mul')
  }
  writer.access(storeOp(type), offset)
}

export const loadOp = ({ bits, kind }: LaneType): number => {
  if (bits === 8) return kind === 'signed' ? 0x2c : 0x2d
  if (bits === 16) return kind === 'signed' ? 0x2e : 0x2f
  return bits === 32 ? op.load : 0x29
}
export const storeOp = ({ bits }: LaneType): number => ({ 8: 0x3a, 16: 0x3b, 32: op.store, 64: 0x37 })[bits]
