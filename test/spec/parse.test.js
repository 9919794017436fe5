import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, canonicalText, maximumSpecLength, parseSpec, parseValue, SpecError, } from '../../src/spec/index.js';
/** The error that the text of a spec gives, or a failure of the test. */
const faultOf = (text) => {
    try {
        parseSpec(text);
    }
    catch (error) {
        if (error instanceof SpecError)
            return error;
        throw error;
    }
    throw new Error(`'${text}' was read without an error`);
};
describe('the grammar of specs', () => {
    it('reads a family with parameters and says where each word stands', () => {
        const text = 'mixpe(w=int4, group=128)';
        const spec = parseSpec(text);
        expect(spec.text).toBe(text);
        expect(spec.family).toEqual({ text: 'mixpe', from: 0, to: 5 });
        expect(spec.parameters).toEqual([
            { key: { text: 'w', from: 6, to: 7 }, value: { kind: 'name', text: 'int4', from: 8, to: 12 } },
            {
                key: { text: 'group', from: 14, to: 19 },
                value: { kind: 'integer', value: 128, text: '128', from: 20, to: 23 },
            },
        ]);
    });
    it('reads a bare family and one with empty brackets as the same', () => {
        for (const text of ['bitmod', 'bitmod()', '  bitmod ( )  ']) {
            expect(parseSpec(text).parameters).toEqual([]);
            expect(canonical(parseSpec(text))).toBe('bitmod()');
        }
    });
    it('reads calls as values, with places, keys and calls inside them', () => {
        const text = 'pe(w = posit( 16, 1 ), a=mxfp4(block=32, of=fp(e2m1)))';
        const [w, a] = parseSpec(text).parameters.map((parameter) => parameter.value);
        expect(w).toMatchObject({ kind: 'call', text: 'posit( 16, 1 )', from: 7, to: 21, name: { text: 'posit' } });
        expect(w?.arguments.map((argument) => argument.value)).toMatchObject([{ value: 16 }, { value: 1 }]);
        expect(a?.arguments.map((argument) => argument.key?.text)).toEqual(['block', 'of']);
        expect(a?.arguments[1]?.value).toMatchObject({ kind: 'call', text: 'fp(e2m1)' });
    });
    it('prints one canonical text, whatever the spaces and the order', () => {
        const text = 'mixpe(a=int8, group=8, w=posit(16,1))';
        expect(canonical(parseSpec(' mixpe( w=posit( 16 ,1 ),group=008,a =int8 ) '))).toBe(text);
        expect(canonical(parseSpec(text))).toBe(text);
        expect(canonicalText('mxfp4( block = 032 )')).toBe('mxfp4(block=32)');
        expect(canonicalText('-0')).toBe('0');
        expect(canonicalText('-12')).toBe('-12');
    });
    it('takes names with dots and hyphens, as workloads have them', () => {
        expect(parseSpec('perf(of=opt-1.3b)').parameters[0]?.value).toMatchObject({ kind: 'name', text: 'opt-1.3b' });
    });
    it('reads the text of one value on its own', () => {
        expect(parseValue('posit(8,0)')).toMatchObject({ kind: 'call', text: 'posit(8,0)' });
        expect(() => parseValue('posit(8,0')).toThrow(SpecError);
    });
});
describe('errors of the grammar', () => {
    it.each([
        ['', 0, "ends where a name such as 'mixpe' is expected"],
        ['(', 0, "has '(' where a name such as 'mixpe' is expected"],
        ['128', 0, "has '128' where a name such as 'mixpe' is expected"],
        ['mixpe(', 6, "ends where a key such as 'group' or ')' is expected"],
        ['mixpe(w', 7, "ends where '=' and the value of 'w' is expected"],
        ['mixpe(w=', 8, "ends where a value such as 'int4', '128' or 'posit(16,1)' is expected"],
        ['mixpe(w=int4', 12, "ends where ',' or ')' is expected"],
        ['mixpe(w=int4)x', 13, "has 'x' where the end is expected"],
        ['mixpe(w=int4,)', 13, "has ')' where a key such as 'group' is expected"],
        ['mixpe(int4)', 10, "has ')' where '=' and the value of 'int4' is expected"],
        ['mixpe(w=int4 a=int8)', 13, "has 'a' where ',' or ')' is expected"],
        ['mixpe; rm', 5, "has ';' where '(' or the end is expected"],
        ['mixpe(w=posit(16', 16, "ends where ',' or ')' is expected"],
        ['mixpe(w=posit(', 14, "ends where a value or ')' is expected"],
        ['mixpe(w=1e9)', 9, "has 'e9' where ',' or ')' is expected"],
        ['mixpe(w=#)', 8, "has '#' where a value"],
    ])('%j is refused at character %i', (text, from, message) => {
        const error = faultOf(text);
        expect(error.code).toBe('E-SPEC-SYNTAX');
        expect(error.message).toContain(message);
        expect(error.from).toBe(from);
    });
    it('shows the text, and carets under exactly the faulty word', () => {
        expect(faultOf('mixpe(w=int4 group=8)').message.split('\n')).toEqual([
            "the spec has 'group' where ',' or ')' is expected",
            '  mixpe(w=int4 group=8)',
            '               ^^^^^',
            "a spec is a name with parameters, such as 'mixpe(w=int4, a=int8, group=128)'",
        ]);
    });
    it('refuses a key given twice, at the second', () => {
        expect(faultOf('mixpe(w=int4, w=int8)')).toMatchObject({ code: 'E-SPEC-DUPLICATE', from: 14, to: 15 });
        expect(faultOf('pe(w=mx(b=1,b=2))')).toMatchObject({ code: 'E-SPEC-DUPLICATE', from: 12 });
    });
    it('refuses texts that are too long, not printable, nested too deep, or with integers too long', () => {
        expect(parseSpec('a'.repeat(maximumSpecLength)).family.to).toBe(maximumSpecLength);
        expect(faultOf('a'.repeat(maximumSpecLength + 1)).code).toBe('E-SPEC-LENGTH');
        const odd = faultOf('mix\u001b[31mpe');
        expect(odd).toMatchObject({ code: 'E-SPEC-CHARACTER', from: 3 });
        expect(odd.message).toContain('U+001B');
        expect(odd.message).not.toContain('\u001b');
        expect(faultOf('pe(w=\u{1F600})').message).toContain('U+1F600');
        const nested = (depth) => `pe(w=${'f('.repeat(depth)}${')'.repeat(depth)})`;
        expect(parseSpec(nested(8)).parameters).toHaveLength(1);
        expect(faultOf(nested(9))).toMatchObject({ code: 'E-SPEC-VALUE', from: 21 });
        expect(parseSpec('pe(n=999999999999999)').parameters[0]?.value).toMatchObject({ value: 999999999999999 });
        expect(faultOf('pe(n=1000000000000000)').code).toBe('E-SPEC-VALUE');
    });
    it('cuts a long text to what stands around the place', () => {
        const lines = faultOf(`mixpe(${'w=int4, '.repeat(100)};)`).message.split('\n');
        expect(lines).toHaveLength(4);
        for (const line of lines)
            expect(line.length).toBeLessThan(120);
        expect(lines[1]?.[lines[2]?.indexOf('^') ?? -1]).toBe(';');
    });
    it('reads or refuses any text with a SpecError of at most four printable lines', () => {
        const piece = fc.constantFrom('mixpe', 'w', '=', '(', ')', ',', ' ', '128', '-1', 'posit', ';', 'é', '\n', '\t', '"');
        const text = fc.oneof(fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')), fc.string());
        fc.assert(fc.property(text, (text) => {
            try {
                const spec = parseSpec(text);
                expect(canonical(parseSpec(canonical(spec)))).toBe(canonical(spec));
            }
            catch (error) {
                if (!(error instanceof SpecError))
                    throw error;
                expect(error.message.split('\n').length).toBeLessThanOrEqual(4);
                expect(error.message).toMatch(/^[\x20-\x7e\n]*$/);
            }
        }), { numRuns: 2000, seed: 1 });
    });
    it('refuses deep nesting without an end quickly', () => {
        const started = performance.now();
        expect(faultOf(`pe(w=${'f('.repeat(490)}`).code).toBe('E-SPEC-SYNTAX');
        expect(performance.now() - started).toBeLessThan(1000);
    });
});
