import { type Bits, type Bool, type IntShape, u } from '../../../dsl/index.ts'
import {
  decodeFlint4,
  decodeInteger,
  type ExponentInteger,
  eitherPair,
  pairProduct,
} from '../../arith/exponent-integer.ts'
import { compressedSum } from '../../arith/sum.ts'
import { systolicCell } from '../../arith/systolic-cell.ts'

/** Bits of the input `mode`: weights are flint4 and not int4, and so for activations, unless they have 8 bits. */
export const modeBits = { weightFlint: 0, activationFlint: 1 } as const

/** `activationBits` is 4, or 8 for integers. */
export const modeShape = (activationBits: number): IntShape => u(activationBits === 4 ? 2 : 1)

/** Bits of every product: 16 * 16 of two flints, or -128 * -16. */
const productBits = (activationBits: number): number => (activationBits === 4 ? 10 : 13)

const decode = (code: Bits, flint: Bool): ExponentInteger => eitherPair(flint, decodeFlint4(code), decodeInteger(code))

/** Decoders, the product of two integers shifted by both exponents, and an integer accumulator. */
export const antCell = systolicCell('ant_cell', (builder, activation, weight, accumulator, mode) => {
  if (!mode) throw new Error('the PE of ANT needs a mode')
  const [x, w] = [activation.bits(), weight.bits()]
  const first = x.width === 4 ? decode(x, mode.bit(modeBits.activationFlint)) : decodeInteger(x)
  const second = decode(w, mode.bit(modeBits.weightFlint))
  return compressedSum(builder, 'accumulate', [
    { value: pairProduct(builder, 'integers', first, second, productBits(x.width)), arrival: 'recoded' },
    { value: accumulator, arrival: 'register' },
  ])
})
