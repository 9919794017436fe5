import {
  type Bits,
  type Bool,
  bits,
  bool,
  cat,
  component,
  type Int,
  mux,
  range,
  record,
  select,
  u,
  vec,
} from '../../dsl/index.ts'
import { specialMagnitudeBits, specialValueCount, type WeightName, type WeightType, weightTypes } from './terms.ts'

/** A term as the PE takes it: `(-1)^negative * 2^exponent`, or 0 where it is not `present`; then the rest is 0 as well. */
export const termShape = record({ negative: bool, exponent: u(2), present: bool })

/** Places that a term may be shifted by beside its exponent, for every weight format. */
export const significanceShape = range(0, 6)

/** A special value, in halves. */
export const specialShape = record({ negative: bool, magnitude: bits(specialMagnitudeBits) })

export type SpecialValue = {
  readonly negative: Bool
  readonly magnitude: Bits
}

interface TermSignals {
  readonly negative: Bool
  readonly exponent: Int
  readonly present: Bool
}

/**
 * Makes the weights of a step into terms, one of each lane a cycle: in `step`'s cycle those of the lowest significance and so on
 * for the format's 2, 3 or 4 cycles, in which weights, and the selector of their group's special value, hold still. The next
 * step may begin right after. Outside a step there is no term. Where no lane has one the significance is 0 (ours), so that zeros
 * move no exponent. Within the cycle, without a register on the way.
 */
export const TermGenerator = component('bitmod_terms', ({ type: name, lanes }: { type: WeightName; lanes: number }) => {
  const type = weightTypes[name]
  const inputs = { weight: vec(lanes, u(type.bits)), step: bool }
  const specials = { special: vec(specialValueCount, specialShape), selector: u(2) }
  return {
    name: `bitmod_terms_${name}_l${lanes}`,
    in: (type.kind === 'float' ? { ...inputs, ...specials } : inputs) as typeof inputs & Partial<typeof specials>,
    out: { term: vec(lanes, termShape), significance: significanceShape },
    logic(i, { regs }) {
      const last = type.cycles - 1
      const r = regs({ upcoming: range(0, last) })
      const phase = mux(i.step, 0, r.upcoming).named('phase')
      const busy = i.step.or(r.upcoming.ne(0))
      r.upcoming.next = mux(busy.and(phase.ne(last)), phase.add(1).sat(range(0, last)), 0)

      const raw =
        type.kind === 'integer'
          ? i.weight.map((weight) => boothTerm(type, weight.bits(type.bits), phase))
          : specialTerms(type, i, phase)
      const term = raw.map(({ negative, exponent, present }) => ({
        negative: negative.and(busy),
        exponent: mux(busy, exponent, 0),
        present: present.and(busy),
      }))
      const any = term.map(({ present }) => present).reduce((one, other) => one.or(other))
      return { term, significance: mux(any, phase.mul(type.significanceStep), 0) }
    },
  }
})

/** Radix-4 Booth of the three bits at this phase: 1 or 2 times, either sign, or nothing. */
const boothTerm = (type: WeightType, code: Bits, phase: Int): TermSignals => {
  const bit = (at: number): Bool => (at < 0 ? code.bit(0).and(false) : code.bit(Math.min(at, type.bits - 1)))
  const windows = Array.from({ length: type.cycles }, (_, k) =>
    cat(bit(2 * k + 1).bits(), bit(2 * k).bits(), bit(2 * k - 1).bits()),
  )
  const window = select(windows, phase)
  const [high, middle, low] = [window.bit(2), window.bit(1), window.bit(0)]
  const present = high.xor(middle).or(middle.xor(low))
  return { negative: high.and(present), exponent: middle.xor(low).not().and(present).int(), present }
}

/** The two leading ones of each weight's magnitude in halves. */
const specialTerms = (
  type: WeightType,
  i: {
    readonly weight: readonly Int[]
    readonly special?: readonly SpecialValue[]
    readonly selector?: Int
  },
  phase: Int,
): readonly TermSignals[] => {
  if (!i.special || !i.selector) throw new Error(`${type.name} weights come with special values and a selector`)
  const { negative, magnitude } = select(i.special, i.selector)
  return i.weight.map((weight) => {
    const code = type.bits === 3 ? cat(weight.bits(3), weight.bit(0).and(false).bits()) : weight.bits(4)
    const isSpecial = code.eq(8)
    const halves = mux(isSpecial, magnitude, fixedPoint(code)).named('halves')
    const sign = mux(isSpecial, negative, code.bit(3))
    const upper = leadingOne(halves.slice(4, 1))
    // What the first search found is taken out before the second.
    const rest = halves.slice(3, 0).and(upper.mask.slice(2, 0).cat(halves.bit(0).and(false).bits()).not())
    const lower = leadingOne(rest)
    const isUpper = phase.bit(0)
    const present = mux(isUpper, upper.found, lower.found)
    return { negative: sign.and(present), exponent: mux(isUpper, upper.place, lower.place), present }
  })
}

/** The magnitude of an FP4 code in halves. */
const fixedPoint = (code: Bits): Bits => {
  const [field, mantissa] = [code.slice(2, 1).unsigned(), code.bit(0).bits()]
  const normal = cat(field.ne(0).bits(), mantissa).unsigned()
  return normal.shlBy(field.sub(1).sat(range(0, 2))).bits(specialMagnitudeBits)
}

/** The highest 1 of four bits, as a mask and as its place, 0 where there is none. */
const leadingOne = (field: Bits): { readonly mask: Bits; readonly place: Int; readonly found: Bool } => {
  const [b3, b2, b1, b0] = [field.bit(3), field.bit(2), field.bit(1), field.bit(0)]
  const above2 = b3.or(b2)
  const [h2, h1, h0] = [b2.and(b3.not()), b1.and(above2.not()), b0.and(above2.or(b1).not())]
  return {
    mask: cat(b3.bits(), h2.bits(), h1.bits(), h0.bits()),
    place: cat(above2.bits(), b3.or(h1).bits()).unsigned(),
    found: field.any(),
  }
}
