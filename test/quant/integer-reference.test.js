import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dequantiseWeights, quantiseWeights } from '../../src/quant/group-integer.js';
import { applyScales, groupSums, integerLinear } from '../../src/quant/integer-reference.js';
import { quantiseTokens } from '../../src/quant/token-integer.js';
const layers = fc
    .record({
    tokens: fc.integer({ min: 1, max: 9 }),
    outputs: fc.integer({ min: 1, max: 5 }),
    inputs: fc.integer({ min: 1, max: 33 }),
    group: fc.integer({ min: 1, max: 20 }),
    signed: fc.boolean(),
    noise: fc.array(fc.integer({ min: -127, max: 127 }), { minLength: 50, maxLength: 300 }),
})
    .map(({ noise, ...rest }) => ({
    ...rest,
    x: Int8Array.from({ length: rest.tokens * rest.inputs }, (_, at) => noise[at % noise.length]),
    weights: quantiseWeights(Float32Array.from({ length: rest.outputs * rest.inputs }, (_, at) => noise[(at * 7 + 3) % noise.length] / 100), rest.outputs, rest.inputs, { bits: 4, group: rest.group, signed: rest.signed }),
}));
/** The definition in bigint, written once more and differently: P - z * X per group. */
const byCorrection = (x, token, row, index, weights) => {
    const { inputs, group, groups, codes, zeros } = weights;
    let products = 0n;
    let activations = 0n;
    for (let k = index * group; k < Math.min(inputs, (index + 1) * group); k++) {
        products += BigInt(x[token * inputs + k]) * BigInt(codes[row * inputs + k]);
        activations += BigInt(x[token * inputs + k]);
    }
    return Number(products - BigInt(zeros[row * groups + index]) * activations);
};
test('group sums equal P - z * X for any shape, number of tokens and ragged group', () => {
    fc.assert(fc.property(layers, ({ x, tokens, weights }) => {
        const sums = groupSums(x, tokens, weights);
        expect(sums.length).toBe(tokens * weights.outputs * weights.groups);
        for (let token = 0; token < tokens; token++)
            for (let row = 0; row < weights.outputs; row++)
                for (let index = 0; index < weights.groups; index++)
                    expect(sums[(token * weights.outputs + row) * weights.groups + index]).toBe(byCorrection(x, token, row, index, weights));
    }));
});
test('unsigned codes with zero point 8 give the sums of signed codes from -8 to 7', () => {
    const signedCodes = Int8Array.from({ length: 32 }, (_, at) => (at % 16) - 8);
    const base = { outputs: 1, inputs: 32, group: 20, groups: 2, bits: 4, scales: Float32Array.of(1, 1) };
    const x = Int8Array.from({ length: 32 }, (_, at) => ((at * 37) % 255) - 127);
    const unsigned = groupSums(x, 1, {
        ...base,
        signed: false,
        codes: signedCodes.map((code) => code + 8),
        zeros: Uint8Array.of(8, 8),
    });
    const signed = groupSums(x, 1, { ...base, signed: true, codes: signedCodes, zeros: Uint8Array.of(0, 0) });
    expect([...unsigned]).toEqual([...signed]);
});
test('the largest sum of the largest group fits 32 bits', () => {
    const inputs = 65_536;
    const weights = {
        outputs: 1,
        inputs,
        group: inputs,
        groups: 1,
        bits: 7,
        signed: false,
        codes: new Int8Array(inputs).fill(127),
        scales: Float32Array.of(1),
        zeros: Uint8Array.of(0),
    };
    expect(groupSums(new Int8Array(inputs).fill(-128), 1, weights)[0]).toBe(-128 * 127 * inputs);
});
test('scales are applied with float32 roundings in the order of the groups, the token scale last', () => {
    const tenth = Math.fround(0.1);
    const y = Math.fround(Math.fround(tenth * 3) + Math.fround(1 / 3 ** 9) * 0);
    expect(applyScales(Int32Array.of(3), Float32Array.of(tenth), Float32Array.of(0.3), 1, 1, 1)[0]).toBe(Math.fround(y * Math.fround(0.3)));
    // 2^24 + 1 is lost when it is added after 2^24, kept when 1 + 1 is added first: the order matters and is fixed.
    const ones = Float32Array.of(1, 1, 1);
    const one = Float32Array.of(1);
    expect(applyScales(Int32Array.of(2 ** 24, 1, 1), ones, one, 1, 1, 3)[0]).toBe(2 ** 24);
    expect(applyScales(Int32Array.of(1, 1, 2 ** 24), ones, one, 1, 1, 3)[0]).toBe(2 ** 24 + 2);
    // The product is rounded before the sum: 3 * (1 + 2^-23) lies half way and goes to the even neighbour.
    const justAbove = 1 + 2 ** -23;
    expect(applyScales(Int32Array.of(-3, 3), Float32Array.of(1, justAbove), one, 1, 1, 2)[0]).toBe(Math.fround(3 * justAbove) - 3);
});
test('tokens and outputs are laid out as M x N', () => {
    const sums = Int32Array.of(1, 2, 3, 4, 5, 6);
    const y = applyScales(sums, Float32Array.of(1, 10, 100), Float32Array.of(1, 2), 2, 3, 1);
    expect([...y]).toEqual([1, 20, 300, 8, 100, 1200]);
});
test('the whole layer stays close to the float product of what the codes stand for', () => {
    fc.assert(fc.property(layers, ({ x, tokens, weights }) => {
        const { outputs, inputs } = weights;
        const activations = Float32Array.from(x, (code) => code / 64);
        const y = integerLinear(quantiseTokens(activations, tokens, inputs), tokens, weights);
        const restored = dequantiseWeights(weights);
        for (let token = 0; token < tokens; token++)
            for (let row = 0; row < outputs; row++) {
                let exact = 0;
                let bound = 1e-6;
                const largest = Math.max(...activations.subarray(token * inputs, (token + 1) * inputs).map(Math.abs));
                for (let k = 0; k < inputs; k++) {
                    exact += activations[token * inputs + k] * restored[row * inputs + k];
                    bound += Math.abs(restored[row * inputs + k]) * (largest / 127) * 0.51;
                }
                expect(Math.abs(y[token * outputs + row] - exact)).toBeLessThanOrEqual(bound);
            }
    }));
});
test('codes of the wrong length are refused', () => {
    const weights = quantiseWeights(new Float32Array(4), 2, 2, { bits: 4, group: 2, signed: false });
    expect(() => groupSums(new Int8Array(3), 1, weights)).toThrow(/3 codes/);
});
