import type { Range } from '../../dsl/ir.ts'
import type { BodyNode } from './body.ts'
import { integerType, rangeOf, signed } from './lane-type.ts'

/** Appends a node. */
type Add = (node: Partial<BodyNode> & Pick<BodyNode, 'op' | 'min' | 'max'>) => number

/**
 * `a + b < c` and `c < a + b` without the sum, where the sum needs wider lanes than a and b, as the promise does that a sum still
 * fits its accumulator: `a < c - b` and `c - b < a`, with b limited first to where c - b has the width of a. Beyond the limit
 * no value of a makes the comparison true. Undefined for other comparisons.
 */
export const narrowComparison = (
  nodes: readonly BodyNode[],
  add: Add,
  constant: (value: bigint) => number,
  [left, right]: readonly [number, number],
): number | undefined => {
  const [sum, bound] = nodes[left]!.op === 'const' ? [right, left] : [left, right]
  const { op, args } = nodes[sum]!
  if (op !== 'add' || nodes[bound]!.op !== 'const') return undefined
  const below = sum === left
  const c = nodes[bound]!.value
  const [wide, other] = widerFirst(nodes, args as readonly [number, number])
  const [type, second] = [wide, other].map((node) => integerType(nodes[node]!))
  if (!type || !second) return undefined
  const bits = Math.max(type.bits, second.bits)
  const lane = Object.values(signed).find((type) => type.bits === bits)!
  const needed = integerType(nodes[sum]!, nodes[bound]!)
  if (needed && needed.bits <= bits) return undefined
  const { min, max } = rangeOf(lane)
  const b = nodes[other]!
  const limits: Range = below
    ? { min: b.min, max: least(b.max, c - min) }
    : { min: greatest(b.min, c - max), max: b.max }
  const rest: Range = { min: c - limits.max, max: c - limits.min }
  if (limits.min > limits.max || [nodes[wide]!, b, rest, limits].some((range) => range.min < min || range.max > max))
    return undefined
  const limited = limits.min === b.min && limits.max === b.max ? other : add({ op: 'sat', ...limits, args: [other] })
  const difference = add({ op: 'sub', ...rest, args: [constant(c), limited] })
  const operands = below ? [wide, difference] : [difference, wide]
  return add({ op: 'lt', min: 0n, max: 1n, args: operands })
}

const widerFirst = (nodes: readonly BodyNode[], [a, b]: readonly [number, number]): readonly [number, number] => {
  const width = (node: number): bigint => nodes[node]!.max - nodes[node]!.min
  return width(b) > width(a) ? [b, a] : [a, b]
}
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const greatest = (a: bigint, b: bigint): bigint => (a > b ? a : b)
