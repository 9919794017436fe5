import { type Bits, mux } from '../../../dsl/index.ts'
import type { PositFormat } from '../../../formats/index.ts'
import { addAligned, alignOrdered } from '../float/add.ts'
import { type Multiplier, multiply } from '../float/multiply.ts'
import type { Unpacked } from '../float/unpacked.ts'
import { decodeMagnitude, decodePosit, fractionBits, positMagnitude } from './decode.ts'
import { encodePosit } from './encode.ts'

/** `a * b`, rounded. */
export const multiplyPosits = (format: PositFormat, a: Bits, b: Bits, times?: Multiplier): Bits =>
  encodePosit(format, multiply(decodePosit(format, a), decodePosit(format, b), times))

/** Two posits decoded, the one of larger magnitude first. */
export const orderPosits = (format: PositFormat, a: Bits, b: Bits): readonly [Unpacked, Unpacked] => {
  const [x, y] = [positMagnitude(a), positMagnitude(b)]
  const swapped = x.magnitude.unsigned().lt(y.magnitude.unsigned())
  const larger = mux(swapped, y, x)
  const smaller = mux(swapped, x, y)
  return [
    decodeMagnitude(format, larger.sign, larger.magnitude),
    decodeMagnitude(format, smaller.sign, smaller.magnitude),
  ]
}

/** `a + b`, rounded. */
export const addPosits = (format: PositFormat, a: Bits, b: Bits): Bits => {
  const [larger, smaller] = orderPosits(format, a, b)
  return encodePosit(format, addAligned(alignOrdered(larger, smaller, fractionBits(format) + 1)))
}
