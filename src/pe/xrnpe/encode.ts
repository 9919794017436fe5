import { type Bits, type Bool, cat, type Int, mux, range, s } from '../../dsl/index.ts'
import { repeated, shiftRightSticky, withSticky } from '../arith/shifters.ts'
import { type ModeName, modes } from './modes.ts'

/**
 * A number as two's complement has it: its sign, a power of two and what follows the first bit that is not the sign.
 * `(1 + f) * 2^power`, or `(f - 2) * 2^power` where it is negative.
 */
export interface Scaled {
  readonly sign: Bool
  readonly power: Int
  /** f, without its point; the lowest bit is 1 if any bit that was cut off is. */
  readonly fraction: Bits
  readonly zero: Bool
}

/** Bits of `fraction` that any of the formats asks for: twelve, one to round by, and a sticky one. */
const fractionBits = 14

/**
 * An integer scaled: leading copies of the sign are shifted out, the largest step first; what smaller steps cannot bring back
 * goes into the lowest bit at once. The power is that of the integer; nothing is complemented.
 */
export const scaled = (value: Bits): Scaled => {
  const sign = value.bit(value.width - 1)
  const no = sign.and(false)
  // A 0 below, so that -1 too has a bit that is not its sign.
  let kept = cat(value.slice(value.width - 2, 0), no.bits())
  const most = kept.width - 1
  const moves: Bool[] = []
  for (let by = 2 ** Math.floor(Math.log2(most)); by >= 1; by /= 2) {
    const top = kept.width - 1
    const moved = kept
      .slice(top, top + 1 - by)
      .xor(repeated(sign, by))
      .any()
      .not()
    const shifted = cat(kept.slice(top - by, 0), repeated(no, by))
    const next = Math.min(kept.width, fractionBits + by)
    kept = mux(moved, withSticky(shifted, next), withSticky(kept, next))
    moves.push(moved)
  }
  const places = cat(...moves.map((moved) => moved.bits())).unsigned()
  return {
    sign,
    power: places.neg().add(most - 1),
    fraction: kept.slice(fractionBits - 1, 0),
    zero: kept.bit(fractionBits).or(sign).not(),
  }
}

/** Where a result's format is one of several, whether it is this. */
export interface Target {
  readonly name: ModeName
  readonly chosen: Bool
}

/** A code without its sign before it is rounded, in the lowest of 15 bits, and what it is rounded by. */
interface Unrounded {
  readonly target: Target
  readonly cut: Bits
  readonly half: Bool
  readonly sticky: Bool
}

const codeBits = 15

/**
 * A number as a code of one of the formats, zeros above it in 16 bits, rounded to nearest, ties to even. Codes of posits are rounded in two's
 * complement, which has the same rules on both sides of 0, and never to 0 nor beyond the largest. FP4 ends at 6, has no -0 here,
 * and -6 for NaR (ours).
 */
export const encoded = (x: Scaled, nar: Bool, targets: readonly Target[]): Bits => {
  const no = x.sign.and(false)
  const all = [
    ...positCodes(x, targets.filter(isPosit)),
    ...targets.filter((t) => !isPosit(t)).map((t) => fp4Code(x, t)),
  ]
  // Of one target alone nobody says that it is chosen.
  const isFp4 = chosenOf(all, ({ target }) => no.xor(!isPosit(target)).bits()).bit(0)
  const cut = chosenOf(all, ({ cut }) => cut)
  const half = chosenOf(all, ({ half }) => half.bits()).bit(0)
  const sticky = chosenOf(all, ({ sticky }) => sticky.bits()).bit(0)
  const isLargest = isFp4.and(cut.slice(2, 0).all())
  const isSmallest = isFp4.not().and(cut.any().not())
  const up = half.and(sticky.or(cut.bit(0)).or(isSmallest)).and(isLargest.not())
  const rounded = cut.unsigned().add(up.int()).bits(codeBits)
  const hasSign = x.sign.and(isFp4.not().or(rounded.any()))
  const code = mux(x.zero, rounded.and(0), rounded)
  return chosenOf(all, ({ target }) => {
    const { bits } = modes[target.name]
    const [body, exception] = [code.slice(bits - 2, 0), isPosit(target) ? 0 : 2 ** (bits - 1) - 1]
    const word = cat(nar.or(hasSign.and(x.zero.not())).bits(), mux(nar, body.and(0).or(exception), body))
    return word.unsigned().bits(codeBits + 1)
  })
}

const isPosit = ({ name }: Target): boolean => name !== 'fp4'

