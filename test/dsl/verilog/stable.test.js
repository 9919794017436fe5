import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bool, component, printVerilog, range, u } from '../../../src/dsl/index.js';
import { randomComponent } from '../../fuzz/random-component.js';
const built = existsSync('dist/pe/catalogue.js');
if (!built)
    console.warn('printing in other processes is not tested: run npm run build first (npm test does)');
const dist = (path) => JSON.stringify(join(process.cwd(), 'dist', path));
const digest = (text) => createHash('sha256').update(text).digest('hex');
describe('the printed text', () => {
    const Filter = component('filter', (p) => ({
        name: 'filter',
        in: { sample: range(-100, 100), enable: bool },
        out: { result: range(-400, 400), busy: bool },
        logic({ sample, enable }, { regs, when }) {
            const r = regs({ newest: sample.shape, middle: sample.shape, valid: bool });
            const more = p.extra ? regs({ idle_cycles: u(8) }) : undefined;
            r.valid.next = enable;
            when(enable, () => {
                r.newest.next = sample;
                r.middle.next = r.newest;
            });
            if (more)
                when(enable.not(), () => {
                    more.idle_cycles.next = more.idle_cycles.add(1).wrap(u(8));
                });
            return { result: r.newest.add(r.middle).mul(2), busy: r.valid };
        },
    }));
    it('changes only in the lines of a register that is added', () => {
        const before = printVerilog(Filter({ extra: false }).module).split('\n');
        const after = printVerilog(Filter({ extra: true }).module).split('\n');
        const added = after.filter((line) => !before.includes(line));
        expect(before.filter((line) => !after.includes(line))).toEqual([]);
        expect(after.filter((line) => before.includes(line))).toEqual(before);
        expect(added).toMatchInlineSnapshot(`
      [
        "  reg [7:0] idle_cycles;",
        "      idle_cycles <= 8'd0;",
        "      if (!enable) idle_cycles <= idle_cycles + 8'd1;",
      ]
    `);
    });
    it('is the same for the same description made again', () => {
        for (const seed of [1, 2, 3]) {
            const text = () => printVerilog(randomComponent(seed, { width: 70, operations: 40, depth: 2 }).module);
            expect(text()).toBe(text());
        }
    });
    it.skipIf(!built)('is the same in every process, whatever was made there before', () => {
        const script = (before) => `
      import { printVerilog } from ${dist('dsl/index.js')}
      import { processingElement } from ${dist('pe/catalogue.js')}
      import { outputStationaryArray } from ${dist('accel/output-stationary.js')}
      const array = (spec, rows, columns) => outputStationaryArray(processingElement(spec), { rows, columns })
      ${before}
      process.stdout.write(printVerilog(array('mixpe(w=int4, a=int8)', 3, 2)))`;
        const print = (before) => execFileSync(process.execPath, ['--input-type=module', '-e', script(before)], { encoding: 'utf8' });
        const text = print('');
        expect(text).toMatch(/^module mixpe_w4u_a8_g128_array_3x2 /m);
        expect(digest(print("array('mac()', 2, 2); array('mixpe(w=int4, a=int8)', 4, 4)"))).toBe(digest(text));
    });
});
