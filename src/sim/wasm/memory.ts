import { bytesOf, strip } from '../vector/lane-type.ts'
import type { MemoryEdge, Operand, Place, ProgramMemory } from '../vector/program.ts'
import { type Frame, offsetOf, pushBase } from './frame.ts'
import { convert, kindOf, loadLane, storeLane, storeOp } from './lane.ts'
import { type Local, op } from './writer.ts'

/** Puts the word at an address on the stack; 0 outside the memory, where only a failed check can lead. */
export const wordAt = (frame: Frame, memory: ProgramMemory, address: Local, lane: number | Local): void => {
  const { writer } = frame
  const { type, depth } = memory
  const inside = writer.local('i32')
  writer.get(address)
  writer.i32(depth)
  writer.calculate('i32', 'lt_u')
  writer.set(inside)
  writer.get(address)
  writer.i32(0)
  writer.get(inside)
  writer.put(op.select)
  pushWordAddress(frame, memory, lane)
  loadLane(frame, type, frame.layout.memories + memory.offset)
  writer.constant(kindOf(type), 0n)
  writer.get(inside)
  writer.put(op.select)
}

/** Turns the address on the stack into bytes from the memory's first word. */
const pushWordAddress = ({ writer }: Frame, { depth, type }: ProgramMemory, lane: number | Local): void => {
  if (typeof lane === 'number') {
    writer.i32(lane * depth)
    writer.calculate('i32', 'add')
  } else {
    writer.get(lane)
    writer.i32(depth)
    writer.calculate('i32', 'mul')
    writer.calculate('i32', 'add')
  }
  writer.i32(Math.log2(bytesOf(type)))
  writer.calculate('i32', 'shl')
}

/** The clock edge of a memory, lane by lane. */
export const memoryEdge = (frame: Frame, { memory, writes, reads, collide }: MemoryEdge): void => {
  const { writer } = frame
  writer.scope(() => {
    const lane = writer.local('i32')
    writer.i32(0)
    writer.set(lane)
    writer.repeat(() => {
      const write = (): void => {
        for (const { address, value, enable } of writes)
          whenInside(frame, memory, enable, address, lane, (at) => {
            writer.get(at)
            pushWordAddress(frame, memory, lane)
            pushInLane(frame, value, lane)
            convert(frame, value.type, memory.type)
            writer.access(storeOp(memory.type), frame.layout.memories + memory.offset)
          })
      }
      if (collide === 'new') write()
      for (const { address, enable, now, next } of reads) {
        const shown = writer.local(kindOf(next.vector.type))
        pushInLane(frame, now, lane)
        convert(frame, now.type, next.vector.type)
        writer.set(shown)
        pushInLane(frame, enable, lane)
        writer.when(() => {
          const at = addressOf(frame, address, lane)
          wordAt(frame, memory, at, lane)
          convert(frame, memory.type, next.vector.type)
          writer.set(shown)
        })
        pushLaneAddress(frame, next, lane)
        writer.get(shown)
        storeLane(frame, next.vector.type, offsetOf(frame, next))
      }
      if (collide !== 'new') write()
      writer.get(lane)
      writer.i32(1)
      writer.calculate('i32', 'add')
      writer.tee(lane)
      writer.i32(memory.lanes)
      writer.calculate('i32', 'lt_s')
    })
  })
}

const whenInside = (
  frame: Frame,
  { depth }: ProgramMemory,
  enable: Operand,
  address: Operand,
  lane: Local,
  body: (address: Local) => void,
): void => {
  const { writer } = frame
  pushInLane(frame, enable, lane)
  writer.when(() => {
    const at = addressOf(frame, address, lane)
    writer.get(at)
    writer.i32(depth)
    writer.calculate('i32', 'lt_u')
    writer.when(() => body(at))
  })
}

const addressOf = (frame: Frame, address: Operand, lane: Local): Local => {
  const { writer } = frame
  const at = writer.local('i32')
  pushInLane(frame, address, lane)
  if (kindOf(address.type) === 'i64') writer.put(op.wrap)
  writer.set(at)
  return at
}

/** Puts an operand in a lane that is only known while the program runs on the stack. */
const pushInLane = (frame: Frame, operand: Operand, lane: Local): void => {
  const { writer } = frame
  if (operand.kind === 'constant') writer.constant(kindOf(operand.type), operand.value)
  else if (operand.kind === 'one') {
    pushBase(frame, operand.vector)
    loadLane(frame, operand.type, offsetOf(frame, operand))
  } else if (operand.kind === 'lanes') {
    pushLaneAddress(frame, operand, lane, operand.stride)
    loadLane(frame, operand.type, offsetOf(frame, operand))
  } else if (operand.kind === 'repeated') {
    const within = writer.local('i32')
    writer.get(lane)
    writer.i32(strip - 1)
    writer.calculate('i32', 'and')
    writer.set(within)
    pushLaneAddress(frame, operand, within)
    loadLane(frame, operand.type, offsetOf(frame, operand))
  } else throw new TypeError('a memory reads no results of a loop')
}

const pushLaneAddress = (frame: Frame, { vector }: Place, lane: Local, stride = 1): void => {
  const { writer } = frame
  pushBase(frame, vector)
  writer.get(lane)
  writer.i32(stride * bytesOf(vector.type))
  writer.calculate('i32', 'mul')
  writer.calculate('i32', 'add')
}
