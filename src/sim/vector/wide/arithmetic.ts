import { type Range, widthOf } from '../../../dsl/ir.ts'
import { above, bitsOf, type Limb, type Limbs, mostBits, type Tools, wordBits, words } from './limbs.ts'
import type { Nodes } from './nodes.ts'
import { partition } from './partition.ts'
import { fieldRange, holds } from './ranges.ts'

/** An integer operation with the bounds that follow. */
const make = ({ at, make }: Nodes, op: 'add' | 'sub' | 'mul', left: number, right: number): number => {
  const [a, b] = [at(left), at(right)]
  if (op === 'add') return make(op, { min: a.min + b.min, max: a.max + b.max }, [left, right])
  if (op === 'sub') return make(op, { min: a.min - b.max, max: a.max - b.min }, [left, right])
  const corners = [a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max]
  const range = corners.reduce<Range>(
    ({ min, max }, value) => ({ min: value < min ? value : min, max: value > max ? value : max }),
    { min: corners[0]!, max: corners[0]! },
  )
  return make(op, range, [left, right])
}

/** The low bits of a sum of limbs, and what it carries into the next. */
const carried = (nodes: Nodes, sum: number, bits: number): { readonly low: number; readonly carry: number } => ({
  low: nodes.make('wrap', fieldRange(bits), [sum]),
  carry: nodes.make('shr', above(nodes.at(sum), bits), [sum], bits),
})

/**
 * a + b, or a - b as a + not b + 1, so that carries have no sign: shifts that keep one are slow in vectors. The highest limb of a
 * difference takes the borrow instead.
 */
export const sum = ({ nodes, cut }: Tools, op: 'add' | 'sub', of: Range, a: Limbs, b: Limbs): Limbs => {
  const sizes = partition(nodes, widthOf(of), [a, b])
  let start = 0
  let carry = nodes.constant(op === 'add' ? 0n : 1n)
  return sizes.map((bits, k): Limb => {
    const from = start
    start += bits
    if (k < sizes.length - 1) {
      const [left, right] = [a, b].map((limbs) => cut.field(limbs, from, bits)) as [number, number]
      const all = nodes.constant(fieldRange(bits).max)
      const added = op === 'add' ? right : nodes.make('xor', fieldRange(bits), [right, all])
      const total = make(nodes, 'add', make(nodes, 'add', left, added), carry)
      const next = carried(nodes, total, bits)
      carry = next.carry
      return { node: next.low, bits }
    }
    const range = above(of, from)
    const isWhole = [a, b].every((limbs) => bitsOf(limbs) - from <= mostBits - 2)
    const [left, right] = [a, b].map((limbs) => (isWhole ? cut.high(limbs, from) : cut.field(limbs, from, bits))) as [
      number,
      number,
    ]
    const borrow = op === 'add' ? carry : make(nodes, 'sub', carry, nodes.constant(1n))
    const total = make(nodes, 'add', make(nodes, op, left, right), borrow)
    return { node: within(nodes, total, range), bits }
  })
}

const within = (nodes: Nodes, node: number, range: Range): number =>
  holds(range, nodes.at(node)) ? node : nodes.make('wrap', range, [node])

/** Products of words, each in two halves, added up word by word. */
export const product = ({ nodes, cut }: Tools, of: Range, a: Limbs, b: Limbs): Limbs => {
  const digits = (limbs: Limbs): readonly number[] => {
    const all = words(bitsOf(limbs))
    return all.map((_, k) =>
      k < all.length - 1 ? cut.field(limbs, k * wordBits, wordBits) : cut.high(limbs, k * wordBits),
    )
  }
  const sizes = words(widthOf(of))
  const columns = sizes.map((): number[] => [])
  digits(a).forEach((left, i) => {
    digits(b).forEach((right, j) => {
      const { low, carry } = carried(nodes, make(nodes, 'mul', left, right), wordBits)
      columns[i + j]?.push(low)
      columns[i + j + 1]?.push(carry)
    })
  })
  let carry = nodes.constant(0n)
  return sizes.map((bits, k): Limb => {
    const total = columns[k]!.reduce((sum, each) => make(nodes, 'add', sum, each), carry)
    if (k === sizes.length - 1) return { node: within(nodes, total, above(of, k * wordBits)), bits }
    const next = carried(nodes, total, wordBits)
    carry = next.carry
    return { node: next.low, bits }
  })
}
