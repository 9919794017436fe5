import { alt_sc, apply, buildLexer, expectEOF, kleft, list_sc, opt_sc, rule, seq, tok, } from 'typescript-parsec';
import { canonicalValue } from './spec.js';
import { duplicateKey, printable, SpecError, short } from './spec-error.js';
/** Longest text of a spec, in characters. */
export const maximumSpecLength = 1000;
/** Calls may stand in calls this deep; deeper is a mistake, not a format. */
const maximumDepth = 8;
const lexer = buildLexer([
    [true, /^[A-Za-z_][A-Za-z0-9_.-]*/g, 'name'],
    [true, /^-?[0-9]+/g, 'integer'],
    [true, /^\(/g, '('],
    [true, /^\)/g, ')'],
    [true, /^,/g, ','],
    [true, /^=/g, '='],
    [false, /^[ \t]+/g, 'space'],
    [true, /^./gs, 'other'],
]);
const token = (kind) => tok(kind);
const wordOf = (token) => ({
    text: token.text,
    from: token.pos.index,
    to: token.pos.index + token.text.length,
});
/** `( item , item )`, possibly empty; `end` is the place after the closing bracket. */
const bracketed = (item) => apply(seq(token('('), opt_sc(list_sc(item, token(','))), token(')')), ([, items, close]) => ({
    items: items ?? [],
    end: wordOf(close).to,
}));
const VALUE = rule();
const PARAMETER = apply(seq(kleft(token('name'), token('=')), VALUE), ([key, value]) => ({ key: wordOf(key), value }));
const ARGUMENT = alt_sc(PARAMETER, apply(VALUE, (value) => ({ key: undefined, value })));
const INTEGER = apply(token('integer'), (found) => ({
    kind: 'integer',
    // `|| 0` turns -0 into 0.
    value: Number(found.text) || 0,
    ...wordOf(found),
}));
const NAME_OR_CALL = apply(seq(token('name'), opt_sc(bracketed(ARGUMENT))), ([found, call]) => {
    const name = wordOf(found);
    if (!call)
        return { kind: 'name', ...name };
    return { kind: 'call', name, arguments: call.items, text: '', from: name.from, to: call.end };
});
VALUE.setPattern(alt_sc(INTEGER, NAME_OR_CALL));
const SPEC = seq(token('name'), opt_sc(bracketed(PARAMETER)));
/** Reads the text of a spec, `mixpe(w=int4, a=int8)`, or throws a SpecError that points at the mistake. */
export const parseSpec = (text) => {
    const [family, call] = run(SPEC, text);
    const parameters = call?.items ?? [];
    for (const [index, { key, value }] of parameters.entries()) {
        if (parameters.slice(0, index).some((earlier) => earlier.key.text === key.text))
            throw duplicateKey(text, key);
        checkValue(text, value);
    }
    return {
        text,
        family: wordOf(family),
        parameters: parameters.map(({ key, value }) => ({ key, value: written(text, value) })),
    };
};
/** Reads the text of one value, `posit(16,1)` or `int4`, or throws a SpecError that points at the mistake. */
export const parseValue = (text) => {
    const value = run(VALUE, text);
    checkValue(text, value);
    return written(text, value);
};
/** The canonical text of a value given as text: `posit( 16, 1)` gives `posit(16,1)`. */
export const canonicalText = (text) => canonicalValue(parseValue(text));
const run = (parser, text) => {
    checkCharacters(text);
    const result = expectEOF(parser.parse(lexer.parse(text)));
    const candidate = result.successful ? result.candidates[0] : undefined;
    if (candidate)
        return candidate.result;
    const at = result.error?.pos?.index ?? text.trimEnd().length;
    const found = tokensOf(text.slice(at))[0];
    throw new SpecError('E-SPEC-SYNTAX', `the spec ${found ? `has '${short(printable(found.text))}'` : 'ends'} where ${expectedAfter(tokensOf(text.slice(0, at)))} is expected`, text, { from: at, to: at + (found?.text.length ?? 1) }, "a spec is a name with parameters, such as 'mixpe(w=int4, a=int8, group=128)'");
};
const tokensOf = (text) => {
    const tokens = [];
    for (let token = lexer.parse(text); token; token = token.next)
        tokens.push(token);
    return tokens;
};
/** What may follow the tokens of a spec that is right so far, as it stands in the message of a syntax error. */
const expectedAfter = (tokens) => {
    const last = tokens.at(-1);
    if (!last)
        return "a name such as 'mixpe'";
    const count = (kind) => tokens.filter((token) => token.kind === kind).length;
    const depth = count('(') - count(')');
    const value = "a value such as 'int4', '128' or 'posit(16,1)'";
    if (last.kind === '=')
        return value;
    if (last.kind === '(')
        return depth === 1 ? "a key such as 'group' or ')'" : "a value or ')'";
    if (last.kind === ',')
        return depth === 1 ? "a key such as 'group'" : value;
    if (depth === 0)
        return last.kind === ')' ? 'the end' : "'(' or the end";
    if (depth === 1 && last.kind === 'name' && tokens.at(-2)?.kind !== '=')
        return `'=' and the value of '${short(last.text)}'`;
    return "',' or ')'";
};
const checkCharacters = (text) => {
    if (text.length > maximumSpecLength)
        throw new SpecError('E-SPEC-LENGTH', `the spec has ${text.length} characters; at most ${maximumSpecLength} are allowed`, text, { from: maximumSpecLength, to: maximumSpecLength + 1 });
    const at = text.search(/[^\t\x20-\x7e]/);
    if (at < 0)
        return;
    const code = text.codePointAt(at).toString(16).toUpperCase().padStart(4, '0');
    throw new SpecError('E-SPEC-CHARACTER', `the spec has the character U+${code}, which is not printable ASCII`, text, { from: at, to: at + 1 }, "write names, integers, '(', ')', ',', '=' and spaces");
};
/** Rules that the grammar does not say: integers fit, calls do not nest without end, no argument is given twice. */
const checkValue = (text, value, depth = 1) => {
    const fault = (sentence, place, cure) => new SpecError('E-SPEC-VALUE', sentence, text, place, cure);
    if (value.kind === 'integer' && !/^-?0*[0-9]{0,15}$/.test(value.text))
        throw fault('the integer is too long', value, 'at most 15 digits are allowed');
    if (value.kind !== 'call')
        return;
    if (depth > maximumDepth)
        throw fault('the calls are nested too deep', value, `at most ${maximumDepth} calls in one another are allowed`);
    const keys = new Set();
    for (const { key, value: inner } of value.arguments) {
        if (key && keys.has(key.text))
            throw duplicateKey(text, key);
        if (key)
            keys.add(key.text);
        checkValue(text, inner, depth + 1);
    }
};
/** Fills in the text of calls, which the grammar does not see. */
const written = (text, value) => {
    if (value.kind !== 'call')
        return value;
    const inner = value.arguments.map((argument) => ({ ...argument, value: written(text, argument.value) }));
    return { ...value, text: text.slice(value.from, value.to), arguments: inner };
};
