import { bool, component, type IntShape } from '../../dsl/index.ts'
import { splitAdd } from '../arith/add.ts'
import { type DrainForm, groupDrain, groupTotal } from '../arith/group-accumulator.ts'
import { multiplyAdd } from '../arith/multiply-add.ts'
import { systolicCell } from '../arith/systolic-cell.ts'
import type { RowEdgeInputs, RowEdgeOutputs } from '../array-parts.ts'

export interface MixpeShapes {
  readonly name: string
  readonly activation: IntShape
  readonly weight: IntShape
  /** Most operand pairs in a group. */
  readonly group: number
}

/** The PE: activation times weight code by shift-add, exact sum over the group. Codes go in as they are stored. */
export const mixpeCell = systolicCell('mixpe_cell', (builder, activation, weight, accumulator) =>
  multiplyAdd(builder, 'multiply_add', { a: activation, b: weight, c: accumulator, form: 'shift-add' }),
)

/** The side chain of a row: the group's sum of activations, which every column needs for its zero point. */
export const activationSum = (p: MixpeShapes) => ({
  draining: ActivationSum({ ...p, form: 'draining' }),
  passing: ActivationSum({ ...p, form: 'passing' }),
})

const ActivationSum = component('mixpe_activation_sum', (p: MixpeShapes & { form: DrainForm }) => {
  const sum = p.activation.sumOf(p.group)
  const inputs: RowEdgeInputs = { activation_in: p.activation, last_in: bool, sum_in: sum, sum_in_valid: bool }
  const outputs: RowEdgeOutputs = { activation_out: p.activation, last_out: bool, sum_out: sum, sum_out_valid: bool }
  return {
    name: p.form === 'draining' ? `${p.name}_activation_sum` : `${p.name}_passing_activation_sum`,
    in: inputs,
    out: outputs,
    logic(i, builder) {
      const r = builder.regs({ activation: p.activation, last: bool })
      r.activation.next = i.activation_in
      r.last.next = i.last_in
      const total = groupTotal(builder, {
        add: (accumulator) => splitAdd(builder, 'add', accumulator, r.activation),
        last: r.last,
        shape: sum,
        promise: `a group has at most ${p.group} activations`,
      })
      const below = { sum: i.sum_in, valid: i.sum_in_valid }
      const drain = groupDrain(builder, p.form, { total, last: r.last, below })
      return { activation_out: r.activation, last_out: r.last, sum_out: drain.sum, sum_out_valid: drain.valid }
    },
  }
})
