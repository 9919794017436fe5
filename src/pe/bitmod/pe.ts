import { type Builder, bits, bool, component, delay, range, record, s, u, vec } from '../../dsl/index.ts'
import type { Arithmetic } from './golden.ts'
import {
  accumulate,
  alignExponents,
  fieldWidth,
  multiplyAligned,
  multiplyScale,
  multiplyTerms,
  type Operands,
} from './stages.ts'
import { significanceShape, termShape } from './term-generator.ts'

/**
 * Registers for a step's operands: `local` in every PE; `shared` at the tile's edges; `skewed` there too, where the significands
 * of activations are held a cycle longer, so that they come when the second stage wants them.
 */
export type InputRegisters = 'local' | 'shared' | 'skewed'

export interface PeParameters extends Arithmetic {
  /** Names of the Verilog modules begin with it. */
  readonly name: string
  readonly inputs: InputRegisters
}

/** An FP16 activation as the PE takes it: subnormals have exponent 1 and no hidden bit. */
export const activationShape = record({ negative: bool, exponent: range(1, 31), significand: bits(11) })

/** Bits of a scale, one a cycle. */
export const scaleBits = 8

/** What leaves a PE: `mantissa * 2^(exponent + lowestBit)`. */
export const scaledShape = ({ magnitude }: Pick<Arithmetic, 'magnitude'>) =>
  record({ mantissa: s(magnitude + 1 + scaleBits), exponent: u(6) })

const operandPorts = (lanes: number) => ({
  activation: vec(lanes, activationShape),
  term: vec(lanes, termShape),
  significance: significanceShape,
})

const controlPorts = {
  /** The sum that this cycle adds to is a group's last. It comes with that sum, two cycles after the operands' registers. */
  last: bool,
  /** A bit of the scale, lowest first, and whether it is the first one. */
  scale_bit: bool,
  scale_start: bool,
}

/**
 * BitMoD's processing element (HPCA 2025, IV-B and Fig. 5): exponents aligned | terms multiplied and added | accumulated | scaled.
 *
 * Each cycle it adds `lanes` products of an activation and a term of a weight. A group's sum moves into a second register, where
 * the scale multiplies it bit by bit while the next group is under way.
 *
 * `last` comes from the tile's edge in the cycle of the accumulation, since all PEs would otherwise delay the same signal (ours).
 * The scale goes down the column, a row a cycle, so that a row's product is complete just when the column's accumulator takes
 * it, and no PE has to hold it (ours).
 */
export const BitmodPe = component('bitmod_pe', (p: PeParameters) => {
  return {
    name: `${p.name}_pe`,
    in: { ...operandPorts(p.lanes), ...controlPorts },
    out: { scaled: scaledShape(p), scale_bit_out: bool, scale_start_out: bool },
    logic(i, builder) {
      const operands = p.inputs === 'local' ? heldHere(builder, i) : i
      const product = multiplyTerms(builder, p, alignExponents(builder, p, operands, p.inputs === 'skewed'))
      const sum = accumulate(builder, p, product, i.last)
      return {
        scaled: multiplyScale(builder, sum, { last: i.last, bit: i.scale_bit, start: i.scale_start }),
        scale_bit_out: delay(builder, 'scale_bit_down', i.scale_bit, 1),
        scale_start_out: delay(builder, 'scale_start_down', i.scale_start, 1),
      }
    },
  }
})

/** An activation as it is under the largest of its step. */
export const alignedShape = (p: Pick<Arithmetic, 'guard'>) => record({ negative: bool, magnitude: bits(fieldWidth(p)) })

/** The exponent of a step's largest activation. */
export const stepExponentShape = range(1, 31)

/**
 * The same PE where activations come aligned from their row's edge, once for all PEs of the row (ours): no exponents are
 * compared here, and no significand is shifted right. `any_term` says that some lane has a term.
 */
export const AlignedPe = component('bitmod_aligned_pe', (p: PeParameters) => ({
  name: `${p.name}_pe`,
  in: {
    aligned: vec(p.lanes, alignedShape(p)),
    exponent: stepExponentShape,
    term: vec(p.lanes, termShape),
    any_term: bool,
    significance: significanceShape,
    ...controlPorts,
  },
  out: { scaled: scaledShape(p), scale_bit_out: bool, scale_start_out: bool },
  logic(i, builder) {
    const sum = accumulate(builder, p, multiplyAligned(builder, p, i), i.last)
    return {
      scaled: multiplyScale(builder, sum, { last: i.last, bit: i.scale_bit, start: i.scale_start }),
      scale_bit_out: delay(builder, 'scale_bit_down', i.scale_bit, 1),
      scale_start_out: delay(builder, 'scale_start_down', i.scale_start, 1),
    }
  },
}))

/** The operands in registers of this PE's own. */
const heldHere = (builder: Builder, i: Operands): Operands => ({
  activation: i.activation.map(({ negative, exponent, significand }, k) => ({
    negative: delay(builder, `activation_${k}_negative`, negative, 1),
    exponent: delay(builder, `activation_${k}_exponent`, exponent, 1),
    significand: delay(builder, `activation_${k}_significand`, significand, 1),
  })),
  term: i.term.map(({ negative, exponent, present }, k) => ({
    negative: delay(builder, `term_${k}_negative`, negative, 1),
    exponent: delay(builder, `term_${k}_exponent`, exponent, 1),
    present: delay(builder, `term_${k}_present`, present, 1),
  })),
  significance: delay(builder, 'significance', i.significance, 1),
})
