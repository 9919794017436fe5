import { expect } from 'vitest';
import { printVerilog } from '../../../src/dsl/index.js';
import { lintVerilog } from '../../../src/sim/lint.js';
/** The Verilog of a module, which no linter that is installed dislikes. */
export const printed = async (module) => {
    const text = printVerilog(module);
    const findings = await lintVerilog(text, module.name);
    expect(findings.flatMap(({ complaints }) => complaints)).toEqual([]);
    return text;
};
/** What stands between the ports and the end of the module itself, not of those under it. */
export const body = async (module) => {
    const text = await printed(module);
    const own = text.slice(text.lastIndexOf('\n);\n') + 4, text.lastIndexOf('\nendmodule'));
    return own.replace(/^ {2}/gm, '');
};
