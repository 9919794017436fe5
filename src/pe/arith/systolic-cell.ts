import { type Builder, bool, type Component, component, delay, type Int, type IntShape } from '../../dsl/index.ts'
import type { ArrayParts, CellInputs, CellOutputs, CoreInputs, CoreOutputs } from '../array-parts.ts'
import { type DrainForm, groupDrain, groupTotal } from './group-accumulator.ts'
import { weightStationaryCell } from './weight-stationary-cell.ts'

export interface SystolicCellParameters {
  /** Names of the Verilog modules begin with it. */
  readonly name: string
  readonly activation: IntShape
  readonly weight: IntShape
  /** Every value a group's sum may take. */
  readonly sum: IntShape
  /** The promise under which it fits. */
  readonly promise: string
  /** What `mode` may be; undefined for a cell that works one way. */
  readonly mode?: IntShape
  /** Every product of the operands, for a weight-stationary array; undefined where the family has none. */
  readonly product?: IntShape
}

/** `accumulator + activation * weight`, however it is computed; `mode` where the cell's parameters have it. */
export type MultiplyAccumulate = (
  builder: Builder,
  activation: Int,
  weight: Int,
  accumulator: Int,
  mode: Int | undefined,
) => Int

/**
 * A family of output-stationary cells that differ in how they multiply. The core holds operand registers and the group's
 * accumulator. Gives the parts of an array for given parameters.
 */
export const systolicCell = (label: string, multiplyAccumulate: MultiplyAccumulate) => {
  const core = component(`${label}_core`, (p: SystolicCellParameters) => {
    const operands: CoreInputs = { activation_in: p.activation, weight_in: p.weight, last_in: bool }
    const inputs: CoreInputs = p.mode ? { ...operands, mode: p.mode } : operands
    const passed = { activation_out: p.activation, weight_out: p.weight, last_out: bool }
    const outputs: CoreOutputs = { ...passed, total: p.sum, total_last: bool }
    return {
      name: `${p.name}_core`,
      in: inputs,
      out: outputs,
      logic(i, builder) {
        const r = builder.regs({ activation: p.activation, weight: p.weight, last: bool })
        r.activation.next = i.activation_in
        r.weight.next = i.weight_in
        r.last.next = i.last_in
        // A register of the cell's own, so that no path begins outside of it.
        const mode = i.mode && delay(builder, 'mode', i.mode, 1)
        const total = groupTotal(builder, {
          add: (accumulator) => multiplyAccumulate(builder, r.activation, r.weight, accumulator, mode),
          last: r.last,
          shape: p.sum,
          promise: p.promise,
        })
        return { activation_out: r.activation, weight_out: r.weight, last_out: r.last, total, total_last: r.last }
      },
    }
  })
  const stationary = weightStationaryCell(label, multiplyAccumulate)
  return ({ product, ...p }: SystolicCellParameters): CellParts => {
    const { name, activation, weight, sum, promise } = p
    const parts = drainedCell(name, core(p))
    if (!product) return parts
    const cell = (row: number) => stationary({ name, activation, weight, product, row })
    return { ...parts, weightStationary: { cell, sum, promise } }
  }
}

/** What of an array's parts is made of a cell alone. */
export type CellParts = Pick<ArrayParts, 'cell' | 'core' | 'weightStationary'>

/** A core and its cell in both forms; names of the Verilog modules begin with `name`. */
export const drainedCell = (
  name: string,
  core: Component<CoreInputs, CoreOutputs>,
): Pick<ArrayParts, 'cell' | 'core'> => ({
  core,
  cell: { draining: Cell({ name, core, form: 'draining' }), passing: Cell({ name, core, form: 'passing' }) },
})

const Cell = component('cell', (p: { name: string; core: Component<CoreInputs, CoreOutputs>; form: DrainForm }) => {
  const { total, total_last: _, ...passed } = p.core.out
  const inputs: CellInputs = { ...p.core.in, sum_in: total, sum_in_valid: bool }
  const outputs: CellOutputs = { ...passed, sum_out: total, sum_out_valid: bool }
  return {
    name: p.form === 'draining' ? `${p.name}_cell` : `${p.name}_passing_cell`,
    in: inputs,
    out: outputs,
    logic({ sum_in, sum_in_valid, ...operands }, builder) {
      const { total, total_last, ...passed } = builder.use('core', p.core, operands)
      const below = { sum: sum_in, valid: sum_in_valid }
      const drain = groupDrain(builder, p.form, { total, last: total_last, below })
      return { ...passed, sum_out: drain.sum, sum_out_valid: drain.valid }
    },
  }
})
