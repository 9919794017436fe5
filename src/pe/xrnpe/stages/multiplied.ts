import { type Bits, type Bool, type Builder, bits, bool, cat, type Int, mux, u, vec } from '../../../dsl/index.ts'
import { worksIn } from '../blocks.ts'
import { modeFlags } from '../modes.ts'
import type { XrnpeParameters } from '../parameters.ts'
import { widePlaces } from '../place.ts'
import { Block, blockBits, SignificandProduct } from '../rmmec.ts'
import { held, isolation, type Tags, tagsLater } from './tags.ts'
import type { Multiplicands } from './unpacked.ts'

/** Products and their places, in registers. */
export interface Products {
  /**
   * The product of posit(16,1); those of posit(8,0), twelve bits each; what blocks 0 and 3 give in modes of four lanes, from
   * bits 0 and 12 upwards.
   */
  readonly significand: Bits
  /** What blocks 1 and 2 give for lanes of four bits; places of the lower and upper posit(8,0), the latter posit(16,1)'s too. */
  readonly side: readonly Bits[]
  /** What blocks from 4 on give: products, or places. */
  readonly others: readonly Bits[]
  readonly signs: readonly Bool[]
  readonly tags: Tags
}

/** Second stage: the blocks multiply or compare exponents, as `blockWork` has it. */
export const multiplied = (builder: Builder, p: XrnpeParameters, m: Multiplicands): Products => {
  const flags = modeFlags(m.tags.mode)
  const isolated = isolation(p)
  const blocks = m.left.map((a, k) => {
    const exponent = comparesBytes(k) ? flags.posit4.or(flags.posit8) : flags.posit4
    return builder.use(`block_${k}`, Block({}), { a, b: m.right[k]!, exponent })
  })
  const [block0, block1, block2, block3, ...others] = blocks as [Given, Given, Given, Given, ...Given[]]
  // Functional: in FP4, blocks 1 and 2 have products of their own.
  const crossed = (product: Int): Int => mux(flags.posit16, product, 0)
  const fraction = (low: Int, high: Int): Bits => cat(high.bits(blockBits), low.bits(blockBits))
  const { product } = builder.use('significand_product', SignificandProduct({}), {
    block_0: block0.product,
    block_1: crossed(block1.product),
    block_2: crossed(block2.product),
    block_3: block3.product,
    left: isolated(flags.posit16, fraction(m.left[0]!, m.left[2]!)),
    right: isolated(flags.posit16, fraction(m.right[0]!, m.right[1]!)),
    left_hidden: m.hidden[0]!,
    right_hidden: m.hidden[1]!,
  })
  // A block that compares has no product, and one that multiplies no difference.
  const compared = block0.difference.add(block3.difference.shl(12)).bits(26)
  const sideOf = (block: Given): Bits => block.product.bits(12).slice(7, 0).or(block.difference.bits(8))
  const power = m.powers[0]!.signed().add(m.powers[1]!.signed()).add(widePlaces).wrap(u(7)).bits(8)

  const next = builder.regs({ significand: bits(26), side: vec(2, bits(8)), product_sign: vec(blocks.length, bool) })
  next.significand.next = product.bits(26).or(compared)
  next.side.next = [isolated(flags.posit16.not(), sideOf(block1)), mux(flags.posit16, power, sideOf(block2))]
  next.product_sign.next = m.signs
  return {
    significand: next.significand,
    side: next.side,
    others: others.map((block, k) => {
      const number = k + 4
      // Twelve bits where it multiplies posit(8,0) too.
      const width = number === 4 || number === 7 ? 12 : 8
      const given = block.product
        .bits(12)
        .slice(width - 1, 0)
        .or(block.difference.bits(width))
      return held(builder, p, `product_${number}`, given, worksIn(`block_${number}`, flags))
    }),
    signs: next.product_sign,
    tags: tagsLater(builder, 'multiplied', m.tags),
  }
}

/** The blocks that compare the exponents of posit(8,0). */
const comparesBytes = (block: number): boolean => [1, 2, 5, 6].includes(block)

/** What a block of the array gives. */
interface Given {
  readonly product: Int
  readonly difference: Int
}
