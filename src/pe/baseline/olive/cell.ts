import { type Bits, type Bool, cat, type Int, mux, u } from '../../../dsl/index.ts'
import { decodingFeeders } from '../../arith/decoding-feeders.ts'
import {
  decodeAbfloatE2M1,
  decodeFlint4,
  decodeInteger,
  type ExponentInteger,
  eitherPair,
  packPair,
  pairProduct,
  unpackPair,
} from '../../arith/exponent-integer.ts'
import { compressedSum } from '../../arith/sum.ts'
import { systolicCell } from '../../arith/systolic-cell.ts'

/** Bits of the input `mode`: normal values are flint4 and not int4. */
export const modeBits = { weightFlint: 0, activationFlint: 1 } as const
export const modeShape = u(2)

/** A value is an integer and an exponent in cells, an operand two of them. */
const pairBits = { integer: 4, exponent: 3 } as const
const valueBits = pairBits.integer + pairBits.exponent
export const decodedShape = u(2 * valueBits)

/** Bits of every product: 192 * 192 of two outliers. */
const productBits = 17

const identifier = 0b1000

const decode =
  (flint: keyof typeof modeBits) =>
  (word: Bits, mode: Int): Bits => {
    const [left, right] = [word.slice(3, 0), word.slice(7, 4)]
    const [leftIsVictim, rightIsVictim] = [left.eq(identifier), right.eq(identifier)]
    const isFlint = mode.bit(modeBits[flint])
    const value = (code: Bits, isVictim: Bool, besideVictim: Bool): Bits =>
      packPair(decodeValue(code, isVictim, besideVictim, isFlint), pairBits)
    return cat(value(right, rightIsVictim, leftIsVictim), value(left, leftIsVictim, rightIsVictim))
  }

const decodeValue = (code: Bits, isVictim: Bool, besideVictim: Bool, flint: Bool): ExponentInteger => {
  const normal = eitherPair(flint, decodeFlint4(code), decodeInteger(code))
  const { integer, exponent } = eitherPair(besideVictim, decodeAbfloatE2M1(code, mux(flint, 3, 2)), normal)
  return { integer: mux(isVictim, 0, integer), exponent }
}

/** Decoders of outlier-victim pairs at the edges of the array. */
export const oliveFeeders = decodingFeeders('olive', {
  activation: decode('activationFlint'),
  weight: decode('weightFlint'),
})

/** Two products of integers, each shifted by its exponents, added to one integer. */
export const oliveCell = systolicCell('olive_cell', (builder, activation, weight, accumulator) => {
  const products = [0, 1].map((lane) => {
    const at = (word: Int): ExponentInteger =>
      unpackPair(word.bits().slice((lane + 1) * valueBits - 1, lane * valueBits), pairBits)
    return pairProduct(builder, `integers_${lane}`, at(activation), at(weight), productBits)
  })
  return compressedSum(builder, 'accumulate', [
    ...products.map((value) => ({ value, arrival: 'recoded' as const })),
    { value: accumulator, arrival: 'register' },
  ])
})
