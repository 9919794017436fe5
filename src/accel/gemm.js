import { portNamed } from '../sim/engine.js';
import { drainCycles, resultCycle } from './output-stationary.js';
export const groupsOf = ({ inputs, group }) => Math.ceil(inputs / group);
/** Multiply-accumulates of the product itself, without padding. */
export const macsOf = ({ tokens, outputs, inputs }) => tokens * outputs * inputs;
/** Cycles of one replay; short enough that stimulus and response stay in the cache. */
const blockCycles = 1024;
/**
 * Runs a product on a simulated output-stationary array, tile after tile without a gap; tiles at the edges and short
 * groups are filled with zeros. `outputs` limits the columns done, [from, to). Throws an Error where the array does not
 * answer in the cycle its timing contract says.
 */
export const runProduct = (engine, pe, { rows, columns }, product, [fromOutput, toOutput] = [0, product.outputs]) => {
    const { tokens, inputs, group, activations, weights, zeros } = product;
    const groups = groupsOf(product);
    const { ports } = engine;
    const words = (name, count) => Array.from({ length: count }, (_, k) => portNamed(ports.inputs, `${name}_${k}`).offset);
    const at = {
        activation: words('activation', rows),
        weight: words('weight', columns),
        zero: zeros ? words('zero', columns) : [],
        last: portNamed(ports.inputs, 'last').offset,
        result: Array.from({ length: columns }, (_, c) => portNamed(ports.outputs, `result_${c}`).offset),
        valid: Array.from({ length: columns }, (_, c) => portNamed(ports.outputs, `result_valid_${c}`).offset),
    };
    const shortest = pe.timing.shortestGroup(rows);
    const latest = drainCycles(pe, { rows, columns }) - 1;
    const sums = new Int32Array(tokens * (toOutput - fromOutput) * groups);
    const stimulus = new Int32Array(blockCycles * ports.inputWords);
    // Results of a block's last groups come in the next one: the response keeps as many old rows as the latency is long.
    const response = new Int32Array((latest + blockCycles) * ports.outputWords);
    let filled = 0;
    let cycle = 0;
    let pending = [];
    const collect = ({ cycle: end, firstToken, firstOutput, group: g }, firstCycle) => {
        for (let r = 0; r < rows && firstToken + r < tokens; r++)
            for (let c = 0; c < columns && firstOutput + c < toOutput; c++) {
                const row = (end + resultCycle(pe, r, c) - firstCycle + latest) * ports.outputWords;
                if (response[row + at.valid[c]] !== 1)
                    throw new Error(`${pe.spec}: no result of row ${r}, column ${c} in cycle ${end + resultCycle(pe, r, c)}`);
                const output = firstOutput + c - fromOutput;
                sums[((firstToken + r) * (toOutput - fromOutput) + output) * groups + g] = response[row + at.result[c]];
            }
    };
    const flush = () => {
        if (filled === 0)
            return;
        response.copyWithin(0, blockCycles * ports.outputWords);
        // A short block is replayed at the end of the window, so that "latest" rows before it are always the rows before it.
        const short = blockCycles - filled;
        if (short > 0)
            response.copyWithin(short * ports.outputWords, 0, latest * ports.outputWords);
        const window = response.subarray((latest + short) * ports.outputWords);
        engine.replay(stimulus.subarray(0, filled * ports.inputWords), filled, window);
        const firstCycle = cycle - blockCycles;
        const ready = (end) => end.cycle + latest < cycle;
        for (const end of pending)
            if (ready(end))
                collect(end, firstCycle);
        pending = pending.filter((end) => !ready(end));
        stimulus.fill(0);
        filled = 0;
    };
    const idle = (cycles) => {
        for (let k = 0; k < cycles; k++) {
            cycle++;
            if (++filled === blockCycles)
                flush();
        }
    };
    for (let firstToken = 0; firstToken < tokens; firstToken += rows)
        for (let firstOutput = fromOutput; firstOutput < toOutput; firstOutput += columns) {
            const liveRows = Math.min(rows, tokens - firstToken);
            const liveColumns = Math.min(columns, toOutput - firstOutput);
            for (let g = 0; g < groups; g++) {
                const start = g * group;
                const end = Math.min(inputs, start + group);
                idle(Math.max(0, shortest - (end - start)));
                for (let k = start; k < end; k++) {
                    const row = filled * ports.inputWords;
                    for (let r = 0; r < liveRows; r++)
                        stimulus[row + at.activation[r]] = activations[(firstToken + r) * inputs + k];
                    for (let c = 0; c < liveColumns; c++)
                        stimulus[row + at.weight[c]] = weights[(firstOutput + c) * inputs + k];
                    if (k === end - 1) {
                        stimulus[row + at.last] = 1;
                        if (zeros)
                            for (let c = 0; c < liveColumns; c++)
                                stimulus[row + at.zero[c]] = zeros[(firstOutput + c) * groups + g];
                        pending.push({ cycle, firstToken, firstOutput, group: g });
                    }
                    idle(1);
                }
            }
        }
    idle(latest + 1);
    flush();
    return { sums, cycles: cycle };
};
