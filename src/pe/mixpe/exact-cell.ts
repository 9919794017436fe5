import { bool, cat, component, mux, range, s, u } from '../../dsl/index.ts'
import { place, round } from '../arith/float/round.ts'
import { unpack, unpackInteger } from '../arith/float/unpacked.ts'
import { fp16, fp32 } from '../arith/float/usual.ts'
import { packSegments, segmentedAccumulator, segmentWidths, settledSum } from '../arith/segmented-accumulator.ts'
import { repeated, shiftLeftFilled } from '../arith/shifters.ts'
import { nextStage } from '../arith/stage.ts'
import type { ColumnEdgeInputs, ColumnEdgeOutputs, CoreInputs, CoreOutputs } from '../array-parts.ts'
import { byShiftAdd, type FloatMixpeParameters } from './float-cell.ts'

export interface ExactMixpeParameters extends FloatMixpeParameters {
  /** Most operand pairs in a group. */
  readonly group: number
}

/** A sum's unit is the smallest FP16 number: 2^-24. */
const fractionBits = fp16.bias - 1 + fp16.mantissaBits

/** Carry chains of a third of the sum: quarters are 9 um2 more a PE on generic45 and 0.21 ns faster, where an FP16 multiply-add is slower anyway. */
const segmentCount = 3

/** Shapes of a product in units of 2^-24 and of a field with a group's sum, and the segments that hold the sum. */
const exactShapes = ({ weight, group }: Pick<ExactMixpeParameters, 'weight' | 'group'>) => {
  const magnitude = -weight.min > weight.max ? -weight.min : weight.max
  const largest = (u(fp16.mantissaBits + 1).max * magnitude) << BigInt(2 ** fp16.exponentBits - 3)
  const term = range(-largest, largest)
  const { width } = term.sumOf(group)
  const widths = segmentWidths(width, Math.ceil(width / segmentCount))
  return { term: s(term.width), width, widths, total: u(width + widths.length - 1 + 2) }
}

/**
 * The PE with an exact sum: every FP16 number is an integer of units of 2^-24, so products shifted by their exponents add up
 * in two's complement, in segments whose carries wait a cycle. An infinity or NaN sets a flag that stays until the group
 * ends: `plus`, `minus`, for NaN both. The sum leaves as it is, carries and flags above it, and is rounded once at the top.
 */
export const ExactMixpeCore = component('mixpe_exact_core', (p: ExactMixpeParameters) => {
  const activation = u(fp16.bits)
  const { term, widths, total } = exactShapes(p)
  const inputs: CoreInputs = { activation_in: activation, weight_in: p.weight, last_in: bool }
  const passed = { activation_out: activation, weight_out: p.weight, last_out: bool }
  const outputs: CoreOutputs = { ...passed, total, total_last: bool }
  return {
    name: `${p.name}_core`,
    in: inputs,
    out: outputs,
    logic(i, builder) {
      const r = builder.regs({ activation, weight: p.weight, last: bool, plus: bool, minus: bool })
      r.activation.next = i.activation_in
      r.weight.next = i.weight_in
      r.last.next = i.last_in
      const x = unpack(fp16, r.activation.bits())
      const product = byShiftAdd(builder)(x.significand.unsigned(), r.weight)
      const special = x.nan.or(x.infinite)
      const isNan = x.nan.or(r.weight.eq(0))
      const isMinus = x.sign.xor(r.weight.lt(0))
      const step = {
        // Turned round where the activation is negative; the sum adds the 1 that makes it the opposite.
        turned: product.bits().xor(repeated(x.sign, product.shape.width)),
        sign: x.sign,
        exponent: x.exponent,
        plus: special.and(isNan.or(isMinus.not())),
        minus: special.and(isNan.or(isMinus)),
        last: r.last,
      }
      const { turned, sign, exponent, last, ...flags } = p.stages > 1 ? nextStage(builder, 'product', step) : step
      // Exponents begin at 1, so the lowest bit is never one of the product.
      const shifted = shiftLeftFilled(turned, exponent, sign)
      const sum = segmentedAccumulator(builder, 'sum', {
        term: shifted
          .slice(shifted.width - 1, 1)
          .signed()
          .wrap(term),
        plus: sign,
        clear: last,
        widths,
        promise: `a group has at most ${p.group} operand pairs`,
      })
      const [plus, minus] = [r.plus.or(flags.plus), r.minus.or(flags.minus)]
      r.plus.next = plus.and(last.not())
      r.minus.next = minus.and(last.not())
      return {
        activation_out: r.activation,
        weight_out: r.weight,
        last_out: r.last,
        total: cat(minus.bits(), plus.bits(), packSegments(sum.next, widths)).unsigned(),
        total_last: last,
      }
    },
  }
})

/** One per column: carries added | brought in place | rounded to FP32, the only rounding there is. */
export const ExactRounding = component('mixpe_exact_rounding', (p: Omit<ExactMixpeParameters, 'stages'>) => {
  const { width, widths, total } = exactShapes(p)
  const inputs = { sum_in: total, sum_in_valid: bool } satisfies ColumnEdgeInputs
  const outputs = { result: u(fp32.bits), result_valid: bool } satisfies ColumnEdgeOutputs
  return {
    name: `${p.name}_rounding`,
    in: inputs,
    out: outputs,
    logic(i, builder) {
      const field = i.sum_in.bits()
      const top = field.width - 1
      const settled = nextStage(builder, 'settled', {
        sum: settledSum(field.slice(top - 2, 0), widths).wrap(s(width)),
        plus: field.bit(top - 1),
        minus: field.bit(top),
        valid: i.sum_in_valid,
      })
      const { plus, minus } = settled
      const number = unpackInteger(settled.sum, fractionBits)
      const placed = nextStage(builder, 'placed', {
        ...place(fp32, {
          ...number,
          sign: mux(plus.or(minus), minus, number.sign),
          infinite: plus.or(minus),
          nan: plus.and(minus),
        }),
        valid: settled.valid,
      })
      const result = nextStage(builder, 'rounded', { code: round(fp32, placed).unsigned(), valid: placed.valid })
      return { result: result.code, result_valid: result.valid }
    },
  }
})

/** Cycles that `ExactRounding` takes. */
export const exactRoundingCycles = 3
