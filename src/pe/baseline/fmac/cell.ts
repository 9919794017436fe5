import { type Bits, type Bool, type Builder, bool, component, u } from '../../../dsl/index.ts'
import { type FloatFormat, floatOf } from '../../../formats/index.ts'
import { addAligned, addFloats } from '../../arith/float/add.ts'
import { fusedAlign } from '../../arith/float/fused.ts'
import { exactProduct, type Multiplier, multiply, normalise } from '../../arith/float/multiply.ts'
import { encodeFloat } from '../../arith/float/round.ts'
import { roundable, unpack } from '../../arith/float/unpacked.ts'
import { floatNamed } from '../../arith/float/usual.ts'
import { groupTotal } from '../../arith/group-accumulator.ts'
import { product } from '../../arith/product.ts'
import { nextStage } from '../../arith/stage.ts'
import type { CoreInputs } from '../../array-parts.ts'

export interface FloatMacParameters {
  /** Format of activations and weights. */
  readonly format: string
  /** Format of the sum, the same or a wider one. */
  readonly acc: string
  /** Roundings in each step: after product and sum, or once. */
  readonly rounding: 'separate' | 'fused'
  readonly subnormals: 'kept' | 'flushed'
  /** Cycles from the operand registers to the accumulator: in one, with a register behind the product, or with another in it. */
  readonly stages: number
}

/** A floating-point format by name, with subnormals or with zero in their place. */
export const formatNamed = (text: string, subnormals: FloatMacParameters['subnormals']): FloatFormat => {
  const format = floatNamed(text)
  return subnormals === 'kept' ? format : floatOf({ ...format, lowest: 'flush' })
}

export interface FloatMacModule extends FloatMacParameters {
  /** Names of the Verilog modules begin with it. */
  readonly name: string
}

const shapesOf = (p: FloatMacParameters) => {
  const [format, sum] = [formatNamed(p.format, p.subnormals), formatNamed(p.acc, p.subnormals)]
  return { format, sum, operand: u(format.bits), total: u(sum.bits) }
}

/**
 * Adds one product a cycle to a sum that is rounded after each; the next group starts from +0. Only the addition is a loop, so
 * only the product can be cut by registers; `total_last` says that `total` is a whole group's.
 */
export const FloatMacCore = component('fmac_core', (p: FloatMacModule) => {
  const { format, sum, operand, total } = shapesOf(p)
  const inputs: CoreInputs = { activation_in: operand, weight_in: operand, last_in: bool }
  return {
    name: `${p.name}_core`,
    in: inputs,
    out: { activation_out: operand, weight_out: operand, last_out: bool, total, total_last: bool },
    logic(i, builder) {
      const r = builder.regs({ activation: operand, weight: operand, last: bool })
      r.activation.next = i.activation_in
      r.weight.next = i.weight_in
      r.last.next = i.last_in
      const step = (p.rounding === 'fused' ? fusedStep : separateStep)(builder, p.stages, format, sum)
      const { add, last } = step(r.activation.bits(), r.weight.bits(), r.last)
      const groupSum = groupTotal(builder, {
        add: (accumulator) => add(accumulator.bits()).unsigned(),
        last,
        shape: total,
        promise: 'every code is one of its format',
      })
      return { activation_out: r.activation, weight_out: r.weight, last_out: r.last, total: groupSum, total_last: last }
    },
  }
})

/** One step from operands to the addition, and which step is the last of its group. */
type Step = (a: Bits, b: Bits, last: Bool) => { readonly add: (total: Bits) => Bits; readonly last: Bool }
type StepMaker = (builder: Builder, stages: number, format: FloatFormat, sum: FloatFormat) => Step

/** Product of significands | rounded | added. */
const separateStep: StepMaker = (builder, stages, format, sum) => (a, b, last) => {
  const exact = cut(
    builder,
    'product',
    { ...roundable(exactProduct(format, a, b, multiplier(builder))), last },
    stages === 3,
  )
  const rounded = cut(builder, 'rounded', { code: encodeFloat(sum, exact), last: exact.last }, stages >= 2)
  return { add: (total) => addFloats(sum, rounded.code, total), last: rounded.last }
}

/** Factors normalised | multiplied | added and rounded. */
const fusedStep: StepMaker = (builder, stages, format, sum) => (a, b, last) => {
  const first = cut(builder, 'activation_factor', normalise(unpack(format, a)), stages === 3)
  const second = cut(builder, 'weight_factor', { ...normalise(unpack(format, b)), last }, stages === 3)
  const exact = cut(
    builder,
    'product',
    { ...multiply(first, second, multiplier(builder)), last: second.last },
    stages >= 2,
  )
  return { add: (total) => encodeFloat(sum, addAligned(fusedAlign(sum, exact, total))), last: exact.last }
}

const multiplier =
  (builder: Builder): Multiplier =>
  (a, b) =>
    product(builder, 'significands', a, b)

const cut = <Stage extends object>(builder: Builder, name: string, stage: Stage, isCut: boolean): Stage =>
  isCut ? nextStage(builder, name, stage) : stage
