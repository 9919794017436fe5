import { bitsOf, type Limbs, type Tools } from './limbs.ts'
import { partition } from './partition.ts'
import { bit } from './ranges.ts'

/** Limbs of two values that are compared with each other; the last ones have the sign. */
const pairs = ({ nodes, cut }: Tools, a: Limbs, b: Limbs, each: boolean): readonly (readonly [number, number])[] => {
  const sizes = partition(nodes, Math.max(bitsOf(a), bitsOf(b)), [a, b], each)
  let start = 0
  return sizes.map((bits, k) => {
    const from = start
    start += bits
    const limb = (limbs: Limbs): number => (k < sizes.length - 1 ? cut.field(limbs, from, bits) : cut.high(limbs, from))
    return [limb(a), limb(b)]
  })
}

export const equal = (tools: Tools, a: Limbs, b: Limbs): number => {
  const { make } = tools.nodes
  return pairs(tools, a, b, true)
    .map((pair) => make('eq', bit, pair))
    .reduce((all, one) => make('and', bit, [all, one]))
}

/** The highest limbs that differ decide. */
export const less = (tools: Tools, a: Limbs, b: Limbs): number => {
  const { make, constant } = tools.nodes
  return pairs(tools, a, b, false).reduce(
    (below, pair) => make('mux', bit, [make('eq', bit, pair), below, make('lt', bit, pair)]),
    constant(0n),
  )
}
