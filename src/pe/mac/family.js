import { s } from '../../dsl/index.js';
import { integerFormatOf } from '../../formats/index.js';
import { fullSpec, readParameters } from '../../spec/index.js';
import { shortestGroup } from '../arith/group-accumulator.js';
import { systolicCell } from '../arith/systolic-cell.js';
const parameters = {
    w: { kind: 'format', allowed: ['int4', 'int8', 'int16'], default: 'int8', summary: 'weight format' },
    a: { kind: 'format', allowed: ['int4', 'int8', 'int16'], default: 'int8', summary: 'activation format' },
    acc: { kind: 'integer', min: 32, max: 48, default: 32, summary: 'accumulator width in bits' },
};
/** Multiply-accumulate with a plain multiplier, in the same cell as the other PEs so that nothing else differs. */
export const MacCell = systolicCell('mac_cell', (activation, weight) => activation.mul(weight));
/** The yardstick: signed integer multiply-accumulate, INT8 x INT8 into 32 bits unless said otherwise. */
export const mac = {
    id: 'mac',
    summary: 'signed integer multiply-accumulate, the yardstick',
    source: 'ours: the textbook output-stationary MAC cell, as in area tables of the literature',
    parameters,
    apply(spec) {
        const p = readParameters(spec, parameters);
        const weight = s(integerFormatOf(p.w).bits);
        const activation = s(integerFormatOf(p.a).bits);
        const accumulator = s(p.acc);
        const name = `mac_w${weight.width}_a${activation.width}_acc${p.acc}`;
        return {
            spec: fullSpec('mac', parameters, p),
            parameters: p,
            name,
            family: 'mac',
            operands: { activation, weight, zero: undefined, result: accumulator, group: undefined },
            parts: {
                cell: MacCell({
                    name: `${name}_cell`,
                    activation,
                    weight,
                    sum: accumulator,
                    promise: `the sum fits ${p.acc} bits`,
                }),
            },
            golden: (activations, weights) => {
                let sum = 0n;
                for (let k = 0; k < activations.length; k++)
                    sum += BigInt(activations[k]) * BigInt(weights[k]);
                return sum;
            },
            timing: { latency_cycles: 2, cycles_per_step: 1, macs_per_cycle: 1, shortestGroup },
            claims: [
                {
                    what: 'area of an 8-bit multiply-accumulate unit at 45 nm',
                    value: '687.6 um2',
                    source: "BitFusion's Design Compiler figure for 8 x 8, in its authors' simulator repository",
                },
            ],
        };
    },
};
