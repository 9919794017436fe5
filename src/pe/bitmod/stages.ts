import { type Bits, type Bool, type Builder, cat, delay, type Int, mux, range, s, u } from '../../dsl/index.ts'
import { signedSum } from '../arith/signed-sum.ts'
import type { Arithmetic } from './golden.ts'

/** A cycle's operands. */
export interface Operands {
  readonly activation: readonly { readonly negative: Bool; readonly exponent: Int; readonly significand: Bits }[]
  readonly term: readonly { readonly negative: Bool; readonly exponent: Int; readonly present: Bool }[]
  readonly significance: Int
}

/** Each lane's sign and distance under the largest exponent. */
export interface AlignedLanes {
  readonly places: readonly Int[]
  readonly minus: readonly Bool[]
  readonly significands: readonly Bits[]
  /** With the significance in it, or `significance` beside it. */
  readonly exponent: Int
  readonly significance: Int | undefined
}

/**
 * Step 1: the largest exponent among terms that are not zero, and each lane's distance to it; a zero term is shifted out. `skewed`
 * significands come a cycle after their exponents.
 */
export const alignExponents = (
  builder: Builder,
  p: Arithmetic,
  { activation, term, significance }: Operands,
  skewed: boolean,
): AlignedLanes => {
  const later = <S extends Bits | Bool | Int>(name: string, signal: S): S => delay(builder, name, signal, 1)
  const far = farPlaces(p)
  const exponents = activation.map((lane, k) => lane.exponent.add(term[k]!.exponent))
  const largest = exponents
    .map((exponent, k) => mux(term[k]!.present, exponent, 0))
    .reduce((one, other) => mux(one.lt(other), other, one))
    .named('largest_exponent')
  const places = exponents.map((exponent, k) => {
    const distance = largest.sub(exponent).wrap(u(largest.shape.width))
    return later(`places_${k}`, mux(term[k]!.present, distance.sat(range(0, far)), far))
  })
  const folded = p.significance === 'exponent'
  return {
    places,
    minus: activation.map(({ negative }, k) => later(`minus_${k}`, negative.xor(term[k]!.negative))),
    significands: activation.map(({ significand }, k) =>
      skewed ? significand : later(`significand_${k}`, significand),
    ),
    exponent: later('aligned_exponent', folded ? largest.add(significance) : largest),
    significance: folded ? undefined : later('aligned_significance', significance),
  }
}

/** Bits of a significand with its guard bits. */
export const fieldWidth = ({ guard }: Pick<Arithmetic, 'guard'>): number => 11 + guard

/** As many places as shift everything out. */
const farPlaces = (p: Arithmetic): number => 2 ** Math.ceil(Math.log2(fieldWidth(p) + 1)) - 1

/** A signed integer times 2^exponent. */
interface Number {
  readonly mantissa: Int
  readonly exponent: Int
}

/** Operands of a PE whose activations come aligned, in the registers of the tile's edges. */
export interface AlignedOperands {
  /** Magnitudes with their guard bits, under the exponent of the largest. */
  readonly aligned: readonly { readonly negative: Bool; readonly magnitude: Bits }[]
  readonly exponent: Int
  readonly term: Operands['term']
  /** Some lane has a term. */
  readonly any_term: Bool
  readonly significance: Int
}

/** Steps 1 and 2 where activations come aligned: what is left is a shift to the left by the term's exponent. */
export const multiplyAligned = (builder: Builder, p: Arithmetic, i: AlignedOperands): Number => {
  const width = fieldWidth(p) + 3
  const shifted = i.aligned.map(({ magnitude }, k) => {
    const { exponent, present } = i.term[k]!
    return mux(present, magnitude.unsigned().shlBy(exponent), 0).bits(width).named(`shifted_${k}`)
  })
  const minus = i.aligned.map(({ negative }, k) => negative.xor(i.term[k]!.negative))
  const dot = delay(builder, 'dot', signedSum(builder, 'lane_sum', shifted, minus), 1)
  const folded = p.significance === 'exponent'
  const largest = folded ? i.exponent.add(i.significance) : i.exponent
  const exponent = delay(builder, 'dot_exponent', mux(i.any_term, largest, 0), 1)
  if (folded) return { mantissa: dot, exponent }
  return { mantissa: dot.shlBy(delay(builder, 'dot_significance', i.significance, 1)), exponent }
}

