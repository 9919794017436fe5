import type { BoolShape, Component, IntShape } from '../dsl/index.ts'
import type { OfForms } from './arith/group-accumulator.ts'

/**
 * What an output-stationary array needs of a PE family. Activations enter at the left and move right, weights enter at
 * the top and move down, one register a hop; sums move up, one register every `rowsPerDrain` rows. So no wire is longer than
 * a cell, and none that sums take longer than `rowsPerDrain` cells.
 */
export interface ArrayParts {
  /** The processing element. */
  readonly cell: OfForms<Component<CellInputs, CellOutputs>>
  /** What is in the cell beside the drain; areas are compared with and without it. */
  readonly core: Component<CoreInputs, CoreOutputs>
  /** One per row at the left edge, where the arithmetic needs something of a group's activations alone, such as their sum. */
  readonly rowEdge?: OfForms<Component<RowEdgeInputs, RowEdgeOutputs>>
  /** One per column at the top edge: turns the cells' sums, and what row edges hand up, into results. */
  readonly columnEdge?: Component<ColumnEdgeInputs, ColumnEdgeOutputs>
  /** What makes operands into what the cells take, such as a code decoded, or its bits one after the other. */
  readonly feeders?: OperandFeeders
  /** One per column of `rows` rows behind all this, where the hardware applies scales and adds up the groups of an output. */
  readonly dequantisation?: (rows: number) => Component<DequantisationInputs, DequantisationOutputs>
  /** What a weight-stationary array has in place of all this but the column edge; where sums of products are exact integers. */
  readonly weightStationary?: WeightStationaryParts
}

/**
 * What a weight-stationary array needs of a PE family. Where operands have a zero point, groups have a limit, and the column edge
 * takes a token's sum of activations as what row edges hand up.
 */
export interface WeightStationaryParts {
  /** A cell with that many rows above it. */
  readonly cell: (row: number) => Component<WeightStationaryInputs, WeightStationaryOutputs>
  /** Every sum of a group's products. */
  readonly sum: IntShape
  /** The promise under which it fits. */
  readonly promise: string
}

export type WeightStationaryInputs = {
  /** From the left. */
  readonly activation_in: IntShape
  /** The first activation of a tile: the weight that moved in last comes into use with it. */
  readonly start_in: BoolShape
  /** From above, one of the next tile's weights. */
  readonly weight_in: IntShape
  /** The next tile's weights move down by a row. */
  readonly shift_in: BoolShape
  /** From above, the sum of the products of the rows there. */
  readonly sum_in: IntShape
}
export type WeightStationaryOutputs = {
  readonly activation_out: IntShape
  readonly start_out: BoolShape
  readonly weight_out: IntShape
  readonly shift_out: BoolShape
  readonly sum_out: IntShape
}

/**
 * A row's and a column's way in, for a PE whose cells take operands in another form than the array does, such as decoded.
 * Where a step takes several cycles (`cycles_per_step`), a feeder hands on in each of them the part of its operand whose turn
 * it is, such as one bit of a weight; between steps what one of them hands on adds nothing, whatever the other does. Cells,
 * and how wide operands are in them, know of feeders only by their own inputs' shapes.
 */
export interface OperandFeeders {
  /** One per row, behind the row edge and before the first cell; undefined where cells take activations as they come. */
  readonly row?: Component<RowFeederInputs, RowFeederOutputs>
  /** One per column, before the top cell; undefined where cells take weights as they come. */
  readonly column?: Component<ColumnFeederInputs, ColumnFeederOutputs>
  /** Cycles from a step's first to the first part of its operands, the same for both; 0 for logic alone. */
  readonly latency_cycles: number
}

export type RowFeederInputs = {
  /** The step's activation, held through the step's cycles. */
  readonly activation_in: IntShape
  /** This is the first cycle of a step; where steps take several. */
  readonly step?: BoolShape
  /** As in cells. */
  readonly mode?: IntShape
}
export type RowFeederOutputs = { readonly activation_out: IntShape }

export type ColumnFeederInputs = {
  readonly weight_in: IntShape
  readonly step?: BoolShape
  readonly mode?: IntShape
}
export type ColumnFeederOutputs = { readonly weight_out: IntShape }

export type CoreInputs = {
  /** An operand, or what the row's feeder hands on of it in this cycle. */
  readonly activation_in: IntShape
  readonly weight_in: IntShape
  /** This activation and weight, or parts of them, are the last of their group. */
  readonly last_in: BoolShape
  /** Holds still while groups are at work; where one hardware serves several parameters. */
  readonly mode?: IntShape
  /** The same where it comes along with every activation, so that each group may have another. */
  readonly mode_in?: IntShape
}
export type CoreOutputs = {
  readonly activation_out: IntShape
  readonly weight_out: IntShape
  readonly last_out: BoolShape
  /** With `mode_in`. */
  readonly mode_out?: IntShape
  /** The group's sum with the operands at work in it. */
  readonly total: IntShape
  /** `total` is a whole group's. */
  readonly total_last: BoolShape
}

export type CellInputs = CoreInputs & {
  /** From the cell below. */
  readonly sum_in: IntShape
  readonly sum_in_valid: BoolShape
}
export type CellOutputs = Omit<CoreOutputs, 'total' | 'total_last'> & {
  readonly sum_out: IntShape
  readonly sum_out_valid: BoolShape
}

export type RowEdgeInputs = Omit<CellInputs, 'weight_in' | 'mode' | 'mode_in'> & {
  /** The group's exponent, where operands have one. */
  readonly exponent_in?: IntShape
}
export type RowEdgeOutputs = Omit<CellOutputs, 'weight_out' | 'mode_out'>

export type ColumnEdgeInputs = {
  /** From the column's top cell. */
  readonly sum_in: IntShape
  readonly sum_in_valid: BoolShape
  /**
   * What the row edges hand up, such as a sum of activations or their exponent: it belongs to the cell sum one cycle later, and is
   * handed on to the next column. With row edges only.
   */
  readonly row_value_in?: IntShape
  /** Zero point of the group whose last operands the column's top cell is adding now; where operands have one. */
  readonly zero_in?: IntShape
  readonly zero_load?: BoolShape
}
export type ColumnEdgeOutputs = {
  readonly result: IntShape
  readonly result_valid: BoolShape
  readonly row_value_out?: IntShape
}

export type DequantisationInputs = {
  /** The groups' results, row after row. */
  readonly sum: IntShape
  readonly sum_valid: BoolShape
  /** Scale code of a group, and whether the group is its output's last one; loaded before the group's first sum. */
  readonly scale: IntShape
  readonly last_group: BoolShape
  readonly scale_load: BoolShape
}
export type DequantisationOutputs = {
  readonly result: IntShape
  readonly result_valid: BoolShape
}
