/** Weights of a product, as a PE reads them. */
export interface HardwareWeights {
  /** N. */
  readonly outputs: number
  /** K. */
  readonly inputs: number
  /** Numbers along K that make one group; the last one of a row may be shorter. */
  readonly group: number
  /** N x K row-major: integers, or codes as unsigned integers. */
  readonly codes: ArrayLike<number>
  /** N x groups, where weights are unsigned integers with zero points. */
  readonly zeros?: ArrayLike<number>
  /** N x groups, where a PE chooses special values and scales a group's sum itself. */
  readonly selectors?: ArrayLike<number>
  readonly scales?: ArrayLike<number>
}

/** Weights in the memory of kernels. */
export interface HardwareProduct {
  /**
   * The PE's results, bit for bit, for tokens x K row-major activations: tokens x N x groups, or tokens x N of a PE that adds up the groups
   * of an output, each `words` words of 32 bits, the lowest first, in two's complement where results are signed.
   */
  readonly run: (activations: ArrayLike<number>, tokens: number) => Promise<Int32Array>
  readonly groups: number
}

/** What computes in a PE's arithmetic, without the PE. */
export interface HardwareArithmetic {
  /** Of a result. */
  readonly words: number
  readonly load: (weights: HardwareWeights) => HardwareProduct
  /** Gives back what it holds. */
  readonly close: () => void
}

export const groupsOf = ({ inputs, group }: Pick<HardwareWeights, 'inputs' | 'group'>): number =>
  Math.ceil(inputs / group)

/** The words of a result of more than one. */
export const writeWords = (result: bigint, words: number, to: Int32Array, at: number): void => {
  for (let word = 0; word < words; word++) to[at + word] = Number(BigInt.asIntN(32, result >> BigInt(32 * word)))
}
