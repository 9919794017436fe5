/** Operands of one group, the numbers of a step after those of the step before it. */
export interface Group {
  readonly activations: readonly number[]
  readonly weights: readonly number[]
  readonly zero: number
  /** Where the PE applies scales: the scale's code, and whether another group of the same output follows. */
  readonly scale?: number
  readonly continues?: boolean
  /** Where a group of weights has special values: which. */
  readonly selector?: number
  /** Idle cycles before the group's first operands. */
  readonly idle: number
}
