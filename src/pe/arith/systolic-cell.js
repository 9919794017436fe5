import { bool, component } from '../../dsl/index.js';
import { groupAccumulator } from './group-accumulator.js';
/** A family of output-stationary cells that differ in how they multiply: operand registers, product, group accumulator. */
export const systolicCell = (label, multiply) => component(label, (p) => {
    const inputs = {
        activation_in: p.activation,
        weight_in: p.weight,
        last_in: bool,
        sum_in: p.sum,
        sum_in_valid: bool,
    };
    const outputs = {
        activation_out: p.activation,
        weight_out: p.weight,
        last_out: bool,
        sum_out: p.sum,
        sum_out_valid: bool,
    };
    return {
        name: p.name,
        in: inputs,
        out: outputs,
        logic(i, builder) {
            const r = builder.regs({ activation: p.activation, weight: p.weight, last: bool });
            r.activation.next = i.activation_in;
            r.weight.next = i.weight_in;
            r.last.next = i.last_in;
            const drain = groupAccumulator(builder, {
                term: multiply(r.activation, r.weight),
                last: r.last,
                below: { sum: i.sum_in, valid: i.sum_in_valid },
                shape: p.sum,
                promise: p.promise,
            });
            return {
                activation_out: r.activation,
                weight_out: r.weight,
                last_out: r.last,
                sum_out: drain.sum,
                sum_out_valid: drain.valid,
            };
        },
    };
});
