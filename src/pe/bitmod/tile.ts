import {
  type Bool,
  type Builder,
  bool,
  component,
  delay,
  delays,
  type Int,
  type Module,
  mux,
  reset,
  u,
  vec,
} from '../../dsl/index.ts'
import { accumulatorDepth, ColumnAccumulator, rowShape, sumFormat } from './column-accumulator.ts'
import { ColumnEdge, RowAligner, RowEdge } from './edges.ts'
import { lowestBit } from './golden.ts'
import { AlignedPe, BitmodPe, type PeParameters, scaleBits } from './pe.ts'
import { type SpecialValue, specialShape } from './term-generator.ts'
import { paperSpecialValues, type WeightName, weightTypes } from './terms.ts'

export interface TileParameters extends PeParameters {
  readonly type: WeightName
  readonly rows: number
  readonly columns: number
}

/** Cycles from the operands' to the one in which their product is added to the group's sum, however they are aligned. */
const sumDepth = 3

/** Cycles from a group's `last` to the one in which row 0's product with the scale is complete. */
const turnDepth = sumDepth + 1 + scaleBits

/** Cycles from the one with `last` to the one with the result of a row. */
export const tileLatency = (row: number): number => turnDepth + row + accumulatorDepth

/** Fewest cycles between the ends of two groups: the lowest row's scaled sum is taken before its exponent is overwritten. */
export const shortestGroup = (rows: number): number => scaleBits + rows

/**
 * BitMoD's tile (HPCA 2025, IV-C): `rows` x `columns` PEs. Activations of row r go to all PEs of the row and the terms of column c's
 * weights to all PEs of the column; nothing is systolic inside. PE (r, c) adds up row r of the activations times column c of the
 * weights.
 *
 * A step takes `lanes` activations of every row and as many weights of every column. They, and the selectors of the groups'
 * special values, hold still for the format's cycles; `step` comes with the first of them. `last` comes with the last cycle of
 * a group, and with it the groups' scales and, where they are the last of their channels, `last_group`; then results come:
 * column c gives the FP32 sums of rows 0, 1, ... a row a cycle, `result_valid_c` beside them, in the cycles `tileLatency`
 * says. Groups must end at least `shortestGroup(rows)` cycles apart. A group with an infinite or NaN activation makes its row's
 * sums NaN (ours).
 *
 * Special values are those of the paper after reset, and are set one by one with `special_write`; not while weights are at work.
 */
export const bitmodTile = (p: TileParameters): Module => BitmodTile(p).module

const BitmodTile = component('bitmod_tile', (p: TileParameters) => {
  const { rows, columns, lanes } = p
  const type = weightTypes[p.type]
  const inputs = {
    activation: vec(rows, vec(lanes, u(16))),
    weight: vec(columns, vec(lanes, u(type.bits))),
    step: bool,
    last: bool,
    scale: vec(columns, u(scaleBits)),
    last_group: bool,
  }
  const specials = {
    selector: vec(columns, u(2)),
    special_write: bool,
    special_index: u(2),
    special_value: specialShape,
  }
  return {
    name: rows === 1 && columns === 1 ? p.name : `${p.name}_tile_${rows}x${columns}`,
    in: (type.kind === 'float' ? { ...inputs, ...specials } : inputs) as typeof inputs & typeof specials,
    out: { result: vec(columns, u(sumFormat.bits)), result_valid: vec(columns, bool) },
    logic(i, builder) {
      const { use } = builder
      const edge = { name: p.name, lanes, inputs: p.inputs, alignment: p.alignment }
      const lasts = delays(builder, 'last_after', i.last, turnDepth)
      checkOrder(builder, i, type.cycles, shortestGroup(rows))
      const timing = { step: i.step, last: i.last, sum_last: lasts[sumDepth]! }

      const left = i.activation.map((activation, r) => {
        const row = use(`row_${r}`, RowEdge(edge), { activation, ...timing })
        if (p.alignment === 'terms') return { ...row, aligner: undefined }
        const aligner = RowAligner({ name: p.name, lanes, guard: p.guard })
        return { ...row, aligner: use(`aligner_${r}`, aligner, { activation: row.activation_out }) }
      })
      const special = type.kind === 'float' ? specialValues(builder, p.type, i) : []
      const above = i.weight.map((weight, c) =>
        use(`column_${c}`, ColumnEdge({ ...edge, type: p.type }), {
          weight,
          scale: i.scale[c]!,
          ...timing,
          ...(type.kind === 'float' ? { special, selector: i.selector[c]! } : {}),
        }),
      )
      const turn = turns(builder, rows, lasts[turnDepth]!, delay(builder, 'last_group_after', i.last_group, turnDepth))

      const accumulated = above.map(({ term, significance, scale_bit, scale_start }, c) => {
        let scale = { scale_bit, scale_start }
        const scaled = left.map((row, r) => {
          const shared = { term, significance, last: timing.sum_last, ...scale }
          const out = row.aligner
            ? use(`pe_${r}_${c}`, AlignedPe(peOf(p)), { ...row.aligner, any_term: anyTerm(term), ...shared })
            : use(`pe_${r}_${c}`, BitmodPe(peOf(p)), { activation: row.activation_out, ...shared })
          scale = { scale_bit: out.scale_bit_out, scale_start: out.scale_start_out }
          return out.scaled
        })
        return use(`accumulator_${c}`, ColumnAccumulator(accumulatorOf(p)), {
          scaled,
          no_number: left.map(({ no_number }) => no_number),
          ...turn,
        })
      })
      return {
        result: accumulated.map(({ result }) => result),
        result_valid: accumulated.map(({ result_valid }) => result_valid),
      }
    },
  }
})

