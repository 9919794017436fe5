/** A dyadic rational, `significand * 2^exponent`, exactly. The same number has many such forms; `compareExact` tells. */
export interface Dyadic {
  readonly significand: bigint
  readonly exponent: number
}

/** A finite value. `negative` is the sign of the significand; beside a zero significand it tells -0 from +0. */
export interface Finite extends Dyadic {
  readonly kind: 'finite'
  readonly negative: boolean
}
/** Plus or minus infinity. */
export interface Infinite {
  readonly kind: 'infinite'
  readonly negative: boolean
}
/** IEEE 754's not-a-number; payloads are not kept. */
export interface NotANumber {
  readonly kind: 'nan'
}
/** The one exception value of posits, not-a-real. */
export interface NotAReal {
  readonly kind: 'nar'
}
/** What a code can stand for. */
export type Value = Finite | Infinite | NotANumber | NotAReal

export const NAN: NotANumber = { kind: 'nan' }
export const NAR: NotAReal = { kind: 'nar' }
export const infinite = (negative: boolean): Infinite => ({ kind: 'infinite', negative })

/** The finite value `significand * 2^exponent`; zero is +0. */
export const finite = (significand: bigint, exponent = 0): Finite => ({
  kind: 'finite',
  significand,
  exponent,
  negative: significand < 0n,
})

/** +0 or -0. */
export const zero = (negative: boolean): Finite => ({ kind: 'finite', significand: 0n, exponent: 0, negative })

export const magnitudeOf = (x: bigint): bigint => (x < 0n ? -x : x)

/** Bits of a magnitude: 0 for 0, else `floor(log2(x)) + 1`. */
export const bitLength = (x: bigint): number => {
  if (x < 0x1_0000_0000n) return 32 - Math.clz32(Number(x))
  const hex = x.toString(16)
  return 4 * hex.length - Math.clz32(Number.parseInt(hex[0]!, 16)) + 28
}

/** `floor(log2(x))` of a number above zero. */
export const floorLog2 = ({ significand, exponent }: Dyadic): number => bitLength(significand) + exponent - 1

/** The significand that `x` has at a given exponent, which must not be above its own. */
const significandAt = (x: Dyadic, exponent: number): bigint => x.significand << BigInt(x.exponent - exponent)

export const addExact = (a: Dyadic, b: Dyadic): Finite => {
  const exponent = Math.min(a.exponent, b.exponent)
  return finite(significandAt(a, exponent) + significandAt(b, exponent), exponent)
}

export const multiplyExact = (a: Dyadic, b: Dyadic): Finite =>
  finite(a.significand * b.significand, a.exponent + b.exponent)

/** Below, at or above 0 as `a` is below, at or above `b`; -0 and +0 are the same number. */
export const compareExact = (a: Dyadic, b: Dyadic): number => {
  const exponent = Math.min(a.exponent, b.exponent)
  const [x, y] = [significandAt(a, exponent), significandAt(b, exponent)]
  return x < y ? -1 : x > y ? 1 : 0
}

/** The same number with an odd significand; zeros have exponent 0. */
export const normalised = (x: Finite): Finite => {
  if (x.significand === 0n) return zero(x.negative)
  const trailing = bitLength(x.significand & -x.significand) - 1
  return finite(x.significand >> BigInt(trailing), x.exponent + trailing)
}

/**
 * Order of values: -1, 0 or 1, or undefined where one of them is NaN. NaR is equal to itself and below all others, as
 * in the Standard for Posit Arithmetic (2022); -0 and +0 are equal.
 */
export const compareValues = (a: Value, b: Value): number | undefined => {
  if (a.kind === 'nan' || b.kind === 'nan') return undefined
  const [x, y] = [rank(a), rank(b)]
  return a.kind === 'finite' && b.kind === 'finite' ? compareExact(a, b) : Math.sign(x - y)
}

const rank = (value: Exclude<Value, NotANumber>): number =>
  value.kind === 'finite' ? 0 : value.kind === 'nar' ? -2 : value.negative ? -1 : 1

/** True for one and the same value: the sign of zero counts, NaN is the same as NaN. */
export const sameValue = (a: Value, b: Value): boolean => {
  if (a.kind === 'finite' && b.kind === 'finite') return a.negative === b.negative && compareExact(a, b) === 0
  if (a.kind === 'infinite' && b.kind === 'infinite') return a.negative === b.negative
  return a.kind === b.kind
}
