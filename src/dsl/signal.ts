import { HdlError, originHere } from './error.ts'
import type { Graph } from './graph.ts'
import { fits, type Node, type OperationName, type Range, showRange, widthOf } from './ir.ts'
import {
  type BitsShape,
  type BoolShape,
  bits,
  bool,
  exact,
  IntShape,
  mostBits,
  range,
  type ScalarShape,
  type VectorShape,
} from './shape.ts'

/** What may stand for an `Int`, a `Bool`, a `Bits`: a signal of the kind or a literal. */
export type IntOperand = Int | bigint | number
export type BoolOperand = Bool | boolean
export type BitsOperand = Bits | bigint | number

abstract class Signal {
  readonly graph: Graph
  readonly node: Node
  constructor(graph: Graph, node: Node) {
    this.graph = graph
    this.node = node
  }
  /**
   * The same value, printed as a wire of this name. Names of values are free: a taken one gets a number behind it, and a
   * value that has a name, being a port or register or named before, keeps that.
   */
  named(name: string): this {
    this.graph.name(this.node, name, originHere(this.named))
    return this
  }
}

/** An integer with exact bounds. Arithmetic cannot overflow: the result's bounds grow as they must. */
export class Int extends Signal {
  readonly kind = 'int'
  get shape(): IntShape {
    return new IntShape(this.node.min, this.node.max)
  }
  add(other: IntOperand): Int {
    const b = intNode(this.graph, other)
    return this.#make('add', { min: this.node.min + b.min, max: this.node.max + b.max }, b)
  }
  sub(other: IntOperand): Int {
    const b = intNode(this.graph, other)
    return this.#make('sub', { min: this.node.min - b.max, max: this.node.max - b.min }, b)
  }
  mul(other: IntOperand): Int {
    const b = intNode(this.graph, other)
    return this.#make('mul', this.shape.times(b), b)
  }
  /** 0 - this */
  neg(): Int {
    return new Int(this.graph, this.graph.constant(0n)).sub(this)
  }
  /** this * 2^places */
  shl(places: number): Int {
    const by = this.#places('shl', places)
    if (by === undefined || places === 0) return this
    return new Int(
      this.graph,
      this.graph.operation('shl', { min: this.node.min << by, max: this.node.max << by }, [this.node], places),
    )
  }
  /** floor(this / 2^places) */
  shr(places: number): Int {
    const by = this.#places('shr', places)
    if (by === undefined || places === 0) return this
    return new Int(
      this.graph,
      this.graph.operation('shr', { min: this.node.min >> by, max: this.node.max >> by }, [this.node], places),
    )
  }
  lt(other: IntOperand): Bool {
    return this.#compare('lt', this.node, intNode(this.graph, other))
  }
  gt(other: IntOperand): Bool {
    return this.#compare('lt', intNode(this.graph, other), this.node)
  }
  le(other: IntOperand): Bool {
    return this.gt(other).not()
  }
  ge(other: IntOperand): Bool {
    return this.lt(other).not()
  }
  eq(other: IntOperand): Bool {
    return this.#compare('eq', this.node, intNode(this.graph, other))
  }
  ne(other: IntOperand): Bool {
    return this.eq(other).not()
  }
  /** Keeps the low bits, as hardware would: the value modulo 2^width, read with the shape's sign. */
  wrap(to: IntShape): Int {
    if (fits(this.node, to)) return this
    const whole =
      to.min < 0n ? { min: -(1n << BigInt(to.width - 1)), max: (1n << BigInt(to.width - 1)) - 1n } : bits(to.width)
    if (whole.min !== to.min || whole.max !== to.max)
      this.graph.report(
        'E-RANGE',
        `wrap keeps whole bits, and ${showRange(to)} is not every value of its width; wrap into ${to.min < 0n ? 's' : 'u'}(${to.width}) or use .sat()`,
      )
    return new Int(this.graph, this.graph.operation('wrap', to, [this.node]))
  }
  /** Clamps into the shape's bounds. */
  sat(to: IntShape): Int {
    return fits(this.node, to) ? this : new Int(this.graph, this.graph.operation('sat', to, [this.node]))
  }
  /** The low `width` bits of the two's complement; as many as the bounds need unless said. */
  bits(width = widthOf(this.node)): Bits {
    const field = bits(width)
    if (this.node.min === field.min && this.node.max === field.max) return new Bits(this.graph, this.node)
    return new Bits(this.graph, this.graph.operation('wrap', field, [this.node]))
  }
  /** Bit `index` of the two's complement, 0 the lowest. */
  bit(index: number): Bool {
    return this.bits().bit(index)
  }
  #places(op: 'shl' | 'shr', places: number): bigint | undefined {
    if (Number.isInteger(places) && places >= 0 && places <= mostBits) return BigInt(places)
    this.graph.report('E-RANGE', `${op} takes a whole number of places from 0 to ${mostBits}, got ${places}`)
    return undefined
  }
  #make(op: OperationName, bounds: Range, other: Node): Int {
    return new Int(this.graph, this.graph.operation(op, bounds, [this.node, other]))
  }
  #compare(op: 'lt' | 'eq', a: Node, b: Node): Bool {
    return new Bool(this.graph, compared(this.graph, op, a, b))
  }
}

