import {
  type Bool,
  type BoolShape,
  type Builder,
  bool,
  component,
  delay,
  delays,
  type Int,
  type IntShape,
  type Module,
  mux,
  type SignalsOf,
  u,
  type VectorShape,
  vec,
} from '../dsl/index.ts'
import { drainDelay, drainForm } from '../pe/arith/group-accumulator.ts'
import type { CellOutputs } from '../pe/array-parts.ts'
import type { ProcessingElement } from '../pe/family.ts'

/** Rows x columns of one PE. */
export interface ArraySize {
  readonly rows: number
  readonly columns: number
}

/**
 * Output-stationary systolic array. Cell (r, c) adds up row r of the activations times column c of the weights.
 *
 * Operands come unskewed: in one cycle element k of every row's activations and of every column's weights, `last` with
 * the last element of a group, and with that the group's zero points; a group's exponents come with all its elements. Delays
 * of a cycle per row and column are made here. An idle cycle carries activations 0, which add nothing to any sum.
 *
 * A `mode` that cells hand on (`mode_in`) comes with every operand, and is the same for all of a group.
 *
 * Where a step takes several cycles (`cycles_per_step`), its operands are held through them; `step` comes with the first
 * and `last` with the last. A cycle outside any step is idle, whatever the operands are.
 *
 * Results leave at the top: column c gives rows 0, 1, ... of a group, one a cycle with a gap of a cycle every `rowsPerDrain`,
 * `result_valid_c` beside them; `resultCycle` says when. Groups must end at least `shortestGroup(rows)` cycles apart.
 *
 * Where the PE applies scales, a group's scale codes come with its zero points, and `last_group` says that it is its output's
 * last one; only then do results leave.
 */
export const outputStationaryArray = (pe: ProcessingElement, size: ArraySize): Module =>
  OutputStationary({ pe: { ...pe, identity: pe.spec }, ...size }).module

/** Cycles from the one with a group's `last` to the one in which (row, column)'s result is valid. */
export const resultCycle = (pe: ProcessingElement, row: number, column: number): number =>
  pe.timing.latency_cycles + drainDelay(row) + column

/** Cycles from the one with a tile's `last` until every result has left the array, itself included. */
export const drainCycles = (pe: ProcessingElement, { rows, columns }: ArraySize): number =>
  resultCycle(pe, rows - 1, columns - 1) + 1

/** What the driver of steps of several cycles promises. The registers serve these checks alone. */
const checkSteps = (builder: Builder, { step, last }: { step: Bool; last: Bool }, cycles: number): void => {
  const phases = delays(builder, 'step_phase', step, cycles - 1)
  const anyOf = (conditions: readonly Bool[]): Bool => conditions.reduce((one, other) => one.or(other))
  builder.check(
    step.and(anyOf(phases.slice(1))).not(),
    `a step begins before the ${cycles} cycles of the last are over`,
  )
  builder.check(last.and(anyOf(phases.slice(0, -1))).not(), `'last' comes before the last cycle of its step`)
}