/** Step 2: significands with their guard bits shifted into place, and added with their signs. */
export const multiplyTerms = (builder: Builder, p: Arithmetic, lanes: AlignedLanes): Number => {
  const width = fieldWidth(p)
  const aligned = lanes.significands.map((significand, k) =>
    significand.unsigned().shl(p.guard).shrBy(lanes.places[k]!).bits(width).named(`aligned_${k}`),
  )
  const dot = delay(builder, 'dot', signedSum(builder, 'lane_sum', aligned, lanes.minus), 1)
  const exponent = delay(builder, 'dot_exponent', lanes.exponent, 1)
  if (!lanes.significance) return { mantissa: dot, exponent }
  return { mantissa: dot.shlBy(delay(builder, 'dot_significance', lanes.significance, 1)), exponent }
}

/**
 * Step 3: the product and the group's sum, whichever has the lower exponent shifted under the other, added, and shifted right
 * until `magnitude` bits and a sign hold it. Both ways, because a pipelined first stage cannot know the sum's exponent (ours; Fig.
 * 5 takes it into the maximum). Gives the sum with this cycle's product in it.
 */
export const accumulate = (builder: Builder, p: Arithmetic, product: Number, last: Bool): Number => {
  const mantissaShape = s(p.magnitude + 1)
  const r = builder.regs({ sum: mantissaShape, sum_exponent: u(6) })
  const distance = product.exponent.sub(r.sum_exponent).named('distance')
  const isAbove = distance.ge(0)
  const upper = mux(isAbove, product.mantissa, r.sum)
  // The other way the distance turned round is one place short of its magnitude: no carry chain, but one place before.
  const lower = mux(isAbove, r.sum, product.mantissa.shr(1))
  const places = distance.bits(6)
  const total = upper.add(shiftedFar(lower, mux(isAbove, places, places.not()))).named('total')
  const { mantissa, places: excess } = shortened(total, p.magnitude + 1)
  const exponent = builder.checked(
    mux(isAbove, product.exponent, r.sum_exponent).add(excess),
    u(6),
    'a group is short enough for an exponent of 6 bits',
  )
  const next = { mantissa, exponent }
  r.sum.next = mantissa
  r.sum_exponent.next = exponent
  builder.when(last, () => {
    r.sum.next = 0
    r.sum_exponent.next = 0
  })
  return next
}

/** `value` shifted right, rounded down; so many places that only the sign is left are looked at together, which saves a level. */
const shiftedFar = (value: Int, places: Bits): Int => {
  const levels = Math.ceil(Math.log2(value.shape.width - 1))
  if (levels >= places.width) return value.shrBy(places.unsigned())
  const far = places.slice(places.width - 1, levels).any()
  return mux(far, value.shr(value.shape.width - 1), value.shrBy(places.slice(levels - 1, 0).unsigned()))
}

/** `value` shifted right by the fewest places after which `width` bits hold it, and these places: a level for each bit of them. */
const shortened = (value: Int, width: number): { readonly mantissa: Int; readonly places: Int } => {
  let kept = value.bits()
  const most = kept.width - width
  const moves: Bits[] = []
  for (let by = 2 ** Math.floor(Math.log2(most)); by >= 1; by /= 2) {
    const top = kept.slice(kept.width - 1, width + by - 2)
    const fits = top.all().or(top.any().not())
    const after = width + by - 1
    const moved = kept.signed().shr(by).bits(after)
    kept = mux(fits, kept.slice(after - 1, 0), moved)
    moves.push(fits.not().bits())
  }
  return { mantissa: kept.signed(), places: cat(...moves).unsigned() }
}

/** Step 4: the group's sum is kept, and a bit of the scale a cycle adds it to a product that moves down, lowest bit first. */
export const multiplyScale = (
  { regs, when }: Builder,
  sum: Number,
  { last, bit, start }: { readonly last: Bool; readonly bit: Bool; readonly start: Bool },
): Number => {
  const { shape } = sum.mantissa
  const r = regs({ group_sum: shape, group_exponent: u(6), high: shape, low: u(8) })
  when(last, () => {
    r.group_sum.next = sum.mantissa
    r.group_exponent.next = sum.exponent
  })
  const added = mux(start, 0, r.high)
    .add(mux(bit, r.group_sum, 0))
    .named('added')
  r.high.next = added.shr(1)
  r.low.next = cat(added.bit(0).bits(), r.low.bits().slice(7, 1)).unsigned()
  return { mantissa: cat(r.high.bits(), r.low.bits(8)).signed(), exponent: r.group_exponent }
}
