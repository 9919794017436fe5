import type { PortLayout } from '../engine.ts'
import type { Delayed } from './delays.ts'
import { bytesOf, type LaneType } from './lane-type.ts'
import type { EarlierBlock, EarlierInputs, EarlierLine, Place, Vector } from './program.ts'
import type { Vectors } from './vectors.ts'

/** Lanes that are earlier inputs, in vectors in which neighbours lie side by side. */
export interface Earlier {
  /** Where the lanes of a register are. */
  places(shape: Shape, type: LaneType): readonly Place[]
  /** All that was asked for. */
  readonly all: EarlierInputs
}

/**
 * What a row of cells sees of inputs: one input, a cycle later in each cell (a line), or several inputs, one a cell, at fixed
 * distances in time (a block), of which the next row of cells sees the row before.
 */
export interface Shape {
  readonly lanes: readonly Delayed[]
  /** Of a block: its inputs, and how much later than the first each comes. */
  readonly members: readonly Delayed[] | undefined
}

/** Inputs of a block. */
const mostMembers = 256

/** Undefined where lanes lie so that it is better to move registers. */
export const shapeOf = (lanes: readonly Delayed[]): Shape | undefined => {
  if (lanes.length < 4) return undefined
  const runs = lanes.filter(({ input, cycles }, k) => {
    const before = lanes[k - 1]
    return before?.input === input && before.cycles + 1 === cycles
  })
  if (2 * runs.length >= lanes.length) return { lanes, members: undefined }
  const known = new Map<number, Delayed>()
  for (const delayed of lanes) {
    if (known.has(delayed.input)) break
    known.set(delayed.input, delayed)
  }
  if (known.size < 4 || known.size > mostMembers) return undefined
  const first = Math.min(...[...known.values()].map(({ cycles }) => cycles))
  const members = [...known.values()].map(({ input, cycles }) => ({ input, cycles: cycles - first }))
  const skews = new Map(members.map(({ input, cycles }) => [input, cycles]))
  const fits = lanes.every(({ input, cycles }) => cycles >= (skews.get(input) ?? Number.POSITIVE_INFINITY))
  return fits ? { lanes, members } : undefined
}

/** True for lanes that words of inputs become at little cost: of one or two bytes. */
export const isEarlier = ({ bits }: LaneType): boolean => bits <= 16

export const earlier = (vectors: Vectors, ports: PortLayout, history: number): Earlier => {
  const lines = new Map<string, EarlierLine>()
  const blocks = new Map<string, { -readonly [K in keyof EarlierBlock]: EarlierBlock[K] }>()
  const make = (type: LaneType, lanes: number): Vector =>
    vectors.earlier(type, lanes * (history + 1), lanes * bytesOf(type))
  const lineOf = (input: number, type: LaneType): EarlierLine => {
    const key = `${input} ${type.kind} ${type.bits}`
    const line = lines.get(key) ?? { vector: make(type, 1), word: ports.inputs[input]!.offset }
    lines.set(key, line)
    return line
  }
  const blockOf = (members: readonly Delayed[], type: LaneType, rows: number): EarlierBlock => {
    const key = `${type.kind} ${type.bits} ${members.map(({ input, cycles }) => `${input}.${cycles}`).join()}`
    const block = blocks.get(key) ?? {
      vector: make(type, pitchOf(members.length)),
      rows,
      members: members.map(({ input, cycles }) => ({ line: lineOf(input, type), cycles })),
    }
    block.rows = Math.max(block.rows, rows)
    blocks.set(key, block)
    return block
  }
  return {
    places({ lanes, members }, type) {
      if (!members) return lanes.map(({ input, cycles }) => ({ vector: lineOf(input, type).vector, lane: cycles }))
      const at = new Map(members.map(({ input, cycles }, k) => [input, { k, skew: cycles }]))
      const rows = lanes.map(({ input, cycles }) => cycles - at.get(input)!.skew)
      const { vector } = blockOf(members, type, Math.max(...rows))
      const pitch = pitchOf(members.length)
      return lanes.map(({ input }, k) => ({ vector, lane: rows[k]! * pitch + at.get(input)!.k }))
    },
    get all() {
      return { lines: [...lines.values()], blocks: [...blocks.values()] }
    },
  }
}

/** Lanes from one row of a block to the next: as many as put together quickly. */
export const pitchOf = (members: number): number => (members <= 4 ? 4 : members <= 8 ? 8 : 16 * Math.ceil(members / 16))
