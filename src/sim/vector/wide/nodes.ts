import { fold, type OperationName, type Range } from '../../../dsl/ir.ts'
import type { BodyNode } from '../body.ts'
import { simplified } from './simplify.ts'

/** A list of nodes that grows; equal operations are one node, and what is known or changes nothing is no operation. */
export interface Nodes {
  readonly all: readonly BodyNode[]
  at(node: number): BodyNode
  /** A node as it is. */
  push(node: Pick<BodyNode, 'op' | 'min' | 'max'> & Partial<BodyNode>): number
  make(op: OperationName, range: Range, args: readonly number[], amount?: number): number
  constant(value: bigint): number
}

export const newNodes = (): Nodes => {
  const all: BodyNode[] = []
  const known = new Map<string, number>()
  const at = (node: number): BodyNode => all[node]!
  const push: Nodes['push'] = (node) => all.push({ args: [], amount: 0, value: 0n, port: 0, instance: 0, ...node }) - 1
  const once = (key: string, node: () => Parameters<Nodes['push']>[0]): number => {
    const found = known.get(key) ?? push(node())
    known.set(key, found)
    return found
  }
  const constant = (value: bigint): number => once(`${value}`, () => ({ op: 'const', min: value, max: value, value }))
  const make: Nodes['make'] = (op, { min, max }, args, amount = 0) => {
    if (min === max) return constant(min)
    const of = args.map(at)
    if (of.every((arg) => arg.op === 'const')) {
      const values = of.map(({ value }) => value)
      return constant(fold({ op, min, max, amount }, values))
    }
    return (
      simplified(nodes, { op, min, max, amount, args }, of) ??
      once(`${op} ${args.join()} ${amount} ${min} ${max}`, () => ({ op, min, max, args, amount }))
    )
  }
  const nodes: Nodes = { all, at, push, make, constant }
  return nodes
}
