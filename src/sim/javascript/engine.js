import { portLayout, rowsOf } from '../engine.js';
import { flatten } from '../flatten.js';
import { keptFailures } from '../interpret.js';
import { generate } from './generate.js';
const arrays = (counts) => ({
    i32: new Int32Array(counts.i32),
    f64: new Float64Array(counts.f64),
    big: new Array(counts.big).fill(0n),
});
/** Generated JavaScript: flat straight-line code in functions of a size V8 optimises. Ready in milliseconds. */
export const javascriptEngine = (module, { checks = true } = {}) => {
    const flat = flatten(module);
    const ports = portLayout(module);
    const program = generate(flat, ports, checks);
    const state = arrays(program.storage.registers);
    const next = arrays(program.storage.registers);
    const shared = arrays(program.storage.shared);
    const inputs = new Int32Array(ports.inputWords);
    const outputs = new Int32Array(ports.outputWords);
    const failures = [];
    let failedChecks = 0;
    let cycle = 0;
    const fail = (index, within) => {
        if (++failedChecks > keptFailures)
            return;
        const { path, message } = flat.checks[index];
        failures.push({ cycle: cycle + within, message: path ? `${path}: ${message}` : message });
    };
    const prologue = Object.entries({ S: state, N: next, T: shared })
        .flatMap(([name]) => ['i32', 'f64', 'big'].map((kind) => `const ${name}_${kind} = ${name}.${kind};`))
        .join(' ');
    const run = new Function('S', 'N', 'T', 'O', 'fail', `${prologue}\n${program.code}`)(state, next, shared, outputs, fail);
    const reset = () => flat.registers.forEach((register, k) => {
        const { kind, slot } = program.slots[k];
        if (kind === 'big')
            state.big[slot] = register.reset;
        else
            state[kind][slot] = Number(register.reset);
    });
    reset();
    const go = (source, rows, cycles, response) => {
        run(source, ports.inputWords, rows, cycles, response);
        cycle += cycles;
    };
    return {
        name: 'js',
        ports,
        inputs,
        outputs,
        step: (cycles = 1) => go(inputs, 1, cycles),
        replay: (stimulus, cycles, response) => go(stimulus, rowsOf(ports, stimulus), cycles, response),
        reset,
        register: (path) => {
            const k = flat.registers.findIndex((register) => register.path === path);
            if (k < 0)
                return undefined;
            const { kind, slot } = program.slots[k];
            return BigInt(state[kind][slot]);
        },
        failures,
        get failedChecks() {
            return failedChecks;
        },
        get cycle() {
            return cycle;
        },
        close() { },
    };
};
