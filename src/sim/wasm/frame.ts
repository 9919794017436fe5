import { bytesOf } from '../vector/lane-type.ts'
import type { Place, Program, Vector } from '../vector/program.ts'
import type { Local, Writer } from './writer.ts'

/** Where things are in the memory of an instance, in bytes. */
export interface Layout {
  /** One word, not 0 where a check has failed in this cycle. */
  readonly flag: number
  /** Room for the lanes of a lookup: addresses, then words. */
  readonly scratch: number
  readonly temporary: number
  readonly memories: number
  readonly states: readonly [number, number]
  readonly watch: number
  readonly input: number
  readonly output: number
  /** Where the vectors of earlier inputs are in a call's last cycle. */
  readonly earlier: ReadonlyMap<Vector, number>
  /** Cycles of one call. */
  readonly rows: number
  readonly bytes: number
}

/** Loops may read and write a little behind the last lane. */
const slack = 512
/** Bytes of rows that stay in the processor's cache. */
const rowBytes = 1 << 17
/** V8 replaces a function by optimised code between two calls, not within one. */
const mostRows = 1024

export const layoutOf = (program: Program): Layout => {
  const { sizes, memories } = program
  let at = 64
  const take = (bytes: number): number => {
    const from = at
    at = (from + bytes + slack + 63) & ~63
    return from
  }
  const rows = Math.max(16, Math.min(mostRows, Math.floor(rowBytes / (1 + sizes.input + sizes.output + sizes.earlier))))
  const flag = take(4)
  const scratch = take(512)
  const temporary = take(sizes.temporary)
  const words = take(
    memories.reduce(
      (end, memory) => Math.max(end, memory.offset + memory.depth * memory.lanes * bytesOf(memory.type)),
      0,
    ),
  )
  const states = [take(sizes.state), take(sizes.state)] as const
  const watch = take(sizes.watch)
  // Inputs are put in place in whole registers, beyond the first and the last that are there.
  const beyond = 16
  const input = take((program.history + rows + beyond) * sizes.input)
  const output = take(rows * sizes.output)
  const { lines, blocks } = program.earlier
  const earlier = new Map(
    [...lines, ...blocks].map(({ vector }): [Vector, number] => {
      const room = beyond * vector.pace!
      return [vector, take(room + (program.history + rows + beyond) * vector.pace!) + room]
    }),
  )
  return { flag, scratch, temporary, memories: words, states, watch, input, output, earlier, rows, bytes: at }
}

/** Variables that hold where rows and states are, and by how many bytes earlier inputs lie further on, by their pace. */
export interface Bases extends Readonly<Record<'input' | 'output' | 'state' | 'next', Local>> {
  readonly earlier: ReadonlyMap<number, Local>
}

/** What code of one function is written with. */
export interface Frame {
  readonly writer: Writer
  readonly layout: Layout
  /** Of this cycle. */
  readonly bases: Bases
  /** Single lanes that are in a variable as well, by `keyOf`. */
  readonly held: Map<string, Local>
  /** Of a template: what stands for the addresses of a vector, less the real ones. */
  readonly marks?: ReadonlyMap<Vector, number>
  /** True for temporary vectors that code elsewhere reads from memory. */
  readonly inMemory: (vector: Vector) => boolean
}

export const keyOf = ({ vector, lane }: Place): string => `${vector.id} ${lane}`

/** The variable with the start of a vector's space, or undefined where that never changes. */
export const baseOf = ({ bases }: Frame, { space, pace }: Vector): Local | undefined => {
  if (space === 'earlier') return bases.earlier.get(pace!)
  return space === 'temporary' || space === 'watch' ? undefined : bases[space]
}

/**
 * How far before the next states their variable points: addresses with the offset of a present state's would be shared by the
 * compiler, in a variable of their own, where they cost nothing in an instruction.
 */
export const nextBias = ({ states }: Layout): number => states[0]

/** Byte of a lane from there on. */
export const offsetOf = ({ layout, marks }: Frame, { vector, lane }: Place): number => {
  const mark = marks?.get(vector) ?? 0
  if (vector.space === 'earlier') return mark + layout.earlier.get(vector)! + lane * bytesOf(vector.type)
  const start = {
    temporary: layout.temporary,
    watch: layout.watch,
    next: nextBias(layout),
    state: 0,
    input: 0,
    output: 0,
  }
  return mark + start[vector.space] + vector.offset + lane * bytesOf(vector.type)
}

/** Puts the start of a vector's space on the stack. */
export const pushBase = (frame: Frame, vector: Vector): void => {
  const base = baseOf(frame, vector)
  if (base) frame.writer.get(base)
  else frame.writer.i32(0)
}
