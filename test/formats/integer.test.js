import { describe, expect, it } from 'vitest';
import { formatOf, formats, integerFormat, integerFormatOf } from '../../src/formats/index.js';
const small = [2, 3, 4, 5, 6, 7, 8].flatMap((bits) => [integerFormat(bits, true), integerFormat(bits, false)]);
/** Second definition, straight from the weights of the bits: the top one of a signed code counts negative. */
const weigh = (code, bits, signed) => {
    let value = 0n;
    for (let k = 0; k < bits; k++) {
        const bit = (code >> BigInt(k)) & 1n;
        const weight = 2n ** BigInt(k);
        value += signed && k === bits - 1 ? -bit * weight : bit * weight;
    }
    return value;
};
describe('integer formats', () => {
    it.each(small)('every code of $id has the value of its weighted bits and comes back', (format) => {
        for (let code = 0n; code < 1n << BigInt(format.bits); code++) {
            const value = format.decode(code);
            expect(value).toBe(weigh(code, format.bits, format.signed));
            expect(format.encode(value)).toBe(code);
            expect(value >= format.min && value <= format.max).toBe(true);
        }
    });
    it.each(small)('values outside $id saturate to the nearest limit, wrap by whole ranges, or are refused', (format) => {
        const size = format.max - format.min + 1n;
        for (let value = format.min - 2n * size; value <= format.max + 2n * size; value++) {
            const nearest = value < format.min ? format.min : value > format.max ? format.max : value;
            expect(format.decode(format.encode(value, 'saturate'))).toBe(nearest);
            const wrapped = format.decode(format.encode(value, 'wrap'));
            expect((wrapped - value) % size).toBe(0n);
            if (nearest !== value)
                expect(() => format.encode(value)).toThrow(RangeError);
        }
    });
    it('says which range is allowed when a value or a code is outside it', () => {
        const int4 = integerFormat(4, true);
        expect(() => int4.encode(8n)).toThrow('int4 holds -8 to 7, got 8');
        expect(() => int4.decode(16n)).toThrow('int4 has codes 0 to 15, got 16');
        expect(() => int4.decode(-1n)).toThrow('int4 has codes 0 to 15, got -1');
    });
    it('keeps the limits of 32 bits exact', () => {
        expect(integerFormatOf('int32').encode(-(2n ** 31n))).toBe(2n ** 31n);
        expect(integerFormatOf('uint32').decode(2n ** 32n - 1n)).toBe(2n ** 32n - 1n);
        expect(integerFormatOf('int32').max).toBe(2n ** 31n - 1n);
    });
    it('lists int2 to int32 and uint2 to uint32, each once, with its range', () => {
        expect(formats).toHaveLength(62);
        expect(new Set(formats.map((format) => format.id)).size).toBe(62);
        expect(formats.find((format) => format.id === 'uint5')?.summary).toBe('5-bit unsigned integer, 0 to 31');
        for (const { id } of formats)
            expect(formatOf(id)?.id).toBe(id);
    });
    it('refuses names and widths that do not exist', () => {
        expect(formatOf('int33')).toBeUndefined();
        expect(formatOf('constructor')).toBeUndefined();
        expect(() => integerFormatOf('int1')).toThrow("there is no integer format 'int1'; there are int2 to int32");
        expect(() => integerFormat(0, true)).toThrow(RangeError);
        expect(() => integerFormat(65, true)).toThrow(RangeError);
    });
});
