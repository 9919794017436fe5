import { addExact, type Dyadic, finite, infinite, multiplyExact, NAN, NAR, type Value, zero } from './exact.ts'
import type { Overflow, ScalarFormat } from './format.ts'
import type { Rounding } from './rounding.ts'

/**
 * The exact sum. NaR, then NaN, win over all; opposite infinities give NaN; -0 comes out of -0 + -0 alone (IEEE Std
 * 754-2019, 6.3 and 7.2; exact cancellation is +0 in both rounding modes we have of it).
 */
export const sum = (a: Value, b: Value): Value => {
  const exception = exceptionOf(a, b)
  if (exception) return exception
  if (a.kind === 'infinite' && b.kind === 'infinite') return a.negative === b.negative ? a : NAN
  if (a.kind === 'infinite') return a
  if (b.kind === 'infinite') return b
  if (a.kind !== 'finite' || b.kind !== 'finite') return NAN
  const total = addExact(a, b)
  return total.significand === 0n ? zero(a.negative && b.negative) : total
}

/** The exact product. NaR, then NaN, win over all; zero times infinity is NaN; the sign is the product of the signs. */
export const product = (a: Value, b: Value): Value => {
  const exception = exceptionOf(a, b)
  if (exception) return exception
  if ((a.kind !== 'finite' && a.kind !== 'infinite') || (b.kind !== 'finite' && b.kind !== 'infinite')) return NAN
  const negative = a.negative !== b.negative
  if (a.kind === 'infinite' || b.kind === 'infinite') return isZero(a) || isZero(b) ? NAN : infinite(negative)
  const result = multiplyExact(a, b)
  return result.significand === 0n ? zero(negative) : result
}

/** The value with the other sign; NaN and NaR stay. */
export const negated = (value: Value): Value => {
  if (value.kind === 'infinite') return infinite(!value.negative)
  if (value.kind !== 'finite') return value
  return value.significand === 0n ? zero(!value.negative) : finite(-value.significand, value.exponent)
}

const isZero = (value: Value): boolean => value.kind === 'finite' && value.significand === 0n

const exceptionOf = (a: Value, b: Value): Value | undefined => {
  if (a.kind === 'nar' || b.kind === 'nar') return NAR
  return a.kind === 'nan' || b.kind === 'nan' ? NAN : undefined
}

/** The exact sum of the products `a[k] * b[k]`, without any rounding; the operands may come from different formats. */
export const exactDot = (a: readonly Value[], b: readonly Value[]): Value => {
  if (a.length !== b.length)
    throw new RangeError(`a dot product needs operands of one length, got ${a.length} and ${b.length}`)
  return a.reduce<Value>((total, x, k) => sum(total, product(x, b[k]!)), zero(false))
}

/** Where a dot product is rounded: once at the end, after each multiply-add, or after each product and each sum. */
export type DotRounding = 'fused' | 'each-fma' | 'each-operation'

export interface Arithmetic {
  readonly rounding?: Rounding
  readonly overflow?: Overflow
}

/** Operations on the codes of one format: the exact result, rounded into the format. */
export const arithmeticOf = (
  format: ScalarFormat,
  { rounding = 'nearest-even', overflow = format.overflow }: Arithmetic = {},
) => {
  const { decode } = format
  const encode = (value: Value): bigint => format.encode(value, rounding, overflow)
  const add = (a: bigint, b: bigint): bigint => encode(sum(decode(a), decode(b)))
  const mul = (a: bigint, b: bigint): bigint => encode(product(decode(a), decode(b)))
  /** `a * b + c`, rounded once. */
  const fma = (a: bigint, b: bigint, c: bigint): bigint => encode(sum(product(decode(a), decode(b)), decode(c)))
  return {
    add,
    mul,
    fma,
    sub: (a: bigint, b: bigint): bigint => encode(sum(decode(a), negated(decode(b)))),
    /** The sum of `a[k] * b[k]`, in order; an empty one is zero. */
    dot: (a: readonly bigint[], b: readonly bigint[], when: DotRounding = 'fused'): bigint => {
      if (when === 'fused') return encode(exactDot(a.map(decode), b.map(decode)))
      if (a.length !== b.length)
        throw new RangeError(`a dot product needs operands of one length, got ${a.length} and ${b.length}`)
      const step = when === 'each-fma' ? fma : (x: bigint, y: bigint, total: bigint) => add(mul(x, y), total)
      return a.reduce((total, x, k) => step(x, b[k]!, total), encode(zero(false)))
    },
  }
}

/** A sum of finite values, exactly. */
export const exactSum = (terms: readonly Dyadic[]): Dyadic => terms.reduce(addExact, finite(0n))
