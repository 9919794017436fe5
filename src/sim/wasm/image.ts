import { bytesOf, type LaneType } from '../vector/lane-type.ts'
import type { Program } from '../vector/program.ts'
import type { Layout } from './frame.ts'
import { tablesOf } from './generate.ts'

/** What a program's memory holds before it runs: constants, lanes beside vectors, tables, words of memories. No registers. */
export const writeImage = (view: DataView, program: Program, layout: Layout): void => {
  for (const { value, offset, type } of program.vectors)
    if (value !== undefined) writeLane(view, layout.temporary + offset, type, value)
  for (const { halo, space, type, length, offset } of program.vectors) {
    if (!halo || space === 'next') continue
    const lanes = [...beside(-halo.before, halo.before), ...beside(length, halo.behind)]
    for (const start of space === 'state' ? layout.states : [layout.temporary])
      for (const lane of lanes) writeLane(view, start + offset + lane * bytesOf(type), type, halo.value)
  }
  for (const step of program.steps)
    if (step.kind === 'gather')
      for (const { table, bytes } of tablesOf(step))
        bytes.forEach((byte, k) => {
          view.setInt32(layout.temporary + table.offset + 4 * k, byte, true)
        })
  for (const { offset, depth, lanes, type, initial } of program.memories)
    for (let lane = 0; lane < lanes; lane++)
      initial.slice(0, depth).forEach((word, k) => {
        writeLane(view, layout.memories + offset + (lane * depth + k) * bytesOf(type), type, word)
      })
}

const beside = (from: number, count: number): number[] => Array.from({ length: count }, (_, k) => from + k)

export const readLane = (view: DataView, at: number, { bits, kind }: LaneType): bigint => {
  if (kind === 'mask') return BigInt(view.getInt8(at) & 1)
  const value =
    bits === 64
      ? view.getBigInt64(at, true)
      : BigInt(bits === 8 ? view.getInt8(at) : bits === 16 ? view.getInt16(at, true) : view.getInt32(at, true))
  return kind === 'signed' ? value : BigInt.asUintN(bits, value)
}

export const writeLane = (view: DataView, at: number, { bits, kind }: LaneType, value: bigint): void => {
  const lane = BigInt.asIntN(bits, kind === 'mask' ? -value : value)
  if (bits === 8) view.setInt8(at, Number(lane))
  else if (bits === 16) view.setInt16(at, Number(lane), true)
  else if (bits === 32) view.setInt32(at, Number(lane), true)
  else view.setBigInt64(at, lane, true)
}
