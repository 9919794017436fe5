import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { lintVerilog } from '../src/sim/lint.js';
import { bitloom, scratch } from './cli/bitloom.js';
const kept = fileURLToPath(new URL('../generated', import.meta.url));
const folder = scratch();
afterAll(folder.dispose);
describe('generated/', () => {
    it('is what `bitloom generate` writes now, byte for byte', () => {
        const { status, stderr } = bitloom(['generate', '--out', folder.path]);
        expect(status, stderr).toBe(0);
        expect(readdirSync(kept).sort()).toEqual(readdirSync(folder.path).sort());
        for (const file of readdirSync(kept))
            expect(readFileSync(join(folder.path, file), 'utf8'), `${file}; run npm run generate`).toBe(readFileSync(join(kept, file), 'utf8'));
    });
    const designs = readdirSync(kept).filter((file) => file.endsWith('.v'));
    it.each(designs)('%s is silent in Verilator -Wall and iverilog -Wall', async (file) => {
        const results = await lintVerilog(readFileSync(join(kept, file), 'utf8'), file.replace(/\.v$/, ''));
        for (const { tool, absent, complaints } of results) {
            if (absent)
                process.stderr.write(`${tool} is not installed, so ${file} was not linted with it\n`);
            expect(complaints, tool).toEqual([]);
        }
    });
});
