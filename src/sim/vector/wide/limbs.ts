import { type Range, widthOf } from '../../../dsl/ir.ts'
import { laneType } from '../lane-type.ts'
import type { Nodes } from './nodes.ts'
import { fieldRange, holds } from './ranges.ts'

/** Some bits of a value: a node that holds them as a field. */
export interface Limb {
  readonly node: number
  readonly bits: number
}
/**
 * A value of any width, its limbs side by side, the lowest first. The sign, if it has one, is that of the last limb. What limbs
 * there are is as the value came to be: fields put side by side stay what they were.
 */
export type Limbs = readonly Limb[]

/** Bits of a limb where nothing else is at hand; the words of ports. */
export const wordBits = 32
/** Bits of a computed limb at most, so that sums of two and a carry have a lane. */
export const mostBits = 62

/** Bits of the limbs in which registers, ports and memories keep values of that many bits. */
export const words = (bits: number): readonly number[] =>
  Array.from({ length: Math.ceil(bits / wordBits) }, (_, k) => Math.min(wordBits, bits - k * wordBits))

/** Bounds of what is left of a value without its lowest bits. */
export const above = ({ min, max }: Range, bits: number): Range => ({
  min: min >> BigInt(bits),
  max: max >> BigInt(bits),
})

/** Bounds of the words of a value; one, its own, where a lane holds it. */
export const wordRanges = (range: Range): readonly Range[] =>
  laneType(range)
    ? [range]
    : words(widthOf(range)).map((bits, k, all) => (k < all.length - 1 ? fieldRange(bits) : above(range, k * wordBits)))

export const bitsOf = (limbs: Limbs): number => limbs.reduce((sum, { bits }) => sum + bits, 0)

/** What can be cut out of values, as nodes that are made for it. */
export interface Cutter {
  isSigned(limbs: Limbs): boolean
  of(node: number): Limbs
  constant(value: bigint): Limbs
  /** Bits of a value, beyond its last bit those of its sign, as limbs where they lie. */
  slice(limbs: Limbs, from: number, bits: number): Limbs
  /** The same as one field. */
  field(limbs: Limbs, from: number, bits: number): number
  /** What is left of a value, at most 64 bits, without its lowest bits; it keeps its sign. */
  high(limbs: Limbs, from: number): number
  /** The same within bounds to which it is wrapped where it does not keep to them. */
  top(limbs: Limbs, from: number, range: Range): number
  /** A value above the lowest bits of another, which has no sign. */
  cat(upper: Limbs, lower: Limbs, bits: number): Limbs
  shr(limbs: Limbs, places: number): Limbs
  /** The value wrapped to the width and sign of bounds. */
  wrapped(limbs: Limbs, range: Range): Limbs
  /** The words of a value that is in those bounds. */
  words(limbs: Limbs, range: Range): readonly number[]
}

/** What operations on limbs are made with. */
export interface Tools {
  readonly nodes: Nodes
  readonly cut: Cutter
}

