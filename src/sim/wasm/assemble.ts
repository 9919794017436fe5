import { bytesOf, type LaneBits } from '../vector/lane-type.ts'
import type { Assembly, Place, Vector } from '../vector/program.ts'
import { isAlike, windowsOf } from '../vector/windows.ts'
import { type Frame, keyOf, offsetOf, pushBase } from './frame.ts'
import { convert, kindOf } from './lane.ts'
import { push } from './scalar.ts'
import { simd } from './simd-instructions.ts'
import type { Local } from './writer.ts'

const replaceLane = { 8: 0x17, 16: 0x1a, 32: 0x1c, 64: 0x1e } as const
const loadLane = { 8: 0x54, 16: 0x55, 32: 0x56, 64: 0x57 } as const
const storeLane = { 8: 0x58, 16: 0x59, 32: 0x5a, 64: 0x5b } as const

/**
 * Lanes from anywhere, put together in registers of 16 bytes: stored byte by byte, they would be loaded again, as vectors, before
 * the processor's stores are done.
 */
export const assemble = (frame: Frame, { to, from, padded }: Assembly): void => {
  const size = bytesOf(to.vector.type)
  const perRegister = 16 / size
  const whole = padded && to.lane === 0 && !to.vector.halo
  for (let lane = 0; lane < from.length; lane += perRegister)
    frame.writer.scope(() => {
      const part = from.slice(lane, lane + perRegister)
      const place = { vector: to.vector, lane: to.lane + lane }
      storeRegister(frame, place, gathered(frame, to.vector, part), whole ? 16 : part.length * size)
    })
}

/** Places of one vector the same distance from where they are wanted, which one load brings. */
interface Slice {
  readonly first: Place
  readonly lanes: readonly number[]
}

/** A register with the lanes; lanes beyond the last hold anything. */
const gathered = (frame: Frame, into: Vector, from: readonly Place[]): Local => {
  const { writer } = frame
  const { bits } = into.type
  const windows = windowsOf(from, into.type)
  if (windows) return shuffled(frame, into, from, windows)
  const [best, second] = slicesOf(into, from)
  const result = writer.local('v128')
  const load = ({ first }: Slice): void => {
    pushBase(frame, first.vector)
    writer.simdAccess(simd.load, offsetOf(frame, first))
  }
  const open = new Set(from.keys())
  const brought = (slice: Slice): void => {
    for (const lane of slice.lanes) open.delete(lane)
  }
  if (best) {
    load(best)
    brought(best)
  } else writer.simd(simd.constant, ...new Array<number>(16).fill(0))
  if (best && second) {
    load(second)
    brought(second)
    const size = bits / 8
    const other = new Set(second.lanes)
    const picked = Array.from({ length: 16 }, (_, byte) => (other.has(Math.floor(byte / size)) ? 16 + byte : byte))
    writer.simd(simd.shuffle, ...picked)
  }
  writer.set(result)
  for (const lane of open) {
    insert(frame, into, from[lane]!, lane, result)
  }
  return result
}

/** The lanes picked from what one or two loads bring. */
const shuffled = (frame: Frame, into: Vector, from: readonly Place[], windows: readonly Place[]): Local => {
  const { writer } = frame
  const size = bytesOf(into.type)
  const picked = Array.from({ length: 16 }, (_, byte) => {
    const place = from[Math.floor(byte / size)]
    const window = windows.findIndex(({ vector }) => vector === place?.vector)
    return place && window >= 0 ? 16 * window + size * (place.lane - windows[window]!.lane) + (byte % size) : byte
  })
  const result = writer.local('v128')
  const load = (window: Place): void => {
    pushBase(frame, window.vector)
    writer.simdAccess(simd.load, offsetOf(frame, window))
  }
  load(windows[0]!)
  if (windows.length > 1) load(windows[1]!)
  else {
    writer.tee(result)
    writer.get(result)
  }
  writer.simd(simd.shuffle, ...picked)
  writer.set(result)
  return result
}

const slicesOf = (into: Vector, from: readonly Place[]): readonly Slice[] => {
  const found = new Map<string, { first: Place; lanes: number[] }>()
  from.forEach(({ vector, lane }, k) => {
    if (!isAlike(vector, into.type)) return
    const key = `${vector.id} ${lane - k}`
    const known = found.get(key)
    if (known) known.lanes.push(k)
    // Before the vector's first lane there may be others, but nothing before the first of its space.
    else if (8 * vector.offset >= (k - lane) * into.type.bits)
      found.set(key, { first: { vector, lane: lane - k }, lanes: [k] })
  })
  return [...found.values()].filter(({ lanes }) => lanes.length >= 2).sort((a, b) => b.lanes.length - a.lanes.length)
}

const insert = (frame: Frame, into: Vector, from: Place, lane: number, result: Local): void => {
  const { writer, held } = frame
  const { bits, kind } = into.type
  const { vector } = from
  if (isAlike(vector, into.type) && !held.has(keyOf(from))) {
    pushBase(frame, vector)
    writer.get(result)
    writer.simdAccess(loadLane[bits], offsetOf(frame, from), lane)
  } else {
    writer.get(result)
    push(frame, from)
    convert(frame, vector.type, into.type)
    if (kind === 'mask') {
      writer.constant(kindOf(into.type), -1n)
      writer.calculate(kindOf(into.type), 'mul')
    }
    writer.simd(replaceLane[bits], lane)
  }
  writer.set(result)
}

/** Stores the first bytes of a register, and no byte behind them. */
const storeRegister = (frame: Frame, to: Place, register: Local, bytes: number): void => {
  const { writer } = frame
  let done = 0
  const put = (opcode: number, ...lane: readonly number[]): void => {
    pushBase(frame, to.vector)
    writer.get(register)
    writer.simdAccess(opcode, offsetOf(frame, to) + done, ...lane)
  }
  if (bytes === 16) {
    put(simd.store)
    return
  }
  for (const bits of [64, 32, 16, 8] as readonly LaneBits[])
    if (bytes - done >= bits / 8) {
      put(storeLane[bits], (8 * done) / bits)
      done += bits / 8
    }
}
