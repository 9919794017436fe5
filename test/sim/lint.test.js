import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lintVerilog } from '../../src/sim/lint.js';
import { versionOf } from '../../src/sim/verilator/tools.js';
const clean = `module inverter(input wire clk, input wire rst, input wire [3:0] a, output reg [3:0] b);
  always @(posedge clk) if (rst) b <= 4'd0; else b <= ~a;
endmodule
`;
const narrow = clean.replace("4'd0", "8'd0");
const missing = [
    versionOf('verilator') === undefined ? 'verilator' : '',
    versionOf('iverilog', '-V') === undefined ? 'iverilog' : '',
].filter((tool) => tool !== '');
if (missing.length > 0)
    console.warn(`lint tests are skipped: no ${missing.join(', ')}; run npm run setup:tools`);
describe.skipIf(missing.length > 0)('lintVerilog', () => {
    it('has nothing to say about clean Verilog', async () => {
        expect(await lintVerilog(clean, 'inverter')).toEqual([
            { tool: 'verilator', absent: false, complaints: [] },
            { tool: 'iverilog', absent: false, complaints: [] },
        ]);
    });
    it('gives one line a complaint, without the source and the summary that Verilator adds', async () => {
        const [verilator] = await lintVerilog(narrow, 'inverter');
        expect(verilator.complaints).toHaveLength(1);
        expect(verilator.complaints[0]).toMatch(/^%Warning-WIDTH\w*: design\.v:2:\d+: /);
    });
    it('gives what each tool says about a text that is no Verilog, and a top that is not there', async () => {
        for (const finding of await lintVerilog('module inverter(', 'inverter'))
            expect(finding.complaints.join('\n')).toMatch(/design\.v:1.*syntax error/);
        for (const finding of await lintVerilog(clean, 'other'))
            expect(finding.complaints.join('\n')).toMatch(/other/);
    });
});
describe('lintVerilog without tools', () => {
    const empty = mkdtempSync(join(tmpdir(), 'bitloom-test-'));
    afterAll(() => rmSync(empty, { recursive: true, force: true }));
    it('reports each tool as absent', async () => {
        const path = process.env.PATH;
        process.env.PATH = empty;
        try {
            expect(await lintVerilog(clean, 'inverter')).toEqual([
                { tool: 'verilator', absent: true, complaints: [] },
                { tool: 'iverilog', absent: true, complaints: [] },
            ]);
        }
        finally {
            process.env.PATH = path;
        }
    });
});
