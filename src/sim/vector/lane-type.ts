import type { Operation, Range } from '../../dsl/ir.ts'

/**
 * How a value is held in one lane of a vector: the smallest container that holds its bounds. A value of 0 or 1 is a mask, 0
 * or -1 in every bit. Masks are stored in bytes; while a loop runs they are as wide as what they were made of.
 */
export interface LaneType {
  readonly bits: LaneBits
  readonly kind: 'mask' | 'signed' | 'unsigned'
}
export type LaneBits = 8 | 16 | 32 | 64

/** Loops over fewer lanes are written out lane by lane, since vectors gain nothing there. */
export const fewestLanes = 4
/** Stimuli that are computed side by side: a register of bytes. More make nothing faster, and need more of the cache. */
export const strip = 16

const widths = [8, 16, 32, 64] as const
const make = (kind: LaneType['kind']): Readonly<Record<LaneBits, LaneType>> => ({
  8: { bits: 8, kind },
  16: { bits: 16, kind },
  32: { bits: 32, kind },
  64: { bits: 64, kind },
})
/** Lane types are compared by identity: these are all there are. */
export const masks = make('mask')
export const signed = make('signed')
export const unsigned = make('unsigned')

interface Held extends Range {
  readonly type: LaneType
}
const integers: readonly Held[] = widths.flatMap((bits): Held[] => {
  const half = 1n << BigInt(bits - 1)
  return [
    { type: signed[bits], min: -half, max: half - 1n },
    { type: unsigned[bits], min: 0n, max: 2n * half - 1n },
  ]
})

/** The smallest integer lane that holds every value of all the ranges; undefined beyond 64 bits. */
export const integerType = (...ranges: readonly Range[]): LaneType | undefined => {
  let { min, max } = ranges[0]!
  for (const range of ranges) {
    if (range.min < min) min = range.min
    if (range.max > max) max = range.max
  }
  for (const held of integers) if (min >= held.min && max <= held.max) return held.type
  return undefined
}

const isBit = ({ min, max }: Range): boolean => min >= 0n && max <= 1n

/** The same with masks for what is 0 or 1. */
export const laneType = (...ranges: readonly Range[]): LaneType | undefined =>
  ranges.every(isBit) ? masks[8] : integerType(...ranges)

/** What a lane holds. */
export const rangeOf = (type: LaneType): Range =>
  type.kind === 'mask' ? { min: 0n, max: 1n } : integers.find((held) => held.type === type)!

export const bytesOf = ({ bits }: LaneType): number => bits / 8

/** True where the bounds are all that the lane holds. */
export const fillsLane = ({ min, max }: Range, { bits, kind }: LaneType): boolean => {
  const width = BigInt(bits)
  return kind === 'signed'
    ? min === -(1n << (width - 1n)) && max === (1n << (width - 1n)) - 1n
    : kind === 'unsigned' && min === 0n && max === (1n << width) - 1n
}

/**
 * The type an operation is computed in: it holds the result and what the result is made of, so that additions cannot
 * overflow and comparisons see exact values. Undefined beyond 64 bits.
 */
export const workType = (op: Operation['op'] | 'lookup', of: Range, args: readonly Range[]): LaneType | undefined => {
  switch (op) {
    case 'eq':
    case 'lt':
      return laneType(...args)
    case 'mux':
      return laneType(of, args[1]!, args[2]!)
    case 'and':
    case 'or':
    case 'xor':
    case 'not':
    case 'mul':
      return laneType(of, ...args)
    case 'lookup':
      return laneType(of)
    default:
      return integerType(of, ...args)
  }
}
