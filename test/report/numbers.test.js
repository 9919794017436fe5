import { describe, expect, it } from 'vitest';
import { digits, grouped, percent, short } from '../../src/report/numbers.js';
describe('numbers for readers', () => {
    it.each([
        [0, '0'],
        [999, '999'],
        [1000, '1,000'],
        [-1234567.25, '-1,234,567.25'],
        [Number.MAX_SAFE_INTEGER, '9,007,199,254,740,991'],
    ])('grouped(%d) is %s', (value, text) => expect(grouped(value)).toBe(text));
    it.each([
        [0, '0'],
        [1.234, '1.23'],
        [0.012345, '0.0123'],
        [12345.6, '12,346'],
        [9.999, '10'],
        [0.00001234, '1.23e-5'],
        [1e20, '1.00e+20'],
        [-2.5, '-2.5'],
    ])('digits(%d) is %s', (value, text) => expect(digits(value)).toBe(text));
    it.each([
        [9999, '9,999'],
        [10_000, '10 k'],
        [115_040_145, '115 M'],
        [1.5e9, '1.5 G'],
        [2e12, '2 T'],
        [12.345, '12.3'],
    ])('short(%d) is %s', (value, text) => expect(short(value)).toBe(text));
    it('writes shares as per cent', () => {
        expect(percent(0.1234)).toBe('12.3 %');
        expect(percent(1)).toBe('100 %');
    });
});
