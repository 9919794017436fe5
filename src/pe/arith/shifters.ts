import { type Bits, type Bool, cat, type Int, mux } from '../../dsl/index.ts'

/** A field of another width with the same highest bit: zeros are added below, or what is cut off goes into the lowest bit. */
export const withSticky = (value: Bits, width: number): Bits => {
  const extra = width - value.width
  if (extra >= 0) return value.unsigned().shl(extra).bits(width)
  const rest = value.slice(-extra, 0).any().bits()
  return width === 1 ? rest : cat(value.slice(value.width - 1, 1 - extra), rest)
}

/**
 * `value` shifted right by any number of places, as a field of `width` bits under the same highest bit; its lowest bit says
 * whether a 1 was shifted out or stands there. What comes in at the top is 0 or, with a value that is not 0, `fill`. A level
 * of choices for each bit of `places`, the smallest shift first, while few bits are in use.
 */
export const shiftRightSticky = (value: Bits, places: Int, width: number, fill?: Bool): Bits => {
  const levels = Math.min(places.shape.width, Math.ceil(Math.log2(width)))
  // As many places as make everything sticky do for all that are more.
  const far =
    places.shape.width > levels
      ? places
          .bits()
          .slice(places.shape.width - 1, levels)
          .any()
      : undefined
  let kept = withSticky(value, width)
  for (let level = 0; level < levels; level++) {
    const by = 2 ** level
    const lost = kept.slice(Math.min(by, width - 1), 0).any()
    const rest = by < width - 1 ? cat(kept.slice(width - 1, by + 1), lost.bits()) : lost.bits()
    const isSet = places.bit(level)
    const shifted = fill ? cat(repeated(fill, width - rest.width), rest) : rest.unsigned().bits(width)
    kept = mux(far ? isSet.or(far) : isSet, shifted, kept).named(`shifted_${by}`)
  }
  return kept
}

/**
 * `value` shifted left until its highest bit is 1, by `most` places or a few more, but never by more than `limit`; and the
 * places. A level a bit of the count, each looking whether the places above are empty: less area, though more delay, than
 * counting zeros before shifting. A zero stays zero, its count has no meaning. The limit costs two gates a level: once a
 * larger shift that it allows was not needed, it binds no longer. What comes in below is 0 or `fill`.
 */
export const normaliseLeft = (
  value: Bits,
  most: number,
  { limit, fill }: { readonly limit?: Int | undefined; readonly fill?: Bool } = {},
): { readonly normalised: Bits; readonly places: Int | 0 } => {
  if (most === 0) return { normalised: value, places: 0 }
  const { width } = value
  const levels = Math.floor(Math.log2(most)) + 1
  let room = limit && roomOf(limit, levels)
  let normalised = value
  const moves: Bool[] = []
  for (let level = levels - 1; level >= 0; level--) {
    const by = 2 ** level
    const empty = normalised
      .slice(width - 1, width - by)
      .any()
      .not()
    const allowed = room?.[level]
    const moved = allowed ? empty.and(allowed) : empty
    const next = fill
      ? cat(...(by < width ? [normalised.slice(width - 1 - by, 0)] : []), repeated(fill, by))
      : normalised.unsigned().shl(by).bits(width)
    normalised = mux(moved, next, normalised).named(`normalised_${by}`)
    room = room?.slice(0, level).map((bit) => bit.or(allowed!.and(empty.not())))
    moves.push(moved)
  }
  return { normalised, places: cat(...moves.map((moved) => moved.bits())).unsigned() }
}

/**
 * `value`, two's complement, shifted left by any number of places, in as many bits as the most places need; what comes in
 * below is `fill`. A level of choices for each bit of `places`, the smallest shift first, while the value is narrow.
 */
export const shiftLeftFilled = (value: Bits, places: Int, fill: Bool): Bits => {
  let kept = value
  for (let level = 0; level < places.shape.width; level++) {
    const by = 2 ** level
    const signs = repeated(kept.bit(kept.width - 1), by)
    kept = mux(places.bit(level), cat(kept, repeated(fill, by)), cat(signs, kept)).named(`left_${by}`)
  }
  return kept
}

export const repeated = (bit: Bool, count: number): Bits => cat(...Array.from({ length: count }, () => bit.bits()))

/**
 * `value` shifted left until its highest bit is 1, by at most `most` places, as a field of `width` bits whose lowest one says
 * whether a bit there or below was 1; and the places. As `normaliseLeft` with `withSticky` behind it, but once a level has
 * moved, the smaller ones cannot bring what lies far below into the field: it goes into the sticky bit at once, which for
 * 127 bits into 15 saves three choices in four.
 */
export const normaliseSticky = (
  value: Bits,
  most: number,
  width: number,
): { readonly normalised: Bits; readonly places: Int | 0 } => {
  const levels = most === 0 ? 0 : Math.floor(Math.log2(most)) + 1
  let kept = value
  const moves: Bool[] = []
  for (let level = levels - 1; level >= 0; level--) {
    const by = 2 ** level
    const top = kept.width - 1
    const moved = kept
      .slice(top, kept.width - by)
      .any()
      .not()
    const shifted = by < kept.width ? cat(kept.slice(top - by, 0), repeated(moved.and(false), by)) : kept.and(0)
    // The smaller levels move by - 1 places in all.
    const next = Math.min(kept.width, width + by - 1)
    const both = [shifted, kept].map((bits) => withSticky(bits, next))
    kept = mux(moved, both[0]!, both[1]!).named(`normalised_${by}`)
    moves.push(moved)
  }
  return {
    normalised: withSticky(kept, width),
    places: levels === 0 ? 0 : cat(...moves.map((moved) => moved.bits())).unsigned(),
  }
}

/** The bits of min(limit, 2^levels - 1), lowest first. */
const roomOf = (limit: Int, levels: number): readonly Bool[] => {
  const bits = limit.bits()
  const above = bits.width > levels ? bits.slice(bits.width - 1, levels).any() : undefined
  const no = bits.bit(0).and(false)
  return Array.from({ length: levels }, (_, k) => {
    const bit = k < bits.width ? bits.bit(k) : no
    return above ? bit.or(above) : bit
  })
}
