import { type Bits, type Bool, type Builder, cat, type Int, mux, s } from '../../dsl/index.ts'
import { product } from './product.ts'

/** The number `integer * 2^exponent`; the exponent is never negative. */
export interface ExponentInteger {
  readonly integer: Int
  readonly exponent: Int
}

/** Bits of a pair in a word: the exponent, without sign, above the integer in two's complement. */
export interface PairBits {
  readonly integer: number
  readonly exponent: number
}

export const packPair = ({ integer, exponent }: ExponentInteger, bits: PairBits): Bits =>
  cat(exponent.bits(bits.exponent), integer.bits(bits.integer))

/** The pair in a word of `packPair`. */
export const unpackPair = (word: Bits, bits: PairBits): ExponentInteger => ({
  integer: word.slice(bits.integer - 1, 0).signed(),
  exponent: word.slice(bits.integer + bits.exponent - 1, bits.integer).unsigned(),
})

/** Either pair. */
export const eitherPair = (condition: Bool, then: ExponentInteger, otherwise: ExponentInteger): ExponentInteger => ({
  integer: mux(condition, then.integer, otherwise.integer),
  exponent: mux(condition, then.exponent, otherwise.exponent),
})

/** Two's complement: the exponent is 0. */
export const decodeInteger = (code: Bits): ExponentInteger => ({
  integer: code.signed(),
  exponent: code.unsigned().shr(code.width),
})

/**
 * A signed 4-bit flint. Magnitude codes 0 to 3 are these integers; then the place of the first one after the leading bit
 * tells the exponent: 11x is 1x times 2, 101 is 2 times 4 and 100 is 2 times 8. (ANT, MICRO 2022, decodes to an integer and
 * an exponent too; these integers, the smallest there are, are ours.)
 */
export const decodeFlint4 = (code: Bits): ExponentInteger => {
  const [large, middle, low] = [code.bit(2), code.bit(1), code.bit(0)]
  const upper = large.or(middle)
  const magnitude = cat(upper.bits(), low.and(large.not().or(middle)).bits()).unsigned()
  const exponent = cat(large.and(middle.not()).bits(), large.and(middle.or(low.not())).bits()).unsigned()
  return { integer: signedBy(code.bit(3), magnitude), exponent }
}

/**
 * OliVe's 4-bit abfloat of two exponent bits and one of mantissa: 2 or 3 times 2^(exponent field + bias), and zero where the
 * magnitude is 0.
 */
export const decodeAbfloatE2M1 = (code: Bits, bias: Int): ExponentInteger => ({
  integer: signedBy(code.bit(3), cat(code.slice(2, 0).any().bits(), code.slice(0, 0)).unsigned()),
  exponent: code.slice(2, 1).unsigned().add(bias),
})

const signedBy = (negative: Bool, magnitude: Int): Int => mux(negative, magnitude.neg(), magnitude)

/**
 * The product of two pairs as an integer: the integers multiplied, shifted by the sum of the exponents. `width` bits of two's
 * complement must hold every product there is; the bounds of integers and exponents alone may allow larger ones.
 */
export const pairProduct = (
  builder: Builder,
  name: string,
  a: ExponentInteger,
  b: ExponentInteger,
  width: number,
): Int => product(builder, name, a.integer, b.integer).shlBy(a.exponent.add(b.exponent)).wrap(s(width))
