import { bool } from '../../dsl/index.js';
/**
 * Adds one term a cycle; `last` marks the last term of a group. A finished sum moves into a second register, `sum`, and
 * from there up through the neighbours above, one place a cycle, while the next group already accumulates: a column is
 * drained without ever stalling, as long as a group lasts at least `shortestGroup(rows)` cycles. (Ours: MixPE's paper
 * does not describe a drain.)
 */
export const groupAccumulator = ({ regs, when, checked, check }, wiring) => {
    const r = regs({ accumulator: wiring.shape, sum: wiring.shape, sum_valid: bool });
    const total = checked(r.accumulator.add(wiring.term), wiring.shape, wiring.promise);
    when(wiring.last, () => {
        r.accumulator.next = 0;
        r.sum.next = total;
    }, () => {
        r.accumulator.next = total;
        r.sum.next = wiring.below.sum;
    });
    r.sum_valid.next = wiring.last.or(wiring.below.valid);
    check(wiring.last.and(wiring.below.valid).not(), 'a group ends while a sum from below passes: the group is too short');
    return { sum: r.sum, valid: r.sum_valid };
};
/**
 * Cycles a group must last so that no sum meets another in a column of `rows`: operands arrive one cycle later a row,
 * and sums climb one row a cycle, so the lowest passes the top 2 * (rows - 1) cycles after the first.
 */
export const shortestGroup = (rows) => 2 * rows - 1;
