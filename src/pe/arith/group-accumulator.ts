import { type Bool, type Builder, bool, type Int, type IntShape, mux } from '../../dsl/index.ts'

/**
 * The sum of a group with this cycle's term in it; `last` marks the last term, after which the next group starts from 0.
 * `add` gives what it is handed plus the term.
 */
export const groupTotal = (
  { regs, when, checked }: Builder,
  wiring: {
    readonly add: (accumulator: Int) => Int
    readonly last: Bool
    /** Every value the sum may take. */
    readonly shape: IntShape
    /** The promise under which the sum fits, for the check's message. */
    readonly promise: string
  },
): Int => {
  const r = regs({ accumulator: wiring.shape })
  const total = checked(wiring.add(r.accumulator), wiring.shape, wiring.promise)
  r.accumulator.next = total
  when(wiring.last, () => {
    r.accumulator.next = 0
  })
  return total
}

/**
 * Rows of a column that share one drain register, which the top one of them holds. Operands come a cycle later a row, so no
 * two rows of a column finish a group in the same cycle; and the wire from a sum to its register is no longer than this
 * many cells. (Ours: MixPE's paper does not describe a drain.)
 */
export const rowsPerDrain = 4

/** What a row does with a sum: takes it into its register, or passes it on to the row above in the same cycle. */
export type DrainForm = 'draining' | 'passing'

/** One of a kind for each form. */
export type OfForms<T> = Readonly<Record<DrainForm, T>>

export const drainForm = (row: number): DrainForm => (row % rowsPerDrain === 0 ? 'draining' : 'passing')

/** Drain registers of a column. */
export const drainRegisters = (rows: number): number => Math.ceil(rows / rowsPerDrain)

/** A sum on its way up a column, and whether there is one. */
export interface Drain {
  readonly sum: Int
  readonly valid: Bool
}

/**
 * A finished sum goes up to the register of its block of rows, and from there to the next block's, one block a cycle, while
 * the next group already accumulates: a column is drained without ever stalling, as long as a group lasts at least
 * `shortestGroup(rows)` cycles.
 */
export const groupDrain = (
  { regs, check }: Builder,
  form: DrainForm,
  wiring: {
    readonly total: Int
    /** `total` is a whole group's. */
    readonly last: Bool
    /** What the neighbour below hands up. */
    readonly below: Drain
  },
): Drain => {
  const { total, last, below } = wiring
  check(last.and(below.valid).not(), 'a group ends while a sum from below passes: the group is too short')
  const up = { sum: mux(last, total, below.sum), valid: last.or(below.valid) }
  if (form === 'passing') return up
  const r = regs({ sum: total.shape, sum_valid: bool })
  r.sum.next = up.sum
  r.sum_valid.next = up.valid
  return { sum: r.sum, valid: r.sum_valid }
}

/**
 * Cycles from the one in which a group's first sum is at the top of a column to the one in which this row's is: a row
 * finishes a cycle after the row above it, and its sum takes one more for every block above its own.
 */
export const drainDelay = (row: number): number => row + Math.floor(row / rowsPerDrain)

/** Cycles a group must last so that none of its sums meets one of the next group in a column of `rows`. */
export const shortestGroup = (rows: number): number => drainDelay(rows - 1) + 1
