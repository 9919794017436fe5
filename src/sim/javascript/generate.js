import { expression, literal, representationOf } from './expression.js';
/** V8 stops optimising a function beyond 61,440 bytes of bytecode; 400 to 800 statements each run best. */
const statementsPerFunction = 400;
/** Up to here registers live in local variables of one function with the clock loop inside. */
const smallDesign = 120;
/** Straight-line JavaScript of one cycle, in functions V8 still optimises. */
export const generate = (flat, ports, checks) => {
    const live = liveOperations(flat, checks);
    const small = live.length <= smallDesign;
    // A register's next value is stored by the function that computes it; plain moves come in functions of their own.
    const stores = new Map();
    const moves = [];
    const computed = new Set(live);
    flat.registers.forEach(({ next }, k) => {
        if (!computed.has(next))
            moves.push(k);
        else
            stores.set(next, [...(stores.get(next) ?? []), k]);
    });
    const functionOf = new Map();
    let functionCount = 1;
    let statements = 0;
    for (const value of live) {
        const weight = 1 + (stores.get(value)?.length ?? 0);
        if (!small && statements + weight > statementsPerFunction) {
            functionCount++;
            statements = 0;
        }
        statements += weight;
        functionOf.set(value, functionCount - 1);
    }
    const counter = () => {
        const counts = { i32: 0, f64: 0, big: 0 };
        return Object.assign((kind) => counts[kind]++, { counts });
    };
    const takeRegister = counter();
    const slots = flat.registers.map(({ value }) => {
        const kind = representationOf(flat.values[value]);
        return { kind, slot: takeRegister(kind) };
    });
    const registerText = new Map(flat.registers.map(({ value }, k) => [value, small ? `r${k}` : `S.${slots[k].kind}[${slots[k].slot}]`]));
    const inputText = new Map(flat.inputs.map(({ value }, k) => [value, readInput(ports.inputs[k])]));
    // Values read outside the function that computes them are stored once in T.
    const takeShared = counter();
    const sharedText = new Map();
    const share = (value) => {
        if (sharedText.has(value))
            return;
        const kind = representationOf(flat.values[value]);
        sharedText.set(value, `T.${kind}[${takeShared(kind)}]`);
    };
    const last = functionCount;
    const readers = [
        ...live.flatMap((value) => flat.values[value].args.map((arg) => ({ value: arg, at: functionOf.get(value) }))),
        ...flat.outputs.map(({ value }) => ({ value, at: last })),
    ];
    if (!small)
        for (const { value, at } of readers)
            if (functionOf.has(value) && functionOf.get(value) !== at)
                share(value);
    /** Text of a value as read in function `at`. */
    const text = (value, at) => {
        const of = flat.values[value];
        if (of.op === 'const')
            return literal(of.value, representationOf(of));
        if (of.op === 'in')
            return inputText.get(value);
        if (of.op === 'reg')
            return registerText.get(value);
        if (!small && functionOf.get(value) !== at)
            return sharedText.get(value);
        return `t${value}`;
    };
    const bodies = Array.from({ length: functionCount }, () => []);
    for (const value of live) {
        const at = functionOf.get(value);
        const of = flat.values[value];
        const args = of.args.map((arg) => flat.values[arg]);
        const code = expression(of, args, of.args.map((arg) => text(arg, at)));
        bodies[at].push(`const t${value} = ${code};`);
        const shared = sharedText.get(value);
        if (shared)
            bodies[at].push(`${shared} = t${value};`);
    }
    const homeOf = (value) => functionOf.get(value) ?? 0;
    if (checks)
        flat.checks.forEach(({ holds }, k) => {
            bodies[homeOf(holds)].push(`if (!${text(holds, homeOf(holds))}) fail(${k});`);
        });
    const outputs = flat.outputs.flatMap(({ value }, k) => writeOutput(ports.outputs[k], text(value, last), representationOf(flat.values[value])));
    const nextText = (k, at) => {
        const { next } = flat.registers[k];
        const wide = slots[k].kind === 'big' && representationOf(flat.values[next]) !== 'big';
        return wide ? `BigInt(${text(next, at)})` : text(next, at);
    };
    const storage = { registers: takeRegister.counts, shared: takeShared.counts };
    const loopHead = 'let at = 0, to = 0; const end = words * rows;';
    const loopTail = 'at += words; if (at === end) at = 0;';
    if (small) {
        const all = flat.registers.map((_, k) => k);
        const slotOf = (k) => `S.${slots[k].kind}[${slots[k].slot}]`;
        return {
            storage,
            slots,
            code: [
                "'use strict';",
                'return function run(I, words, rows, cycles, R) {',
                loopHead,
                ...all.map((k) => `let r${k} = ${slotOf(k)};`),
                'for (let cycle = 0; cycle < cycles; cycle++) {',
                ...bodies[0].map((line) => line.replace(/fail\((\d+)\)/, 'fail($1, cycle)')),
                ...outputs,
                `if (R) for (let k = 0; k < ${ports.outputWords}; k++) R[to++] = O[k];`,
                ...all.map((k) => `const n${k} = ${nextText(k, 0)};`),
                ...all.map((k) => `r${k} = n${k};`),
                loopTail,
                '}',
                ...all.map((k) => `${slotOf(k)} = r${k};`),
                '}',
            ].join('\n'),
        };
    }
    const store = (k, at) => `N.${slots[k].kind}[${slots[k].slot}] = ${nextText(k, at)};`;
    for (const [value, registers] of stores) {
        const at = functionOf.get(value);
        bodies[at].push(...registers.map((k) => store(k, at)));
    }
    for (let from = 0; from < moves.length; from += statementsPerFunction)
        bodies.push(moves.slice(from, from + statementsPerFunction).map((k) => store(k, last)));
    const commit = ['i32', 'f64']
        .filter((kind) => storage.registers[kind] > 0)
        .map((kind) => `S.${kind}.set(N.${kind});`);
    if (storage.registers.big > 0)
        commit.push(`for (let k = 0; k < ${storage.registers.big}; k++) S.big[k] = N.big[k];`);
    return {
        storage,
        slots,
        code: [
            "'use strict';",
            'let I, at = 0, cycle = 0;',
            ...hoist(bodies.map((body, k) => `function part${k}() {\n${body.join('\n').replace(/fail\((\d+)\)/g, 'fail($1, cycle)')}\n}`)),
            ...hoist([`function drive() {\n${outputs.join('\n')}\n}`]),
            'return function run(source, words, rows, cycles, R) {',
            'I = source; at = 0; let to = 0; const end = words * rows;',
            'for (cycle = 0; cycle < cycles; cycle++) {',
            ...bodies.map((_, k) => `part${k}();`),
            'drive();',
            `if (R) for (let k = 0; k < ${ports.outputWords}; k++) R[to++] = O[k];`,
            ...commit.map(unqualified),
            loopTail,
            '}',
            '}',
        ].join('\n'),
    };
};
/** Arrays as constants of the program: `S.i32[3]` becomes `S_i32[3]`, one load less each. */
const hoist = (texts) => texts.map(unqualified);
const unqualified = (text) => text.replace(/\b([SNT])\.(i32|f64|big)\b/g, '$1_$2');
/** Operations that registers, outputs or checks need, in evaluation order. */
const liveOperations = (flat, checks) => {
    const live = new Set();
    const work = [...flat.registers.map((register) => register.next), ...flat.outputs.map((output) => output.value)];
    if (checks)
        work.push(...flat.checks.map((check) => check.holds));
    for (let value = work.pop(); value !== undefined; value = work.pop()) {
        if (live.has(value))
            continue;
        live.add(value);
        work.push(...flat.values[value].args);
    }
    return [...live].filter((value) => !['const', 'in', 'reg'].includes(flat.values[value].op)).sort((a, b) => a - b);
};
const readInput = (port) => {
    const word = (k) => `I[at + ${port.offset + k}]`;
    const kind = representationOf(port.range);
    if (kind === 'i32')
        return word(0);
    if (port.words === 1)
        return `(${word(0)} >>> 0)`;
    if (kind === 'f64')
        return `(${word(1)} * 4294967296 + (${word(0)} >>> 0))`;
    const words = Array.from({ length: port.words }, (_, k) => k === port.words - 1 ? `(BigInt(${word(k)}) << ${32 * k}n)` : `(BigInt(${word(k)} >>> 0) << ${32 * k}n)`);
    // The top word is sign-extended in the row; without a sign its bits are taken as they are.
    const joined = `(${words.join(' | ')})`;
    return port.range.min < 0n ? joined : `BigInt.asUintN(${32 * port.words}, ${joined})`;
};
const writeOutput = (port, text, kind) => Array.from({ length: port.words }, (_, k) => {
    const to = `O[${port.offset + k}]`;
    if (kind === 'big')
        return `${to} = Number(BigInt.asIntN(32, ${text} >> ${32 * k}n));`;
    if (k === 0)
        return `${to} = ${text};`;
    return k === 1 ? `${to} = Math.floor(${text} / 4294967296);` : `${to} = ${text} < 0 ? -1 : 0;`;
});
