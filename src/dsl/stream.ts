import { instancesAre } from '../base/brand.ts'
import { type Clock, clockOf, on } from './clock.ts'
import { HdlError } from './error.ts'
import type { Graph } from './graph.ts'
import type { Node } from './ir.ts'
import { kindOf, signalBrand } from './kind.ts'
import { type BoolShape, bool, type Shape, scalarsOf, shapeOnly } from './shape.ts'
import { type Bool, type BoolOperand, type OperandOf, type SignalOf, signalFor } from './signal.ts'

/**
 * A port over which data of shape `of` goes one way, with `valid`, and `ready` the other way. An element is handed over at
 * every clock edge with both true. Once valid, valid and data hold until then; ready may come and go, and may depend on
 * valid within the cycle, but valid and data not on ready.
 */
export interface StreamShape<S extends Shape = Shape> {
  readonly kind: 'stream'
  readonly of: S
  readonly tag: string
  /** Given by `on`; the implicit one unless said. */
  readonly clock?: Clock
}
/**
 * A stream port; in Verilog `x_valid`, `x_data` (of a record `x_data_field` each) and, the other way, `x_ready`. On another
 * clock than the implicit one it is `on(clock, stream(shape))`.
 */
export const stream = <S extends Shape>(of: S): StreamShape<S> => {
  shapeOnly('stream', 'stream', of)
  const tied = scalarsOf('data', of).flatMap(([, shape]) => clockOf(shape) ?? [])[0]
  if (tied)
    throw new HdlError(
      'E-CROSSING',
      'stream',
      `a stream is on one clock with its valid and ready, got data on '${tied.name}' alone; write on(clock, stream(shape))`,
    )
  return { kind: 'stream', of, tag: `st_${of.tag}` }
}

/** The shape of a stream port's data, and of its valid and ready, with its clock. */
export const shapesOf = <S extends Shape>({
  of,
  clock,
}: StreamShape<S>): { readonly data: S; readonly flag: BoolShape } =>
  clock ? { data: on(clock, of), flag: on(clock, bool) } : { data: of, flag: bool }

/** What a component's ports may be. */
export type Ports = Readonly<Record<string, Shape | StreamShape>>

/** What a port is inside its component, or an instance's output outside it. */
export type PortSignalOf<P> = P extends StreamShape<infer S> ? Stream<S> : SignalOf<P>
/** What may drive a port. */
export type PortOperandOf<P> = P extends StreamShape<infer S> ? Stream<S> | StreamSource<S> : OperandOf<P>
/** The readiness that comes back from the stream ports among `P`. */
export type ReadyOf<P extends Ports> = {
  readonly [K in keyof P as P[K] extends StreamShape ? K : never]: { readonly ready: Bool }
}

/** A stream made of signals; its `ready` is where the other side's outputs are. */
export interface StreamSource<S extends Shape = Shape> {
  readonly valid: BoolOperand
  readonly data: OperandOf<S>
}

/** Who takes a stream: a place driven once. */
export interface Taker {
  readonly ready: Bool & { set value(ready: BoolOperand) }
  /** Drives `ready`; an error where it is driven already. */
  take(ready: Node): void
}

/**
 * A stream as its consumer has it. It is taken exactly once: by driving `ready.value`, by passing it to an instance or a
 * library part, or by returning it as an output.
 */
export class Stream<S extends Shape = Shape> {
  readonly kind = 'stream'
  readonly graph: Graph
  readonly shape: S
  readonly clock: Clock
  readonly name: string
  readonly valid: Bool
  readonly data: SignalOf<S>
  readonly taker: Taker

  get [signalBrand](): true {
    return true
  }
  constructor(graph: Graph, name: string, shape: S, clock: Clock, valid: Node, data: SignalOf<S>, taker: Taker) {
    this.graph = graph
    this.clock = clock
    this.name = name
    this.shape = shape
    this.valid = signalFor(graph, bool, valid) as Bool
    this.data = data
    this.taker = taker
  }

  /** True where the consumer takes the data at this clock edge if it is valid; drive it with `.ready.value = ...`. */
  get ready(): Bool & { set value(ready: BoolOperand) } {
    return this.taker.ready
  }
  /** True where an element is handed over at this clock edge; in Verilog `x_fires`. */
  get fires(): Bool {
    return this.valid.and(this.ready).named(`${this.name}_fires`)
  }
}
instancesAre(Stream, (value) => kindOf(value) === 'stream')

export const isStream = (shape: Shape | StreamShape): shape is StreamShape => shape.kind === 'stream'

/** Names of a stream port's three nets. */
export const netsOf = (port: string): { valid: string; data: string; ready: string } => ({
  valid: `${port}_valid`,
  data: `${port}_data`,
  ready: `${port}_ready`,
})
