import { type Bits, type Bool, bool, cat, component, type Int, u } from '../../../dsl/index.ts'
import { bitLength, type PositFormat, scalarFormatOf } from '../../../formats/index.ts'
import { multiply } from '../../arith/float/multiply.ts'
import { unpackInteger } from '../../arith/float/unpacked.ts'
import { decodePosit } from '../../arith/posit/decode.ts'
import { normaliseForPosit, roundToPosit } from '../../arith/posit/encode.ts'
import { quireFractionBits, quireShape, turnedInPlaces } from '../../arith/posit/quire.ts'
import { product } from '../../arith/product.ts'
import { packSegments, segmentedAccumulator, segmentWidths, settledSum } from '../../arith/segmented-accumulator.ts'
import { nextStage } from '../../arith/stage.ts'
import type { ColumnEdgeInputs, ColumnEdgeOutputs, CoreInputs, CoreOutputs } from '../../array-parts.ts'

export interface PositMacParameters {
  /** Format of activations, weights and results. */
  readonly format: string
  /** So many products of any size are certain to fit the quire. */
  readonly group: number
  /** Longest carry chain in the quire, in bits. */
  readonly segment: number
  /**
   * Cycles from the operand registers to the quire. Two, three and four: a register behind the product in its places, behind the
   * product too, and behind the decoded operands too.
   */
  readonly stages: number
}

export interface PositMacModule extends PositMacParameters {
  /** Names of the Verilog modules begin with it. */
  readonly name: string
}

/** A posit format by name. */
export const positNamed = (text: string): PositFormat => {
  const format = scalarFormatOf(text)
  if (format.kind !== 'posit') throw new RangeError(`${text} is no posit format`)
  return format
}

/** Bits of the narrowest quire that holds any sum of `group` products: as many squares of the largest posit, and a sign. */
export const quireBits = (format: PositFormat, group: number): number =>
  2 * quireFractionBits(format) + bitLength(BigInt(group)) + 1

const shapesOf = (p: Omit<PositMacParameters, 'stages'>) => {
  const format = positNamed(p.format)
  const width = quireBits(format, p.group)
  const widths = segmentWidths(width, p.segment)
  return { format, code: u(format.bits), width, widths, total: u(width + widths.length) }
}

/** What leaves a cell: the quire's segments, carries above them, and the NaR flag. */
const packed = (nar: Bool, sum: Bits): Int => cat(nar.bits(), sum).unsigned()

/**
 * Decode, multiply, shift the product to its place in the quire and add it there. NaR is a flag that stays until the group ends.
 * The sum leaves as it is, with the carries that wait.
 */
export const PositMacCore = component('posit_core', (p: PositMacModule) => {
  const { format, code, widths, total } = shapesOf(p)
  const inputs: CoreInputs = { activation_in: code, weight_in: code, last_in: bool }
  const passed = { activation_out: code, weight_out: code, last_out: bool }
  const outputs: CoreOutputs = { ...passed, total, total_last: bool }
  return {
    name: `${p.name}_core`,
    in: inputs,
    out: outputs,
    logic(i, builder) {
      const r = builder.regs({ activation: code, weight: code, last: bool, nar: bool })
      r.activation.next = i.activation_in
      r.weight.next = i.weight_in
      r.last.next = i.last_in
      const cut = <Stage extends object>(name: string, least: number, stage: Stage): Stage =>
        p.stages >= least ? nextStage(builder, name, stage) : stage

      const a = cut('activation_number', 4, decodePosit(format, r.activation.bits()))
      const b = cut('weight_number', 4, { ...decodePosit(format, r.weight.bits()), last: r.last })
      const times = multiply(a, b, (x, y) => product(builder, 'significands', x, y))
      const exact = cut('product', 3, { ...times, last: b.last })
      const { turned, sign, last, ...term } = cut('placed', 2, { ...turnedInPlaces(format, exact), last: exact.last })
      const sum = segmentedAccumulator(builder, 'quire', {
        term: turned,
        plus: sign,
        clear: last,
        widths,
        promise: `a group has at most ${p.group} operand pairs`,
      })
      const nar = r.nar.or(term.nar)
      r.nar.next = nar.and(last.not())
      return {
        activation_out: r.activation,
        weight_out: r.weight,
        last_out: r.last,
        total: packed(nar, packSegments(sum.next, widths)),
        total_last: last,
      }
    },
  }
})

/** One per column: carries added | sign and magnitude | without leading zeros | rounded to a posit, the only rounding there is. */
export const PositReadOut = component('posit_read_out', (p: Omit<PositMacModule, 'stages'>) => {
  const { format, code, width, widths, total } = shapesOf(p)
  const inputs = { sum_in: total, sum_in_valid: bool } satisfies ColumnEdgeInputs
  const outputs = { result: code, result_valid: bool } satisfies ColumnEdgeOutputs
  return {
    name: `${p.name}_read_out`,
    in: inputs,
    out: outputs,
    logic(i, builder) {
      const field = i.sum_in.bits()
      const top = field.width - 1
      const sum = builder.checked(
        settledSum(field.slice(top - 1, 0), widths),
        quireShape(width),
        'a sum is as far below zero as above',
      )
      const settled = nextStage(builder, 'settled', { sum, nar: field.bit(top), valid: i.sum_in_valid })
      const magnitude = nextStage(builder, 'magnitude', {
        ...unpackInteger(settled.sum, quireFractionBits(format)),
        nan: settled.nar,
        valid: settled.valid,
      })
      const normalised = nextStage(builder, 'normalised', {
        ...normaliseForPosit(format, magnitude),
        valid: magnitude.valid,
      })
      const rounded = nextStage(builder, 'rounded', {
        code: roundToPosit(format, normalised).unsigned(),
        valid: normalised.valid,
      })
      return { result: rounded.code, result_valid: rounded.valid }
    },
  }
})

/** Cycles that `PositReadOut` takes. */
export const readOutCycles = 4
