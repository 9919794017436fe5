import type { IntShape } from '../dsl/index.ts'
import type { ScalarFormat } from '../formats/index.ts'
import type { ParameterSchema, Spec } from '../spec/index.ts'
import type { ArrayParts } from './array-parts.ts'

/** A published figure, for the reader to compare ours with. */
export interface Claim {
  readonly what: string
  readonly value: string
  readonly source: string
  /** Where it is an area at 28 nm, that area, so that ours can be scaled to stand beside it. */
  readonly area28_um2?: number
}

/** What the hardware takes in cycles; a test holds the RTL to it. */
export interface TimingContract {
  /** Cycles from the one with `last`, the last of a group's last step, to the one in which a lone PE's result is valid. */
  readonly latency_cycles: number
  /**
   * Cycles that the operands of one step are held. Where it is more than 1 the PE has `feeders` that take an input
   * `step` of the array, which is 1 in the first of them.
   */
  readonly cycles_per_step: number
  /** Of one PE at work all the time. */
  readonly macs_per_cycle: number
  /** Fewest cycles from one group's end to the next in an array of `rows` rows that is drained without stalling. */
  readonly shortestGroup: (rows: number) => number
}

/** What goes in and out of a PE: integers, or where `codes` says so the codes of number formats, as unsigned integers. */
export interface Operands {
  /** The ports' shapes: of a number, or with `lanes` of the word that holds several. */
  readonly activation: IntShape
  readonly weight: IntShape
  /** Zero point of a group's weights; undefined where weights are symmetric. */
  readonly zero: IntShape | undefined
  /**
   * Format of a group's scale, where the hardware applies it and adds up the groups of an output: `result` is then an
   * output's, as a code.
   */
  readonly scale?: ScalarFormat
  readonly result: IntShape
  /** Most steps a group may have; undefined where only `result` limits it. */
  readonly group: number | undefined
  /** The formats whose codes activations, weights and results are; undefined where these are integers. */
  readonly codes?: OperandFormats
  /** An exponent that all activations of a group share, where the array wants it beside them. */
  readonly exponent?: GroupExponent
  /** The numbers that go in side by side at a step; undefined where it is one. */
  readonly lanes?: Lanes
  /**
   * The array's input `mode` and its value for these parameters, where one hardware serves several; undefined where there is
   * none. It holds still while groups are at work or, where cells have `mode_in`, comes with every operand.
   */
  readonly mode?: { readonly shape: IntShape; readonly value: number }
  /** Numbers of a step with the largest products either way, where these are not the ends of the shapes. */
  readonly extremes?: {
    readonly activations: readonly (readonly number[])[]
    readonly weights: readonly (readonly number[])[]
  }
}

export interface OperandFormats {
  readonly activation: ScalarFormat
  /** Undefined where weights are integers beside activations that are codes. */
  readonly weight: ScalarFormat | undefined
  /** Undefined where results are integers. */
  readonly result: ScalarFormat | undefined
}

/**
 * Packed operands: the words of activations and weights hold `count` numbers each, the first in the lowest bits, in two's
 * complement without gaps; bits above are ignored. Number k of the activation belongs to number k of the weight.
 */
export interface Lanes {
  readonly count: number
  readonly activation: IntShape
  readonly weight: IntShape
}

/** Goes in with every activation of its group. */
export interface GroupExponent {
  readonly shape: IntShape
  readonly of: (activations: readonly number[]) => number
}

/** What is known of every PE with its parameters applied, whatever array it goes into. */
export interface ElementDescription {
  /** Canonical text with every parameter, `mixpe(w=int4, a=int8, group=128, weights=asymmetric, output=sum)`. */
  readonly spec: string
  /** The same parameters by key. */
  readonly parameters: Readonly<Record<string, string | number>>
  /** Name of its Verilog modules' common stem. */
  readonly name: string
  readonly family: string
  readonly timing: TimingContract
  readonly claims: readonly Claim[]
  /** What the source leaves open and we chose, a sentence for the reader of a report; undefined where its page alone says so. */
  readonly ours?: string
}

/** A PE with its parameters applied. */
export interface ProcessingElement extends ElementDescription {
  readonly operands: Operands
  readonly parts: ArrayParts
  /**
   * The exact result of one group, of integers or codes as `operands` has them, from the definition of the arithmetic and
   * not from the hardware. With `lanes` number k is in lane k modulo their count, and what a last step lacks is 0.
   */
  readonly golden: (activations: readonly number[], weights: readonly number[], zero: number) => bigint
  /** Where the hardware applies scales: the code of an output, from its groups' `golden` and their scale codes in order. */
  readonly goldenOutput?: (sums: readonly bigint[], scales: readonly number[]) => bigint
}

/** What is known of a family before its parameters are. */
export interface FamilyDescription {
  readonly id: string
  readonly summary: string
  /** Paper, or `ours`. */
  readonly source: string
  readonly parameters: ParameterSchema
}

/** One published or baseline PE design with its parameters open. */
export interface PeFamily extends FamilyDescription {
  /** Applies a spec's parameters; a bad one is a SpecError with a caret. */
  readonly apply: (spec: Spec) => ProcessingElement
}
