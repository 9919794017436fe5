import { UserError } from '../base/user-error.js';
import { FLOAT16_MIN_SUBNORMAL, roundHalfEven, roundToFloat16 } from './float16.js';
/** Largest group: 65,536 products of an 8-bit activation and a weight fit a 32-bit sum. */
const LARGEST_GROUP = 65_536;
/** Throws a UserError unless the options are allowed. */
export const checkGroupOptions = ({ bits, group, signed }) => {
    const [least, most] = signed ? [2, 8] : [1, 7];
    if (!(Number.isInteger(bits) && bits >= least && bits <= most))
        throw new UserError('E-QUANT-BITS', `${bits}-bit ${signed ? 'signed' : 'unsigned'} weights are not supported; give ${least} to ${most} bits`);
    if (!(Number.isInteger(group) && group >= 1 && group <= LARGEST_GROUP))
        throw new UserError('E-QUANT-GROUP', `a weight group of ${group} is not supported; give 1 to ${LARGEST_GROUP}`);
};
/**
 * Round-to-nearest (ties to even, ours) of an N x K matrix in groups along K. The scale is rounded to FP16 first and
 * the codes are chosen with the rounded scale. Unsigned: the group's range, widened to include 0, over 2^bits - 1.
 * Signed: the largest magnitude over 2^(bits-1) - 1, so the most negative code is never used (ours: symmetric, and
 * requantising gives the same codes). `name` is for messages.
 */
export const quantiseWeights = (data, outputs, inputs, options, name = 'the weights') => {
    checkGroupOptions(options);
    if (data.length !== outputs * inputs)
        throw new RangeError(`${name}: ${data.length} values are no ${outputs} x ${inputs} matrix`);
    const { bits, group, signed } = options;
    const groups = Math.ceil(inputs / group);
    const codes = new Int8Array(outputs * inputs);
    const scales = new Float32Array(outputs * groups);
    const zeros = new Uint8Array(outputs * groups);
    const levels = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
    for (let row = 0; row < outputs; row++)
        for (let index = 0; index < groups; index++) {
            const from = row * inputs + index * group;
            const to = Math.min(from + group, (row + 1) * inputs);
            const { low, high } = rangeOf(data, from, to, name);
            const scale = scaleOf(signed ? Math.max(-low, high) : high - low, levels);
            const zero = signed ? 0 : clamp(roundHalfEven(-low / scale), 0, levels);
            const least = signed ? -levels : 0;
            for (let at = from; at < to; at++)
                codes[at] = clamp(roundHalfEven(data[at] / scale) + zero, least, levels);
            scales[row * groups + index] = scale;
            zeros[row * groups + index] = zero;
        }
    return { outputs, inputs, group, groups, bits, signed, codes, scales, zeros };
};
/** Smallest and largest of the values and 0. */
const rangeOf = (data, from, to, name) => {
    let low = 0;
    let high = 0;
    for (let at = from; at < to; at++) {
        const value = data[at];
        if (!Number.isFinite(value))
            throw new UserError('E-QUANT-VALUE', `weight ${at} of ${name} is ${value}, only finite weights can be quantised; use an undamaged model file`);
        if (value < low)
            low = value;
        if (value > high)
            high = value;
    }
    return { low, high };
};
/** An all-zero group gets scale 1; a range too small for FP16 gets its smallest subnormal. */
const scaleOf = (range, levels) => range === 0 ? 1 : Math.max(roundToFloat16(range / levels), FLOAT16_MIN_SUBNORMAL);
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
/** The weights that the codes stand for, N x K. */
export const dequantiseWeights = (weights) => {
    const { outputs, inputs, group, groups, codes, scales, zeros } = weights;
    const result = new Float32Array(outputs * inputs);
    for (let row = 0; row < outputs; row++)
        for (let k = 0; k < inputs; k++) {
            const at = row * groups + Math.floor(k / group);
            result[row * inputs + k] = scales[at] * (codes[row * inputs + k] - zeros[at]);
        }
    return result;
};
