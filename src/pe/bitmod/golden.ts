import { addExact, type Dyadic, type Finite, finite, multiplyExact } from '../../formats/index.ts'
import { integerOf, termsOf, type WeightType } from './terms.ts'

/** What decides how a group is added up. */
export interface Arithmetic {
  /** Activations, and terms of weights, that are added at once. */
  readonly lanes: number
  /** Bits kept below an activation's mantissa when it is shifted under the largest of its cycle. */
  readonly guard: number
  /** Bits of the accumulator's magnitude; it has a sign besides. */
  readonly magnitude: number
  /** Where a term's significance goes: into the sum, shifted, or into its exponent. */
  readonly significance: 'shift' | 'exponent'
  /** What lanes are aligned by: their activation's exponent with the term's, or the activation's alone, once a step. */
  readonly alignment: 'terms' | 'activations'
}

/** Operands of a group: FP16 codes, codes of weights, the special value of the group in halves, and the integer scale. */
export interface GroupOperands {
  readonly activations: readonly number[]
  readonly weights: readonly number[]
  readonly special: number
  /** 0 to 255. */
  readonly scale: number
}

/** An FP16 code as (-1)^negative * significand * 2^(exponent - 25), exponent 1 to 31; subnormals have exponent 1. */
export const activationFields = (code: number) => {
  const field = (code >> 10) & 31
  return {
    negative: code >= 2 ** 15,
    exponent: Math.max(field, 1),
    significand: (code & 1023) + (field > 0 ? 1024 : 0),
  }
}

/** Power of two of the lowest bit of a sum whose exponent is 0. */
export const lowestBit = ({ guard }: Pick<Arithmetic, 'guard'>, { fractionBits }: WeightType): number =>
  -25 - guard - fractionBits

/** True where an activation is infinite or NaN: the group has no number for a result (ours). */
export const isNoNumber = (code: number): boolean => ((code >> 10) & 31) === 31

/** The group's sum as the PE has it before the scale, `mantissa * 2^(exponent + lowestBit)`. */
export interface GroupSum {
  readonly mantissa: number
  readonly exponent: number
}

/**
 * A group cycle by cycle, lane by lane: BitMoD, HPCA 2025, section IV-B and Fig. 5. Every right shift is rounded down, those of
 * products toward zero, because they are shifted before their sign (the paper speaks of rounding to nearest, its RTL cuts off).
 *
 * In a cycle the products `activation * term` are shifted under the largest exponent among the terms that are not zero, and
 * added exactly. That sum and the accumulator are shifted to the larger of their exponents and added. Where the result has
 * more than `magnitude` bits it is shifted right, and its exponent goes up, until it has not. The sum is never shifted left.
 *
 * With the alignment of activations (ours) these are shifted under the largest of the step, whatever the terms are, and then left
 * by their term's exponent; a cycle without terms adds nothing all the same.
 */
export const groupSum = (p: Arithmetic, type: WeightType, group: Omit<GroupOperands, 'scale'>): GroupSum => {
  const { activations, weights, special } = group
  const fields = activations.map(activationFields)
  const terms = weights.map((code) => termsOf(type, code, special))
  let sum: GroupSum = { mantissa: 0, exponent: 0 }
  for (let from = 0; from < activations.length; from += p.lanes)
    for (let cycle = 0; cycle < type.cycles; cycle++) {
      const largest = Math.max(...fields.slice(from, from + p.lanes).map(({ exponent }) => exponent))
      const products = fields.slice(from, from + p.lanes).flatMap(({ negative, exponent, significand }, lane) => {
        const term = terms[from + lane]![cycle]!
        if (!term.present) return []
        if (p.alignment === 'terms')
          return [{ negative: negative !== term.negative, exponent: exponent + term.exponent, significand, left: 0 }]
        // As if all had the exponent of the largest, the others already shifted.
        const aligned = shiftedRight(significand * 2 ** p.guard, largest - exponent) / 2 ** p.guard
        return [{ negative: negative !== term.negative, exponent: largest, significand: aligned, left: term.exponent }]
      })
      sum = accumulate(p, sum, products, products.length > 0 ? cycle * type.significanceStep : 0)
    }
  return sum
}

interface Product {
  readonly negative: boolean
  readonly exponent: number
  readonly significand: number
  /** Places it is shifted left by after it was aligned. */
  readonly left: number
}

const accumulate = (p: Arithmetic, sum: GroupSum, products: readonly Product[], significance: number): GroupSum => {
  const largest = Math.max(0, ...products.map(({ exponent }) => exponent))
  const dot = products.reduce((total, { negative, exponent, significand, left }) => {
    const aligned = shiftedRight(significand * 2 ** p.guard, largest - exponent) * 2 ** left
    return total + (negative ? -aligned : aligned)
  }, 0)
  const [term, termExponent] =
    p.significance === 'shift' ? [dot * 2 ** significance, largest] : [dot, largest + significance]
  const exponent = Math.max(sum.exponent, termExponent)
  const total = shiftedRight(sum.mantissa, exponent - sum.exponent) + shiftedRight(term, exponent - termExponent)
  const limit = 2 ** p.magnitude
  let places = 0
  while (shiftedRight(total, places) >= limit || shiftedRight(total, places) < -limit) places++
  return { mantissa: shiftedRight(total, places), exponent: exponent + places }
}

const shiftedRight = (value: number, places: number): number => Math.floor(value / 2 ** places)

/** The group's sum times its scale, exactly as the PE hands it on. */
export const scaledSum = (p: Arithmetic, type: WeightType, group: GroupOperands): Finite => {
  const { mantissa, exponent } = groupSum(p, type, group)
  return finite(BigInt(mantissa) * BigInt(group.scale), exponent + lowestBit(p, type))
}

/** The same sum without any rounding: what the error of `scaledSum` is measured against. Activations must be finite. */
export const exactSum = (type: WeightType, { activations, weights, special, scale }: GroupOperands): Finite => {
  const products = activations.map((code, k): Dyadic => {
    const { negative, exponent, significand } = activationFields(code)
    const activation = { significand: BigInt(negative ? -significand : significand), exponent: exponent - 25 }
    return multiplyExact(activation, {
      significand: BigInt(integerOf(type, weights[k]!, special) * scale),
      exponent: -type.fractionBits,
    })
  })
  return products.reduce<Finite>((sum, product) => addExact(sum, product), finite(0n))
}
