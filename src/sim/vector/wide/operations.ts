import { type Range, widthOf } from '../../../dsl/ir.ts'
import type { BodyNode } from '../body.ts'
import { product, sum } from './arithmetic.ts'
import { equal, less } from './compare.ts'
import { above, type Limbs, type Tools } from './limbs.ts'
import { partition } from './partition.ts'
import { fieldRange } from './ranges.ts'
import { shiftedLeft, shiftedRight } from './shifts.ts'

/** An operation on values of any width, as operations on limbs. */
export const wideOperation = (tools: Tools, of: BodyNode, args: readonly Limbs[]): Limbs => {
  const { cut } = tools
  const [a, b] = args as [Limbs, Limbs]
  switch (of.op) {
    case 'add':
    case 'sub':
      return sum(tools, of.op, of, a, b)
    case 'mul':
      return product(tools, of, a, b)
    case 'shl':
      return cut.cat(a, cut.constant(0n), of.amount)
    case 'shr':
      return cut.shr(a, of.amount)
    case 'shlBy':
      return shiftedLeft(tools, of, a, b)
    case 'shrBy':
      return shiftedRight(tools, of, a, b)
    case 'wrap':
      return cut.wrapped(a, of)
    case 'sat':
      return clamped(tools, of, a)
    case 'mux':
      return choice(tools, of, a[0]!.node, b, args[2]!)
    case 'eq':
      return [{ node: equal(tools, a, b), bits: 1 }]
    case 'lt':
      return [{ node: less(tools, a, b), bits: 1 }]
    case 'and':
    case 'or':
    case 'xor':
      return bitwise(tools, of.op, widthOf(of), a, b)
    case 'not':
      return bitwise(tools, 'xor', widthOf(of), a, cut.constant(of.max))
    case 'cat':
      return cut.cat(a, b, of.amount)
    case 'slice':
      return cut.slice(a, of.amount, widthOf(of))
    default:
      throw new TypeError(`${of.op} is no operation`)
  }
}

const choice = ({ nodes, cut }: Tools, of: Range, test: number, yes: Limbs, no: Limbs): Limbs => {
  const sizes = partition(nodes, widthOf(of), [yes, no], true)
  let start = 0
  return sizes.map((bits, k) => {
    const from = start
    start += bits
    const range = k < sizes.length - 1 ? fieldRange(bits) : above(of, from)
    const arm = (limbs: Limbs): number =>
      k < sizes.length - 1 ? cut.field(limbs, from, bits) : cut.top(limbs, from, range)
    return { node: nodes.make('mux', range, [test, arm(yes), arm(no)]), bits }
  })
}

const bitwise = ({ nodes, cut }: Tools, op: 'and' | 'or' | 'xor', width: number, a: Limbs, b: Limbs): Limbs => {
  let start = 0
  return partition(nodes, width, [a, b], true).map((bits) => {
    const args = [a, b].map((limbs) => cut.field(limbs, start, bits))
    start += bits
    return { node: nodes.make(op, fieldRange(bits), args), bits }
  })
}

const clamped = (tools: Tools, of: Range, a: Limbs): Limbs => {
  const { cut } = tools
  const [lowest, highest] = [cut.constant(of.min), cut.constant(of.max)]
  const kept = choice(tools, of, less(tools, a, lowest), lowest, a)
  return choice(tools, of, less(tools, highest, a), highest, kept)
}
