import type { Component, IntShape, Module, Ports } from '../dsl/index.ts'
import type { ScalarFormat } from '../formats/index.ts'
import type { Spec } from '../spec/index.ts'
import type { ElementDescription, FamilyDescription } from './family.ts'

/** What goes in and out of a tile of PEs that take `lanes` operand pairs a step and scale a group's sum themselves. */
export interface TileOperands {
  /** Codes of `codes.activation`. */
  readonly activation: IntShape
  /** Codes as they are stored, without sign; what they stand for is the family's. */
  readonly weight: IntShape
  readonly lanes: number
  /** Which of its special values a group of weights has; undefined where there are none. */
  readonly selector: IntShape | undefined
  readonly scale: IntShape
  readonly result: IntShape
  /** Most operand pairs of a group. */
  readonly group: number
  readonly codes: { readonly activation: ScalarFormat; readonly result: ScalarFormat }
}

/** A row of activations, a column of weights, and what the weights share. */
export interface TileGroup {
  readonly activations: readonly number[]
  readonly weights: readonly number[]
  /** 0 where there are no special values. */
  readonly selector: number
  readonly scale: number
}

/** A part of a tile by itself. */
export interface TileBlock {
  readonly name: string
  /** How many of it there are and where, for the reader. */
  readonly place: string
  readonly component: Component<Ports, Ports>
}

/**
 * A PE whose array is not the output-stationary one but a tile of its own: operands of several lanes go to all PEs of a row or
 * column at once, and a group brings a scale.
 *
 * The tile's ports: `activation_r_k` and `weight_c_k` are lane k's operands in row r and column c, `selector_c` and `scale_c`
 * the group's, `step`, `last` and `last_group` as they come in time: operands and selectors are held through a step's
 * `timing.cycles_per_step` cycles, `step` comes with the first of them; `last`, and the scales with it, with a group's last cycle;
 * `last_group` with `last` where the group is the last of its channel: its sums are results. `result_c` and `result_valid_c` give the rows one by one.
 */
export interface TiledElement extends ElementDescription {
  readonly operands: TileOperands
  /** The whole tile; 1 x 1 is a PE with all that stands around it. */
  readonly tile: (size: { readonly rows: number; readonly columns: number }) => Module
  /** What a tile of the published size consists of, for synthesis one by one; the PE first. */
  readonly blocks: readonly TileBlock[]
  /**
   * The result once a group is added to `before`, the result of its channel's groups before it, 0 unless given: bit-exact, from the
   * definition of the arithmetic and not from the hardware.
   */
  readonly golden: (group: TileGroup, before?: bigint) => bigint
}

/** One published PE design that comes with a tile, its parameters open. */
export interface TiledFamily extends FamilyDescription {
  readonly apply: (spec: Spec) => TiledElement
}
