import { type Bool, type Builder, bool, type Int, type IntShape } from '../../dsl/index.ts'

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

/** A sum on its way up a column, and whether there is one. */
export interface Drain {
  readonly sum: Int
  readonly valid: Bool
}

/**
 * A finished sum moves into a second register, `sum`, and from there up through the neighbours above, one place a cycle,
 * while the next group already accumulates: a column is drained without ever stalling, as long as a group lasts at least
 * `shortestGroup(rows)` cycles. (Ours: MixPE's paper does not describe a drain.)
 */
export const groupDrain = (
  { regs, when, check }: Builder,
  wiring: {
    readonly total: Int
    readonly last: Bool
    /** What the neighbour below hands up. */
    readonly below: Drain
  },
): Drain => {
  const r = regs({ sum: wiring.total.shape, sum_valid: bool })
  r.sum.next = wiring.below.sum
  when(wiring.last, () => {
    r.sum.next = wiring.total
  })
  r.sum_valid.next = wiring.last.or(wiring.below.valid)
  check(wiring.last.and(wiring.below.valid).not(), 'a group ends while a sum from below passes: the group is too short')
  return { sum: r.sum, valid: r.sum_valid }
}

/**
 * Cycles a group must last so that no sum meets another in a column of `rows`: operands arrive one cycle later a row,
 * and sums climb one row a cycle, so the lowest passes the top 2 * (rows - 1) cycles after the first.
 */
export const shortestGroup = (rows: number): number => 2 * rows - 1
