import {
  type BoolShape,
  type Builder,
  bool,
  type Component,
  component,
  type Int,
  type IntShape,
} from '../../dsl/index.ts'
import type { CellInputs, CellOutputs, CoreInputs, CoreOutputs } from '../array-parts.ts'
import { groupDrain, groupTotal } from './group-accumulator.ts'

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
 * accumulator; the cell adds the drain register.
 */
export const systolicCell = (label: string, multiplyAccumulate: MultiplyAccumulate) => {
  const core = component(`${label}_core`, (p: SystolicCellParameters) => {
    const operands: CoreInputs = { activation_in: p.activation, weight_in: p.weight, last_in: bool }
    const inputs: CoreInputs = p.mode ? { ...operands, mode: p.mode } : operands
    const outputs: CoreOutputs = { activation_out: p.activation, weight_out: p.weight, last_out: bool, total: p.sum }
    return {
      name: `${p.name}_core`,
      in: inputs,
      out: outputs,
      logic(i, builder) {
        const r = builder.regs({ activation: p.activation, weight: p.weight, last: bool })
        r.activation.next = i.activation_in
        r.weight.next = i.weight_in
        r.last.next = i.last_in
        const total = groupTotal(builder, {
          add: (accumulator) => multiplyAccumulate(builder, r.activation, r.weight, accumulator, i.mode),
          last: r.last,
          shape: p.sum,
          promise: p.promise,
        })
        return { activation_out: r.activation, weight_out: r.weight, last_out: r.last, total }
      },
    }
  })
  const cell = component(label, (p: SystolicCellParameters) => {
    const inputs: CellInputs = { ...core(p).in, sum_in: p.sum, sum_in_valid: bool }
    const { activation_out, weight_out, last_out } = core(p).out
    const outputs: CellOutputs = { activation_out, weight_out, last_out, sum_out: p.sum, sum_out_valid: bool }
    return {
      name: `${p.name}_cell`,
      in: inputs,
      out: outputs,
      logic({ sum_in, sum_in_valid, ...operands }, builder) {
        const { total, ...passed } = builder.use('core', core(p), operands)
        const drain = groupDrain(builder, {
          total,
          last: passed.last_out,
          below: { sum: sum_in, valid: sum_in_valid },
        })
        return { ...passed, sum_out: drain.sum, sum_out_valid: drain.valid }
      },
    }
  })
  /** The parts of an array for given parameters. */
  return (p: SystolicCellParameters) => ({ cell: cell(p), core: core(p) })
}

/** Outputs of a core whose sum is whole some cycles after its operands have left: `total_last` tells when. */
export type StagedCoreOutputs = CoreOutputs & { readonly total_last: BoolShape }

/** A core and its cell with a drain register; names of the Verilog modules begin with `name`. */
export const drainedCell = (name: string, core: Component<CoreInputs, StagedCoreOutputs>) => ({
  core,
  cell: DrainedCell({ name, core }),
})

const DrainedCell = component('cell', (p: { name: string; core: Component<CoreInputs, StagedCoreOutputs> }) => {
  const { total, total_last: _, ...passedOut } = p.core.out
  const inputs: CellInputs = { ...p.core.in, sum_in: total, sum_in_valid: bool }
  const outputs: CellOutputs = { ...passedOut, sum_out: total, sum_out_valid: bool }
  return {
    name: `${p.name}_cell`,
    in: inputs,
    out: outputs,
    logic({ sum_in, sum_in_valid, ...operands }, builder) {
      const { total: groupSum, total_last, ...passed } = builder.use('core', p.core, operands)
      const below = { sum: sum_in, valid: sum_in_valid }
      const drain = groupDrain(builder, { total: groupSum, last: total_last, below })
      return { ...passed, sum_out: drain.sum, sum_out_valid: drain.valid }
    },
  }
})
