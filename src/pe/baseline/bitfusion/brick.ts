import { type Bool, bool, component, type Int, mux, range, u } from '../../../dsl/index.ts'

/** Values of two bits, with or without a sign. */
export const digit = range(-2, 3)

/** Two bits as a number: the upper one counts -2 where they are signed. */
const digitOf = (bits: Int, signed: Bool): Int =>
  bits
    .bit(0)
    .int()
    .add(mux(bits.bit(1), mux(signed, -2, 2), 0))

/** A BitBrick: the product of two digits of two bits, each with a sign flag. */
export const BitBrick = component('bitfusion_brick', (_: object) => ({
  name: 'bitfusion_brick',
  in: { x: u(2), x_signed: bool, y: u(2), y_signed: bool },
  out: { product: digit.times(digit) },
  logic: (i) => ({ product: digitOf(i.x, i.x_signed).mul(digitOf(i.y, i.y_signed)) }),
}))
