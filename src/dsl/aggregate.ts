import { cureOf } from '../base/suggestion.ts'
import { refuse } from './error.ts'
import type { Graph } from './graph.ts'
import { fits, type Node, showRange } from './ir.ts'
import { describe, kindOf } from './kind.ts'
import {
  bits,
  leafOf,
  packedWidth,
  type ScalarShape,
  type Shape,
  type Shapes,
  scalarCount,
  scalarsOf,
} from './shape.ts'
import {
  type AnyOperand,
  type AnySignal,
  Bits,
  cat,
  nodeFor,
  type OperandOf,
  Signal,
  type SignalOf,
  signalFor,
} from './signal.ts'

/** A value of the shape, made scalar by scalar; `name` names it, elements and fields are called after it. */
export const valueFor = (
  name: string,
  shape: Shape,
  make: (name: string, shape: ScalarShape) => unknown,
  finish: (name: string, shape: Shape, value: object) => void = () => {},
): unknown => {
  if (shape.kind !== 'vector' && shape.kind !== 'record') return make(name, shape)
  const value =
    shape.kind === 'vector'
      ? Array.from({ length: shape.length }, (_, k) => valueFor(`${name}_${k}`, shape.element, make, finish))
      : Object.fromEntries(
          Object.entries(shape.fields).map(([field, inner]) => [
            field,
            valueFor(`${name}_${field}`, inner, make, finish),
          ]),
        )
  finish(name, shape, value)
  return value
}

/** Every key with a value of its shape. */
export const valuesFor = (shapes: Shapes, ...how: TailOf<typeof valueFor>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(shapes).map(([key, shape]) => [key, valueFor(key, shape, ...how)]))
type TailOf<F> = F extends (name: never, shape: never, ...tail: infer Tail) => unknown ? Tail : never

/** One scalar of an operand for a place of some shape. */
export interface Leaf {
  readonly name: string
  readonly shape: ScalarShape
  readonly operand: AnyOperand
}

/** The scalars of an operand, in the order of the shape's; `what` is the place they are for, `input 'x' of 'mac'`. */
export const leavesOf = (graph: Graph, name: string, shape: Shape, operand: unknown, what: string): readonly Leaf[] => {
  /** A mistake is noted, and the description goes on with a harmless value. */
  const nothing = (...mistake: Parameters<Graph['report']>): readonly Leaf[] => {
    graph.report(...mistake)
    return scalarsOf(name, shape).map(([leaf, scalar]) => ({
      name: leaf,
      shape: scalar,
      operand: signalFor(graph, scalar, graph.constant(scalar.min, leafOf(scalar))),
    }))
  }
  if (operand === undefined) return nothing('E-UNDRIVEN', `${what} has no value; give it one`)
  if (shape.kind === 'vector') {
    if (!Array.isArray(operand))
      return nothing('E-RANGE', `${what} takes an array of ${shape.length}, got ${describe(operand)}; pass one`)
    if (operand.length !== shape.length)
      return nothing('E-RANGE', `${what} takes an array of ${shape.length}, got one of ${operand.length}; pass as many`)
    return operand.flatMap((element, k) =>
      leavesOf(graph, `${name}_${k}`, shape.element, element, `element ${k} of ${what}`),
    )
  }
  if (shape.kind !== 'record') return [{ name, shape, operand: operand as AnyOperand }]
  const fields = Object.keys(shape.fields)
  if (typeof operand !== 'object' || operand === null || kindOf(operand) || Array.isArray(operand))
    return nothing(
      'E-KIND',
      `${what} takes a record of ${fields.join(', ')}, got ${describe(operand)}; pass an object with these fields`,
    )
  const stranger = Object.keys(operand as object).find((field) => !fields.includes(field))
  if (stranger !== undefined)
    return nothing(
      'E-NAME',
      `${what} has no field '${stranger}', its fields are ${fields.join(', ')}${cureOf(stranger, fields, 'leave it out')}`,
    )
  return fields.flatMap((field) =>
    leavesOf(
      graph,
      `${name}_${field}`,
      shape.fields[field]!,
      (operand as Readonly<Record<string, unknown>>)[field],
      `field '${field}' of ${what}`,
    ),
  )
}

/** A node for a place that has the shape's bounds, or the error that says how to narrow it. */
export const placed = (graph: Graph, what: string, shape: ScalarShape, operand: AnyOperand): Node => {
  const node = nodeFor(graph, shape, operand, what)
  if (fits(node, shape)) return node
  const isLiteral = typeof operand !== 'object'
  const found = node.op === 'const' ? `${node.value}` : showRange(node)
  const cure = isLiteral ? 'choose one that fits, or widen the shape' : 'narrow it with .wrap(), .sat() or checked()'
  graph.report('E-RANGE', `${what} holds ${showRange(shape)}, got ${found}; ${cure}`)
  return graph.constant(shape.min, leafOf(shape))
}

/**
 * A value as one field of bits: a record's first field highest, as in a packed struct, a vector's element 0 lowest, as in
 * a packed array.
 */
export const pack = <S extends Shape>(shape: S, value: OperandOf<S>): Bits => {
  const graph = graphOf(value)
  return packed(graph, shape, value, 'what is packed')
}

