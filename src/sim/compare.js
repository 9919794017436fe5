import { readPort } from './engine.js';
/**
 * Resets the engines and runs them in lockstep over a stimulus; the first engine is compared with each other one. Returns
 * the earliest difference, or undefined where all agree; afterwards the engines stand in or behind its cycle.
 */
export const compareEngines = (engines, stimulus, options = {}) => {
    const [left, ...others] = engines;
    if (!left || others.length === 0)
        throw new RangeError('a comparison needs two engines');
    for (const right of others)
        checkSamePorts(left, right);
    const { inputWords, outputWords } = left.ports;
    const rows = inputWords === 0 ? 1 : stimulus.length / inputWords;
    if (!Number.isInteger(rows) || rows === 0)
        throw new RangeError(`a stimulus holds whole rows of ${inputWords} words, got ${stimulus.length} words`);
    const { cycles = rows, registers = [] } = options;
    const blockCycles = registers.length > 0 ? 1 : Math.max(1, Math.min(4096, Math.floor(2 ** 20 / (outputWords + 1))));
    const expected = new Int32Array(blockCycles * outputWords);
    const found = new Int32Array(blockCycles * outputWords);
    for (const engine of engines)
        engine.reset();
    for (let start = 0; start < cycles;) {
        const first = start % rows;
        const count = Math.min(blockCycles, cycles - start, rows - first);
        const block = stimulus.subarray(first * inputWords, (first + count) * inputWords);
        left.replay(block, count, expected);
        const differences = [];
        for (const right of others) {
            right.replay(block, count, found);
            const difference = outputDifference(left, right, expected, found, count * outputWords) ??
                registerDifference(left, right, registers);
            if (difference)
                differences.push({ ...difference, cycle: start + difference.cycle });
        }
        if (differences.length > 0)
            return differences.reduce((a, b) => (b.cycle < a.cycle ? b : a));
        start += count;
    }
    return undefined;
};
/** `js and verilator differ in cycle 17 on sum: js says 5, verilator says 6 (seed 42)`. */
export const describeDifference = ({ cycle, signal, left, right }, seed) => `${left.engine} and ${right.engine} differ in cycle ${cycle} on ${signal}: ` +
    `${left.engine} says ${left.value}, ${right.engine} says ${right.value}${seed === undefined ? '' : ` (seed ${seed})`}`;
const checkSamePorts = (left, right) => {
    const describe = ({ inputs, outputs }) => [inputs, outputs]
        .map((ports) => ports.map(({ name, range }) => `${name} ${range.min}..${range.max}`).join(', '))
        .join(' -> ');
    const [ours, theirs] = [describe(left.ports), describe(right.ports)];
    if (ours !== theirs)
        throw new RangeError(`${left.name} and ${right.name} have different ports: ${ours} and ${theirs}`);
};
/** First difference in two responses of `words` words, its cycle counted from their first row. */
const outputDifference = (left, right, expected, found, words) => {
    let word = 0;
    while (word < words && expected[word] === found[word])
        word++;
    if (word === words)
        return undefined;
    const { outputs, outputWords } = left.ports;
    const cycle = Math.floor(word / outputWords);
    const port = outputs.findLast(({ offset }) => offset <= word % outputWords);
    const opinion = (engine, response) => ({
        engine: engine.name,
        value: readPort(response, port, cycle * outputWords),
    });
    return { cycle, signal: port.name, left: opinion(left, expected), right: opinion(right, found) };
};
const registerDifference = (left, right, registers) => {
    for (const signal of registers) {
        const [expected, found] = [left.register(signal), right.register(signal)];
        if (expected === undefined || found === undefined || expected === found)
            continue;
        return {
            cycle: 0,
            signal,
            left: { engine: left.name, value: expected },
            right: { engine: right.name, value: found },
        };
    }
    return undefined;
};
