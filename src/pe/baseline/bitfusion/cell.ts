import { type Bool, type Builder, type Int, mux } from '../../../dsl/index.ts'
import { compressedSum } from '../../arith/sum.ts'
import { systolicCell } from '../../arith/systolic-cell.ts'
import { BitBrick } from './brick.ts'
import { type BrickDigits, brickDigits, modeBits } from './mode.ts'

/** The fusion unit with operand registers, accumulator and drain. */
export const bitfusionCell = systolicCell('bitfusion_cell', (builder, activation, weight, accumulator, mode) => {
  if (!mode) throw new Error('the fusion unit needs a mode')
  return fuse(builder, activation, weight, accumulator, mode)
})

/** Accumulator plus the sum of a mode's products: bricks, shifted and added up to quads, and these once more. */
const fuse = (builder: Builder, activation: Int, weight: Int, accumulator: Int, mode: Int): Int => {
  const flag = (name: keyof typeof modeBits): Bool => mode.bit(modeBits[name])
  const byActivation = byWidth(flag('activation8'), flag('activation4'))
  const byWeight = byWidth(flag('weight8'), flag('weight4'))
  const products = Array.from({ length: 16 }, (_, brick) => {
    const digits = (activationBits: number, weightBits: number): BrickDigits =>
      brickDigits(brick, { activationBits, weightBits })
    // Where several modes choose the same, the choice falls away.
    const x = byWeight((w) => byActivation((a) => digitAt(activation, digits(a, w).activation)))
    const y = byActivation((a) => byWeight((w) => digitAt(weight, digits(a, w).weight)))
    const xTop = byWeight((w) => byActivation((a) => Number(digits(a, w).activationTop)))
    const yTop = byActivation((a) => byWeight((w) => Number(digits(a, w).weightTop)))
    return builder.use(`brick_${brick}`, BitBrick({}), {
      x,
      x_signed: flag('activationSigned').and(xTop.bit(0)),
      y,
      y_signed: flag('weightSigned').and(yTop.bit(0)),
    }).product
  })
  const quads = Array.from({ length: 4 }, (_, quad) =>
    compressedSum(
      builder,
      `quad_${quad}`,
      shifted(products.slice(4 * quad, 4 * quad + 4), 2, flag('activation4'), flag('weight4')).map(late),
    ),
  )
  return compressedSum(builder, 'accumulate', [
    ...shifted(quads, 4, flag('activation8'), flag('weight8')).map(late),
    { value: accumulator, arrival: 'register' },
  ])
}

const digitAt = (word: Int, index: number): Int =>
  word
    .bits()
    .slice(2 * index + 1, 2 * index)
    .unsigned()

/** A choice between the values for 8, 4 and 2 bits. */
const byWidth =
  (eight: Bool, four: Bool) =>
  (value: (bits: number) => Int | number): Int =>
    mux(eight, value(8), mux(four, value(4), value(2)))

const late = (value: Int) => ({ value, arrival: 'recoded' }) as const

/**
 * Four parts of products with the weights of their digits: 1, 2^by, 2^by and 2^(2 by) where both operands are fused at this
 * level, 1 and 2^by in turn where one is, else 1.
 */
const shifted = (parts: readonly Int[], by: number, a: Bool, w: Bool): readonly Int[] => {
  const [any, both] = [a.or(w), a.and(w)]
  const [p0, p1, p2, p3] = parts as [Int, Int, Int, Int]
  return [p0, mux(any, p1.shl(by), p1), mux(both, p2.shl(by), p2), mux(both, p3.shl(2 * by), mux(any, p3.shl(by), p3))]
}
