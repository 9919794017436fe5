import { fits, type Range, widthOf } from '../../../dsl/ir.ts'
import type { BodyNode } from '../body.ts'
import type { Nodes } from './nodes.ts'
import { holds } from './ranges.ts'

type Made = Pick<BodyNode, 'op' | 'min' | 'max' | 'amount' | 'args'>

const isZero = ({ min, max }: Range): boolean => min === 0n && max === 0n

/** The node that an operation comes to without computing it; undefined where it must be computed. */
export const simplified = (nodes: Nodes, made: Made, of: readonly BodyNode[]): number | undefined => {
  const { op, amount } = made
  const [a, b] = made.args as [number, number]
  const [left, right] = of as [BodyNode, BodyNode]
  switch (op) {
    case 'add':
    case 'or':
    case 'xor':
      if (isZero(left)) return b
      return isZero(right) ? a : undefined
    case 'sub':
      return isZero(right) ? a : undefined
    case 'and':
      if (isZero(left) || isZero(right)) return nodes.constant(0n)
      if (coversAll(right, left)) return a
      return coversAll(left, right) ? b : undefined
    case 'mux':
      if (left.min === left.max) return left.min === 1n ? b : made.args[2]
      return b === made.args[2] ? b : undefined
    case 'eq':
      return left.max < right.min || right.max < left.min ? nodes.constant(0n) : undefined
    case 'lt':
      if (left.max < right.min) return nodes.constant(1n)
      return left.min >= right.max ? nodes.constant(0n) : undefined
    case 'shl':
    case 'shr':
      return amount === 0 ? a : undefined
    case 'shlBy':
    case 'shrBy':
      return right.op === 'const'
        ? nodes.make(op === 'shlBy' ? 'shl' : 'shr', made, [a], Number(right.value))
        : undefined
    case 'sat':
      return fits(left, made) ? a : undefined
    case 'wrap':
      return holds(made, left) ? a : undefined
    case 'cat':
      return isZero(left) ? b : undefined
    case 'slice':
      return sliced(nodes, made, left)
    default:
      return undefined
  }
}

/** True for a constant that has a 1 wherever the other may have one. */
const coversAll = (constant: BodyNode, other: BodyNode): boolean =>
  constant.op === 'const' && (constant.value & (constant.value + 1n)) === 0n && other.max <= constant.value

/** A slice looks through slices, wraps, shifts, fields put side by side and choices between constants. */
const sliced = (nodes: Nodes, { min, max, args, amount }: Made, of: BodyNode): number | undefined => {
  if (amount === 0 && of.max <= max) return args[0]!
  if (of.max >> BigInt(amount) === 0n) return nodes.constant(0n)
  const end = amount + widthOf({ min, max })
  const again = (node: number, from: number, range: Range = { min, max }): number =>
    nodes.make('slice', range, [node], from)
  switch (of.op) {
    case 'slice':
      return end <= widthOf(of) ? again(of.args[0]!, of.amount + amount) : undefined
    case 'wrap':
      return end <= widthOf(of) && nodes.at(of.args[0]!).min >= 0n ? again(of.args[0]!, amount) : undefined
    case 'shl':
      return nodes.at(of.args[0]!).min >= 0n && amount >= of.amount ? again(of.args[0]!, amount - of.amount) : undefined
    case 'cat':
      if (end <= of.amount) return again(of.args[1]!, amount)
      return amount >= of.amount ? again(of.args[0]!, amount - of.amount) : undefined
    case 'mux': {
      const [test, yes, no] = of.args as [number, number, number]
      if (nodes.at(yes).op !== 'const' || nodes.at(no).op !== 'const') return undefined
      return nodes.make('mux', { min, max }, [test, again(yes, amount), again(no, amount)])
    }
    default:
      return undefined
  }
}
