import { bool, component, type Int, type IntShape } from '../../dsl/index.ts'
import type { CellInputs, CellOutputs } from '../array-parts.ts'
import { groupAccumulator } from './group-accumulator.ts'

export interface SystolicCellParameters {
  /** Name of the Verilog module. */
  readonly name: string
  readonly activation: IntShape
  readonly weight: IntShape
  /** Every value a group's sum may take. */
  readonly sum: IntShape
  /** The promise under which it fits. */
  readonly promise: string
}

/** A family of output-stationary cells that differ in how they multiply: operand registers, product, group accumulator. */
export const systolicCell = (label: string, multiply: (activation: Int, weight: Int) => Int) =>
  component(label, (p: SystolicCellParameters) => {
    const inputs: CellInputs = {
      activation_in: p.activation,
      weight_in: p.weight,
      last_in: bool,
      sum_in: p.sum,
      sum_in_valid: bool,
    }
    const outputs: CellOutputs = {
      activation_out: p.activation,
      weight_out: p.weight,
      last_out: bool,
      sum_out: p.sum,
      sum_out_valid: bool,
    }
    return {
      name: p.name,
      in: inputs,
      out: outputs,
      logic(i, builder) {
        const r = builder.regs({ activation: p.activation, weight: p.weight, last: bool })
        r.activation.next = i.activation_in
        r.weight.next = i.weight_in
        r.last.next = i.last_in
        const drain = groupAccumulator(builder, {
          term: multiply(r.activation, r.weight),
          last: r.last,
          below: { sum: i.sum_in, valid: i.sum_in_valid },
          shape: p.sum,
          promise: p.promise,
        })
        return {
          activation_out: r.activation,
          weight_out: r.weight,
          last_out: r.last,
          sum_out: drain.sum,
          sum_out_valid: drain.valid,
        }
      },
    }
  })
