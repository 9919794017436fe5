import { HdlError } from './error.ts'
import { isSigned, type Range, showRange, widthOf } from './ir.ts'

/**
 * Shapes say what a port, a register or a wire may hold. Three kinds of scalar, checked by `tsc`: `Int` (exact bounds),
 * `Bool` (a condition), `Bits` (a field of fixed width without sign), and vectors of them.
 */
export type Shape = IntShape | BoolShape | BitsShape | VectorShape
export type ScalarShape = IntShape | BoolShape | BitsShape
export type Shapes = Readonly<Record<string, Shape>>

/** Integers from `min` to `max`, both included. */
export class IntShape implements Range {
  readonly kind = 'int'
  readonly min: bigint
  readonly max: bigint
  constructor(min: bigint, max: bigint) {
    if (min > max)
      throw shapeError('range', `a range runs from its smaller to its larger bound, got ${min} to ${max}; swap them`)
    this.min = min
    this.max = max
  }
  /** Wires needed. */
  get width(): number {
    return widthOf(this)
  }
  /** Range of every product of a value of this and one of the other. */
  times(other: Range): IntShape {
    return hull([this.min * other.min, this.min * other.max, this.max * other.min, this.max * other.max])
  }
  /** Range of every sum of a value of this and one of the other. */
  plus(other: Range): IntShape {
    return new IntShape(this.min + other.min, this.max + other.max)
  }
  /** Range of every sum of 0 to `terms` values of this. */
  sumOf(terms: number): IntShape {
    const count = BigInt(whole('sumOf', 'terms', terms, 0, Number.MAX_SAFE_INTEGER))
    return hull([0n, this.min * count, this.max * count])
  }
  /** `s8`, `u4`, or `m127_to_127` where the bounds are not those of a whole width; differs for every two ranges. */
  get tag(): string {
    const full = isSigned(this) ? s(this.width) : u(this.width)
    if (full.min === this.min && full.max === this.max) return `${isSigned(this) ? 's' : 'u'}${this.width}`
    return `${this.min}_to_${this.max}`.replaceAll('-', 'm')
  }
  toString(): string {
    return showRange(this)
  }
}

export interface BoolShape extends Range {
  readonly kind: 'bool'
  readonly tag: string
}

/** `width` bits without sign. */
export interface BitsShape extends Range {
  readonly kind: 'bits'
  readonly width: number
  readonly tag: string
}

/** `length` elements; in Verilog a port or register each, `name_0` upwards. */
export interface VectorShape<Element extends ScalarShape = ScalarShape> {
  readonly kind: 'vector'
  readonly length: number
  readonly element: Element
  readonly tag: string
}

/** Integers from `min` to `max`. A `number` must be exact. */
export const range = (min: bigint | number, max: bigint | number): IntShape => new IntShape(exact(min), exact(max))
/** Two's complement of `width` bits. */
export const s = (width: number): IntShape => {
  const half = 1n << BigInt(whole('s', 'bits', width, 1, mostBits) - 1)
  return new IntShape(-half, half - 1n)
}
/** Unsigned integers of `width` bits. */
export const u = (width: number): IntShape =>
  new IntShape(0n, (1n << BigInt(whole('u', 'bits', width, 1, mostBits))) - 1n)
export const bool: BoolShape = { kind: 'bool', min: 0n, max: 1n, tag: 'bool' }
export const bits = (width: number): BitsShape => {
  const max = (1n << BigInt(whole('bits', 'bits', width, 1, mostBits))) - 1n
  return { kind: 'bits', width, min: 0n, max, tag: `b${width}` }
}
export const vec = <Element extends ScalarShape>(length: number, element: Element): VectorShape<Element> => {
  whole('vec', 'elements', length, 1, mostBits)
  return { kind: 'vector', length, element, tag: `${length}x${element.tag}` }
}

/** A literal as an exact integer; numbers beyond 2^53 are already wrong when they arrive. */
export const exact = (value: bigint | number): bigint => {
  if (typeof value === 'bigint') return value
  if (!Number.isSafeInteger(value))
    throw shapeError('a literal', `${value} is not an exact integer; write a whole number, beyond 2^53 as a bigint, 5n`)
  return BigInt(value)
}

/** Widest value the language takes, so that a slip of the pen does not fill the memory; ours. */
export const mostBits = 65536

/** The number, if it is a whole one from `least` to `most`. */
const whole = (where: string, what: string, value: number, least: number, most: number): number => {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw shapeError(where, `${where} takes a whole number of ${what} from ${least} to ${most}, got ${value}`)
}

const shapeError = (where: string, sentence: string): HdlError => new HdlError('E-RANGE', where, sentence)

const hull = (values: readonly bigint[]): IntShape =>
  new IntShape(
    values.reduce((a, b) => (b < a ? b : a)),
    values.reduce((a, b) => (b > a ? b : a)),
  )
