import { type Limbs, mostBits, wordBits } from './limbs.ts'
import type { Nodes } from './nodes.ts'

/** Limbs that are narrower are put together where something is computed of them. */
const leastBits = wordBits / 2

/**
 * Bits of the limbs in which values are worked on together, the lowest first: those that they have, where that makes no small
 * pieces, else words. `each` says that limbs do not depend on each other, so that a small one costs no more than a large one.
 */
export const partition = (nodes: Nodes, bits: number, operands: readonly Limbs[], each = false): readonly number[] => {
  const starts = operands.map((limbs) => startsOf(nodes, limbs).filter((start) => start < bits))
  const all = [...new Set(starts.flat())].sort((a, b) => a - b)
  const isCoarse = all.every((start, k) => start - (all[k - 1] ?? 0) >= leastBits)
  const asOne = each && all.length <= bits / 8 && starts.some(({ length }) => length === all.length)
  const chosen = isCoarse || asOne ? all : []
  const cuts = [...chosen, bits].flatMap((end, k) => {
    const start = chosen[k - 1] ?? 0
    const between: number[] = []
    for (let at = start; end - at > mostBits; between.push(at)) {
      const next = at + wordBits - (at % wordBits)
      at = next - at < leastBits ? next + wordBits : next
    }
    return [...between, end]
  })
  return cuts.map((end, k) => end - (cuts[k - 1] ?? 0))
}

/** Where limbs begin, but the first; a constant can be cut anywhere. */
const startsOf = (nodes: Nodes, limbs: Limbs): readonly number[] => {
  const isConstant = (k: number): boolean => nodes.at(limbs[k]!.node).op === 'const'
  let start = 0
  return limbs.flatMap(({ bits }, k) => {
    const at = start
    start += bits
    return k > 0 && !(isConstant(k) && isConstant(k - 1)) ? [at] : []
  })
}