const anyTerm = (term: readonly { readonly present: Bool }[]): Bool =>
  term.map(({ present }) => present).reduce((one, other) => one.or(other))

const peOf = ({ name, lanes, guard, magnitude, significance, alignment, inputs }: TileParameters): PeParameters => ({
  name,
  lanes,
  guard,
  magnitude,
  significance,
  alignment,
  inputs,
})

const accumulatorOf = (p: TileParameters) => ({
  name: p.name,
  rows: p.rows,
  magnitude: p.magnitude,
  lowestBit: lowestBit(p, weightTypes[p.type]),
})

/** What the driver promises; the registers serve these checks alone. */
const checkOrder = (builder: Builder, i: { step: Bool; last: Bool }, cycles: number, shortest: number): void => {
  const anyOf = (conditions: readonly Bool[]): Bool => conditions.reduce((one, other) => one.or(other))
  const steps = delays(builder, 'steps_before', i.step, cycles - 1)
  const ends = delays(builder, 'ends_before', i.last, shortest - 1)
  builder.check(
    i.step.and(anyOf(steps.slice(1))).not(),
    `a step begins before the ${cycles} cycles of the last are over`,
  )
  builder.check(i.last.and(anyOf(steps.slice(0, -1))).not(), `'last' comes before the last cycle of its step`)
  builder.check(
    i.last.and(anyOf(ends.slice(1))).not(),
    `a group ends less than ${shortest} cycles after the one before`,
  )
}

/** The special values that groups choose from, those of Table IV until others are written. */
const specialValues = (
  { regs, when, check }: Builder,
  type: WeightName,
  i: { readonly special_write: Bool; readonly special_index: Int; readonly special_value: SpecialValue },
): readonly SpecialValue[] => {
  const values = paperSpecialValues(weightTypes[type]).map((halves, k) => {
    const value = reset(specialShape, { negative: halves < 0, magnitude: Math.abs(halves) })
    const register = regs({ [`special_${k}`]: value })[`special_${k}`]!
    when(i.special_write.and(i.special_index.eq(k)), () => {
      register.next = i.special_value
    })
    return register
  })
  check(
    i.special_write.not().or(i.special_value.magnitude.popcount().le(2)),
    'a special value is a sum of two powers of two',
  )
  return values
}

/** Which row the column accumulators take, from `start` on; whether they add to what they have, and whether the sum is a result. */
const turns = ({ regs, when }: Builder, rows: number, start: Bool, lastGroup: Bool) => {
  if (rows === 1) {
    const r = regs({ went_on: bool })
    when(start, () => {
      r.went_on.next = lastGroup.not()
    })
    return { row: 0, busy: start, adds: r.went_on, ends: lastGroup }
  }
  const r = regs({ upcoming: rowShape(rows), under_way: bool, ends: bool, went_on: bool })
  const row = mux(start, 0, r.upcoming)
  const busy = start.or(r.under_way)
  const isLast = row.eq(rows - 1)
  const ends = mux(start, lastGroup, r.ends)
  const goesOn = busy.and(isLast.not())
  r.upcoming.next = mux(goesOn, row.add(1).sat(rowShape(rows)), 0)
  r.under_way.next = goesOn
  r.ends.next = ends
  when(busy.and(isLast), () => {
    r.went_on.next = ends.not()
  })
  return { row, busy, adds: r.went_on, ends }
}
