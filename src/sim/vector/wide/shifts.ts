import { type Range, widthOf } from '../../../dsl/ir.ts'
import { equal } from './compare.ts'
import { above, bitsOf, type Limbs, type Tools, wordBits, words } from './limbs.ts'
import type { Nodes } from './nodes.ts'
import { fieldRange } from './ranges.ts'

/** Bits of a number of places that stay within a word; the others count whole words. */
const withinWord = Math.log2(wordBits)
const word = fieldRange(wordBits)

/** a * 2^places: each word gives its lower bits to itself and the others to the next; then words move. */
export const shiftedLeft = ({ nodes, cut }: Tools, of: Range, a: Limbs, places: Limbs): Limbs => {
  const sizes = words(widthOf(of))
  const zero = nodes.constant(0n)
  const within = cut.field(places, 0, withinWord)
  const most = { min: 0n, max: word.max << nodes.at(within).max }
  const moved = sizes.map((_, k) => nodes.make('shlBy', most, [cut.field(a, k * wordBits, wordBits), within]))
  let now = moved.map((each, k) => {
    const below = k > 0 ? nodes.make('slice', word, [moved[k - 1]!], wordBits) : zero
    return nodes.make('or', word, [nodes.make('wrap', word, [each]), below])
  })
  for (let level = 0; level < bitsOf(places) - withinWord; level++) {
    const before = now
    const test = cut.field(places, withinWord + level, 1)
    now = before.map((kept, k) => nodes.make('mux', word, [test, before[k - 2 ** level] ?? zero, kept]))
  }
  return asLimbs(nodes, of, now)
}

/** floor(a / 2^places): words move, then bits, which come from a word and the next one. */
export const shiftedRight = (tools: Tools, of: Range, a: Limbs, places: Limbs): Limbs => {
  const { nodes, cut } = tools
  const count = words(bitsOf(a)).length
  const levels = Math.ceil(Math.log2(count))
  const sign = cut.field(a, count * wordBits, wordBits)
  let now = words(bitsOf(a)).map((_, k) => cut.field(a, k * wordBits, wordBits))
  for (let level = 0; level < levels; level++) {
    const before = now
    const test = cut.field(places, withinWord + level, 1)
    now = before.map((kept, k) => nodes.make('mux', word, [test, before[k + 2 ** level] ?? sign, kept]))
  }
  const far = bitsOf(places) - withinWord - levels
  if (far > 0) {
    const isNear = equal(tools, cut.slice(places, withinWord + levels, far), cut.constant(0n))
    now = now.map((kept) => nodes.make('mux', word, [isNear, kept, sign]))
  }
  const within = cut.field(places, 0, withinWord)
  const result = words(widthOf(of)).map((_, k) => {
    const both = nodes.make('cat', fieldRange(2 * wordBits), [now[k + 1] ?? sign, now[k] ?? sign], wordBits)
    return nodes.make('slice', word, [nodes.make('shrBy', fieldRange(2 * wordBits), [both, within])])
  })
  return asLimbs(nodes, of, result)
}

/** Words as a value that is in those bounds. */
const asLimbs = (nodes: Nodes, of: Range, result: readonly number[]): Limbs =>
  words(widthOf(of)).map((bits, k, all) => ({
    bits,
    node: k < all.length - 1 ? result[k]! : nodes.make('wrap', above(of, k * wordBits), [result[k]!]),
  }))