export const cutter = (nodes: Nodes): Cutter => {
  const { at, make, constant } = nodes
  const isSigned = (limbs: Limbs): boolean => at(limbs[limbs.length - 1]!.node).min < 0n

  /** Bits of a node, those of the sign beyond its last one. */
  const fieldOf = (node: number, from: number, bits: number): number => {
    const of = at(node)
    if (of.min >= 0n) return make('slice', fieldRange(bits), [node], from)
    if (from === 0) return make('wrap', fieldRange(bits), [node])
    const places = Math.min(from, widthOf(of))
    return make('wrap', fieldRange(bits), [make('shr', above(of, places), [node], places)])
  }
  const join = (high: number, low: number, bits: number): number => {
    const { max } = at(high)
    const isZero = at(low).max === 0n
    return isZero
      ? make('shl', { min: 0n, max: max << BigInt(bits) }, [high], bits)
      : make('cat', { min: 0n, max: ((max + 1n) << BigInt(bits)) - 1n }, [high, low], bits)
  }

  const of = (node: number): Limbs => {
    const value = at(node)
    if (value.op === 'const') return constantLimbs(value.value)
    // Fields of some size that were put side by side are taken apart again.
    const least = wordBits / 2
    const bits = widthOf(value)
    if (value.amount >= least && bits - value.amount >= least) {
      if (value.op === 'cat') return [...padded(of(value.args[1]!), value.amount), ...of(value.args[0]!)]
      if (value.op === 'shl') return [...zeros(value.amount), ...of(value.args[0]!)]
    }
    return [{ node, bits }]
  }
  const constantLimbs = (value: bigint): Limbs => {
    const range = { min: value, max: value }
    return words(widthOf(range)).map((bits, k, all) => {
      const from = BigInt(k * wordBits)
      return { bits, node: constant(k < all.length - 1 ? BigInt.asUintN(bits, value >> from) : value >> from) }
    })
  }
  const zeros = (bits: number): Limbs => words(bits).map((bits) => ({ bits, node: constant(0n) }))
  const padded = (limbs: Limbs, bits: number): Limbs => [...limbs, ...zeros(bits - bitsOf(limbs))]

  const slice = (limbs: Limbs, from: number, bits: number): Limbs => {
    const found: Limb[] = []
    let start = 0
    for (const limb of limbs) {
      let low = Math.max(from, start)
      const high = Math.min(from + bits, start + limb.bits)
      const size = Math.max(0, high - low)
      // A lane's 64 bits with a sign have no wrap that takes it away.
      for (const part of at(limb.node).min < 0n && size > mostBits ? words(size) : [size]) {
        if (part > 0) found.push({ node: fieldOf(limb.node, low - start, part), bits: part })
        low += part
      }
      start += limb.bits
    }
    const missing = bits - bitsOf(found)
    if (missing === 0) return found
    const last = limbs[limbs.length - 1]!
    if (!isSigned(limbs)) return [...found, ...zeros(missing)]
    return [...found, ...words(missing).map((bits) => ({ bits, node: fieldOf(last.node, last.bits, bits) }))]
  }
  const shr = (limbs: Limbs, places: number): Limbs => {
    const start = bitsOf(limbs) - limbs[limbs.length - 1]!.bits
    return places < start
      ? [...slice(limbs, places, start - places), limbs[limbs.length - 1]!]
      : of(high(limbs, places))
  }
  const field = (limbs: Limbs, from: number, bits: number): number => {
    let known = 0
    let low = constant(0n)
    for (const limb of slice(limbs, from, bits)) {
      low = known === 0 ? limb.node : join(limb.node, low, known)
      known += limb.bits
    }
    return low
  }
  const high = (limbs: Limbs, from: number): number => {
    const bits = bitsOf(limbs)
    if (!isSigned(limbs)) return from < bits ? field(limbs, from, bits - from) : constant(0n)
    const last = limbs[limbs.length - 1]!
    const start = bits - last.bits
    const range = at(last.node)
    if (from >= start) {
      const places = Math.min(from - start, widthOf(range))
      return make('shr', above(range, places), [last.node], places)
    }
    const below = BigInt(start - from)
    const shifted = { min: range.min << below, max: range.max << below }
    const low = field(limbs, from, start - from)
    const sum = { min: shifted.min, max: shifted.max + at(low).max }
    return make('add', sum, [make('shl', shifted, [last.node], start - from), low])
  }
  /** Bits read as two's complement. There is no wrap of a lane's 64 bits: they are made of two halves. */
  const signed = (limbs: Limbs, from: number, range: Range): number => {
    const bits = widthOf(range)
    if (bits <= mostBits) return make('wrap', range, [field(limbs, from, bits)])
    const upper = signed(limbs, from + wordBits, above(range, wordBits))
    return high(
      [
        { node: field(limbs, from, wordBits), bits: wordBits },
        { node: upper, bits: bits - wordBits },
      ],
      0,
    )
  }
  const top = (limbs: Limbs, from: number, range: Range): number => {
    if (bitsOf(limbs) - from <= mostBits) {
      const node = high(limbs, from)
      return holds(range, at(node)) ? node : make('wrap', range, [node])
    }
    const only = limbs.length === 1 && from === 0 ? limbs[0]!.node : undefined
    if (only !== undefined && holds(range, at(only))) return only
    return range.min < 0n ? signed(limbs, from, range) : field(limbs, from, widthOf(range))
  }
  const wrapped = (limbs: Limbs, range: Range): Limbs => {
    const bits = widthOf(range)
    const short = bitsOf(limbs) - bits
    if (short <= 0 && (range.min < 0n ? short < 0 || isSigned(limbs) : !isSigned(limbs))) return limbs
    const found = slice(limbs, 0, bits)
    if (range.min >= 0n) return found
    const last = found[found.length - 1]!
    const start = bits - last.bits
    return [...slice(limbs, 0, start), { node: top(limbs, start, above(range, start)), bits: last.bits }]
  }
  const inWords = (limbs: Limbs, range: Range): readonly number[] =>
    wordRanges(range).map((word, k, all) =>
      k < all.length - 1 ? field(limbs, k * wordBits, wordBits) : top(limbs, k * wordBits, word),
    )
  const cat: Cutter['cat'] = (upper, lower, bits) => [...padded(lower, bits), ...upper]
  return { isSigned, of, constant: constantLimbs, cat, shr, slice, field, high, top, wrapped, words: inWords }
}
