import { bool, cat, component, mux, range, s, u } from '../../dsl/index.ts'
import { place, round } from '../arith/float/round.ts'
import { unpack, unpackInteger } from '../arith/float/unpacked.ts'
import { fp16, fp32 } from '../arith/float/usual.ts'
import { packSegments, segmentedAccumulator, segmentWidths, settledSum } from '../arith/segmented-accumulator.ts'
import { nextStage } from '../arith/stage.ts'
import type { StagedCoreOutputs } from '../arith/systolic-cell.ts'
import type { ColumnEdgeInputs, ColumnEdgeOutputs, CoreInputs } from '../array-parts.ts'
import { byShiftAdd, type FloatMixpeParameters } from './float-cell.ts'

export interface ExactMixpeParameters extends FloatMixpeParameters {
  /** Most operand pairs in a group. */
  readonly group: number
}

/** A sum's unit is the smallest FP16 number: 2^-24. */
const fractionBits = fp16.bias - 1 + fp16.mantissaBits

/** Carry chains of a quarter of the sum. */
const segmentCount = 4

/** Shapes of a product and of a group's sum in units of 2^-24, and the segments that hold the sum. */
const exactShapes = ({ weight, group }: Pick<ExactMixpeParameters, 'weight' | 'group'>) => {
  const factor = weight.max > -weight.min ? range(-weight.max, weight.max) : range(weight.min, -weight.min)
  const significand = u(fp16.mantissaBits + 1)
  const largest = significand.times(factor).max << BigInt(2 ** fp16.exponentBits - 3)
  const term = range(-largest, largest)
  // A bit more than the sum, for the highest segment without the carries under way.
  const width = term.sumOf(group).width + 1
  const segment = Math.ceil(width / segmentCount)
  const widths = segmentWidths(width, segment)
  return { factor, term: s(term.width), width, segment, widths, total: u(width + widths.length - 1 + 2) }
}

/**
 * The PE with an exact sum: every FP16 number is an integer of units of 2^-24, so products shifted by their exponents add up
 * in two's complement, in segments whose carries wait a cycle. An infinity or NaN sets a flag that stays until the group
 * ends: `plus`, `minus`, for NaN both. The sum leaves as it is, carries and flags above it, and is rounded once at the top.
 */
export const ExactMixpeCore = component('mixpe_exact_core', (p: ExactMixpeParameters) => {
  const activation = u(fp16.bits)
  const { factor, term, width, segment, widths, total } = exactShapes(p)
  const inputs: CoreInputs = { activation_in: activation, weight_in: p.weight, last_in: bool }
  const passed = { activation_out: activation, weight_out: p.weight, last_out: bool }
  const outputs: StagedCoreOutputs = { ...passed, total, total_last: bool }
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
      // The sign goes into the short factor, so that what is shifted is two's complement already.
      const signed = mux(x.sign, r.weight.neg(), r.weight).sat(factor)
      const special = x.nan.or(x.infinite)
      const isNan = x.nan.or(r.weight.eq(0))
      const step = {
        product: byShiftAdd(builder)(x.significand.unsigned(), signed),
        places: x.exponent.sub(1),
        plus: special.and(isNan.or(signed.gt(0))),
        minus: special.and(isNan.or(signed.lt(0))),
        last: r.last,
      }
      const { product, places, last, ...flags } = p.stages > 1 ? nextStage(builder, 'product', step) : step
      const sum = segmentedAccumulator(builder, 'sum', {
        term: product.shlBy(places).wrap(term),
        clear: last,
        width,
        segment,
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