/** A condition: the only thing `when` and `mux` decide on. */
export class Bool extends Signal {
  readonly kind = 'bool'
  and(other: BoolOperand): Bool {
    return this.#make('and', other)
  }
  or(other: BoolOperand): Bool {
    return this.#make('or', other)
  }
  xor(other: BoolOperand): Bool {
    return this.#make('xor', other)
  }
  not(): Bool {
    return new Bool(this.graph, this.graph.operation('not', bool, [this.node]))
  }
  /** 1 where true, 0 where false. */
  int(): Int {
    return new Int(this.graph, this.node)
  }
  bits(): Bits {
    return new Bits(this.graph, this.node)
  }
  #make(op: 'and' | 'or' | 'xor', other: BoolOperand): Bool {
    return new Bool(this.graph, this.graph.operation(op, bool, [this.node, boolNode(this.graph, other)]))
  }
}

/** A field of fixed width without sign, for codes and packed words. */
export class Bits extends Signal {
  readonly kind = 'bits'
  get width(): number {
    return widthOf(this.node)
  }
  and(other: BitsOperand): Bits {
    return this.#make('and', other)
  }
  or(other: BitsOperand): Bits {
    return this.#make('or', other)
  }
  xor(other: BitsOperand): Bits {
    return this.#make('xor', other)
  }
  not(): Bits {
    return new Bits(this.graph, this.graph.operation('not', this.node, [this.node]))
  }
  /** Bits `high` down to `low`, both included. */
  slice(high: number, low: number): Bits {
    if (!(Number.isInteger(low) && low >= 0 && high >= low && high < this.width)) {
      this.graph.report(
        'E-WIDTH',
        `a slice of ${this.width} bits runs from at most ${this.width - 1} down to 0, got ${high} down to ${low}; choose bits that are there`,
      )
      const width = Math.min(mostBits, Math.max(1, Math.floor(high - low + 1) || 1))
      return new Bits(this.graph, this.graph.constant(0n, bits(width)))
    }
    if (low === 0 && high === this.width - 1) return this
    return new Bits(this.graph, this.graph.operation('slice', bits(high - low + 1), [this.node], low))
  }
  bit(index: number): Bool {
    return new Bool(this.graph, this.slice(index, index).node)
  }
  /** These bits above the other's. */
  cat(other: Bits): Bits {
    return new Bits(
      this.graph,
      this.graph.operation(
        'cat',
        bits(this.width + other.width),
        [this.node, own(this.graph, other).node],
        other.width,
      ),
    )
  }
  eq(other: BitsOperand): Bool {
    return new Bool(this.graph, compared(this.graph, 'eq', this.node, bitsNode(this.graph, other, this.width)))
  }
  ne(other: BitsOperand): Bool {
    return this.eq(other).not()
  }
  /** True where at least one bit is 1. */
  any(): Bool {
    return this.ne(0)
  }
  /** True where every bit is 1. */
  all(): Bool {
    return this.eq(this.node.max)
  }
  /** The bits read as an unsigned integer. */
  unsigned(): Int {
    return new Int(this.graph, this.node)
  }
  /** The bits read as two's complement. */
  signed(): Int {
    const half = 1n << BigInt(this.width - 1)
    return new Int(this.graph, this.graph.operation('wrap', { min: -half, max: half - 1n }, [this.node]))
  }
  #make(op: 'and' | 'or' | 'xor', other: BitsOperand): Bits {
    return new Bits(
      this.graph,
      this.graph.operation(op, this.node, [this.node, bitsNode(this.graph, other, this.width)]),
    )
  }
}

// ── free functions ───────────────────────────────────────────────────────────────────────────────────────────────

/** `then` where the condition holds, else `otherwise`; an integer's bounds cover both. */
export function mux(condition: Bool, then: IntOperand, otherwise: IntOperand): Int
export function mux(condition: Bool, then: BoolOperand, otherwise: BoolOperand): Bool
export function mux(condition: Bool, then: Bits, otherwise: BitsOperand): Bits
export function mux(condition: Bool, then: AnyOperand, otherwise: AnyOperand): Int | Bool | Bits {
  const graph = condition.graph
  if (isKind(then, 'bits')) {
    const arms = [own(graph, then).node, bitsNode(graph, otherwise as BitsOperand, then.width)] as const
    return new Bits(graph, graph.operation('mux', bits(then.width), [condition.node, ...arms]))
  }
  if (isKind(then, 'bool') || typeof then === 'boolean') {
    const arms = [boolNode(graph, then), boolNode(graph, otherwise as BoolOperand)] as const
    return new Bool(graph, graph.operation('mux', bool, [condition.node, ...arms]))
  }
  const a = intNode(graph, then as IntOperand)
  const b = intNode(graph, otherwise as IntOperand)
  const bounds = { min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max }
  return new Int(graph, graph.operation('mux', bounds, [condition.node, a, b]))
}

