import { type Bits, type Int, type IntShape, u } from '../../../dsl/index.ts'
import { decodingFeeders } from '../../arith/decoding-feeders.ts'
import {
  decodeFlint4,
  decodeInteger,
  eitherPair,
  packPair,
  pairProduct,
  unpackPair,
} from '../../arith/exponent-integer.ts'
import { compressedSum } from '../../arith/sum.ts'
import { systolicCell } from '../../arith/systolic-cell.ts'

/** Bits of the input `mode`: weights are flint4 and not int4, and so for activations, unless they have 8 bits. */
export const modeBits = { weightFlint: 0, activationFlint: 1 } as const

/** `activationBits` is 4, or 8 for integers. */
export const modeShape = (activationBits: number): IntShape => u(activationBits === 4 ? 2 : 1)

/** A 4-bit code is an integer and an exponent in cells. */
const pairBits = { integer: 4, exponent: 2 } as const
export const pairShape = u(pairBits.integer + pairBits.exponent)

/** Bits of every product: 16 * 16 of two flints, or -128 * -16. */
const productBits = (activationBits: number): number => (activationBits === 4 ? 10 : 13)

const decode =
  (flint: keyof typeof modeBits) =>
  (code: Bits, mode: Int): Bits =>
    packPair(eitherPair(mode.bit(modeBits[flint]), decodeFlint4(code), decodeInteger(code)), pairBits)

/** Decoders of 4-bit codes at the edges of the array. */
export const antFeeders = decodingFeeders('ant', {
  activation: decode('activationFlint'),
  weight: decode('weightFlint'),
})

/** The product of two integers, shifted by both exponents, added to an integer; activations are pairs, or integers of 8 bits. */
export const antCell = systolicCell('ant_cell', (builder, activation, weight, accumulator) => {
  const isPair = activation.shape.width === pairShape.width
  const first = isPair ? unpackPair(activation.bits(), pairBits) : decodeInteger(activation.bits())
  const second = unpackPair(weight.bits(), pairBits)
  return compressedSum(builder, 'accumulate', [
    {
      value: pairProduct(builder, 'integers', first, second, productBits(isPair ? 4 : 8)),
      arrival: 'recoded',
    },
    { value: accumulator, arrival: 'register' },
  ])
})