/** What the chosen target has. */
const chosenOf = (all: readonly Unrounded[], of: (one: Unrounded) => Bits): Bits =>
  all.slice(1).reduce((others, one) => mux(one.target.chosen, of(one), others), of(all[0]!))

/**
 * Regime, exponent and fraction written out by one shift: a negative number has those of its power complemented (Standard
 * for Posit Arithmetic, 2022: the factors 1 - 3s + f and 1 - 2s). Powers are clamped one step below the lowest, where the
 * code would be 0, and at the highest.
 */
const positCodes = (x: Scaled, targets: readonly Target[]): readonly Unrounded[] => {
  if (targets.length === 0) return []
  const limits = targets.map(({ name, chosen }) => {
    const { bits, es } = positOf(name)
    return { chosen, es, bits, highest: (bits - 2) * 2 ** es }
  })
  const limit = (of: (one: (typeof limits)[number]) => number): Int | number =>
    limits.slice(1).reduce<Int | number>((others, one) => mux(one.chosen, of(one), others), of(limits[0]!))
  const power = x.power
    .bits(powerBits(x.power))
    .xor(repeated(x.sign, powerBits(x.power)))
    .signed()
  const highest = asInt(
    x,
    limit(({ highest }) => highest),
  )
  const lowest = asInt(
    x,
    limit(({ highest }) => -highest - 1),
  )
  const clamped = mux(power.gt(highest), highest, mux(power.lt(lowest), lowest, power))
    .wrap(s(6))
    .bits(6)
  const hasExponent = limits.filter(({ es }) => es === 1).reduce((any, { chosen }) => any.or(chosen), x.sign.and(false))
  const always = limits.every(({ es }) => es === 1)
  const withExponent = { regime: clamped.slice(5, 1).signed(), rest: cat(clamped.slice(0, 0), x.fraction) }
  const without = { regime: clamped.slice(4, 0).signed(), rest: cat(x.fraction, clamped.slice(0, 0).and(0)) }
  const { regime, rest } = always ? withExponent : mux(hasExponent, withExponent, without)
  const negative = regime.lt(0)
  const field = regime.bits(5)
  const places = mux(negative, field.not(), field).slice(3, 0).unsigned()
  const string = cat(negative.not().bits(), negative.bits(), rest)
  const shifted = shiftRightSticky(string, places, codeBits + 2, negative.not())
  return targets.map((target) => {
    const { bits } = positOf(target.name)
    const low = codeBits + 2 - (bits - 1)
    return {
      target,
      cut: shifted
        .slice(codeBits + 1, low)
        .unsigned()
        .bits(codeBits),
      half: shifted.bit(low - 1),
      sticky: shifted.slice(low - 2, 0).any(),
    }
  })
}

const powerBits = ({ shape }: Int): number => shape.width

const asInt = (x: Scaled, value: Int | number): Int =>
  typeof value === 'number' ? x.sign.and(false).int().add(value) : value

const positOf = (name: ModeName): { readonly bits: number; readonly es: number } => ({
  bits: modes[name].bits,
  es: name === 'posit(8,0)' ? 0 : 1,
})

/**
 * FP4 as magnitude: a mantissa bit, one to round by and a sticky bit under the power, complemented as one number where it is
 * negative.
 */
const fp4Code = (x: Scaled, target: Target): Unrounded => {
  const { fraction, sign } = x
  const low = fraction.width - 3
  const field = cat(fraction.slice(low + 2, low + 1), fraction.slice(low, 0).any().bits()).unsigned()
  const power = x.power.sat(range(-4, 3))
  const magnitude = power.shl(3).add(mux(sign, field.neg().add(8), field))
  const [whole, rest] = [magnitude.shr(3), magnitude.bits().slice(2, 0)]
  const is = (value: number): Bool => whole.eq(value)
  const [mantissa, half, sticky] = [rest.bit(2), rest.bit(1), rest.bit(0)]
  const any = half.or(sticky)
  const isNormal = whole.ge(0)
  const normal = whole.add(1).sat(range(0, 3)).bits(2).cat(mantissa.bits())
  const cut = mux(whole.ge(3), normal.and(0).or(7), mux(isNormal, normal, normal.and(0).or(is(-1).int().bits(3))))
  return {
    target,
    cut: cut.unsigned().bits(codeBits),
    half: mux(isNormal, half, mux(is(-1), mantissa, is(-2))).and(whole.lt(3)),
    sticky: mux(isNormal, sticky, mux(is(-1), any, mantissa.or(any))),
  }
}
