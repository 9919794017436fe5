import { UserError } from '../base/user-error.js';
import { roundHalfEven } from './float16.js';
/**
 * Symmetric round-to-nearest (ties to even, ours) of tokens x K activations: the scale of a token is its largest
 * magnitude over 2^(bits-1) - 1, in float32; a token of zeros gets scale 1. `bits` is 2 to 8.
 */
export const quantiseTokens = (x, tokens, inputs, { bits } = { bits: 8 }) => {
    if (!(Number.isInteger(bits) && bits >= 2 && bits <= 8))
        throw new UserError('E-QUANT-BITS', `${bits}-bit activations are not supported; give 2 to 8 bits`);
    if (x.length !== tokens * inputs)
        throw new RangeError(`${x.length} values are no ${tokens} x ${inputs} activations`);
    const most = 2 ** (bits - 1) - 1;
    const codes = new Int8Array(x.length);
    const scales = new Float32Array(tokens);
    for (let token = 0; token < tokens; token++) {
        const from = token * inputs;
        const scale = largestOf(x, from, from + inputs, token) / most;
        // Math.fround can round a tiny scale to 0; such a token is indistinguishable from zeros.
        const rounded = Math.fround(scale) || 1;
        scales[token] = rounded;
        for (let at = from; at < from + inputs; at++)
            codes[at] = Math.min(most, Math.max(-most, roundHalfEven(x[at] / rounded)));
    }
    return { codes, scales };
};
const largestOf = (x, from, to, token) => {
    let largest = 0;
    for (let at = from; at < to; at++) {
        const magnitude = Math.abs(x[at]);
        if (!Number.isFinite(magnitude))
            throw new UserError('E-QUANT-VALUE', `activation ${at - from} of token ${token} is ${x[at]}, only finite activations can be quantised; use an undamaged model file`);
        if (magnitude > largest)
            largest = magnitude;
    }
    return largest;
};
