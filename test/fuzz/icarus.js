import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printVerilog } from '../../src/dsl/index.js';
import { widthOf } from '../../src/dsl/ir.js';
import { isClocked } from '../../src/dsl/verilog/module.js';
import { portLayout, readPort, rowsOf, writePort } from '../../src/sim/engine.js';
/**
 * Icarus Verilog on the printed text as an engine that runs once: a testbench reads the stimulus with `$readmemh` and
 * writes every output of every cycle. A bit that is neither 0 nor 1 is an error.
 */
export const icarusEngine = (module) => {
    const ports = portLayout(module);
    let cycle = 0;
    const engine = {
        name: 'iverilog',
        ports,
        inputs: new Int32Array(ports.inputWords),
        outputs: new Int32Array(ports.outputWords),
        failures: [],
        failedChecks: 0,
        get cycle() {
            return cycle;
        },
        step: (cycles = 1) => engine.replay(engine.inputs, cycles),
        replay(stimulus, cycles, response) {
            if (cycle > 0)
                throw new RangeError('the Icarus testbench starts from reset and runs once');
            const lines = runTestbench(module, stimulusText(module, stimulus, cycles), cycles);
            for (; cycle < cycles; cycle++) {
                lines[cycle].split(' ').forEach((digits, k) => {
                    writePort(engine.outputs, ports.outputs[k], portValue(digits, ports.outputs[k]));
                });
                response?.set(engine.outputs, cycle * ports.outputWords);
            }
        },
        reset() { },
        register: () => undefined,
        close() { },
    };
    const portValue = (digits, port) => {
        if (!/^[0-9a-f]+$/.test(digits))
            throw new Error(`iverilog gives ${digits} on ${port.name}`);
        const words = new Int32Array(port.words);
        const value = BigInt(`0x${digits}`);
        for (let k = 0; k < port.words; k++)
            words[k] = Number(BigInt.asIntN(32, value >> BigInt(32 * k)));
        return readPort(words, { ...port, offset: 0 });
    };
    return engine;
};
/** One line of hexadecimal digits a cycle: all inputs side by side, the first one highest. */
const stimulusText = (module, stimulus, cycles) => {
    const ports = portLayout(module);
    const rows = rowsOf(ports, stimulus);
    const lines = Array.from({ length: cycles }, (_, cycle) => {
        let row = 0n;
        for (const port of ports.inputs) {
            const width = widthOf(port.range);
            const value = readPort(stimulus, port, (cycle % rows) * ports.inputWords);
            row = (row << BigInt(width)) | BigInt.asUintN(width, value);
        }
        return row.toString(16);
    });
    return `${lines.join('\n')}\n`;
};
const testbench = (module, cycles) => {
    const width = Math.max(1, module.inputs.reduce((sum, input) => sum + widthOf(input), 0));
    let at = width;
    const inputs = module.inputs.map((input) => {
        at -= widthOf(input);
        return `.${input.name}(row[${at + widthOf(input) - 1}:${at}])`;
    });
    const outputs = module.outputs.map(({ name }) => `.${name}(${name}_value)`);
    const clock = isClocked(module) ? ['.clk(clk)', '.rst(rst)'] : [];
    return `module testbench;
  reg [${width - 1}:0] stimulus [0:${cycles - 1}];
  reg [${width - 1}:0] row;
  reg clk, rst;
  integer cycle, file;
${module.outputs.map(({ name, range }) => `  wire [${widthOf(range) - 1}:0] ${name}_value;`).join('\n')}
  ${module.name} dut (${[...clock, ...inputs, ...outputs].join(', ')});
  initial begin
    $readmemh("stimulus.hex", stimulus);
    file = $fopen("response.txt", "w");
    row = stimulus[0]; rst = 1; clk = 0; #1 clk = 1; #1 rst = 0;
    for (cycle = 0; cycle < ${cycles}; cycle = cycle + 1) begin
      clk = 0; row = stimulus[cycle]; #1
      $fwrite(file, "${module.outputs.map(() => '%h').join(' ')}\\n"${module.outputs.map(({ name }) => `, ${name}_value`).join('')});
      clk = 1; #1;
    end
    $fclose(file);
  end
endmodule
`;
};
const runTestbench = (module, stimulus, cycles) => {
    const folder = mkdtempSync(join(tmpdir(), 'bitloom-icarus-'));
    try {
        writeFileSync(join(folder, 'design.v'), printVerilog(module));
        writeFileSync(join(folder, 'testbench.v'), testbench(module, cycles));
        writeFileSync(join(folder, 'stimulus.hex'), stimulus);
        const run = (tool, options) => execFileSync(tool, options, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
        run('iverilog', ['-g2001', '-s', 'testbench', '-o', 'simulation', 'testbench.v', 'design.v']);
        run('vvp', ['-n', 'simulation']);
        return readFileSync(join(folder, 'response.txt'), 'utf8').trimEnd().split('\n');
    }
    finally {
        rmSync(folder, { recursive: true, force: true });
    }
};
