import { instancesAre } from '../base/brand.ts'
import { refuse } from './error.ts'
import type { Graph } from './graph.ts'
import { fits, type Node, type Range, showRange, widthOf } from './ir.ts'
import { describe, kindOf, wrongKind } from './kind.ts'
import { type IntShape, range, whole } from './shape.ts'
import { type AnyOperand, type Bits, type Bool, Int, own, Signal } from './signal.ts'

/** A signal in fixed point, or a literal that is exactly a multiple of a power of two: 3, -0.25, 5n. */
export type FixedOperand = Fixed | bigint | number

/** What becomes of a value between two that can be written: the even one of equally near ones, the upper one, the lower. */
export type Rounding = (typeof roundings)[number]
const roundings = ['half-even', 'half-up', 'floor'] as const

/** Most places behind the point; ours. */
const mostPlaces = 1024
/** Most places behind the point of a literal, so that 0.1, which no binary fraction equals, is an error; ours. */
const literalPlaces = 30

/** Multiples of 2^-fraction: an integer of the given range and a point that is only looked at. */
export class FixedShape implements Range {
  readonly kind = 'fixed'
  readonly int: IntShape
  readonly fraction: number
  constructor(int: IntShape, fraction: number) {
    this.int = int
    this.fraction = whole('fixed', 'bits behind the point', fraction, 0, mostPlaces)
  }
  get min(): bigint {
    return this.int.min
  }
  get max(): bigint {
    return this.int.max
  }
  /** Wires needed. */
  get width(): number {
    return this.int.width
  }
  get tag(): string {
    return `q${this.fraction}_${this.int.tag}`
  }
  toString(): string {
    return `${showRange(this)} / 2^${this.fraction}`
  }
  /** Range of every product of a value of this and one of the other. */
  times(other: FixedShape): FixedShape {
    return new FixedShape(this.int.times(other.int), this.fraction + other.fraction)
  }
  /** Range of every sum of 0 to `terms` values of this. */
  sumOf(terms: number): FixedShape {
    return new FixedShape(this.int.sumOf(terms), this.fraction)
  }
  /** An integer read with this shape's point. */
  of(value: Int): Fixed {
    if (fits(value.node, this)) return new Fixed(value, this.fraction)
    throw value.graph.error(
      'E-RANGE',
      `${this} is not wide enough for ${showRange(value.node)}; narrow it with .wrap(), .sat() or checked()`,
    )
  }
  view(graph: Graph, node: Node): Fixed {
    return new Fixed(new Int(graph, node), this.fraction)
  }
  nodeFor(graph: Graph, operand: AnyOperand, place = 'this place'): Node {
    const value = fixedOf(graph, operand as FixedOperand, place)
    if (value.fraction > this.fraction)
      throw graph.error(
        'E-RANGE',
        `${place} has ${this.fraction} bits behind the point, got ${value.fraction}; .round() it to as many`,
      )
    return own(graph, value.raw.shl(this.fraction - value.fraction)).node
  }
}

/** `fixed(s(16), 8)`: the integer's range, and how many of its bits stand behind the point. */
export const fixed = (int: IntShape, fraction: number): FixedShape => new FixedShape(int, fraction)

