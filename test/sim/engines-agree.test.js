import { describe, expect, it } from 'vitest';
import { compareEngines, describeDifference } from '../../src/sim/compare.js';
import { flatten } from '../../src/sim/flatten.js';
import { interpreter } from '../../src/sim/interpret.js';
import { javascriptEngine } from '../../src/sim/javascript/engine.js';
import { randomStimulus } from '../../src/sim/stimulus.js';
import { sortedFailures } from '../fuzz/failures.js';
import { randomComponent } from '../fuzz/random-component.js';
const full = Boolean(process.env.BITLOOM_FULL);
const designs = full ? 2000 : 150;
const kinds = [
    ['narrow values', { width: 24, operations: 40, depth: 1 }],
    ['values beyond 32 and 53 bits', { width: 130, favourites: [32, 64, 65, 96, 128], operations: 30, depth: 1 }],
    ['values of about 32 bits', { width: 40, favourites: [31, 32, 33], operations: 30, depth: 0 }],
    ['values of about 53 bits', { width: 56, favourites: [52, 53, 54], operations: 30, depth: 0 }],
    ['three levels of hierarchy', { width: 34, operations: 12, depth: 3 }],
    ['more operations than one function holds', { width: 20, operations: 700, depth: 1 }],
];
describe('every engine agrees with the interpreter', () => {
    it.each(kinds)('JavaScript on random components with %s: outputs, registers and failed checks, every cycle', (what, limits) => {
        const count = what.startsWith('more') ? designs / 10 : designs;
        for (let seed = 1; seed <= count; seed++) {
            const { module } = randomComponent(seed, limits);
            const [definition, javascript] = [interpreter(module), javascriptEngine(module)];
            const stimulus = randomStimulus(definition.ports, 60, seed);
            const registers = flatten(module).registers.map(({ path }) => path);
            const difference = compareEngines([definition, javascript], stimulus, {
                registers: seed % 4 === 0 ? registers : [],
            });
            const design = `seed ${seed}, limits ${JSON.stringify(limits)}`;
            expect(difference && `${describeDifference(difference)}: ${design}`).toBeUndefined();
            expect(sortedFailures(javascript), design).toEqual(sortedFailures(definition));
        }
    }, full ? 1_800_000 : 60_000);
});
