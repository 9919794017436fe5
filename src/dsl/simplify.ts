import type { Node, OperationName, Range } from './ir.ts'

/** What an operation comes to without being made: a node that is there already, a value, or a simpler operation. */
export type Simpler =
  | Node
  | bigint
  | { readonly op: OperationName; readonly args: readonly Node[]; readonly amount?: number }

/**
 * The rules that keep what is printed free of operations nobody would write, and of comparisons that tools warn about
 * because their outcome is known. Only where the bounds stay what they were, since a bit field's width is in them.
 */
export const simplified = (op: OperationName, bounds: Range, args: readonly Node[]): Simpler | undefined => {
  if (bounds.min === bounds.max) return bounds.min
  const [a, b] = args as readonly [Node, Node]
  const unchanged = (node: Node): Node | undefined => (sameBounds(node, bounds) ? node : undefined)
  switch (op) {
    case 'add':
      if (isValue(a, 0n)) return unchanged(b)
      return isValue(b, 0n) ? unchanged(a) : undefined
    case 'sub':
      return isValue(b, 0n) ? unchanged(a) : undefined
    case 'mul': {
      const [factor, other] = a.op === 'const' ? [a.value, b] : b.op === 'const' ? [b.value, a] : [0n, a]
      if (factor === 1n) return unchanged(other)
      return factor > 0n && (factor & (factor - 1n)) === 0n
        ? { op: 'shl', args: [other], amount: factor.toString(2).length - 1 }
        : undefined
    }
    case 'shlBy':
    case 'shrBy': {
      if (b.op !== 'const') return undefined
      const same = b.value === 0n ? unchanged(a) : undefined
      return same ?? { op: op === 'shlBy' ? 'shl' : 'shr', args: [a], amount: Number(b.value) }
    }
    case 'sat':
      if (tight(a).max <= bounds.min) return bounds.min
      return tight(a).min >= bounds.max ? bounds.max : undefined
    case 'eq':
      if (a === b) return 1n
      return tight(a).max < tight(b).min || tight(b).max < tight(a).min ? 0n : undefined
    case 'lt':
      if (a === b || tight(a).min >= tight(b).max) return 0n
      return tight(a).max < tight(b).min ? 1n : undefined
    case 'and':
    case 'or':
      return a === b ? a : bitwise(op, a, b, bounds)
    case 'xor':
      return a === b ? 0n : bitwise(op, a, b, bounds)
    case 'not':
      return a.op === 'not' ? a.args[0] : undefined
    case 'mux':
      return choice(args as readonly [Node, Node, Node], bounds)
    default:
      return undefined
  }
}

/** One argument all zeros or all ones. */
const bitwise = (op: 'and' | 'or' | 'xor', a: Node, b: Node, { max }: Range): Simpler | undefined => {
  const [constant, other] = a.op === 'const' ? [a.value, b] : b.op === 'const' ? [b.value, a] : [undefined, a]
  if (constant === 0n) return op === 'and' ? 0n : other
  if (constant !== max) return undefined
  if (op === 'xor') return { op: 'not', args: [other] }
  return op === 'and' ? other : max
}

/** An arm, the condition itself, or the choice turned round where its condition is a `not`. */
const choice = ([test, then, otherwise]: readonly [Node, Node, Node], bounds: Range): Simpler | undefined => {
  if (then === otherwise && sameBounds(then, bounds)) return then
  if (test.op === 'const') {
    const taken = test.value === 1n ? then : otherwise
    if (taken.op === 'const') return taken.value
    return sameBounds(taken, bounds) ? taken : undefined
  }
  if (isValue(then, 1n) && isValue(otherwise, 0n) && sameBounds(test, bounds)) return test
  if (isValue(then, 0n) && isValue(otherwise, 1n) && sameBounds(test, bounds)) return { op: 'not', args: [test] }
  return test.op === 'not' ? { op: 'mux', args: [test.args[0]!, otherwise, then] } : undefined
}

/** A constant may be announced with wider bounds than its value has. */
const tight = (node: Node): Range => (node.op === 'const' ? { min: node.value, max: node.value } : node)
const isValue = (node: Node, value: bigint): boolean => node.op === 'const' && node.value === value
const sameBounds = (a: Range, b: Range): boolean => a.min === b.min && a.max === b.max
