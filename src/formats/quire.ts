import { product } from './arithmetic.ts'
import { type Dyadic, finite, magnitudeOf, NAR, type Value } from './exact.ts'
import type { PositFormat } from './format.ts'
import type { Rounding } from './rounding.ts'

/** What a quire holds: a fixed-point sum, whether it left the range at some time, and whether a NaR came in. */
export interface QuireState {
  /** The sum in units of 2^-fractionBits. */
  readonly sum: bigint
  /** Sticky: the sum was cut to the largest or smallest that fits, so it is not exact any more. */
  readonly saturated: boolean
  /** Sticky until cleared: the value is NaR. */
  readonly nar: boolean
}

/** An exact accumulator of products of two posits, `bits` wide in two's complement. */
export interface Quire {
  readonly bits: number
  readonly fractionBits: number
  /** So many products of any size are certain to fit; more may saturate. */
  readonly capacity: bigint
  readonly cleared: QuireState
  /** Adds the exact product of two values of the format. */
  readonly add: (state: QuireState, a: Value, b: Value) => QuireState
  readonly read: (state: QuireState) => Value
  /** The dot product of codes, rounded once into the format. */
  readonly dot: (
    a: readonly bigint[],
    b: readonly bigint[],
    rounding?: Rounding,
  ) => { readonly code: bigint; readonly saturated: boolean }
}

/** Width of a posit's quire: 16 n for es = 2 (Standard for Posit Arithmetic 2022), SoftPosit's 32 and 128 for (8,0) and (16,1). */
export const usualQuireBits = ({ bits, es }: Pick<PositFormat, 'bits' | 'es'>): number => bits * 2 ** (es + 2)

/**
 * The quire of a posit format. Its last place is the square of the smallest posit, so every product is exact. The
 * largest magnitude is 2^(bits - 1) - 1 places on both sides, as the code below is NaR's; a sum beyond it stays there and
 * sets `saturated` (ours: the standard leaves overflow of the quire undefined).
 */
export const quireOf = (format: PositFormat, bits = usualQuireBits(format)): Quire => {
  const fractionBits = 2 * -format.smallest.exponent
  /** A number in units of the last place; undefined where it is none. */
  const inUnits = ({ significand, exponent }: Dyadic): bigint | undefined => {
    const places = exponent + fractionBits
    if (places >= 0) return significand << BigInt(places)
    const units = significand >> BigInt(-places)
    return units << BigInt(-places) === significand ? units : undefined
  }
  const limit = (1n << BigInt(Math.max(0, bits - 1))) - 1n
  const largestUnits = 1n << BigInt(2 * fractionBits)
  const capacity = limit / largestUnits
  if (!Number.isInteger(bits) || bits > 4096 || capacity < 1n)
    throw new RangeError(
      `a quire of ${format.id} has ${2 * fractionBits + 2} to 4096 bits, got ${bits}: the square of the largest posit must fit`,
    )

  const add = (state: QuireState, a: Value, b: Value): QuireState => {
    const term = product(a, b)
    if (term.kind !== 'finite') return { ...state, nar: true }
    const units = inUnits(term)
    if (units === undefined || magnitudeOf(units) > largestUnits)
      throw new RangeError(`a quire of ${format.id} takes values of ${format.id} only`)
    const sum = state.sum + units
    if (magnitudeOf(sum) <= limit) return { ...state, sum }
    return { ...state, sum: sum < 0n ? -limit : limit, saturated: true }
  }
  const read = (state: QuireState): Value => (state.nar ? NAR : finite(state.sum, -fractionBits))
  const cleared = { sum: 0n, saturated: false, nar: false }
  return {
    bits,
    fractionBits,
    capacity,
    cleared,
    add,
    read,
    dot: (a, b, rounding) => {
      if (a.length !== b.length)
        throw new RangeError(`a dot product needs operands of one length, got ${a.length} and ${b.length}`)
      const state = a.reduce<QuireState>((sum, code, k) => add(sum, format.decode(code), format.decode(b[k]!)), cleared)
      return { code: format.encode(read(state), rounding), saturated: state.saturated }
    },
  }
}
