import { bool, component, range } from '../../dsl/index.ts'
import { multiplyAdd } from '../arith/multiply-add.ts'
import type { ColumnEdgeInputs, ColumnEdgeOutputs } from '../array-parts.ts'
import type { MixpeShapes } from './cell.ts'

/** Bounds of the sum of x * (q - z) over a group: code minus zero point reaches as far as the largest code, both ways. */
export const correctedSum = (p: Omit<MixpeShapes, 'name'>) =>
  p.activation.times(range(-p.weight.max, p.weight.max)).sumOf(p.group)

/**
 * One per column: P - z * X, where P is a cell's sum of x * q, X the row's sum of x, and z the column's zero point of the
 * group. The multiplication is by shift-add too. It serves one cell sum a cycle, so a column of any height shares it.
 */
export const ZeroPointCorrection = component('mixpe_zero_point', (p: MixpeShapes) => {
  const cellSum = p.activation.times(p.weight).sumOf(p.group)
  const activationSum = p.activation.sumOf(p.group)
  const corrected = correctedSum(p)
  const inputs = {
    sum_in: cellSum,
    sum_in_valid: bool,
    row_value_in: activationSum,
    zero_in: p.weight,
    zero_load: bool,
  } satisfies ColumnEdgeInputs
  const outputs: ColumnEdgeOutputs = { result: corrected, result_valid: bool, row_value_out: activationSum }
  return {
    name: `${p.name}_zero_point`,
    in: inputs,
    out: outputs,
    logic(i, builder) {
      const { regs, when, checked } = builder
      const r = regs({ zero: p.weight, activation_sum: activationSum, difference: corrected, valid: bool })
      when(i.zero_load, () => {
        r.zero.next = i.zero_in
      })
      r.activation_sum.next = i.row_value_in
      r.valid.next = i.sum_in_valid
      when(i.sum_in_valid, () => {
        const operands = { a: r.activation_sum, b: r.zero, c: i.sum_in }
        const difference = multiplyAdd(builder, 'correction', { ...operands, form: 'shift-add', sign: 'minus' })
        r.difference.next = checked(difference, corrected, 'cell sum and activation sum belong to one group')
      })
      return { result: r.difference, result_valid: r.valid, row_value_out: r.activation_sum }
    },
  }
})
