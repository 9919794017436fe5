import { describe, expect, it } from 'vitest';
import { compareEngines, describeDifference } from '../../src/sim/compare.js';
import { portLayout, readPort, writePort } from '../../src/sim/engine.js';
import { randomStimulus } from '../../src/sim/stimulus.js';
const node = (name, range) => ({ op: 'in', id: 0, name, ...range });
const byte = { min: -128n, max: 127n };
const wide = { min: -(2n ** 69n), max: 2n ** 69n - 1n };
const ports = portLayout({
    inputs: [node('a', byte), node('b', wide)],
    outputs: [
        { name: 'low', range: byte, node: node('low', byte) },
        { name: 'sum', range: wide, node: node('sum', wide) },
    ],
});
/** Outputs the former inputs out of two registers; `wrong` may change a register after a given cycle's edge. */
const pipeline = (name, wrong = (_, __, value) => value, layout = ports) => {
    let low = 0n;
    let sum = 0n;
    let cycle = 0;
    let since = 0;
    const engine = {
        name,
        ports: layout,
        inputs: new Int32Array(layout.inputWords),
        outputs: new Int32Array(layout.outputWords),
        failures: [],
        failedChecks: 0,
        get cycle() {
            return cycle;
        },
        step: (cycles = 1) => engine.replay(engine.inputs, cycles),
        replay(stimulus, cycles, response) {
            const rows = stimulus.length / layout.inputWords;
            for (let k = 0; k < cycles; k++) {
                const row = (k % rows) * layout.inputWords;
                writePort(engine.outputs, layout.outputs[0], low);
                writePort(engine.outputs, layout.outputs[1], sum);
                response?.set(engine.outputs, k * layout.outputWords);
                low = wrong(since, 'low', readPort(stimulus, layout.inputs[0], row));
                sum = wrong(since, 'sum', readPort(stimulus, layout.inputs[1], row));
                cycle++;
                since++;
            }
        },
        reset() {
            low = 0n;
            sum = 0n;
            since = 0;
        },
        register: (path) => (path === 'low' ? low : path === 'sum' ? sum : undefined),
        close() { },
    };
    return engine;
};
const flip = (at, of) => (cycle, register, value) => cycle === at && register === of ? ~value : value;
describe('compareEngines', () => {
    const stimulus = randomStimulus(ports, 10_000, 1);
    const valueAt = (port, cycle) => readPort(stimulus, ports.inputs[port], cycle * ports.inputWords);
    it('finds nothing where engines agree, whatever happened before', () => {
        const [left, right] = [pipeline('left'), pipeline('right')];
        right.replay(stimulus, 17);
        expect(compareEngines([left, right, pipeline('third')], stimulus)).toBeUndefined();
        expect([left.cycle, right.cycle]).toEqual([10_000, 10_017]);
    });
    it.each([0, 1, 4095, 4096, 9998])('names cycle, output and both values for a fault in cycle %i', (at) => {
        expect(compareEngines([pipeline('left'), pipeline('right', flip(at, 'sum'))], stimulus)).toEqual({
            cycle: at + 1,
            signal: 'sum',
            left: { engine: 'left', value: valueAt(1, at) },
            right: { engine: 'right', value: ~valueAt(1, at) },
        });
    });
    it('does not see a fault that no output shows within the stimulus, unless it looks at the registers', () => {
        const engines = () => [pipeline('left'), pipeline('right', flip(9999, 'low'))];
        expect(compareEngines(engines(), stimulus)).toBeUndefined();
        expect(compareEngines(engines(), stimulus, { registers: ['nowhere', 'sum', 'low'] })).toEqual({
            cycle: 9999,
            signal: 'low',
            left: { engine: 'left', value: valueAt(0, 9999) },
            right: { engine: 'right', value: ~valueAt(0, 9999) },
        });
    });
    it('reports the earliest of several differences', () => {
        const engines = [pipeline('first'), pipeline('late', flip(70, 'low')), pipeline('early', flip(60, 'sum'))];
        expect(compareEngines(engines, stimulus)).toMatchObject({ cycle: 61, right: { engine: 'early' } });
    });
    it('repeats a stimulus for more cycles than it has rows', () => {
        const short = stimulus.subarray(0, 7 * ports.inputWords);
        const engines = [pipeline('left'), pipeline('right', flip(23, 'sum'))];
        expect(compareEngines(engines, short, { cycles: 100 })).toMatchObject({
            cycle: 24,
            left: { value: valueAt(1, 23 % 7) },
        });
    });
    it('refuses one engine, different ports and half a row', () => {
        const other = portLayout({ inputs: [node('a', byte)], outputs: [] });
        expect(() => compareEngines([pipeline('one')], stimulus)).toThrow(/needs two engines/);
        expect(() => compareEngines([pipeline('one'), pipeline('two', undefined, other)], stimulus)).toThrow(/one and two have different ports: a -128..127, b /);
        expect(() => compareEngines([pipeline('one'), pipeline('two')], new Int32Array(5))).toThrow('a stimulus holds whole rows of 4 words, got 5 words');
    });
    it('describes a difference in one sentence with the seed that repeats it', () => {
        const difference = {
            cycle: 17,
            signal: 'sum',
            left: { engine: 'js', value: -5n },
            right: { engine: 'verilator', value: 6n },
        };
        expect(describeDifference(difference, 42)).toBe('js and verilator differ in cycle 17 on sum: js says -5, verilator says 6 (seed 42)');
        expect(describeDifference(difference)).toBe('js and verilator differ in cycle 17 on sum: js says -5, verilator says 6');
    });
});
