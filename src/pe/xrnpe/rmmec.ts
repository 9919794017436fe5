import { type Bits, bits, bool, cat, component, type Int, mux, u } from '../../dsl/index.ts'
import { compress } from '../arith/compressor.ts'
import { type Terms, together } from '../arith/weighted-bits.ts'

/** Bits of a block's operands. */
export const blockBits = 6

/**
 * A leaf of the reconfigurable mantissa-multiplication and exponent circuitry (RMMEC): of two operands of two bits the four
 * bits that add up to their product or, where `exponent` is set, how far each lies below the larger one. (arXiv 2508.13049
 * names the circuitry; that one leaf does both is in the same group's Bhasha-Rupantarika RTL; the logic is ours.)
 */
const Leaf = component('xrnpe_leaf', (_: object) => ({
  in: { a: u(2), b: u(2), exponent: bool },
  out: { products: bits(4), above: u(2), below: u(2) },
  logic({ a, b, exponent }) {
    const multiplies = exponent.not()
    const pairs = [0, 1].flatMap((i) => [0, 1].map((j) => a.bit(i).and(b.bit(j)).and(multiplies).bits()))
    return {
      products: cat(...pairs.reverse()),
      above: mux(exponent.and(a.gt(b)), a.sub(b).wrap(u(2)), 0),
      below: mux(exponent.and(b.gt(a)), b.sub(a).wrap(u(2)), 0),
    }
  },
}))

/**
 * A block of the array, nine leaves: the product of two operands of six bits or, where `exponent` is set, how far the larger
 * one is above `b`: max(a, b) - b. What is not asked for is 0.
 */
export const Block = component('xrnpe_block', (_: object) => ({
  in: { a: u(blockBits), b: u(blockBits), exponent: bool },
  out: { product: u(2 * blockBits), difference: u(blockBits) },
  logic: ({ a, b, exponent }) => ({
    product: mux(exponent, 0, a.mul(b)).wrap(u(2 * blockBits)),
    difference: mux(exponent.and(a.gt(b)), a.sub(b).wrap(u(blockBits)), 0),
  }),
  gates({ a, b, exponent }, builder) {
    const digit = (operand: Int, k: number): Int =>
      operand
        .bits()
        .slice(2 * k + 1, 2 * k)
        .unsigned()
    const digits = [0, 1, 2]
    const rows = digits.map((i) =>
      digits.map((j) => builder.use(`leaf_${i}_${j}`, Leaf({}), { a: digit(a, i), b: digit(b, j), exponent })),
    )
    const terms = rows.flatMap((row, i) =>
      row.map(({ products }, j): Terms => {
        const weights = [0, 1, 1, 2].map((weight) => weight + 2 * (i + j))
        return {
          bits: weights.map((weight, k) => ({ bit: products.bit(k), weight, arrival: arrival.leaf })),
          constant: 0n,
        }
      }),
    )
    // What the digits differ by, each from its own comparison, gives what the operands differ by.
    const together3 = (of: 'above' | 'below'): Int =>
      cat(...digits.map((k) => rows[k]![k]![of].bits(2)).reverse()).unsigned()
    const difference = together3('above').sub(together3('below'))
    return {
      product: compress(builder, 'column', together(...terms), 2 * blockBits).unsigned(),
      difference: mux(difference.lt(0), 0, difference).wrap(u(blockBits)),
    }
  },
}))

/** When bits are known, in ps from the registers before the array; only their order matters. */
const arrival = { leaf: 160, hidden: 140, block: 700 } as const

/**
 * The product of two significands of 13 bits from the four blocks' products of their fractions and the rows of their hidden bits.
 * In modes other than posit(16,1), blocks 1 and 2 give 0 here and there are no hidden bits, so that blocks 0 and 3 stand side by side.
 */
export const SignificandProduct = component('xrnpe_significand_product', (_: object) => ({
  in: {
    block_0: u(12),
    block_1: u(12),
    block_2: u(12),
    block_3: u(12),
    left: bits(12),
    right: bits(12),
    left_hidden: bool,
    right_hidden: bool,
  },
  out: { product: u(26) },
  logic: (i) => ({
    product: i.block_0
      .add(i.block_1.add(i.block_2).shl(6))
      .add(i.block_3.shl(12))
      .add(mux(i.left_hidden, i.right.unsigned(), 0).shl(12))
      .add(mux(i.right_hidden, i.left.unsigned(), 0).shl(12))
      .add(i.left_hidden.and(i.right_hidden).int().shl(24))
      .wrap(u(26)),
  }),
  gates(i, builder) {
    const weighted = (value: Bits, weight: number, at: number): Terms => ({
      bits: Array.from({ length: value.width }, (_, k) => ({ bit: value.bit(k), weight: weight + k, arrival: at })),
      constant: 0n,
    })
    const strip = (hidden: typeof i.left_hidden, fraction: Bits): Terms => ({
      bits: Array.from({ length: 12 }, (_, k) => ({
        bit: fraction.bit(k).and(hidden),
        weight: 12 + k,
        arrival: arrival.hidden,
      })),
      constant: 0n,
    })
    const blocks = [i.block_0, i.block_1, i.block_2, i.block_3].map((block, k) =>
      weighted(block.bits(12), [0, 6, 6, 12][k]!, arrival.block),
    )
    const top = weighted(i.left_hidden.and(i.right_hidden).bits(), 24, arrival.hidden)
    const rows = [...blocks, strip(i.left_hidden, i.right), strip(i.right_hidden, i.left), top]
    return { product: compress(builder, 'column', together(...rows), 26).unsigned() }
  },
}))
