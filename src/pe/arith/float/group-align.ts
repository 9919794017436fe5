import { type Bits, type Bool, bool, component, type Int, type IntShape, mux, range, u } from '../../../dsl/index.ts'
import type {
  ArrayParts,
  ColumnEdgeInputs,
  ColumnEdgeOutputs,
  RowEdgeInputs,
  RowEdgeOutputs,
} from '../../array-parts.ts'
import type { GroupExponent } from '../../family.ts'
import { type DrainForm, groupDrain } from '../group-accumulator.ts'
import { shiftRightSticky } from '../shifters.ts'
import { nextStage } from '../stage.ts'
import type { SystolicCellParameters } from '../systolic-cell.ts'
import { place, round } from './round.ts'
import { unpack, unpackInteger } from './unpacked.ts'
import { fp16, fp32 } from './usual.ts'

/**
 * Activations aligned by group: each an integer in units that the group's largest exponent sets, so that products and sums
 * are those of integers (FIGNA, Jang et al., HPCA 2024; that the producer tells the exponent, nearest even and what becomes of
 * infinities are ours).
 */
export interface AlignmentParameters {
  /** Names of the Verilog modules begin with it. */
  readonly name: string
  /** Bits of an aligned activation, its sign included. */
  readonly bits: number
}

/** How many bits an aligned activation may have, its sign included. */
export const alignedBits = { kind: 'integer', min: 6, max: 24, default: 12 } as const

/** Aligned activations: as far below zero as above. */
export const alignedShape = (bits: number): IntShape => {
  const largest = 2n ** BigInt(bits - 1) - 1n
  return range(-largest, largest)
}

/** Exponent field of a group: 1 for one of subnormals alone, all ones where an infinity or NaN is in it. */
const exponentShape = u(fp16.exponentBits)
const topExponent = 2 ** fp16.exponentBits - 1

/** What the producer of activations tells beside them: the largest exponent field of the group's FP16 codes, at least 1. */
export const groupExponent: GroupExponent = {
  shape: exponentShape,
  of: (activations) => activations.reduce((most, code) => Math.max(most, (code >> fp16.mantissaBits) & topExponent), 1),
}

/**
 * One per row: FP16 codes become integers in units of 2^(exponent - bias - bits + 2), nearest even; a group's exponent goes up
 * to the column edges as its sums do. Room for the largest significand is what `bits` above 11 give; with fewer, what rounds
 * to beyond the largest integer becomes that.
 */
const GroupAligner = component('group_aligner', (p: AlignmentParameters & { readonly form: DrainForm }) => {
  const aligned = alignedShape(p.bits)
  const inputs = {
    activation_in: u(fp16.bits),
    exponent_in: exponentShape,
    last_in: bool,
    sum_in: exponentShape,
    sum_in_valid: bool,
  } satisfies RowEdgeInputs
  const outputs: RowEdgeOutputs = {
    activation_out: aligned,
    last_out: bool,
    sum_out: exponentShape,
    sum_out_valid: bool,
  }
  return {
    name: p.form === 'draining' ? `${p.name}_aligner` : `${p.name}_passing_aligner`,
    in: inputs,
    out: outputs,
    logic(i, builder) {
      const r = builder.regs({ aligned, exponent: exponentShape, last: bool })
      // Idle cycles have exponent 0, as a subnormal's field.
      const exponent = i.exponent_in.sat(range(1, topExponent))
      const x = unpack(fp16, i.activation_in.bits())
      builder.check(x.exponent.le(exponent), 'no activation has a larger exponent than its group')
      const distance = exponent.sub(x.exponent).wrap(exponentShape)
      const magnitude = roundedRight(x.significand, distance, p.bits - 1)
      r.aligned.next = mux(x.sign, magnitude.neg(), magnitude)
      r.exponent.next = exponent
      r.last.next = i.last_in
      const below = { sum: i.sum_in, valid: i.sum_in_valid }
      const drain = groupDrain(builder, p.form, { total: r.exponent, last: r.last, below })
      return { activation_out: r.aligned, last_out: r.last, sum_out: drain.sum, sum_out_valid: drain.valid }
    },
  }
})

/** A significand with its highest bit moved to that of an integer of `bits` bits, then right by `places`, to nearest even. */
const roundedRight = (significand: Bits, places: Int, bits: number): Int => {
  const shifted = shiftRightSticky(significand, places, bits + 2).named('shifted')
  const kept = shifted.slice(bits + 1, 2)
  const up: Bool = shifted.bit(1).and(shifted.bit(0).or(kept.bit(0)))
  return kept.unsigned().add(up.int()).sat(u(bits))
}

/** One per column: an integer sum in its group's units, brought in place | rounded to FP32. */
export const AlignedResult = component('aligned_result', (p: AlignmentParameters & { readonly sum: IntShape }) => {
  const inputs = { sum_in: p.sum, sum_in_valid: bool, row_value_in: exponentShape } satisfies ColumnEdgeInputs
  const outputs = {
    result: u(fp32.bits),
    result_valid: bool,
    row_value_out: exponentShape,
  } satisfies ColumnEdgeOutputs
  return {
    name: `${p.name}_result`,
    in: inputs,
    out: outputs,
    logic(i, builder) {
      const r = builder.regs({ exponent: exponentShape })
      r.exponent.next = i.row_value_in
      const placed = nextStage(builder, 'placed', {
        ...place(fp32, {
          ...unpackInteger(i.sum_in),
          exponent: r.exponent,
          bias: fp16.bias + p.bits - 2,
          nan: r.exponent.eq(topExponent),
        }),
        valid: i.sum_in_valid,
      })
      const result = nextStage(builder, 'rounded', { code: round(fp32, placed).unsigned(), valid: placed.valid })
      return { result: result.code, result_valid: result.valid, row_value_out: r.exponent }
    },
  }
})

/** Cycles that `GroupAligner` and `AlignedResult` take together. */
export const alignmentCycles = 3

/** Parts of a PE whose cell, made by `cellOf`, multiplies aligned activations as integers. */
export const alignedParts = (
  { name, bits, weight, group }: AlignmentParameters & { readonly weight: IntShape; readonly group: number },
  cellOf: (p: SystolicCellParameters) => Pick<ArrayParts, 'cell' | 'core'>,
): ArrayParts => {
  const activation = alignedShape(bits)
  const sum = activation.times(weight).sumOf(group)
  const promise = `a group has at most ${group} operand pairs`
  return {
    ...cellOf({ name, activation, weight, sum, promise }),
    rowEdge: {
      draining: GroupAligner({ name, bits, form: 'draining' }),
      passing: GroupAligner({ name, bits, form: 'passing' }),
    },
    columnEdge: AlignedResult({ name, bits, sum }),
  }
}
