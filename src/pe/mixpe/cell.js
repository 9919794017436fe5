import { bool, component } from '../../dsl/index.js';
import { groupAccumulator } from '../arith/group-accumulator.js';
import { shiftAdd } from '../arith/shift-add.js';
import { systolicCell } from '../arith/systolic-cell.js';
/** The PE: activation times weight code by shift-add, exact sum over the group. Codes go in as they are stored. */
export const MixpeCell = systolicCell('mixpe_cell', shiftAdd);
/** The side chain of a row: the group's sum of activations, which every column needs for its zero point. */
export const ActivationSum = component('mixpe_activation_sum', (p) => {
    const sum = p.activation.sumOf(p.group);
    const inputs = { activation_in: p.activation, last_in: bool, sum_in: sum, sum_in_valid: bool };
    const outputs = { activation_out: p.activation, last_out: bool, sum_out: sum, sum_out_valid: bool };
    return {
        name: `${p.name}_activation_sum`,
        in: inputs,
        out: outputs,
        logic(i, builder) {
            const r = builder.regs({ activation: p.activation, last: bool });
            r.activation.next = i.activation_in;
            r.last.next = i.last_in;
            const drain = groupAccumulator(builder, {
                term: r.activation,
                last: r.last,
                below: { sum: i.sum_in, valid: i.sum_in_valid },
                shape: sum,
                promise: `a group has at most ${p.group} activations`,
            });
            return { activation_out: r.activation, last_out: r.last, sum_out: drain.sum, sum_out_valid: drain.valid };
        },
    };
});
