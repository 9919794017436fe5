import { literalOf, packed, packedLiteral, storedIn } from './aggregate.ts'
import type { Graph } from './graph.ts'
import { type Node, type Range, showRange } from './ir.ts'
import { bits, packedWidth, type ScalarShape, type Shape, scalarsOf } from './shape.ts'
import { type AnyOperand, Bits, signalFor } from './signal.ts'

/** How a memory keeps words of a shape: a scalar as it is, a vector or a record packed into one field of bits. */
export interface Words {
  /** Bounds of what is kept. */
  readonly range: Range
  /** What is kept of an operand for the place `what`. */
  kept(what: string, operand: unknown): Node
  /** What is kept of a literal for the place `what`. */
  literal(what: string, given: unknown): bigint
  /** The value that a kept word stands for. */
  signal(node: Node): unknown
}

/** The words of the memory `what`; an error where 0, as words may start, is outside the shape. */
export const wordsOf = (
  graph: Graph,
  what: string,
  of: Shape,
  place: (what: string, shape: ScalarShape, operand: AnyOperand) => Node,
): Words => {
  for (const [name, { min, max }] of scalarsOf('', of))
    if (min > 0n || max < 0n)
      throw graph.error(
        'E-RANGE',
        `${what} holds ${showRange({ min, max })}${name && ` in '${name.slice(1)}'`}, but words may start as 0; widen the shape to 0`,
      )
  return of.kind === 'vector' || of.kind === 'record'
    ? {
        range: range(bits(packedWidth(of))),
        kept: (what, operand) => packed(graph, of, operand, what).node,
        literal: (what, given) => packedLiteral(graph, of, given, what),
        signal: (node) => storedIn(of, new Bits(graph, node)),
      }
    : scalars(graph, of, place)
}

const scalars = (
  graph: Graph,
  of: ScalarShape,
  place: (what: string, shape: ScalarShape, operand: AnyOperand) => Node,
): Words => ({
  range: range(of),
  kept: (what, operand) => place(what, of, operand as AnyOperand),
  literal: (what, given) => literalOf(graph, of, given as AnyOperand, what),
  signal: (node) => signalFor(graph, of, node),
})

const range = ({ min, max }: Range): Range => ({ min, max })
