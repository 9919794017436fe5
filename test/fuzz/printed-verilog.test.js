import { describe, expect, it } from 'vitest';
import { printVerilog } from '../../src/dsl/index.js';
import { compareEngines, describeDifference } from '../../src/sim/compare.js';
import { interpreter } from '../../src/sim/interpret.js';
import { lintVerilog } from '../../src/sim/lint.js';
import { randomStimulus } from '../../src/sim/stimulus.js';
import { versionOf } from '../../src/sim/verilator/tools.js';
import { bundle } from './bundle.js';
import { sortedFailures } from './failures.js';
import { icarusEngine } from './icarus.js';
import { randomComponent } from './random-component.js';
import { verilatorJudge } from './verilator-judge.js';
const kinds = [
    ['narrow values', { width: 24, operations: 30, depth: 1 }],
    ['values to 130 bits', { width: 130, operations: 30, depth: 1 }],
    ['values of about 32 and 64 bits', { width: 70, favourites: [31, 32, 33, 63, 64, 65], operations: 30, depth: 0 }],
    ['three levels of hierarchy', { width: 34, operations: 12, depth: 3 }],
];
const full = Boolean(process.env.BITLOOM_FULL);
const cycles = full ? 200 : 80;
/** Icarus builds in no time; Verilator once for all kinds together. */
const designs = { iverilog: full ? 1000 : 40, verilator: full ? 100 : 8 };
const perBundle = 40;
const tools = { verilator: ['verilator', 'g++', 'make'], iverilog: ['iverilog', 'vvp'] };
const missing = (tool) => {
    const absent = tools[tool].filter((name) => versionOf(name, name === 'iverilog' || name === 'vvp' ? '-V' : undefined) === undefined);
    if (absent.length > 0)
        console.warn(`fuzzing with ${tool} is skipped: no ${absent.join(', ')}; run npm run setup:tools`);
    return absent.length > 0;
};
/** Cases in groups that are built and run together. */
const groups = (cases) => Array.from({ length: Math.ceil(cases.length / perBundle) }, (_, k) => cases.slice(k * perBundle, (k + 1) * perBundle));
const together = (cases) => bundle(`bundle_${cases[0].seed}`, cases.map(({ seed, limits }) => randomComponent(seed, limits))).module;
/** The difference with the seed and limits that show it again. */
const report = (difference, cases) => {
    if (!difference)
        return undefined;
    const { seed, limits } = cases[Number(/^d(\d+)_/.exec(difference.signal)[1])];
    return `${describeDifference(difference)}: randomComponent(${seed}, ${JSON.stringify(limits)})`;
};
const lintComplaints = async (module) => (await lintVerilog(printVerilog(module), module.name)).flatMap(({ complaints }) => complaints);
describe.skipIf(missing('iverilog'))('printed Verilog in Icarus', () => {
    it.each(kinds)('does what the interpreter does, every output in every cycle, with %s, and no linter complains', async (_, limits) => {
        const all = Array.from({ length: designs.iverilog }, (_, k) => ({ seed: 10_000 + k, limits }));
        for (const cases of groups(all)) {
            const module = together(cases);
            const definition = interpreter(module);
            const stimulus = randomStimulus(definition.ports, cycles, cases[0].seed);
            expect(report(compareEngines([definition, icarusEngine(module)], stimulus), cases)).toBeUndefined();
            expect(await lintComplaints(module)).toEqual([]);
        }
    }, full ? 1_800_000 : undefined);
});
describe.skipIf(missing('verilator'))('printed Verilog in Verilator', () => {
    it('does what the interpreter does, every output and every failed check in every cycle, and no linter complains', async () => {
        const all = kinds.flatMap(([, limits], kind) => Array.from({ length: designs.verilator }, (_, k) => ({ seed: 20_000 + 1000 * kind + k, limits })));
        for (const cases of groups(all)) {
            const module = together(cases);
            const definition = interpreter(module);
            const stimulus = randomStimulus(definition.ports, cycles, cases[0].seed);
            const judge = verilatorJudge(module);
            try {
                expect(report(compareEngines([definition, judge], stimulus), cases)).toBeUndefined();
                expect(sortedFailures(judge)).toEqual(sortedFailures(definition));
            }
            finally {
                judge.close();
            }
            expect(await lintComplaints(module)).toEqual([]);
        }
    }, full ? 1_800_000 : undefined);
});
