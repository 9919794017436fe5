import { bool, component, type IntShape } from '../../dsl/index.ts'
import type { WeightStationaryInputs, WeightStationaryOutputs } from '../array-parts.ts'
import type { MultiplyAccumulate } from './systolic-cell.ts'

export interface WeightStationaryCellParameters {
  /** Names of the Verilog modules begin with it. */
  readonly name: string
  readonly activation: IntShape
  readonly weight: IntShape
  /** Every product of the two. */
  readonly product: IntShape
  /** Rows above, whose products come in added up. */
  readonly row: number
}

/**
 * A cell whose weight stays: it adds its product to the sum from above and hands that down, one register. Bounds of sums are
 * exact, so a row has as many bits as its products need.
 *
 * The next tile's weights move down through registers of their own while this one's are in use. Both begin with a wave down
 * and right, in step with activations, so the next weights may move in from the cycle in which these come into use.
 */
export const weightStationaryCell = (label: string, multiplyAccumulate: MultiplyAccumulate) =>
  component(`${label}_weight_stationary`, (p: WeightStationaryCellParameters) => {
    const [above, below] = [p.product.sumOf(p.row), p.product.sumOf(p.row + 1)]
    const inputs: WeightStationaryInputs = {
      activation_in: p.activation,
      start_in: bool,
      weight_in: p.weight,
      shift_in: bool,
      sum_in: above,
    }
    const outputs: WeightStationaryOutputs = {
      activation_out: p.activation,
      start_out: bool,
      weight_out: p.weight,
      shift_out: bool,
      sum_out: below,
    }
    return {
      name: `${p.name}_weight_stationary_cell_${p.row}`,
      in: inputs,
      out: outputs,
      logic(i, builder) {
        const { checked, regs, when } = builder
        const r = regs({
          activation: p.activation,
          start: bool,
          shift: bool,
          weight: p.weight,
          next_weight: p.weight,
          sum: below,
        })
        r.activation.next = i.activation_in
        r.start.next = i.start_in
        r.shift.next = i.shift_in
        when(i.start_in, () => {
          r.weight.next = r.next_weight
        })
        when(i.shift_in, () => {
          r.next_weight.next = i.weight_in
        })
        const sum = multiplyAccumulate(builder, r.activation, r.weight, i.sum_in, undefined)
        r.sum.next = checked(sum, below, 'every product is within its bounds')
        return {
          activation_out: r.activation,
          start_out: r.start,
          weight_out: r.next_weight,
          shift_out: r.shift,
          sum_out: r.sum,
        }
      },
    }
  })
