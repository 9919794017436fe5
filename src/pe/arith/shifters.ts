import { type Bits, type Bool, cat, type Int, mux } from '../../dsl/index.ts'

/**
 * The field moved right by `places`, and whether a 1 fell off the end: what an addend of a floating-point sum needs, whose
 * lost bits still decide how the sum is rounded. A level of choices for each bit of `places`; places beyond the width lose
 * everything.
 */
export const shiftRightSticky = (field: Bits, places: Int): { readonly shifted: Bits; readonly sticky: Bool } => {
  const { width } = field
  const zero = field.xor(field)
  let shifted = field
  let sticky = zero.bit(0)
  for (let level = 0; level < places.shape.width; level++) {
    const step = 2 ** level
    const taken = places.bit(level)
    const lost = step >= width ? shifted : shifted.slice(step - 1, 0)
    const moved = step >= width ? zero : cat(zero.slice(step - 1, 0), shifted.slice(width - 1, step))
    sticky = sticky.or(taken.and(lost.any()))
    shifted = mux(taken, moved, shifted)
  }
  return { shifted, sticky }
}

/**
 * A field of at least two bits moved left until its top bit is 1, and by how many places; a field of zeros says every level
 * moved it, 2^levels - 1. Each level asks whether what it would move out is empty and moves it, so that counting and moving are
 * one and not one behind the other.
 */
export const normaliseLeft = (field: Bits): { readonly normalised: Bits; readonly places: Int } => {
  const { width } = field
  const zero = field.xor(field)
  let normalised = field
  const taken: Bool[] = []
  for (let step = 2 ** (Math.ceil(Math.log2(width)) - 1); step >= 1; step = Math.floor(step / 2)) {
    const empty = normalised
      .slice(width - 1, width - step)
      .any()
      .not()
    normalised = mux(empty, cat(normalised.slice(width - step - 1, 0), zero.slice(step - 1, 0)), normalised)
    taken.push(empty)
  }
  return { normalised, places: cat(...taken.map((bit) => bit.bits())).unsigned() }
}
