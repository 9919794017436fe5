import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { component, HdlError } from '../../src/dsl/index.js';
import { portNamed, readPort, writePort } from '../../src/sim/engine.js';
import { interpreter } from '../../src/sim/interpret.js';
// The same cases in every run; the full suite looks for new ones.
if (!process.env.BITLOOM_FULL)
    fc.configureGlobal({ seed: 1 });
/** A module called `maker` with these ports and this logic. */
export const maker = (inputs, outputs, logic) => component('maker', (_) => ({ in: inputs, out: outputs, logic }))({}).module;
/** Runs a module from reset with one row of inputs a cycle; its outputs, cycle by cycle. */
export const run = (module, rows) => {
    const engine = interpreter(module);
    return rows.map((row) => {
        for (const [name, value] of Object.entries(row))
            writePort(engine.inputs, portNamed(engine.ports.inputs, name), BigInt(value));
        engine.step();
        return Object.fromEntries(engine.ports.outputs.map((port) => [port.name, readPort(engine.outputs, port)]));
    });
};
/** What one output is, cycle by cycle. */
export const trace = (module, output, rows) => run(module, rows).map((row) => row[output]);
/**
 * The message of the mistake made, with the text of the user's line in place of its number, so that a snapshot shows that
 * the right line is named and does not change when the file does.
 */
export const mistake = (make) => {
    let error;
    try {
        make();
    }
    catch (thrown) {
        error = thrown;
    }
    expect(error).toBeInstanceOf(HdlError);
    const { message } = error;
    expect(message).not.toMatch(/\n/);
    return message.replace(/\(([^()\s]+\.ts):(\d+)\)/, (_, file, line) => {
        const text = readFileSync(file, 'utf8').split('\n')[Number(line) - 1];
        return `(${basename(file)}, line '${text.trim().replace(/^expect\(mistake\(|\)\)\.toMatchInlineSnapshot.*|,$/g, '')}')`;
    });
};
