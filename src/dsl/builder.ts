import type { Arm, Arms, Matched, OfOneKind } from './choice.ts'
import type { Clock } from './clock.ts'
import type { Component, OperandsOf, SignalsOf } from './component.ts'
import type { Enum } from './enumeration.ts'
import type { Fsm, States } from './fsm.ts'
import type { MemoryOptions, ReadableMemory, RomOptions, WritableMemory } from './memory.ts'
import type { RegisterShapes, Reset } from './reset.ts'
import type { IntShape, RecordShape, Shape, Shapes, VectorShape } from './shape.ts'
import type { Bool, Int, OperandOf, SignalOf } from './signal.ts'
import type { Ports, ReadyOf, Stream, StreamSource } from './stream.ts'

/** A register: read it as a signal, say what it becomes at the clock edge with `.next = value`, whole or part by part. */
export type RegisterOf<S> =
  S extends Reset<infer Inner> ? RegisterOf<Inner> : PartsOf<S, 'next'> & { set next(value: OperandOf<S>) }
/** A wire: read it before its driver is known, drive it with `.value = value`, whole or part by part. */
export type WireOf<S> = PartsOf<S, 'value'> & { set value(value: OperandOf<S>) }
type PartsOf<S, How extends 'next' | 'value'> =
  S extends VectorShape<infer Element>
    ? readonly PlaceOf<Element, How>[]
    : S extends RecordShape<infer Fields>
      ? { readonly [K in keyof Fields]: PlaceOf<Fields[K], How> }
      : SignalOf<S>
type PlaceOf<S, How extends 'next' | 'value'> = How extends 'next' ? RegisterOf<S> : WireOf<S>

export interface RegisterOptions {
  /** The clock that moves them; the implicit one unless said. */
  readonly clock?: Clock
  /** Why they may read values of another clock as they are; without, that is an error. Prefer `sync2` and `asyncFifo`. */
  readonly crossing?: string
  /** Tells tools to keep them side by side, as `sync2` does. */
  readonly synchroniser?: boolean
}

export interface StreamOptions {
  /** The clock of its data and of its handshake; the implicit one unless said. */
  readonly clock?: Clock
}

export interface InstanceOptions {
  /** Pairs of a clock of the component and the clock here that drives it; others go to the clock of their own name. */
  readonly clocks?: readonly (readonly [Clock, Clock])[]
}

/** What `logic` describes its component with. */
export interface Builder {
  /**
   * Registers; the keys are their names in Verilog and in waves. Reset gives 0, or the bound nearest to it, unless the
   * shape says what with `reset(shape, value)`. A register that is returned as the output of its own name is that port.
   */
  regs<P extends RegisterShapes>(shapes: P, options?: RegisterOptions): { readonly [K in keyof P]: RegisterOf<P[K]> }
  /** Named values driven later, for feedback between instances. */
  wires<P extends Shapes>(shapes: P): { readonly [K in keyof P]: WireOf<P[K]> }
  /** Assignments inside `then` take effect where the condition holds, those inside `otherwise` where it does not. */
  when(condition: Bool, then: () => void, otherwise?: () => void): void
  /** Words that last, read and written at addresses; how reads and writes of one word meet must be said. */
  memory<S extends Shape>(name: string, options: MemoryOptions<S>): WritableMemory<S>
  /** Words that never change. */
  rom<S extends Shape>(name: string, options: RomOptions<S>): ReadableMemory<S>
  /** One way for each name of an enumeration, as values or as closures in which assignments take effect. */
  match<Name extends string, A extends Arm | (() => void)>(
    value: Enum<Name>,
    arms: Arms<Name, A> & Arms<Name, OfOneKind<A>>,
  ): Matched<A>
  /**
   * A state machine: a register `name`, a key for each state, the first one after reset. What a state assigns takes effect
   * while the machine is in it; it stays there unless `goto` says where to, of several the last.
   */
  fsm<State extends string>(name: string, states: States<State>): Fsm<State>
  /** A child instance: every input port is driven, the outputs come back. */
  use<In extends Ports, Out extends Ports>(
    name: string,
    component: Component<In, Out>,
    inputs: OperandsOf<In>,
    options?: InstanceOptions,
  ): SignalsOf<Out> & ReadyOf<In>
  /** A stream made of signals, for whoever takes it; that it keeps the handshake is checked in simulation. */
  stream<S extends Shape>(name: string, of: S, source: StreamSource<S>, options?: StreamOptions): Stream<S>
  /** `value` in a narrower shape because the designer promises that it fits; free in hardware, checked in simulation. */
  checked(value: Int, shape: IntShape, promise: string): Int
  /** A promise: `holds` is true in every cycle outside reset (and inside the `when` it is written in). */
  check(holds: Bool, promise: string): void
}
