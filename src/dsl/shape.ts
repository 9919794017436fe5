import type { EnumShape } from './enumeration.ts'
import { type Origin, refuse } from './error.ts'
import type { FixedShape } from './fixed.ts'
import { type Encoding, isSigned, type Range, showRange, widthOf } from './ir.ts'
import { describe } from './kind.ts'

/**
 * Shapes say what a port, a register or a wire may hold. Three kinds of scalar, checked by `tsc`: `Int` (exact bounds),
 * `Bool` (a condition), `Bits` (a field of fixed width without sign); two views of them, fixed point and enumerations; and
 * vectors and records of all these, one within the other.
 */
export type Shape = ScalarShape | VectorShape | RecordShape
export type ScalarShape = IntShape | BoolShape | BitsShape | FixedShape | EnumShape
export interface Shapes {
  readonly [name: string]: Shape
}

/** Integers from `min` to `max`, both included. */
export class IntShape implements Range {
  readonly kind = 'int'
  readonly min: bigint
  readonly max: bigint
  constructor(min: bigint, max: bigint) {
    if (min > max)
      refuse('E-RANGE', 'range', `a range runs from its smaller to its larger bound, got ${min} to ${max}; swap them`)
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
export interface VectorShape<Element extends Shape = Shape> {
  readonly kind: 'vector'
  readonly length: number
  readonly element: Element
  readonly tag: string
}

/** Named fields; in Verilog a port or register each, `name_field`. */
export interface RecordShape<Fields extends Shapes = Shapes> {
  readonly kind: 'record'
  readonly fields: Fields
  readonly tag: string
}

/** Integers from `min` to `max`. A `number` must be exact. */
export const range = (min: bigint | number, max: bigint | number): IntShape => {
  const shape = new IntShape(exact(min), exact(max))
  whole('range', 'bits', shape.width, 1, mostBits)
  return shape
}
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
export const vec = <Element extends Shape>(length: number, element: Element): VectorShape<Element> => {
  whole('vec', 'elements', length, 1, mostBits)
  shapeOnly('vec', 'vec', element)
  const scalars = length * scalarCount(element)
  if (scalars > mostBits)
    refuse(
      'E-RANGE',
      'vec',
      `a vector has at most ${mostBits} scalars in all, got ${scalars}; a memory holds more words`,
    )
  return { kind: 'vector', length, element, tag: `${length}x${element.tag}` }
}
/** Fields by name, in the order they are written: `record({ sign: bool, code: bits(3) })`. */
export const record = <Fields extends Shapes>(fields: Fields): RecordShape<Fields> => {
  const entries = Object.entries(fields)
  if (entries.length === 0) refuse('E-RANGE', 'record', 'a record has at least one field, got none; add some')
  for (const [name, field] of entries) {
    const fault =
      keyFault(name) ?? (name === 'next' || name === 'value' ? 'registers and wires are set by it' : undefined)
    if (fault) refuse('E-NAME', 'record', `a field cannot be called '${name}': ${fault}; choose another name`)
    shapeOnly('record', `field '${name}'`, field)
  }
  // Names come with their length, so that no two records are written alike.
  const tags = entries.map(([name, shape]) => `_${name.length}${name}_${shape.tag}`)
  return { kind: 'record', fields, tag: `r${entries.length}${tags.join('')}` }
}

/**
 * Why a word cannot name a field, a state or a value of an enumeration, or undefined where it can. JavaScript moves keys
 * that look like integers to the front, so that the order written would be lost.
 */
export const keyFault = (name: string): string | undefined => {
  if (/^\d+$/.test(name)) return 'JavaScript does not keep the order of names that are integers'
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(name)
    ? undefined
    : 'a name is a letter followed by letters, digits and underscores'
}

/** Bits of a value packed side by side. */
export const packedWidth = (shape: Shape): number => {
  if (shape.kind === 'vector') return shape.length * packedWidth(shape.element)
  if (shape.kind !== 'record') return widthOf(shape)
  return Object.values(shape.fields).reduce((total, field) => total + packedWidth(field), 0)
}

/** How many scalars a shape has. */
export const scalarCount = (shape: Shape): number => {
  if (shape.kind === 'vector') return shape.length * scalarCount(shape.element)
  if (shape.kind !== 'record') return 1
  return Object.values(shape.fields).reduce((total, field) => total + scalarCount(field), 0)
}

/** The scalars of a shape with their names: `name` itself, `name_0` upwards for elements, `name_field` for fields. */
export const scalarsOf = (name: string, shape: Shape): readonly (readonly [string, ScalarShape])[] => {
  if (shape.kind === 'vector')
    return Array.from({ length: shape.length }, (_, k) => scalarsOf(`${name}_${k}`, shape.element)).flat()
  if (shape.kind !== 'record') return [[name, shape]]
  return Object.entries(shape.fields).flatMap(([field, inner]) => scalarsOf(`${name}_${field}`, inner))
}

/** What a leaf of the IR knows of its shape: bounds, and names where its values have some. */
export const leafOf = (shape: ScalarShape): Range & { readonly encoding?: Encoding } =>
  shape.kind === 'enum'
    ? { min: shape.min, max: shape.max, encoding: shape.encoding }
    : { min: shape.min, max: shape.max }

/** A literal as an exact integer; numbers beyond 2^53 are already wrong when they arrive. */
export const exact = (value: bigint | number): bigint => {
  if (typeof value === 'bigint') return value
  if (!Number.isSafeInteger(value))
    refuse(
      'E-RANGE',
      'a literal',
      `${describe(value)} is not an exact integer; write a whole number, from 2^53 upwards as a bigint, 5n`,
    )
  return BigInt(value)
}

/** Widest value the language takes, so that a slip of the pen does not fill the memory; ours. */
export const mostBits = 65536

/** The number, if it is a whole one from `least` to `most`. */
export const whole = (where: string, what: string, value: number, least: number, most: number): number => {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  refuse(
    'E-RANGE',
    where,
    `${where} takes a whole number of ${what} from ${least} to ${most}, got ${describe(value)}; choose one of those`,
  )
}

/** Refuses what is no shape, which only JavaScript without types lets through. */
export const shapeOnly = (where: string, what: string, found: unknown): void => {
  if (!isShape(found) || found.kind === 'stream')
    refuse('E-KIND', where, `${what} takes a shape such as u(8) or bool, got ${describe(found)}; pass one`)
}
export const portShapeOnly = (where: string, what: string, found: unknown, origin: Origin): void => {
  if (!isShape(found))
    refuse(
      'E-KIND',
      where,
      `${what} takes a shape such as u(8) or stream(u(8)), got ${describe(found)}; pass one`,
      origin,
    )
}
const isShape = (found: unknown): found is { readonly kind: unknown } =>
  typeof found === 'object' && found !== null && 'kind' in found && 'tag' in found

const hull = (values: readonly bigint[]): IntShape =>
  new IntShape(
    values.reduce((a, b) => (b < a ? b : a)),
    values.reduce((a, b) => (b > a ? b : a)),
  )
