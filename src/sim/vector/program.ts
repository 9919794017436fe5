import type { OperationName, Range } from '../../dsl/ir.ts'
import type { LaneType } from './lane-type.ts'

/**
 * A vector program: one clock cycle of a design as loops over lanes. Plain data, but for `registers`, between the planner, which
 * knows modules, and the back ends, which know instructions. The steps run in their order once a cycle; then `state` and `next` change
 * places.
 */
export interface Program {
  readonly vectors: readonly Vector[]
  readonly steps: readonly Step[]
  readonly memories: readonly ProgramMemory[]
  /** Bytes of each space; of rows, those of one. */
  readonly sizes: Readonly<Record<Space, number>>
  /** Rows of inputs before the present one that lie in the input space in front of it: those of the last cycles. */
  readonly history: number
  /** What lies in `earlier`; made of the rows of inputs before a call's first cycle. */
  readonly earlier: EarlierInputs
  /** Every register of every instance; worked out when it is asked for, since few ask and there may be thousands. */
  readonly registers: () => readonly ProgramRegister[]
  /** What reset puts back. */
  readonly resets: readonly ProgramReset[]
  /**
   * True where the program ends a call before the edge of a cycle in which it notes that a check may have failed, and `checks`
   * is empty.
   */
  readonly stops: boolean
  /** Every check of every instance, in the order in which other engines report them. */
  readonly checks: readonly { readonly path: string; readonly message: string; readonly holds: Place }[]
  /** Every memory of every instance by its path, behind it `[32]` where it is the part of the words from bit 32 on: which of the program's it is, and whose lane. */
  readonly memoryPaths: ReadonlyMap<string, { readonly memory: ProgramMemory; readonly lane: number }>
}

/**
 * Where a vector lives. `input` and `output` are rows of 32-bit words as in the engine's interface, one a cycle; `watch` is
 * one such row. `state` and `next` have the same layout. What is in `temporary` lasts for the cycle, constants for ever.
 * `earlier` holds inputs of this cycle and of those before, the latest first: its vectors move down in every cycle.
 */
export type Space = 'input' | 'output' | 'watch' | 'state' | 'next' | 'temporary' | 'earlier'

/** Inputs of a call, put so that neighbouring cells find what they hold side by side. */
export interface EarlierInputs {
  readonly lines: readonly EarlierLine[]
  readonly blocks: readonly EarlierBlock[]
}
/** Lane k is what a word of the inputs was k cycles ago. */
export interface EarlierLine {
  readonly vector: Vector
  readonly word: number
}
/** Rows of lanes, the next row being that of the cycle before: lane k of one is what the line of member k was `cycles` earlier. */
export interface EarlierBlock {
  readonly vector: Vector
  /** Rows before the present one that are read. */
  readonly rows: number
  readonly members: readonly { readonly line: EarlierLine; readonly cycles: number }[]
}

/** Lanes side by side; behind those longer than one there is room for 15 more, which may hold anything. */
export interface Vector {
  readonly id: number
  readonly type: LaneType
  readonly length: number
  readonly space: Space
  /** Bytes from the start of its space; of `earlier` it is the layout that says where a vector is. */
  readonly offset: number
  /** Of `earlier`: bytes from a cycle to the one before. */
  readonly pace?: number
  /** Of a constant. */
  readonly value?: bigint
  /** Lanes before the first and behind the last that always hold one value, for loops that read beyond the edge of an array. */
  readonly halo?: { readonly value: bigint; readonly before: number; readonly behind: number }
}

/** One lane of a vector, or the first of several. */
export interface Place {
  readonly vector: Vector
  readonly lane: number
}

/** What lane i of a loop reads. */
export type Operand =
  /** What an earlier statement of the loop computed in this lane. */
  | { readonly kind: 'result'; readonly statement: number; readonly type: LaneType }
  /** Lane `lane + stride * i`. */
  | {
      readonly kind: 'lanes'
      readonly vector: Vector
      readonly lane: number
      readonly stride: 1 | 2
      readonly type: LaneType
    }
  /** One lane for all. */
  | { readonly kind: 'one'; readonly vector: Vector; readonly lane: number; readonly type: LaneType }
  /** One strip of stimuli for all: lane `lane + i mod strip`, in loops over strips. */
  | { readonly kind: 'repeated'; readonly vector: Vector; readonly lane: number; readonly type: LaneType }
  /** Lane i of `from`; in loops that a back end writes out, see `withPicks`. */
  | { readonly kind: 'picked'; readonly from: readonly Place[]; readonly type: LaneType }
  | { readonly kind: 'constant'; readonly value: bigint; readonly type: LaneType }

/** `check` notes that a lane of its operand is not within `of`; it has no result. */
export interface Statement {
  readonly op: OperationName | 'copy' | 'lookup' | 'check'
  /** Bounds of the result and the operation's constant, as in the IR. */
  readonly of: Range & { readonly amount: number }
  /** Bounds of the operands. */
  readonly ranges: readonly Range[]
  readonly type: LaneType
  /** What it is computed in; see `workType`. */
  readonly work: LaneType
  readonly operands: readonly Operand[]
  /** Lane i of the result goes to lane i from there on. */
  readonly stores: readonly Place[]
  /** Of a lookup: the memory, and whose words lane 0 reads. */
  readonly memory?: { readonly of: ProgramMemory; readonly lane: number }
}

export type Step = Loop | Assembly | Moves | Gather | MemoryEdge

/** The statements, one after the other, in each of `lanes` lanes. */
export interface Loop {
  readonly kind: 'loop'
  readonly lanes: number
  readonly statements: readonly Statement[]
  /** True where lanes beyond the last may be computed and stored as well. */
  readonly padded: boolean
}
/** Lanes from many places: lane `to.lane + i` becomes `from[i]`. */
export interface Assembly {
  readonly kind: 'assembly'
  readonly to: Place
  readonly from: readonly Place[]
  /** True where lanes beyond the last may be stored as well. */
  readonly padded: boolean
}
/** Single lanes copied. */
export interface Moves {
  readonly kind: 'moves'
  readonly moves: readonly { readonly to: Place; readonly from: Place }[]
}
/** Lanes of one vector copied through a table: lane `to[k]` becomes lane `from[k]` of the other. */
export interface Gather {
  readonly kind: 'gather'
  readonly into: Vector
  readonly of: Vector
  readonly to: readonly number[]
  readonly from: readonly number[]
  /** Vectors in which a back end keeps the tables, of 32-bit lanes: places in bytes. */
  readonly tables: { readonly to: Vector; readonly from: Vector }
}
/** The clock edge of a memory in each of its lanes; see `Memory` in the IR. */
export interface MemoryEdge {
  readonly kind: 'edge'
  readonly memory: ProgramMemory
  readonly writes: readonly { readonly address: Operand; readonly value: Operand; readonly enable: Operand }[]
  readonly reads: readonly {
    readonly address: Operand
    readonly enable: Operand
    readonly now: Operand
    readonly next: Place
  }[]
  readonly collide: 'old' | 'new' | 'never'
}

/** The words of a memory of all instances of its module, lane after lane. */
export interface ProgramMemory {
  readonly depth: number
  readonly lanes: number
  readonly type: LaneType
  readonly initial: readonly bigint[]
  /** Bytes from the start of all memories. */
  readonly offset: number
}

/** So many lanes from a place on become a value. */
export interface ProgramReset {
  readonly place: Place
  readonly lanes: number
  readonly value: bigint
}

export interface ProgramRegister {
  readonly path: string
  readonly place: Place
  /** Lowest bit of the register that is there: those of more than 64 bits have several places. */
  readonly from: number
}
