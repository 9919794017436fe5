import { bool, component, delay, delays, type IntShape, mux, range, select, u, vec } from '../../dsl/index.ts'
import { addAligned } from '../arith/float/add.ts'
import { fusedAlign } from '../arith/float/fused.ts'
import { normalise } from '../arith/float/multiply.ts'
import { encodeFloat } from '../arith/float/round.ts'
import { roundable, type Unpacked, unpackInteger } from '../arith/float/unpacked.ts'
import { fp32 } from '../arith/float/usual.ts'
import { nextStage } from '../arith/stage.ts'
import { scaledShape } from './pe.ts'

/** FP32, the format of a channel's sums. */
export const sumFormat = fp32

/** Cycles from a row's turn to its result. */
export const accumulatorDepth = 5

export interface ColumnAccumulatorParameters {
  /** Names of the Verilog modules begin with it. */
  readonly name: string
  readonly rows: number
  /** Bits of a group sum's magnitude. */
  readonly magnitude: number
  /** Power of two of the lowest bit of a group's scaled sum whose exponent is 0. */
  readonly lowestBit: number
}

/** Which row of so many. */
export const rowShape = (rows: number): IntShape => range(0, rows - 1)

/**
 * Adds a column's scaled group sums to one FP32 sum a row, rounded to nearest even, a row a cycle. `adds` is false for the first
 * group of a channel, and `ends` true for its last, whose sums are results. The stages: a row chosen, sign and magnitude |
 * normalised | aligned with the row's sum | added | rounded and kept. (BitMoD, HPCA 2025, IV-C says one accumulator and buffer a
 * column; FP32 and the pipeline are ours.)
 */
export const ColumnAccumulator = component('bitmod_column_accumulator', (p: ColumnAccumulatorParameters) => ({
  name: `${p.name}_column_accumulator`,
  in: {
    scaled: vec(p.rows, scaledShape(p)),
    no_number: vec(p.rows, bool),
    row: rowShape(p.rows),
    busy: bool,
    adds: bool,
    ends: bool,
  },
  out: { result: u(sumFormat.bits), result_valid: bool },
  logic(i, builder) {
    const { regs, when } = builder
    // The row at work and what becomes of it, stage by stage.
    const rows = delays(builder, 'row_stage', i.row, 4)
    const adds = delay(builder, 'adds_stage', i.adds, 2)
    const ends = delay(builder, 'ends_stage', i.ends, 4)
    const busy = delay(builder, 'busy_stage', i.busy, 4)

    const { mantissa, exponent } = select(i.scaled, i.row)
    const chosen: Unpacked = {
      ...unpackInteger(mantissa),
      exponent,
      bias: -p.lowestBit,
      nan: select(i.no_number, i.row),
    }
    const normal = nextStage(builder, 'normal', normalise(nextStage(builder, 'chosen', chosen)))
    const sums = regs({ sums: vec(p.rows, u(sumFormat.bits)) }).sums
    const before = mux(adds, select(sums, rows[2]!), 0)
    const aligned = nextStage(builder, 'aligned', fusedAlign(sumFormat, normal, before.bits(sumFormat.bits)))
    const added = nextStage(builder, 'added', roundable(addAligned(aligned)))
    const sum = encodeFloat(sumFormat, added).unsigned()
    sums.forEach((kept, k) => {
      when(busy.and(rows[4]!.eq(k)), () => {
        kept.next = sum
      })
    })
    return {
      result: delay(builder, 'result_held', sum, 1),
      result_valid: delay(builder, 'result_valid_held', busy.and(ends), 1),
    }
  },
}))
