import { instancesAre } from '../base/brand.ts'
import { ones, parity, part, reversed, turned, turnedBy, zerosAbove } from './bit-trees.ts'
import type { Enum, EnumShape } from './enumeration.ts'
import { originHere, refuse } from './error.ts'
import type { Fixed, FixedShape } from './fixed.ts'
import type { Graph } from './graph.ts'
import { fits, type Node, type OperationName, type Range, showRange, widthOf } from './ir.ts'
import { describe, kindOf, signalBrand, wrongKind } from './kind.ts'
import {
  type BitsShape,
  type BoolShape,
  bits,
  bool,
  exact,
  IntShape,
  mostBits,
  type RecordShape,
  type ScalarShape,
  type VectorShape,
} from './shape.ts'

/** What may stand for an `Int`, a `Bool`, a `Bits`: a signal of the kind or a literal. */
export type IntOperand = Int | bigint | number
export type BoolOperand = Bool | boolean
export type BitsOperand = Bits | bigint | number

/** What every signal is: a node of one component's graph. */
export abstract class Signal {
  readonly graph: Graph
  readonly node: Node
  get [signalBrand](): true {
    return true
  }
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
instancesAre(Signal, (value) => ![undefined, 'stream'].includes(kindOf(value)))

/** An integer with exact bounds. Arithmetic cannot overflow: the result's bounds grow as they must. */
export class Int extends Signal {
  readonly kind = 'int'
  get shape(): IntShape {
    return new IntShape(this.node.min, this.node.max)
  }
  add(other: IntOperand): Int {
    const b = intNode(this.graph, other, 'add')
    return this.#make('add', { min: this.node.min + b.min, max: this.node.max + b.max }, b)
  }
  sub(other: IntOperand): Int {
    const b = intNode(this.graph, other, 'sub')
    return this.#make('sub', { min: this.node.min - b.max, max: this.node.max - b.min }, b)
  }
  mul(other: IntOperand): Int {
    const b = intNode(this.graph, other, 'mul')
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
  /** this * 2^places, for places that a signal tells; the bounds are those of the most places it can hold. */
  shlBy(places: Int): Int {
    const by = this.#byPlaces('shlBy', places)
    if (by.op === 'const' && by.value <= mostBits) return this.shl(Number(by.value))
    const most = this.node.min < 0n && -this.node.min > this.node.max ? -this.node.min : this.node.max
    if (by.max > mostBits || widthOf({ min: 0n, max: most }) + Number(by.max) > mostBits)
      throw this.graph.error(
        'E-RANGE',
        `shlBy by up to ${by.max} places makes more than ${mostBits} bits; narrow the places with .sat(), .wrap() or checked()`,
      )
    const { min, max } = this.node
    const bounds = { min: min << (min < 0n ? by.max : by.min), max: max << (max < 0n ? by.min : by.max) }
    return new Int(this.graph, this.graph.operation('shlBy', bounds, [this.node, by]))
  }
  /** floor(this / 2^places), for places that a signal tells. */
  shrBy(places: Int): Int {
    const by = this.#byPlaces('shrBy', places)
    if (by.op === 'const' && by.value <= mostBits) return this.shr(Number(by.value))
    const { min, max } = this.node
    // The operation keeps the width of what it shifts, as it is printed; the view on it has the exact bounds.
    const whole = { min: min < 0n ? min : min >> by.max, max: max < 0n ? max >> by.max : max }
    const exact = { min: min >> (min < 0n ? by.min : by.max), max: max >> (max < 0n ? by.max : by.min) }
    const shifted = this.graph.operation('shrBy', whole, [this.node, by])
    return new Int(this.graph, fits(shifted, exact) ? shifted : this.graph.operation('wrap', exact, [shifted]))
  }
  lt(other: IntOperand): Bool {
    return this.#compare('lt', this.node, intNode(this.graph, other, 'lt'))
  }
  gt(other: IntOperand): Bool {
    return this.#compare('lt', intNode(this.graph, other, 'gt'), this.node)
  }
  le(other: IntOperand): Bool {
    return this.#compare('lt', intNode(this.graph, other, 'le'), this.node).not()
  }
  ge(other: IntOperand): Bool {
    return this.#compare('lt', this.node, intNode(this.graph, other, 'ge')).not()
  }
  eq(other: IntOperand): Bool {
    return this.#compare('eq', this.node, intNode(this.graph, other, 'eq'))
  }
  ne(other: IntOperand): Bool {
    return this.#compare('eq', this.node, intNode(this.graph, other, 'ne')).not()
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
    this.graph.report(
      'E-RANGE',
      `${op} takes a whole number of places from 0 to ${mostBits}, got ${describe(places)}; ${kindOf(places) === 'int' ? `use ${op}By()` : 'choose one of those'}`,
    )
    return undefined
  }
  #byPlaces(op: 'shlBy' | 'shrBy', places: Int): Node {
    const node = intNode(this.graph, places, op)
    if (node.min >= 0n) return node
    throw this.graph.error(
      'E-RANGE',
      `${op} takes places from 0 upwards, got ${showRange(node)}; narrow them with .sat() or checked(), or choose between shlBy and shrBy with mux()`,
    )
  }
  #make(op: OperationName, bounds: Range, other: Node): Int {
    return new Int(this.graph, this.graph.operation(op, bounds, [this.node, other]))
  }
  #compare(op: 'lt' | 'eq', a: Node, b: Node): Bool {
    return new Bool(this.graph, compared(this.graph, op, a, b))
  }
}
instancesAre(Int, (value) => kindOf(value) === 'int')

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
    return new Bool(this.graph, this.graph.operation(op, bool, [this.node, boolNode(this.graph, other, op)]))
  }
}
instancesAre(Bool, (value) => kindOf(value) === 'bool')

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
    return new Bits(this.graph, part(this.graph, this.node, low, high - low + 1))
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
    return this.#equals(other, 'eq')
  }
  ne(other: BitsOperand): Bool {
    return this.#equals(other, 'ne').not()
  }
  /** True where at least one bit is 1. */
  any(): Bool {
    return this.width === 1 ? this.bit(0) : this.ne(0)
  }
  /** True where every bit is 1. */
  all(): Bool {
    return this.width === 1 ? this.bit(0) : this.eq((1n << BigInt(this.width)) - 1n)
  }
  /** All bits through one gate: whether every one is 1, whether any is, whether an odd number is. */
  reduce(gate: 'and' | 'or' | 'xor'): Bool {
    if (gate === 'and') return this.all()
    return gate === 'or' ? this.any() : new Bool(this.graph, parity(this.graph, this.node))
  }
  /** How many bits are 1, from 0 to the width. */
  popcount(): Int {
    return new Int(this.graph, ones(this.graph, this.node))
  }
  /** Zeros above the highest 1, from 0 to the width. */
  leadingZeros(): Int {
    return new Int(this.graph, zerosAbove(this.graph, this.node))
  }
  /** The lowest bit first. */
  reverse(): Bits {
    return new Bits(this.graph, reversed(this.graph, this.node))
  }
  /** What leaves at the top comes back at the bottom. Any number of places, also one that a signal tells. */
  rotateLeft(places: Int | number): Bits {
    if (typeof places === 'object') {
      const { node } = own(this.graph, places)
      if (node.min >= 0n) return new Bits(this.graph, turnedBy(this.graph, this.node, node))
    } else if (Number.isSafeInteger(places) && places >= 0)
      return new Bits(this.graph, turned(this.graph, this.node, places))
    throw this.graph.error(
      'E-RANGE',
      `rotateLeft takes a whole number of places from 0 upwards, got ${typeof places === 'object' ? showRange(places.node) : places}; narrow them with .sat() or checked()`,
    )
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
  #equals(other: BitsOperand, verb: 'eq' | 'ne'): Bool {
    return new Bool(this.graph, compared(this.graph, 'eq', this.node, bitsNode(this.graph, other, this.width, verb)))
  }
  #make(op: 'and' | 'or' | 'xor', other: BitsOperand): Bits {
    return new Bits(
      this.graph,
      this.graph.operation(op, this.node, [this.node, bitsNode(this.graph, other, this.width, op)]),
    )
  }
}
instancesAre(Bits, (value) => kindOf(value) === 'bits')

