import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portLayout, readPort } from '../../src/sim/engine.js';
import { randomStimulus, randomWords } from '../../src/sim/stimulus.js';
const layoutOf = (ranges) => portLayout({
    inputs: ranges.map((range, id) => ({ op: 'in', id, name: `in_${id}`, ...range })),
    outputs: [],
});
const valuesOf = (ranges, cycles, seed) => {
    const ports = layoutOf(ranges);
    const rows = randomStimulus(ports, cycles, seed);
    return ports.inputs.map((port) => Array.from({ length: cycles }, (_, cycle) => readPort(rows, port, cycle * ports.inputWords)));
};
const anyRange = fc
    .tuple(fc.bigInt({ min: -(2n ** 100n), max: 2n ** 100n }), fc.nat(110), fc.bigInt({ min: 0n, max: 2n ** 20n }))
    .map(([min, bits, more]) => ({ min, max: min + 2n ** BigInt(bits) - 1n + more }));
const smallRange = fc
    .tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), fc.integer({ min: 0, max: 2 ** 32 }))
    .map(([min, more]) => ({ min: BigInt(min), max: BigInt(min) + BigInt(more) }));
describe('randomStimulus', () => {
    it('keeps every value inside the range of its port', () => {
        fc.assert(fc.property(fc.array(fc.oneof(anyRange, smallRange), { minLength: 1, maxLength: 5 }), fc.nat(), (ranges, seed) => {
            valuesOf(ranges, 40, seed).forEach((values, k) => {
                for (const value of values)
                    expect(value >= ranges[k].min && value <= ranges[k].max).toBe(true);
            });
        }));
    });
    it('repeats itself for a seed, begins alike for fewer cycles, and differs for another seed', () => {
        const ports = layoutOf([
            { min: -128n, max: 127n },
            { min: 0n, max: 2n ** 80n },
        ]);
        const rows = randomStimulus(ports, 100, 5);
        expect(randomStimulus(ports, 100, 5)).toEqual(rows);
        expect(randomStimulus(ports, 10, 5)).toEqual(rows.subarray(0, 10 * ports.inputWords));
        expect(randomStimulus(ports, 100, 6)).not.toEqual(rows);
        expect(randomStimulus(ports, 100, 5 + 2 ** 40)).not.toEqual(rows);
    });
    it('brings the corners of a range about one time in four and covers the rest evenly', () => {
        const wide = { min: -(2n ** 79n), max: 2n ** 79n - 1n };
        const byte = { min: -128n, max: 127n };
        const corners = ({ min, max }) => [min, max, min + 1n, max - 1n, 0n, 1n, -1n];
        for (const range of [wide, byte]) {
            const values = valuesOf([range], 20_000, 1)[0];
            for (const corner of corners(range)) {
                const share = values.filter((value) => value === corner).length / 20_000;
                expect(share).toBeGreaterThan(0.03);
                expect(share).toBeLessThan(0.05);
            }
            const upper = values.filter((value) => value >= 0n && !corners(range).includes(value)).length;
            const lower = values.filter((value) => value < 0n && !corners(range).includes(value)).length;
            expect(upper / lower).toBeGreaterThan(0.93);
            expect(upper / lower).toBeLessThan(1.07);
        }
        expect(new Set(valuesOf([byte], 20_000, 1)[0]).size).toBe(256);
    });
});
it('randomWords gives the words of sfc32, whatever the machine', () => {
    const next = randomWords(1);
    expect([next(), next(), next()]).toMatchInlineSnapshot(`
    [
      2012149540,
      1872316204,
      1707632675,
    ]
  `);
});