/** The field that a value is packed into; `what` is the place it is for. */
export const packed = (graph: Graph, shape: Shape, value: unknown, what: string): Bits => {
  const parts = leavesOf(graph, '', shape, value, what).map((leaf) => {
    const node = placed(graph, `${what}${leaf.name.replaceAll('_', '.')}`, leaf.shape, leaf.operand)
    const field = bits(packedWidth(leaf.shape))
    const same = node.min === field.min && node.max === field.max
    return new Bits(graph, same ? node : graph.operation('wrap', field, [node]))
  })
  return cat(...inPackedOrder(shape, parts))
}

/** The number that a literal stands for in the place `what`. */
export const literalOf = (graph: Graph, shape: ScalarShape, operand: AnyOperand, what: string): bigint => {
  const node = nodeFor(graph, shape, operand, what)
  if (node.op !== 'const') throw graph.error('E-KIND', `${what} starts as a literal, got a signal; .write() it`)
  if (fits({ min: node.value, max: node.value }, shape)) return node.value
  throw graph.error('E-RANGE', `${what} holds ${showRange(shape)}, got ${node.value}; widen the shape`)
}

/** The number that a literal of the shape is packed into; `what` is the place it is for. */
export const packedLiteral = (graph: Graph, shape: Shape, value: unknown, what: string): bigint => {
  const parts = leavesOf(graph, '', shape, value, what).map((leaf): readonly [bigint, number] => {
    const value = literalOf(graph, leaf.shape, leaf.operand, `${what}${leaf.name.replaceAll('_', '.')}`)
    const width = packedWidth(leaf.shape)
    return [BigInt.asUintN(width, value), width]
  })
  return inPackedOrder(shape, parts).reduce((above, [part, width]) => (above << BigInt(width)) | part, 0n)
}

/** Scalars as they stand in the packed field, the highest first: vectors are turned round. */
const inPackedOrder = <T>(shape: Shape, scalars: readonly T[]): readonly T[] => {
  if (shape.kind !== 'vector' && shape.kind !== 'record') return scalars
  const inner = shape.kind === 'vector' ? Array<Shape>(shape.length).fill(shape.element) : Object.values(shape.fields)
  let from = 0
  const groups = inner.map((part) => {
    const count = scalarCount(part)
    from += count
    return inPackedOrder(part, scalars.slice(from - count, from))
  })
  return (shape.kind === 'vector' ? groups.reverse() : groups).flat()
}

/**
 * A field of bits read as a value of the shape, the reverse of `pack`. An integer has every value of its width, since the
 * bits may hold them; an enumeration needs a name for every code.
 */
export const unpack = <S extends Shape>(shape: S, packedBits: Bits): SignalOf<S> => {
  const width = packedWidth(shape)
  if (packedBits.width !== width)
    throw packedBits.graph.error(
      'E-WIDTH',
      `this shape is packed in ${width} bits, got ${packedBits.width}; use .slice() or cat()`,
    )
  return fieldsOf(shape, packedBits, unpackedScalar) as SignalOf<S>
}

const unpackedScalar = (field: Bits, part: ScalarShape): AnySignal => {
  if (part.kind === 'bits') return field
  if (part.kind === 'enum') return part.of(field)
  return signalFor(field.graph, part, (part.min < 0n ? field.signed() : field.unsigned()).node)
}

/** A field of bits that only packed values of the shape have been put into: what comes out has the shape's own bounds. */
export const storedIn = <S extends Shape>(shape: S, packedBits: Bits): SignalOf<S> =>
  fieldsOf(shape, packedBits, ({ graph, node }, part) => {
    const { min, max } = part
    const same = node.min === min && node.max === max
    return signalFor(graph, part, same ? node : graph.operation('wrap', { min, max }, [node]))
  }) as SignalOf<S>

/** A value of the shape, each scalar made of its part of a packed field. */
const fieldsOf = (shape: Shape, packedBits: Bits, scalar: (field: Bits, shape: ScalarShape) => AnySignal): unknown => {
  let top = packedBits.width
  const read = (part: Shape): unknown => {
    if (part.kind === 'record')
      return Object.fromEntries(Object.entries(part.fields).map(([field, inner]) => [field, read(inner)]))
    if (part.kind === 'vector') return Array.from({ length: part.length }, () => read(part.element)).reverse()
    top -= packedWidth(part)
    return scalar(packedBits.slice(top + packedWidth(part) - 1, top), part)
  }
  return read(shape)
}

/** The component that a value with at least one signal belongs to. */
const graphOf = (value: unknown): Graph => {
  const found = signalIn(value)
  if (found) return found.graph
  refuse(
    'E-RANGE',
    'pack',
    'pack takes a value with at least one signal, got literals alone; write the number they make',
  )
}
/** The first signal in a value. */
export const signalIn = (value: unknown): Signal | undefined => {
  if (value instanceof Signal) return value
  if (typeof value !== 'object' || value === null) return undefined
  for (const part of Object.values(value)) {
    const found = signalIn(part)
    if (found) return found
  }
  return undefined
}
