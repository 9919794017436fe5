import { setImmediate } from 'node:timers/promises';
import { outputStationaryArray, resultCycle } from '../accel/output-stationary.js';
import { portNamed } from '../sim/engine.js';
import { randomWords } from '../sim/stimulus.js';
/** More combinations than this are not run one by one. */
const mostCombinations = 2 ** 17;
/**
 * Runs the lone PE, side chains included, against its golden model: every product as a group of one where there are at
 * most 2^17 of them (with every zero point, if that is still so), then random groups of random length with random idle cycles, extremes that just fill the
 * accumulator among them. A result counts only in the very cycle the timing contract names; a result in any other cycle
 * is a mismatch, and so is a failed check of the hardware.
 */
export const verify = async (engine, pe, { groups: randomGroups, seed, progress }) => {
    const { activation, weight, zero } = pe.operands;
    const zeros = zero ?? { min: 0n, max: 0n };
    const exhaustive = span(activation) * span(weight) <= mostCombinations;
    const combinations = countOf(activation, weight, zeros);
    const total = (exhaustive ? combinations : 0) + randomGroups;
    let mismatches = 0;
    let first;
    const mismatch = (sentence) => {
        mismatches++;
        first ??= `${sentence} (engine ${engine.name}, seed ${seed})`;
    };
    const failedBefore = engine.failedChecks;
    const cyclesBefore = engine.cycle;
    const started = performance.now();
    engine.reset();
    let done = 0;
    const run = async (groups) => {
        for (const batch of batches(groups)) {
            checkBatch(engine, pe, batch, mismatch);
            done += batch.length;
            progress?.(done, total);
            // Lets signals and the progress bar have their turn.
            await setImmediate();
        }
    };
    if (exhaustive)
        await run(everyCombination(activation, weight, zeros));
    await run(randomGroupsOf(pe, randomGroups, seed));
    const broken = engine.failedChecks - failedBefore;
    if (broken > 0)
        mismatch(`the hardware's own checks failed ${broken} times, first: ${engine.failures[0]?.message}`);
    const cycles = engine.cycle - cyclesBefore;
    const seconds = (performance.now() - started) / 1000;
    return {
        engine: engine.name,
        vectors: done,
        exhaustive,
        mismatches,
        cycles,
        cyclesPerSecond: Math.round(cycles / seconds),
        seed,
        ...(first === undefined ? {} : { first }),
    };
};
/** The design `verify` runs: one PE with its side chains. */
export const lonePe = (pe) => outputStationaryArray(pe, { rows: 1, columns: 1 });
const span = ({ min, max }) => Number(max - min) + 1;
/** Operand cycles of one replay. */
const batchCycles = 8192;
function* batches(groups) {
    let batch = [];
    let cycles = 0;
    for (const group of groups) {
        batch.push(group);
        cycles += group.activations.length + group.idle;
        if (cycles < batchCycles)
            continue;
        yield batch;
        batch = [];
        cycles = 0;
    }
    if (batch.length > 0)
        yield batch;
}
const everyZero = (activation, weight, zero) => span(activation) * span(weight) * span(zero) <= mostCombinations;
const countOf = (activation, weight, zero) => span(activation) * span(weight) * (everyZero(activation, weight, zero) ? span(zero) : 1);
function* everyCombination(activation, weight, zero) {
    const every = everyZero(activation, weight, zero);
    for (let z = Number(zero.min); z <= (every ? Number(zero.max) : Number(zero.min)); z++)
        for (let w = Number(weight.min); w <= Number(weight.max); w++)
            for (let x = Number(activation.min); x <= Number(activation.max); x++)
                yield {
                    activations: [x],
                    weights: [w],
                    zero: every ? z : Number(zero.min) + (((x * 31 + w * 7) & 255) % span(zero)),
                    idle: 0,
                };
}
function* randomGroupsOf(pe, count, seed) {
    const random = randomWords(seed);
    const below = (limit) => Math.floor((random() / 2 ** 32) * limit);
    const { activation, weight, zero } = pe.operands;
    const longest = pe.operands.group ?? 256;
    const within = ({ min, max }) => Number(min) + below(Number(max - min) + 1);
    const edge = ({ min, max }) => Number(below(2) ? min : max);
    for (let k = 0; k < count; k++) {
        const length = below(4) === 0 ? longest : 1 + below(longest);
        // One group in eight holds extremes throughout, so that a register one bit too narrow overflows.
        const extreme = below(8) === 0;
        const [x, w] = [edge(activation), edge(weight)];
        yield {
            activations: Array.from({ length }, () => (extreme ? x : within(activation))),
            weights: Array.from({ length }, () => (extreme ? w : within(weight))),
            zero: zero ? (extreme ? edge(zero) : within(zero)) : 0,
            idle: below(3) === 0 ? below(9) : 0,
        };
    }
}
/** Runs groups back to back and compares every cycle's `result_valid_0` and every result. */
const checkBatch = (engine, pe, groups, mismatch) => {
    const { ports } = engine;
    const offset = (name) => portNamed(ports.inputs, name).offset;
    const [activation, weight, last] = [offset('activation_0'), offset('weight_0'), offset('last')];
    const zero = pe.operands.zero && offset('zero_0');
    const latency = resultCycle(pe, 0, 0);
    const cycles = groups.reduce((sum, group) => sum + group.idle + group.activations.length, 0) + latency + 1;
    const stimulus = new Int32Array(cycles * ports.inputWords);
    const expected = new Map();
    let cycle = 0;
    for (const group of groups) {
        cycle += group.idle;
        group.activations.forEach((x, k) => {
            const row = cycle++ * ports.inputWords;
            stimulus[row + activation] = x;
            stimulus[row + weight] = group.weights[k];
            if (k < group.activations.length - 1)
                return;
            stimulus[row + last] = 1;
            if (zero !== undefined)
                stimulus[row + zero] = group.zero;
        });
        expected.set(cycle - 1 + latency, { value: pe.golden(group.activations, group.weights, group.zero), group });
    }
    const response = new Int32Array(cycles * ports.outputWords);
    engine.replay(stimulus, cycles, response);
    const result = portNamed(ports.outputs, 'result_0').offset;
    const valid = portNamed(ports.outputs, 'result_valid_0').offset;
    for (let k = 0; k < cycles; k++) {
        const row = k * ports.outputWords;
        const want = expected.get(k);
        const isValid = response[row + valid] === 1;
        if (!want && isValid)
            mismatch(`a result came in cycle ${k}, where the timing contract has none`);
        if (!want)
            continue;
        if (!isValid)
            mismatch(`no result came in cycle ${k}, ${latency} after a group's last operands`);
        else if (BigInt(response[row + result]) !== want.value)
            mismatch(describe(want, response[row + result]));
    }
};
const describe = ({ value, group }, found) => group.activations.length === 1
    ? `activation ${group.activations[0]}, weight ${group.weights[0]}, zero point ${group.zero} gave ${found}, the golden model says ${value}`
    : `a group of ${group.activations.length} gave ${found}, the golden model says ${value}`;
