import { widthOf } from '../../dsl/ir.ts'
import type { BodyNode } from './body.ts'

/** A sum of copies of a value, one for each of some bits of a weight: `value * (weight & bits)`. */
interface PartialProduct {
  readonly value: number
  readonly weight: number
  readonly bits: bigint
}

/**
 * Nodes in which sums of shifted copies, each kept where a bit of a weight is 1, have become products, as shift-add
 * multipliers compute them: one instruction in place of several for each bit. What a node is worth stays what it was.
 */
export const withProducts = (nodes: readonly BodyNode[]): readonly BodyNode[] => {
  const found: (PartialProduct | undefined)[] = []
  return nodes.map((node, k) => {
    if (node.op !== 'add' && node.op !== 'sub' && node.op !== 'mux') return node
    const partial = copyOf(nodes, node) ?? sumOf(node, found)
    found[k] = partial
    const [a, b] = node.args.map((arg) => found[arg])
    const args =
      node.op === 'add' && partial && isWhole(nodes, partial)
        ? [partial.value, partial.weight]
        : node.op === 'sub' && a && b && signedProduct(nodes, a, b)
    return args ? { ...node, op: 'mul', args, amount: 0 } : node
  })
}

/** `mux(bit k of the weight, value << k, 0)` */
const copyOf = (nodes: readonly BodyNode[], { op, args }: BodyNode): PartialProduct | undefined => {
  if (op !== 'mux') return undefined
  const [test, kept, other] = args.map((arg) => nodes[arg]!) as [BodyNode, BodyNode, BodyNode]
  if (other.op !== 'const' || other.value !== 0n || test.op !== 'slice' || test.max !== 1n) return undefined
  const bits = 1n << BigInt(test.amount)
  const weight = test.args[0]!
  if (kept.op === 'shl' && kept.amount === test.amount) return { value: kept.args[0]!, weight, bits }
  return test.amount === 0 ? { value: args[1]!, weight, bits } : undefined
}

const sumOf = ({ op, args }: BodyNode, found: readonly (PartialProduct | undefined)[]): PartialProduct | undefined => {
  const [a, b] = args.map((arg) => found[arg])
  if (op !== 'add' || !a || !b || !isOneProduct(a, b)) return undefined
  return { ...a, bits: a.bits | b.bits }
}

const isOneProduct = (a: PartialProduct, b: PartialProduct): boolean =>
  a.value === b.value && a.weight === b.weight && (a.bits & b.bits) === 0n

const allBits = (nodes: readonly BodyNode[], weight: number): bigint => (1n << BigInt(widthOf(nodes[weight]!))) - 1n

const isWhole = (nodes: readonly BodyNode[], { weight, bits }: PartialProduct): boolean =>
  bits === allBits(nodes, weight)

/** The top bit of a signed weight counts negative: the weight's bits are those of a number with sign. */
const signedProduct = (
  nodes: readonly BodyNode[],
  low: PartialProduct,
  top: PartialProduct,
): readonly number[] | undefined => {
  const all = allBits(nodes, low.weight)
  const { op, args } = nodes[low.weight]!
  if (!isOneProduct(low, top) || (low.bits | top.bits) !== all || top.bits !== (all + 1n) / 2n || op !== 'wrap')
    return undefined
  const weight = nodes[args[0]!]!
  return weight.min < 0n && widthOf(weight) === widthOf(nodes[low.weight]!) ? [low.value, args[0]!] : undefined
}