/** The sum of all, added as a balanced tree. */
export const sum = (terms: readonly Int[]): Int => {
  if (terms.length === 0) throw new HdlError('E-RANGE', 'sum', 'sum takes at least one term, got none; pass some')
  let level = [...terms]
  while (level.length > 1) {
    const pairs: Int[] = []
    for (let k = 0; k < level.length; k += 2) pairs.push(level[k + 1] ? level[k]!.add(level[k + 1]!) : level[k]!)
    level = pairs
  }
  return level[0]!
}

/** All fields side by side, the first one highest. */
export const cat = (...fields: readonly Bits[]): Bits => {
  if (fields.length === 0) throw new HdlError('E-RANGE', 'cat', 'cat takes at least one field, got none; pass some')
  return fields.reduce((above, below) => above.cat(below))
}

// ── operands to nodes ────────────────────────────────────────────────────────────────────────────────────────────

export type AnySignal = Int | Bool | Bits
export type AnyOperand = IntOperand | BoolOperand | BitsOperand

/** The signal a shape stands for inside a component, and the operands that may drive it. */
export type SignalOf<S> = S extends IntShape
  ? Int
  : S extends BoolShape
    ? Bool
    : S extends BitsShape
      ? Bits
      : S extends VectorShape<infer Element>
        ? readonly SignalOf<Element>[]
        : never
export type OperandOf<S> = S extends IntShape
  ? IntOperand
  : S extends BoolShape
    ? BoolOperand
    : S extends BitsShape
      ? BitsOperand
      : S extends VectorShape<infer Element>
        ? readonly OperandOf<Element>[]
        : never

export const signalFor = (graph: Graph, shape: ScalarShape, node: Node): AnySignal => {
  if (shape.kind === 'int') return new Int(graph, node)
  return shape.kind === 'bool' ? new Bool(graph, node) : new Bits(graph, node)
}

/** The node of an operand for a place of the given shape; literals take the shape's width. */
export const nodeFor = (graph: Graph, shape: ScalarShape, operand: AnyOperand): Node => {
  if (shape.kind === 'int') return intNode(graph, operand as IntOperand)
  if (shape.kind === 'bool') return boolNode(graph, operand as BoolOperand)
  return bitsNode(graph, operand as BitsOperand, shape.width)
}

/** The signal, if it belongs to the component that reads it. */
export const own = <S extends AnySignal>(graph: Graph, signal: S): S => {
  if (signal.graph === graph) return signal
  throw graph.error('E-FOREIGN', `a signal of ${signal.graph.component} cannot be read here; pass it through a port`)
}

/** A comparison; one whose outcome the bounds decide is hardly meant. */
const compared = (graph: Graph, op: 'lt' | 'eq', a: Node, b: Node): Node => {
  const node = graph.operation(op, bool, [a, b])
  if (node.op === 'const' && !graph.closed && (a.op !== 'const' || b.op !== 'const')) {
    const show = (of: Node): string => (of.op === 'const' ? `${of.value}` : (of.name ?? showRange(of)))
    const bound = (of: Node): string => (of.op === 'const' || of.name === undefined ? '' : ` in ${showRange(of)}`)
    graph.warnings.push({
      code: 'W-CONSTANT',
      message: `${show(a)}${bound(a)} ${op === 'lt' ? 'is less than' : 'equals'} ${show(b)}${bound(b)} ${node.value === 1n ? 'always' : 'never'}; leave the comparison out or mend its operands`,
      source: originHere(compared),
    })
  }
  return node
}

const isKind = <K extends AnySignal['kind']>(value: AnyOperand, kind: K): value is Extract<AnySignal, { kind: K }> =>
  typeof value === 'object' && value.kind === kind

const intNode = (graph: Graph, value: IntOperand): Node =>
  typeof value === 'object' ? own(graph, value).node : graph.constant(exact(value))

const boolNode = (graph: Graph, value: BoolOperand): Node =>
  typeof value === 'object' ? own(graph, value).node : graph.constant(value ? 1n : 0n, bool)

const bitsNode = (graph: Graph, value: BitsOperand, width: number): Node => {
  if (typeof value === 'object') {
    if (value.width !== width) {
      graph.report('E-WIDTH', `this place takes ${width} bits, got ${value.width}; use .slice() or cat()`)
      return graph.constant(0n, bits(width))
    }
    return own(graph, value).node
  }
  const literal = exact(value)
  const field = range(0, (1n << BigInt(width)) - 1n)
  if (!fits({ min: literal, max: literal }, field)) {
    graph.report(
      'E-WIDTH',
      `a field of ${width} bits takes 0 to ${field.max}, got ${literal}; mask it or widen the field`,
    )
    return graph.constant(0n, bits(width))
  }
  return graph.constant(literal, bits(width))
}
