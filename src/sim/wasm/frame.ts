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
  const rows = Math.max(16, Math.min(mostRows, Math.floor(rowBytes / (1 + sizes.input + sizes.output))))
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
  const input = take((program.history + rows) * sizes.input)
  const output = take(rows * sizes.output)
  return { flag, scratch, temporary, memories: words, states, watch, input, output, rows, bytes: at }
}

/** What code of one function is written with. */
export interface Frame {
  readonly writer: Writer
  readonly layout: Layout
  /** Variables that hold where this cycle's rows and states are. */
  readonly bases: Readonly<Record<'input' | 'output' | 'state' | 'next', Local>>
  /** Single lanes that are in a variable as well, by `keyOf`. */
  readonly held: Map<string, Local>
  /** True for temporary vectors that code elsewhere reads from memory. */
  readonly inMemory: (vector: Vector) => boolean
}

export const keyOf = ({ vector, lane }: Place): string => `${vector.id} ${lane}`

/** The variable with the start of a vector's space, or undefined where that never changes. */
export const baseOf = ({ bases }: Frame, { space }: Vector): Local | undefined =>
  space === 'temporary' || space === 'watch' ? undefined : bases[space]

/**
 * How far before the next states their variable points: addresses with the offset of a present state's would be shared by the
 * compiler, in a variable of their own, where they cost nothing in an instruction.
 */
export const nextBias = ({ states }: Layout): number => states[0]

/** Byte of a lane from there on. */
export const offsetOf = ({ layout }: Frame, { vector, lane }: Place): number => {
  const start = {
    temporary: layout.temporary,
    watch: layout.watch,
    next: nextBias(layout),
    state: 0,
    input: 0,
    output: 0,
  }
  return start[vector.space] + vector.offset + lane * bytesOf(vector.type)
}

/** Puts the start of a vector's space on the stack. */
export const pushBase = (frame: Frame, vector: Vector): void => {
  const base = baseOf(frame, vector)
  if (base) frame.writer.get(base)
  else frame.writer.i32(0)
}
