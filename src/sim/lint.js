import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reasonOf, UserError } from '../base/user-error.js';
/**
 * Asks Verilator (`-Wall`, without DECLFILENAME, which wants one module a file) and Icarus Verilog (`-Wall`, Verilog-2001)
 * what they dislike about a text whose top module is `top`.
 */
export const lintVerilog = async (text, top) => {
    const folder = mkdtempSync(join(tmpdir(), 'bitloom-lint-'));
    try {
        writeFileSync(join(folder, 'design.v'), text);
        return await Promise.all([
            ask('verilator', ['--lint-only', '-Wall', '-Wno-DECLFILENAME', '--top-module', top, 'design.v'], folder),
            ask('iverilog', ['-Wall', '-g2001', '-t', 'null', '-s', top, 'design.v'], folder),
        ]);
    }
    finally {
        rmSync(folder, { recursive: true, force: true });
    }
};
/** Verilator shows the source under each complaint and sums up at the end; both repeat what was said. */
const isRepetition = (line) => line === '' || /^\s*\d*\s*\||^\s+:?\s*\.\.\. |^%Error: Exiting due to/.test(line);
const ask = (tool, options, folder) => new Promise((resolve, reject) => {
    execFile(tool, options, { cwd: folder, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
        if (error?.code === 'ENOENT')
            return resolve({ tool, absent: true, complaints: [] });
        const complaints = `${stdout}\n${stderr}`.split('\n').filter((line) => !isRepetition(line));
        if (error && complaints.length === 0)
            return reject(new UserError('E-LINT', `${tool} failed and says nothing: ${reasonOf(error)}`, { cause: error }));
        resolve({ tool, absent: false, complaints });
    });
});