// ── free functions ───────────────────────────────────────────────────────────────────────────────────────────────

/** The sum of all, integers or values in fixed point, added as a balanced tree. */
export function sum(terms: readonly Int[]): Int
export function sum(terms: readonly Fixed[]): Fixed
export function sum<T extends { add(other: T): T }>(terms: readonly T[]): T {
  if (terms.length === 0) refuse('E-RANGE', 'sum', 'sum takes at least one term, got none; pass some')
  let level = [...terms]
  while (level.length > 1) {
    const pairs: T[] = []
    for (let k = 0; k < level.length; k += 2) pairs.push(level[k + 1] ? level[k]!.add(level[k + 1]!) : level[k]!)
    level = pairs
  }
  return level[0]!
}

/** All fields side by side, the first one highest. */
export const cat = (...fields: readonly Bits[]): Bits => {
  if (fields.length === 0) refuse('E-RANGE', 'cat', 'cat takes at least one field, got none; pass some')
  return fields.reduce((above, below) => above.cat(below))
}

// ── operands to nodes ────────────────────────────────────────────────────────────────────────────────────────────

export type AnySignal = Int | Bool | Bits | Fixed | Enum
export type AnyOperand = IntOperand | BoolOperand | BitsOperand | Fixed | Enum | string

/** The signal a shape stands for inside a component; vectors are arrays, records are objects. */
export type SignalOf<S> = S extends IntShape
  ? Int
  : S extends BoolShape
    ? Bool
    : S extends BitsShape
      ? Bits
      : S extends FixedShape
        ? Fixed
        : S extends EnumShape<infer Name>
          ? Enum<Name>
          : S extends VectorShape<infer Element>
            ? readonly SignalOf<Element>[]
            : S extends RecordShape<infer Fields>
              ? { readonly [K in keyof Fields]: SignalOf<Fields[K]> }
              : never
