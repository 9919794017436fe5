import type { BoolShape, Component, IntShape } from '../dsl/index.ts'

/**
 * What an output-stationary array needs of a PE family. Activations enter at the left and move right, weights enter at
 * the top and move down, sums move up; every hop is one register, so that no wire is longer than a cell.
 */
export interface ArrayParts {
  /** The processing element. */
  readonly cell: Component<CellInputs, CellOutputs>
  /** What is in the cell beside the drain; areas are compared with and without it. */
  readonly core: Component<CoreInputs, CoreOutputs>
  /** One per row at the left edge, where the arithmetic needs something of a group's activations alone, such as their sum. */
  readonly rowEdge?: Component<RowEdgeInputs, RowEdgeOutputs>
  /** One per column at the top edge: turns the cells' sums, and what row edges hand up, into results. */
  readonly columnEdge?: Component<ColumnEdgeInputs, ColumnEdgeOutputs>
}

export type CoreInputs = {
  readonly activation_in: IntShape
  readonly weight_in: IntShape
  /** This activation and weight are the last of their group. */
  readonly last_in: BoolShape
  /** Holds still while groups are at work; where one hardware serves several parameters. */
  readonly mode?: IntShape
}
export type CoreOutputs = {
  readonly activation_out: IntShape
  readonly weight_out: IntShape
  readonly last_out: BoolShape
  /** The group's sum with the operands at work in it. */
  readonly total: IntShape
}

export type CellInputs = CoreInputs & {
  /** From the cell below. */
  readonly sum_in: IntShape
  readonly sum_in_valid: BoolShape
}
export type CellOutputs = Omit<CoreOutputs, 'total'> & {
  readonly sum_out: IntShape
  readonly sum_out_valid: BoolShape
}

export type RowEdgeInputs = Omit<CellInputs, 'weight_in' | 'mode'> & {
  /** The group's exponent, where operands have one. */
  readonly exponent_in?: IntShape
}
export type RowEdgeOutputs = Omit<CellOutputs, 'weight_out'>

export type ColumnEdgeInputs = {
  /** From the column's top cell. */
  readonly sum_in: IntShape
  readonly sum_in_valid: BoolShape
  /** The activation sum that belongs to the cell sum one cycle later; handed on to the next column. With row edges only. */
  readonly activation_sum_in?: IntShape
  /** Zero point of the group whose last operands the column's top cell is adding now; where operands have one. */
  readonly zero_in?: IntShape
  readonly zero_load?: BoolShape
}
export type ColumnEdgeOutputs = {
  readonly result: IntShape
  readonly result_valid: BoolShape
  readonly activation_sum_out?: IntShape
}
