import { type Bits, type Builder, bool, component, type Int, type IntShape, u } from '../../dsl/index.ts'
import type { FloatFormat } from '../../formats/index.ts'
import { addAligned } from '../arith/float/add.ts'
import { fusedAlign } from '../arith/float/fused.ts'
import { type Multiplier, multiply, normalise } from '../arith/float/multiply.ts'
import { encodeFloat } from '../arith/float/round.ts'
import { type Unpacked, unpack, unpackInteger } from '../arith/float/unpacked.ts'
import { fp16, fp32 } from '../arith/float/usual.ts'
import { groupTotal } from '../arith/group-accumulator.ts'
import { product } from '../arith/product.ts'
import { nextStage } from '../arith/stage.ts'
import type { CoreInputs, CoreOutputs } from '../array-parts.ts'

export interface FloatMixpeParameters {
  /** Names of the Verilog modules begin with it. */
  readonly name: string
  readonly weight: IntShape
  /** Cycles from the operand registers to the accumulator: 2 with a register behind the product. */
  readonly stages: number
}

/**
 * A float code times an integer, exactly: the significand, hidden bit included, times the integer's magnitude; the exponent
 * stays, and the signs are joined. Infinity times 0 is NaN (IEEE Std 754-2019, 7.2).
 */
export const timesInteger = (format: FloatFormat, code: Bits, integer: Int, times?: Multiplier): Unpacked =>
  multiply(unpack(format, code), unpackInteger(integer), times)

/** Significands are multiplied by shift-add. */
export const byShiftAdd =
  (builder: Pick<Builder, 'use'>): Multiplier =>
  (a, b) =>
    product(builder, 'significands', a, b, 'shift-add')

/** The PE: exact products of FP16 activations and integers, added to an FP32 sum that is rounded to nearest even each time. */
export const FloatMixpeCore = component('mixpe_float_core', (p: FloatMixpeParameters) => {
  const [activation, sum] = [u(fp16.bits), u(fp32.bits)]
  const inputs: CoreInputs = { activation_in: activation, weight_in: p.weight, last_in: bool }
  const passed = { activation_out: activation, weight_out: p.weight, last_out: bool }
  const outputs: CoreOutputs = { ...passed, total: sum, total_last: bool }
  return {
    name: `${p.name}_core`,
    in: inputs,
    out: outputs,
    logic(i, builder) {
      const r = builder.regs({ activation, weight: p.weight, last: bool })
      r.activation.next = i.activation_in
      r.weight.next = i.weight_in
      r.last.next = i.last_in
      const exact = timesInteger(fp16, r.activation.bits(), r.weight, byShiftAdd(builder))
      const step = { ...normalise(exact), last: r.last }
      const { last, ...term } = p.stages > 1 ? nextStage(builder, 'product', step) : step
      const total = groupTotal(builder, {
        add: (before) => encodeFloat(fp32, addAligned(fusedAlign(fp32, term, before.bits()))).unsigned(),
        last,
        shape: sum,
        promise: 'every code is one of FP32',
      })
      return { activation_out: r.activation, weight_out: r.weight, last_out: r.last, total, total_last: last }
    },
  }
})