/** A value in fixed point, exact: sums line up their points, products add their places, only `round` and `sat` lose. */
export class Fixed extends Signal {
  readonly kind = 'fixed'
  /** The integer: value * 2^fraction. */
  readonly raw: Int
  /** Bits behind the point. */
  readonly fraction: number
  constructor(raw: Int, fraction: number) {
    super(raw.graph, raw.node)
    this.raw = raw
    this.fraction = fraction
  }
  get shape(): FixedShape {
    return new FixedShape(this.raw.shape, this.fraction)
  }
  add(other: FixedOperand): Fixed {
    return this.#aligned('add', other, (a, b) => a.add(b))
  }
  sub(other: FixedOperand): Fixed {
    return this.#aligned('sub', other, (a, b) => a.sub(b))
  }
  mul(other: FixedOperand): Fixed {
    const by = fixedOf(this.graph, other, 'mul')
    return new Fixed(this.raw.mul(by.raw), this.fraction + by.fraction)
  }
  neg(): Fixed {
    return new Fixed(this.raw.neg(), this.fraction)
  }
  /** this * 2^places, for places below 0 too: only the point moves, as long as there are bits to move it over. */
  scale(places: number): Fixed {
    if (!Number.isSafeInteger(places) || Math.abs(places) > mostPlaces)
      throw this.graph.error(
        'E-RANGE',
        `scale takes a whole number of places, at most ${mostPlaces}, got ${describe(places)}; choose one of those`,
      )
    const fraction = this.fraction - places
    return fraction >= 0 ? new Fixed(this.raw, fraction) : new Fixed(this.raw.shl(-fraction), 0)
  }
  lt(other: FixedOperand): Bool {
    return this.#compared('lt', other, (a, b) => a.lt(b))
  }
  gt(other: FixedOperand): Bool {
    return this.#compared('gt', other, (a, b) => a.gt(b))
  }
  le(other: FixedOperand): Bool {
    return this.#compared('le', other, (a, b) => a.le(b))
  }
  ge(other: FixedOperand): Bool {
    return this.#compared('ge', other, (a, b) => a.ge(b))
  }
  eq(other: FixedOperand): Bool {
    return this.#compared('eq', other, (a, b) => a.eq(b))
  }
  ne(other: FixedOperand): Bool {
    return this.#compared('ne', other, (a, b) => a.ne(b))
  }
  /** The nearest value with that many bits behind the point, or the next lower one. */
  round(fraction: number, mode: Rounding): Fixed {
    if (!roundings.includes(mode))
      throw this.graph.error(
        'E-KIND',
        `round takes ${roundings.map((one) => `'${one}'`).join(', ')}, got ${describe(mode)}; say which`,
      )
    const drop = this.fraction - fraction
    if (!Number.isSafeInteger(fraction) || fraction < 0 || drop < 0)
      throw this.graph.error(
        'E-RANGE',
        `round takes from 0 to ${this.fraction} bits behind the point, as many as there are, got ${describe(fraction)}; choose one of those`,
      )
    if (drop === 0) return this
    const floor = this.raw.shr(drop)
    const bounds = range(rounded(this.raw.node.min, drop, mode), rounded(this.raw.node.max, drop, mode))
    const raw = mode === 'floor' ? floor : floor.add(this.#carry(floor, drop, mode).int())
    // Rounding keeps the order, so that the bounds' own roundings are the bounds.
    const exact = fits(raw.node, bounds) ? raw.node : this.graph.operation('wrap', bounds, [raw.node])
    return new Fixed(new Int(this.graph, exact), fraction)
  }
  /** Clamps into the shape's bounds; the shape has at least as many bits behind the point. */
  sat(to: FixedShape): Fixed {
    return new Fixed(this.#inPlacesOf(to, 'sat').sat(to.int), to.fraction)
  }
  /** Keeps the low bits, as hardware would; the shape has at least as many bits behind the point. */
  wrap(to: FixedShape): Fixed {
    return new Fixed(this.#inPlacesOf(to, 'wrap').wrap(to.int), to.fraction)
  }
  /** The integer's two's complement. */
  bits(width = widthOf(this.node)): Bits {
    return this.raw.bits(width)
  }

  /** Whether what is dropped takes the value up: more than half, or half and the mode says so. */
  #carry(floor: Int, drop: number, mode: Exclude<Rounding, 'floor'>): Bool {
    const dropped = this.raw.bits(Math.max(widthOf(this.node), drop)).slice(drop - 1, 0)
    const half = dropped.bit(drop - 1)
    if (mode === 'half-up') return half
    const odd = floor.bit(0)
    return half.and(drop === 1 ? odd : odd.or(dropped.slice(drop - 2, 0).any()))
  }
  #inPlacesOf(to: FixedShape, verb: string): Int {
    if (to.fraction >= this.fraction) return this.raw.shl(to.fraction - this.fraction)
    throw this.graph.error(
      'E-RANGE',
      `${verb} into ${to.fraction} bits behind the point would lose some of ${this.fraction}; .round() to as many first`,
    )
  }
  #aligned(verb: string, other: FixedOperand, join: (a: Int, b: Int) => Int): Fixed {
    const by = fixedOf(this.graph, other, verb)
    const fraction = Math.max(this.fraction, by.fraction)
    return new Fixed(join(this.raw.shl(fraction - this.fraction), by.raw.shl(fraction - by.fraction)), fraction)
  }
  #compared(verb: string, other: FixedOperand, test: (a: Int, b: Int) => Bool): Bool {
    const by = fixedOf(this.graph, other, verb)
    const fraction = Math.max(this.fraction, by.fraction)
    return test(this.raw.shl(fraction - this.fraction), by.raw.shl(fraction - by.fraction))
  }
}
instancesAre(Fixed, (value) => kindOf(value) === 'fixed')

/** An integer read with `fraction` of its bits behind the point. */
export const asFixed = (value: Int, fraction: number): Fixed =>
  new Fixed(value, whole('asFixed', 'bits behind the point', fraction, 0, mostPlaces))

/** The definition that `round` is built after. */
export const rounded = (value: bigint, drop: number, mode: Rounding): bigint => {
  const places = BigInt(drop)
  const floor = value >> places
  const rest = value - (floor << places)
  const half = 1n << (places - 1n)
  if (mode === 'floor' || rest < half) return floor
  return rest > half || mode === 'half-up' || (floor & 1n) === 1n ? floor + 1n : floor
}

const fixedOf = (graph: Graph, operand: FixedOperand, place?: string): Fixed => {
  if (operand instanceof Fixed) return own(graph, operand)
  if (typeof operand !== 'number' && typeof operand !== 'bigint')
    throw graph.error('E-KIND', wrongKind('fixed', operand, place))
  const { value, fraction } = literalOf(operand)
  return new Fixed(new Int(graph, graph.constant(value)), fraction)
}

/** A literal as an integer and the fewest places behind the point that hold it. */
const literalOf = (literal: bigint | number): { readonly value: bigint; readonly fraction: number } => {
  if (typeof literal === 'bigint') return { value: literal, fraction: 0 }
  // A double times a power of two is exact.
  for (let fraction = 0; fraction <= literalPlaces; fraction++) {
    const scaled = literal * 2 ** fraction
    if (Number.isSafeInteger(scaled)) return { value: BigInt(scaled), fraction }
  }
  refuse(
    'E-RANGE',
    'a literal',
    `${literal} is not exact in at most ${literalPlaces} bits behind the point; write a multiple of a power of two, 0.125`,
  )
}
