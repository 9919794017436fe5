import { part } from '../../src/dsl/bit-trees.ts'
import type { Graph } from '../../src/dsl/graph.ts'
import { fits, type Node, type Operation, type Range, widthOf, wrapInto } from '../../src/dsl/ir.ts'
import { bits, bool, IntShape, s, u } from '../../src/dsl/shape.ts'

/** True where the bounds are all values of their width. */
export const isWhole = (range: Range): boolean => same(range, whole(range))
/** All values of the range's width and sign. */
export const whole = (range: Range): Range => (range.min < 0n ? s(widthOf(range)) : u(widthOf(range)))
export const same = (a: Range, b: Range): boolean => a.min === b.min && a.max === b.max

/** The value within the bounds of its place: as it is where it fits, else wrapped where these are whole bits, else clamped. */
export const brought = (graph: Graph, node: Node, range: Range): Node => {
  if (fits(node, range)) return node
  if (node.op === 'const') return graph.constant(inRange(node.value, range))
  const op = isWhole(range) ? 'wrap' : 'sat'
  return graph.operation(op, bounds(range), [node.op === op ? node.args[0]! : node])
}

/** The value that `brought` makes of a constant. */
export const inRange = (value: bigint, range: Range): bigint => {
  if (isWhole(range)) return wrapInto(value, range)
  return value < range.min ? range.min : value > range.max ? range.max : value
}

/** The low bits as a field. */
const field = (graph: Graph, node: Node, width: number): Node => {
  const to = bits(width)
  if (node.op === 'const') return graph.constant(wrapInto(node.value, to), bounds(to))
  return same(node, to) ? node : graph.operation('wrap', bounds(to), [node.op === 'wrap' ? inner(node, width) : node])
}
/** What a wrap to no fewer bits was made of. */
const inner = (node: Operation, width: number): Node => (widthOf(node) >= width ? node.args[0]! : node)

/** A constant as it is used in arithmetic: as wide as its value. Names of an enumeration stay as wide as all of them. */
const integer = (graph: Graph, node: Node): Node =>
  node.op === 'const' && !node.encoding ? graph.constant(node.value) : node

/**
 * An operation on other arguments, with the bounds that the language gives it for these: the results of arithmetic are as
 * narrow as they can be, fields keep their width. `of` has the operation's old bounds and arguments, which are never
 * narrower than the new ones.
 */
export const operationOn = (graph: Graph, of: Operation, args: readonly Node[]): Node => {
  const { op, amount } = of
  const [a, b] = args.map((arg) => integer(graph, arg)) as [Node, Node]
  const make = (range: Range, ...made: Node[]): Node => graph.operation(op, bounds(range), made, amount)
  const shape = new IntShape(a.min, a.max)
  const width = widthOf(of)
  switch (op) {
    case 'add':
      return make(shape.plus(b), a, b)
    case 'sub':
      return make({ min: a.min - b.max, max: a.max - b.min }, a, b)
    case 'mul':
      return make(shape.times(b), a, b)
    case 'shl':
    case 'shr':
      return shifted(graph, op, a, amount)
    case 'shlBy': {
      if (b.op === 'const') return shifted(graph, 'shl', a, Number(b.value))
      const [low, high] = [a.min << (a.min < 0n ? b.max : b.min), a.max << (a.max < 0n ? b.min : b.max)]
      return make({ min: low, max: high }, a, b)
    }
    case 'shrBy': {
      if (b.op === 'const') return shifted(graph, 'shr', a, Number(b.value))
      const [low, high] = [a.min < 0n ? a.min : a.min >> b.max, a.max < 0n ? a.max >> b.max : a.max]
      return make({ min: low, max: high }, a, b)
    }
    case 'wrap':
      return fits(a, of) ? a : make(of, a)
    case 'sat':
      return fits(a, of) ? a : make(of, a)
    case 'mux':
      return choice(graph, args)
    case 'eq':
    case 'lt':
      return make(bool, a, b)
    case 'and':
    case 'or':
    case 'xor':
    case 'not':
      return make(bits(width), ...args.map((arg) => field(graph, arg, width)))
    case 'cat':
      return make(bits(width), field(graph, args[0]!, width - amount), field(graph, args[1]!, amount))
    case 'slice': {
      const from = Math.max(widthOf(of.args[0]!), amount + width)
      return part(graph, field(graph, args[0]!, from), amount, width)
    }
  }
}

const shifted = (graph: Graph, op: 'shl' | 'shr', a: Node, places: number): Node => {
  const move = (value: bigint): bigint => (op === 'shl' ? value << BigInt(places) : value >> BigInt(places))
  return places === 0 ? a : graph.operation(op, { min: move(a.min), max: move(a.max) }, [a], places)
}

/** The bounds cover both arms. */
const choice = (graph: Graph, [test, then, otherwise]: readonly Node[]): Node => {
  if (test!.op === 'const') return test!.value === 1n ? then! : otherwise!
  const [a, b] = [integer(graph, then!), integer(graph, otherwise!)]
  if (a === b) return a
  const hull = { min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max }
  return graph.operation('mux', hull, [test!, a, b])
}

const bounds = ({ min, max }: Range): Range => ({ min, max })
