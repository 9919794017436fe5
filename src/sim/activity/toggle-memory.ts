/**
 * Where a counter's numbers are. Plane k holds bit k of the counters of 32 bits a word, so that an addition of one to some of
 * 32 counters is a few operations on words.
 */
export interface ToggleMemory {
  readonly rows: Int32Array
  /** The last row that was counted. */
  readonly before: Int32Array
  /** `planes` of them, `words` words each. */
  readonly planes: Int32Array
}
/** Adds the turns of rows `from` to `from + rowCount - 1`, at most `rowsAtOnce`, to the planes. */
export type ToggleKernel = (from: number, rowCount: number) => void

export const planes = 32
/** Planes kept at hand while rows are read, and the rows whose turns they can count. */
export const planesAtHand = 6
export const rowsAtOnce = 2 ** planesAtHand - 1
