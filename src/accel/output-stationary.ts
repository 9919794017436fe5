import {
  type Bool,
  bool,
  component,
  delay,
  delays,
  type Int,
  type IntShape,
  type Module,
  type VectorShape,
  vec,
} from '../dsl/index.ts'
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
 * the last element of a group, and with that the group's zero points; a group's exponents come with all its elements. Delays of a cycle per row and column are made here.
 * An idle cycle carries activations 0, which add nothing to any sum.
 *
 * Results leave at the top: column c gives rows 0, 1, ... of a group, one every second cycle, `result_valid_c` beside
 * them; `resultCycle` says when. Groups must end at least `shortestGroup(rows)` cycles apart.
 */
export const outputStationaryArray = (pe: ProcessingElement, size: ArraySize): Module =>
  OutputStationary({ pe: { ...pe, identity: pe.spec }, ...size }).module

/** Cycles from the one that takes a group's last operands to the one in which (row, column)'s result is valid. */
export const resultCycle = (pe: ProcessingElement, row: number, column: number): number =>
  pe.timing.latency_cycles + 2 * row + column

/** Cycles after the last operands until every result of a tile has left the array, its own cycle included. */
export const drainCycles = (pe: ProcessingElement, { rows, columns }: ArraySize): number =>
  resultCycle(pe, rows - 1, columns - 1) + 1

const OutputStationary = component(
  'output_stationary',
  ({ pe, rows, columns }: ArraySize & { pe: ProcessingElement & { readonly identity: string } }) => {
    const { activation, weight, zero, exponent, mode, result } = pe.operands
    const { cell, rowEdge, columnEdge } = pe.parts
    const ports = {
      activation: vec(rows, activation),
      ...(exponent ? { exponent: vec(rows, exponent.shape) } : {}),
      weight: vec(columns, weight),
      last: bool,
      ...(zero ? { zero: vec(columns, zero) } : {}),
      ...(mode ? { mode: mode.shape } : {}),
    }
    const inputs = ports as typeof ports & {
      exponent: VectorShape<IntShape>
      zero: VectorShape<IntShape>
      mode: IntShape
    }
    return {
      name: rows === 1 && columns === 1 ? pe.name : `${pe.name}_array_${rows}x${columns}`,
      in: inputs,
      out: { result: vec(columns, result), result_valid: vec(columns, bool) },
      logic(i, builder) {
        const { use, wires } = builder
        const sumShape = cell.in.sum_in
        const up = wires({ sum_up: vec(rows * columns, sumShape), sum_up_valid: vec(rows * columns, bool) })
        /** The sum that row `row` hands up in column `column`; nothing comes from under the array. */
        const from = (row: number, column: number) => {
          const k = row * columns + column
          return row < rows
            ? { sum_in: up.sum_up[k]!, sum_in_valid: up.sum_up_valid[k]! }
            : { sum_in: 0, sum_in_valid: false }
        }

        const lasts = delays(builder, 'last_skew', i.last, rows - 1)
        const left = i.activation.map((value, r) => ({
          activation: delay(builder, `activation_skew_${r}`, value, r),
          last: lasts[r]!,
        }))
        // The row edge's own register is one more cycle before the first column.
        const edge = rowEdge ? 1 : 0
        const above = i.weight.map((value, c) => delay(builder, `weight_skew_${c}`, value, c + edge))

        let activationSum: Int | undefined
        if (rowEdge) {
          const edgeSum = wires({ edge_up: vec(rows, rowEdge.in.sum_in), edge_up_valid: vec(rows, bool) })
          for (let r = 0; r < rows; r++) {
            const out = use(`row_edge_${r}`, rowEdge, {
              activation_in: left[r]!.activation,
              last_in: left[r]!.last,
              ...(exponent ? { exponent_in: delay(builder, `exponent_skew_${r}`, i.exponent[r]!, r) } : {}),
              sum_in: r + 1 < rows ? edgeSum.edge_up[r + 1]! : 0,
              sum_in_valid: r + 1 < rows ? edgeSum.edge_up_valid[r + 1]! : false,
            })
            edgeSum.edge_up[r]!.value = out.sum_out
            edgeSum.edge_up_valid[r]!.value = out.sum_out_valid
            left[r] = { activation: out.activation_out, last: out.last_out }
          }
          activationSum = edgeSum.edge_up[0]!
        }

        const topLast: Bool[] = []
        for (let r = 0; r < rows; r++) {
          let { activation: activationAt, last: lastAt } = left[r]!
          for (let c = 0; c < columns; c++) {
            const out = use(`pe_${r}_${c}`, cell, {
              activation_in: activationAt,
              weight_in: above[c]!,
              last_in: lastAt,
              ...(mode && { mode: i.mode }),
              ...from(r + 1, c),
            })
            activationAt = out.activation_out
            lastAt = out.last_out
            above[c] = out.weight_out
            up.sum_up[r * columns + c]!.value = out.sum_out
            up.sum_up_valid[r * columns + c]!.value = out.sum_out_valid
            if (r === 0) topLast.push(out.last_out)
          }
        }

        if (!columnEdge) return { result: up.sum_up.slice(0, columns), result_valid: up.sum_up_valid.slice(0, columns) }
        const results: Int[] = []
        const valids: Bool[] = []
        for (let c = 0; c < columns; c++) {
          const out: { readonly result: Int; readonly result_valid: Bool; readonly activation_sum_out?: Int } = use(
            `column_edge_${c}`,
            columnEdge,
            {
              ...from(0, c),
              ...(activationSum ? { activation_sum_in: activationSum } : {}),
              ...(zero
                ? {
                    zero_in: delay(builder, `zero_skew_${c}`, i.zero[c]!, c + edge + 1),
                    zero_load: topLast[c]!,
                  }
                : {}),
            },
          )
          activationSum = out.activation_sum_out
          results.push(out.result)
          valids.push(out.result_valid)
        }
        return { result: results, result_valid: valids }
      },
    }
  },
)
