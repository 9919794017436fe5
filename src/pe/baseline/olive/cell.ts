import { type Bits, type Bool, mux, u } from '../../../dsl/index.ts'
import {
  decodeAbfloatE2M1,
  decodeFlint4,
  decodeInteger,
  type ExponentInteger,
  eitherPair,
  pairProduct,
} from '../../arith/exponent-integer.ts'
import { compressedSum } from '../../arith/sum.ts'
import { systolicCell } from '../../arith/systolic-cell.ts'

/** Bits of the input `mode`: normal values are flint4 and not int4. */
export const modeBits = { weightFlint: 0, activationFlint: 1 } as const
export const modeShape = u(2)

/** Bits of every product: 192 * 192 of two outliers. */
const productBits = 17

/** The two values of a pair: normal ones, or an outlier beside a victim, which is zero. */
export const decodePair = (pair: Bits, flint: Bool): readonly [ExponentInteger, ExponentInteger] => {
  const [left, right] = [pair.slice(3, 0), pair.slice(7, 4)]
  const [leftIsVictim, rightIsVictim] = [left.eq(identifier), right.eq(identifier)]
  return [decode(left, leftIsVictim, rightIsVictim, flint), decode(right, rightIsVictim, leftIsVictim, flint)]
}

const identifier = 0b1000

const decode = (code: Bits, isVictim: Bool, besideVictim: Bool, flint: Bool): ExponentInteger => {
  const normal = eitherPair(flint, decodeFlint4(code), decodeInteger(code))
  const { integer, exponent } = eitherPair(besideVictim, decodeAbfloatE2M1(code, mux(flint, 3, 2)), normal)
  return { integer: mux(isVictim, 0, integer), exponent }
}

/** Decoders of both pairs, two products of integers shifted by their exponents, and one accumulator. */
export const oliveCell = systolicCell('olive_cell', (builder, activation, weight, accumulator, mode) => {
  if (!mode) throw new Error('the PE of OliVe needs a mode')
  const x = decodePair(activation.bits(), mode.bit(modeBits.activationFlint))
  const w = decodePair(weight.bits(), mode.bit(modeBits.weightFlint))
  const products = ([0, 1] as const).map((lane) =>
    pairProduct(builder, `integers_${lane}`, x[lane], w[lane], productBits),
  )
  return compressedSum(builder, 'accumulate', [
    ...products.map((value) => ({ value, arrival: 'recoded' as const })),
    { value: accumulator, arrival: 'register' },
  ])
})
