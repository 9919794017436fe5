import { bytesOf, type LaneBits, type LaneType } from '../vector/lane-type.ts'
import type { Assembly, Place } from '../vector/program.ts'
import { isAlike, isWithin, type Window, windowsOf } from '../vector/windows.ts'
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
      const register = frame.writer.local('v128')
      pushGathered(frame, to.vector.type, part)
      frame.writer.set(register)
      storeRegister(frame, place, register, whole ? 16 : part.length * size)
    })
}

/** Places of one vector the same distance from where they are wanted, which one load brings. */
interface Slice {
  readonly first: Place
  readonly lanes: readonly number[]
}

/** Puts a register with the lanes on the stack; lanes beyond the last hold anything. */
export const pushGathered = (frame: Frame, type: LaneType, from: readonly Place[]): void => {
  const { writer } = frame
  const load = (place: Place): void => {
    pushBase(frame, place.vector)
    writer.simdAccess(simd.load, offsetOf(frame, place))
  }
  const windows = windowsOf(from, type)
  if (windows && windows.length > 0) {
    pushShuffled(frame, type, from, windows)
    return
  }
  const [best, second] = slicesOf(type, from)
  const open = new Set(from.keys())
  const brought = (slice: Slice): void => {
    load(slice.first)
    for (const lane of slice.lanes) open.delete(lane)
  }
  if (best) brought(best)
  else writer.simd(simd.constant, ...new Array<number>(16).fill(0))
  if (best && second) {
    brought(second)
    const size = bytesOf(type)
    const other = new Set(second.lanes)
    const picked = Array.from({ length: 16 }, (_, byte) => (other.has(Math.floor(byte / size)) ? 16 + byte : byte))
    writer.simd(simd.shuffle, ...picked)
  }
  if (open.size === 0) return
  writer.scope(() => {
    const result = writer.local('v128')
    writer.set(result)
    for (const lane of open) insert(frame, type, from[lane]!, lane, result)
    writer.get(result)
  })
}

/** The lanes picked from what a few loads bring, one after the other. */
const pushShuffled = (frame: Frame, type: LaneType, from: readonly Place[], windows: readonly Window[]): void => {
  const { writer } = frame
  const size = bytesOf(type)
  const window = from.map((place) => windows.findIndex((one) => isWithin(one, place, type.bits)))
  const source = (k: number, byte: number): number => {
    const lane = Math.floor(byte / size)
    return window[lane] === k ? size * (from[lane]!.lane - windows[k]!.lane) + (byte % size) : byte
  }
  const bytes = Array.from({ length: 16 }, (_, byte) => byte)
  windows.forEach((place, k) => {
    pushBase(frame, place.vector)
    writer.simdAccess(simd.load, offsetOf(frame, place))
    const later = (byte: number): boolean => window[Math.floor(byte / size)] === k
    if (k > 1) writer.simd(simd.shuffle, ...bytes.map((byte) => (later(byte) ? 16 + source(k, byte) : byte)))
    else if (k === 1)
      writer.simd(simd.shuffle, ...bytes.map((byte) => (later(byte) ? 16 + source(1, byte) : source(0, byte))))
    else if (windows.length === 1 && bytes.some((byte) => source(0, byte) !== byte))
      writer.scope(() => {
        const bytesOfOne = bytes.map((byte) => source(0, byte))
        writer.shuffleItself(writer.local('v128'), bytesOfOne)
      })
  })
}

const slicesOf = (type: LaneType, from: readonly Place[]): readonly Slice[] => {
  const found = new Map<string, { first: Place; lanes: number[] }>()
  from.forEach(({ vector, lane }, k) => {
    if (!isAlike(vector, type)) return
    const key = `${vector.id} ${lane - k}`
    const known = found.get(key)
    if (known) known.lanes.push(k)
    // Before the vector's first lane there may be others, but nothing before the first of its space.
    else if (8 * vector.offset >= (k - lane) * type.bits)
      found.set(key, { first: { vector, lane: lane - k }, lanes: [k] })
  })
  return [...found.values()].filter(({ lanes }) => lanes.length >= 2).sort((a, b) => b.lanes.length - a.lanes.length)
}

const insert = (frame: Frame, type: LaneType, from: Place, lane: number, result: Local): void => {
  const { writer, held } = frame
  const { bits, kind } = type
  const { vector } = from
  if (isAlike(vector, type) && !held.has(keyOf(from))) {
    pushBase(frame, vector)
    writer.get(result)
    writer.simdAccess(loadLane[bits], offsetOf(frame, from), lane)
  } else {
    writer.get(result)
    push(frame, from)
    convert(frame, vector.type, type)
    if (kind === 'mask') {
      writer.constant(kindOf(type), -1n)
      writer.calculate(kindOf(type), 'mul')
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
