import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantiseTokens } from '../../src/quant/token-integer.js';
const activations = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 6, maxLength: 6 });
test('codes stay within +-127, the largest activation of a token gets 127, errors are at most half a scale', () => {
    fc.assert(fc.property(activations, (values) => {
        const x = Float32Array.from(values);
        const { codes, scales } = quantiseTokens(x, 2, 3);
        for (let token = 0; token < 2; token++) {
            const row = x.subarray(3 * token, 3 * token + 3);
            const largest = Math.max(...row.map(Math.abs));
            const scale = scales[token];
            const used = codes.subarray(3 * token, 3 * token + 3);
            expect(scale).toBeGreaterThan(0);
            if (largest > 1e-36) {
                expect(scale).toBe(Math.fround(largest / 127));
                expect(Math.max(...used.map(Math.abs))).toBe(127);
            }
            row.forEach((value, at) => {
                const error = Math.abs(value - scale * used[at]);
                if (largest > 1e-36)
                    expect(error).toBeLessThanOrEqual(scale * (0.5 + 127 * 2 ** -23));
            });
        }
    }));
});
test('a token of zeros gets scale 1 and codes 0, and does not disturb its neighbour', () => {
    const { codes, scales } = quantiseTokens(Float32Array.of(0, 0, 1, -0.5), 2, 2);
    expect([...codes]).toEqual([0, 0, 127, -64]);
    expect([...scales]).toEqual([1, Math.fround(1 / 127)]);
});
test('fewer bits mean a smaller range', () => {
    expect([...quantiseTokens(Float32Array.of(7, -3.2, 0.5), 1, 3, { bits: 4 }).codes]).toEqual([7, -3, 0]);
});
test('an activation that is not finite is refused by place', () => {
    expect(() => quantiseTokens(Float32Array.of(1, 2, 3, Number.NaN), 2, 2)).toThrow(/activation 1 of token 1 is NaN/);
    expect(() => quantiseTokens(new Float32Array(2), 1, 2, { bits: 9 })).toThrow(/give 2 to 8 bits/);
});