const OutputStationary = component(
  'output_stationary',
  ({ pe, rows, columns }: ArraySize & { pe: ProcessingElement & { readonly identity: string } }) => {
    const { activation, weight, zero, exponent, mode, scale, result } = pe.operands
    const { cell, rowEdge, columnEdge, feeders, dequantisation } = pe.parts
    const serial = pe.timing.cycles_per_step > 1
    const ports = {
      activation: vec(rows, activation),
      ...(exponent ? { exponent: vec(rows, exponent.shape) } : {}),
      weight: vec(columns, weight),
      ...(serial ? { step: bool } : {}),
      last: bool,
      ...(zero ? { zero: vec(columns, zero) } : {}),
      ...(mode ? { mode: mode.shape } : {}),
      ...(scale ? { scale: vec(columns, u(scale.bits)), last_group: bool } : {}),
    }
    const inputs = ports as typeof ports & {
      exponent: VectorShape<IntShape>
      step: BoolShape
      zero: VectorShape<IntShape>
      mode: IntShape
      scale: VectorShape<IntShape>
      last_group: BoolShape
    }
    return {
      name: rows === 1 && columns === 1 ? pe.name : `${pe.name}_array_${rows}x${columns}`,
      in: inputs,
      out: { result: vec(columns, result), result_valid: vec(columns, bool) },
      logic(i, builder) {
        const { use, wires } = builder
        const sumShape = cell.draining.in.sum_in
        const up = wires({ sum_up: vec(rows * columns, sumShape), sum_up_valid: vec(rows * columns, bool) })
        /** The sum that row `row` hands up in column `column`; nothing comes from under the array. */
        const from = (row: number, column: number) => {
          const k = row * columns + column
          return row < rows
            ? { sum_in: up.sum_up[k]!, sum_in_valid: up.sum_up_valid[k]! }
            : { sum_in: 0, sum_in_valid: false }
        }

        const modeFor = (part: { readonly in: { readonly mode?: IntShape } }) => (part.in.mode ? { mode: i.mode } : {})

        const lasts = delays(builder, 'last_skew', i.last, rows - 1)
        const left = i.activation.map((value, r) => ({
          activation: delay(builder, `activation_skew_${r}`, value, r),
          last: lasts[r]!,
        }))
        // The row edge's own register is one more cycle before the first column.
        const edge = rowEdge ? 1 : 0
        const above = i.weight.map((value, c) => delay(builder, `weight_skew_${c}`, value, c + edge))
        const fed = feeders?.latency_cycles ?? 0
        const moving = cell.draining.in.mode_in
          ? delays(builder, 'mode_skew', i.mode, rows - 1 + edge + fed).slice(edge + fed)
          : undefined
        const steps = serial ? delays(builder, 'step_skew', i.step, Math.max(rows, columns) - 1 + edge) : []

        let rowValue: Int | undefined
        if (rowEdge) {
          const edgeSum = wires({ edge_up: vec(rows, rowEdge.draining.in.sum_in), edge_up_valid: vec(rows, bool) })
          for (let r = 0; r < rows; r++) {
            const out = use(`row_edge_${r}`, rowEdge[drainForm(r)], {
              // Once a step, however long the operand is held.
              activation_in: serial ? mux(steps[r]!, left[r]!.activation, 0) : left[r]!.activation,
              last_in: left[r]!.last,
              ...(exponent ? { exponent_in: delay(builder, `exponent_skew_${r}`, i.exponent[r]!, r) } : {}),
              sum_in: r + 1 < rows ? edgeSum.edge_up[r + 1]! : 0,
              sum_in_valid: r + 1 < rows ? edgeSum.edge_up_valid[r + 1]! : false,
            })
            edgeSum.edge_up[r]!.value = out.sum_out
            edgeSum.edge_up_valid[r]!.value = out.sum_out_valid
            left[r] = { activation: out.activation_out, last: out.last_out }
          }
          rowValue = delay(builder, 'row_value_fed', edgeSum.edge_up[0]!, fed)
        }

        if (feeders) {
          if (serial) checkSteps(builder, i, pe.timing.cycles_per_step)
          const stepAt = (place: number) => (serial ? { step: steps[place + edge]! } : {})
          for (let r = 0; r < rows; r++) {
            const { activation: operand, last } = left[r]!
            const fedOperand = feeders.row
              ? use(`row_feeder_${r}`, feeders.row, { activation_in: operand, ...stepAt(r), ...modeFor(feeders.row) })
                  .activation_out
              : delay(builder, `activation_fed_${r}`, operand, fed)
            left[r] = { activation: fedOperand, last: delay(builder, `last_fed_${r}`, last, fed) }
          }
          for (let c = 0; c < columns; c++) {
            above[c] = feeders.column
              ? use(`column_feeder_${c}`, feeders.column, {
                  weight_in: above[c]!,
                  ...stepAt(c),
                  ...modeFor(feeders.column),
                }).weight_out
              : delay(builder, `weight_fed_${c}`, above[c]!, fed)
          }
        }

        const topLast: Bool[] = []
        for (let r = 0; r < rows; r++) {
          let { activation: activationAt, last: lastAt } = left[r]!
          let modeAt = moving?.[r]
          for (let c = 0; c < columns; c++) {
            const part = cell[drainForm(r)]
            const out: SignalsOf<CellOutputs> = use(`pe_${r}_${c}`, part, {
              activation_in: activationAt,
              weight_in: above[c]!,
              last_in: lastAt,
              ...modeFor(part),
              ...(modeAt ? { mode_in: modeAt } : {}),
              ...from(r + 1, c),
            })
            activationAt = out.activation_out
            lastAt = out.last_out
            modeAt = out.mode_out
            above[c] = out.weight_out
            up.sum_up[r * columns + c]!.value = out.sum_out
            up.sum_up_valid[r * columns + c]!.value = out.sum_out_valid
            if (r === 0) topLast.push(out.last_out)
          }
        }

        // A column's top cell adds a group's last operands when what belongs to the group arrives.
        const topSkew = (column: number): number => column + edge + fed + 1
        const results: Int[] = up.sum_up.slice(0, columns)
        const valids: Bool[] = up.sum_up_valid.slice(0, columns)
        if (columnEdge)
          for (let c = 0; c < columns; c++) {
            const out: { readonly result: Int; readonly result_valid: Bool; readonly row_value_out?: Int } = use(
              `column_edge_${c}`,
              columnEdge,
              {
                ...from(0, c),
                ...(rowValue ? { row_value_in: rowValue } : {}),
                ...(zero
                  ? { zero_in: delay(builder, `zero_skew_${c}`, i.zero[c]!, topSkew(c)), zero_load: topLast[c]! }
                  : {}),
              },
            )
            rowValue = out.row_value_out
            results[c] = out.result
            valids[c] = out.result_valid
          }
        if (dequantisation) {
          const unit = dequantisation(rows)
          const lastGroups = delays(builder, 'last_group_skew', i.last_group, topSkew(columns - 1))
          for (let c = 0; c < columns; c++) {
            const out = use(`dequantisation_${c}`, unit, {
              sum: results[c]!,
              sum_valid: valids[c]!,
              scale: delay(builder, `scale_skew_${c}`, i.scale[c]!, topSkew(c)),
              last_group: lastGroups[topSkew(c)]!,
              scale_load: topLast[c]!,
            })
            results[c] = out.result
            valids[c] = out.result_valid
          }
        }
        return { result: results, result_valid: valids }
      },
    }
  },
)
