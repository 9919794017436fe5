import { groupsOf, macsOf } from '../accel/gemm.js';
import { applyScales, groupSums } from '../quant/integer-reference.js';
import { quantiseTokens } from '../quant/token-integer.js';
import { weightsOf } from './quantised-linear.js';
/**
 * Linear layers on a simulated array: activations become integers per token, the array returns a corrected integer sum per
 * token, output and group, each is compared with the software reference, and the hardware's own sums go on through the
 * scales as the PE's drain applies them. `onCall` is told the cycles done so far.
 */
export const hardwareLinear = (runner, model, activationBits, onCall = () => { }) => {
    const counts = new Map();
    let cyclesDone = 0;
    let first;
    const linear = async (matrix, input, tokens) => {
        const weights = weightsOf(model, matrix);
        const activations = quantiseTokens(input, tokens, matrix.inputs, { bits: activationBits });
        const product = productOf(weights, activations.codes, tokens);
        const running = runner.run(product);
        const reference = groupSums(activations.codes, tokens, weights);
        const { sums, cycles } = await running;
        const count = countOf(counts, matrix.name, tokens > 1 ? 'prefill' : 'decode');
        count.calls++;
        count.macs += macsOf(product);
        count.cycles += cycles;
        count.compared += sums.length;
        for (let k = 0; k < sums.length; k++)
            if (sums[k] !== reference[k]) {
                count.mismatches++;
                first ??= `${matrix.name}: sum ${k} (${placeOf(k, product)}) is ${sums[k]} on the array and ${reference[k]} in the reference`;
            }
        cyclesDone += cycles;
        onCall(cyclesDone);
        return applyScales(sums, weights.scales, activations.scales, tokens, weights.outputs, weights.groups);
    };
    return {
        linear,
        get layers() {
            return [...counts.values()];
        },
        firstMismatch: () => first,
    };
};
/** Share of the array's multiply-accumulate slots that did useful work. */
export const utilisationOf = ({ rows, columns }, { macs, cycles }) => cycles === 0 ? 0 : macs / (cycles * rows * columns);
const productOf = (weights, activations, tokens) => ({
    tokens,
    outputs: weights.outputs,
    inputs: weights.inputs,
    group: weights.group,
    activations,
    weights: weights.codes,
    zeros: weights.signed ? undefined : weights.zeros,
});
const countOf = (counts, name, phase) => {
    const key = `${name} ${phase}`;
    const known = counts.get(key);
    if (known)
        return known;
    const kind = name.split('.').at(-1);
    const made = { name, kind, phase, calls: 0, macs: 0, cycles: 0, compared: 0, mismatches: 0 };
    counts.set(key, made);
    return made;
};
const placeOf = (index, product) => {
    const groups = groupsOf(product);
    const row = Math.floor(index / groups);
    return `token ${Math.floor(row / product.outputs)}, output ${row % product.outputs}, group ${index % groups}`;
};