/** What may drive a place of the shape. */
export type OperandOf<S> =
  S extends VectorShape<infer Element>
    ? readonly OperandOf<Element>[]
    : S extends RecordShape<infer Fields>
      ? { readonly [K in keyof Fields]: OperandOf<Fields[K]> }
      : SignalOf<S> | LiteralOf<S>
/** A value of the shape written down: what a register may be reset to. */
export type LiteralOf<S> = S extends BoolShape
  ? boolean
  : S extends EnumShape<infer Name>
    ? Name
    : S extends VectorShape<infer Element>
      ? readonly LiteralOf<Element>[]
      : S extends RecordShape<infer Fields>
        ? { readonly [K in keyof Fields]: LiteralOf<Fields[K]> }
        : bigint | number

export const signalFor = (graph: Graph, shape: ScalarShape, node: Node): AnySignal => {
  if ('view' in shape) return shape.view(graph, node)
  if (shape.kind === 'int') return new Int(graph, node)
  return shape.kind === 'bool' ? new Bool(graph, node) : new Bits(graph, node)
}

/** The node of an operand for a place of the given shape; literals take the shape's width. */
export const nodeFor = (graph: Graph, shape: ScalarShape, operand: AnyOperand, place?: string): Node => {
  if ('view' in shape) return shape.nodeFor(graph, operand, place)
  if (shape.kind === 'int') return intNode(graph, operand as IntOperand, place)
  if (shape.kind === 'bool') return boolNode(graph, operand as BoolOperand, place)
  return bitsNode(graph, operand as BitsOperand, shape.width, place)
}

/** The signal, if it belongs to the component that reads it. */
export const own = <S extends Signal>(graph: Graph, signal: S): S => {
  if (signal.graph === graph) return signal
  throw graph.error(
    'E-FOREIGN',
    `a signal of '${signal.graph.component}' cannot be read in '${graph.component}'; pass it through a port`,
  )
}

/** A comparison; one whose outcome the bounds decide is hardly meant. */
const compared = (graph: Graph, op: 'lt' | 'eq', a: Node, b: Node): Node => {
  const node = graph.operation(op, bool, [a, b])
  if (node.op === 'const' && !graph.closed && (a.op !== 'const' || b.op !== 'const')) {
    const show = (of: Node): string => (of.op === 'const' ? `${of.value}` : (of.name ?? showRange(of)))
    const bound = (of: Node): string => (of.op === 'const' || of.name === undefined ? '' : ` in ${showRange(of)}`)
    graph.warnings.push({
      code: 'W-CONSTANT',
      about: [a, b].flatMap(({ name }) => name ?? []),
      message: `${show(a)}${bound(a)} ${op === 'lt' ? 'is less than' : 'equals'} ${show(b)}${bound(b)} ${node.value === 1n ? 'always' : 'never'}; leave the comparison out or mend its operands`,
      source: originHere(compared),
    })
  }
  return node
}

export const intNode = (graph: Graph, value: IntOperand, place?: string): Node => {
  if (kindOf(value) === 'int') return own(graph, value as Int).node
  if (typeof value === 'bigint' || typeof value === 'number') return graph.constant(exact(value))
  graph.report('E-KIND', wrongKind('int', value, place))
  return graph.constant(0n)
}

export const boolNode = (graph: Graph, value: BoolOperand, place?: string): Node => {
  if (kindOf(value) === 'bool') return own(graph, value as Bool).node
  if (typeof value !== 'boolean') graph.report('E-KIND', wrongKind('bool', value, place))
  return graph.constant(value === true ? 1n : 0n, bool)
}

export const bitsNode = (graph: Graph, value: BitsOperand, width: number, place = 'this place'): Node => {
  const nothing = (...mistake: Parameters<Graph['report']>): Node => {
    graph.report(...mistake)
    return graph.constant(0n, bits(width))
  }
  if (kindOf(value) === 'bits') {
    const field = own(graph, value as Bits)
    return field.width === width
      ? field.node
      : nothing('E-WIDTH', `${place} takes ${width} bits, got ${field.width}; use .slice() or cat()`)
  }
  if (typeof value !== 'bigint' && typeof value !== 'number') return nothing('E-KIND', wrongKind('bits', value, place))
  const literal = exact(value)
  const { max } = bits(width)
  return literal >= 0n && literal <= max
    ? graph.constant(literal, bits(width))
    : nothing('E-WIDTH', `${place} takes ${width} bits, 0 to ${max}, got ${literal}; mask it or widen the field`)
}
