import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Module, verilogForSimulation } from '../../src/dsl/index.ts'
import { widthOf } from '../../src/dsl/ir.ts'
import { clockPortNames } from '../../src/dsl/verilog/module.ts'
import { type Engine, portLayout, readPort, rowsOf, writePort } from '../../src/sim/engine.ts'

/**
 * Icarus Verilog on the printed text as an engine that runs once: a testbench reads the stimulus with `$readmemh` and
 * writes every output of every cycle. A bit that is neither 0 nor 1 is an error.
 */
export const icarusEngine = (module: Module): Engine => {
  const ports = portLayout(module)
  let cycle = 0
  const engine: Engine = {
    name: 'iverilog',
    ports,
    inputs: new Int32Array(ports.inputWords),
    outputs: new Int32Array(ports.outputWords),
    failures: [],
    failedChecks: 0,
    get cycle() {
      return cycle
    },
    step: (cycles = 1) => engine.replay(engine.inputs, cycles),
    replay(stimulus, cycles, response) {
      if (cycle > 0) throw new RangeError('the Icarus testbench starts from reset and runs once')
      const lines = runTestbench(module, stimulus, cycles, 'response.txt').trimEnd().split('\n')
      for (; cycle < cycles; cycle++) {
        lines[cycle]!.split(' ').forEach((digits, k) => {
          writePort(engine.outputs, ports.outputs[k]!, portValue(digits, ports.outputs[k]!))
        })
        response?.set(engine.outputs, cycle * ports.outputWords)
      }
    },
    reset() {},
    register: () => undefined,
    close() {},
  }

  const portValue = (digits: string, port: Engine['ports']['outputs'][number]): bigint => {
    if (!/^[0-9a-f]+$/.test(digits)) throw new Error(`iverilog gives ${digits} on ${port.name}`)
    const words = new Int32Array(port.words)
    const value = BigInt(`0x${digits}`)
    for (let k = 0; k < port.words; k++) words[k] = Number(BigInt.asIntN(32, value >> BigInt(32 * k)))
    return readPort(words, { ...port, offset: 0 })
  }
  return engine
}

/**
 * What Icarus dumps with `$dumpvars` while the printed text runs as scope `testbench.dut`. Cycle k of the stimulus is settled
 * at time `3 + 2 k - 1`, just before its clock edge.
 */
export const icarusDump = (module: Module, stimulus: Int32Array, cycles: number): string =>
  runTestbench(module, stimulus, cycles, 'dump.vcd')

/** One line of hexadecimal digits a cycle: all inputs side by side, the first one highest. */
const stimulusText = (module: Module, stimulus: Int32Array, cycles: number): string => {
  const ports = portLayout(module)
  const rows = rowsOf(ports, stimulus)
  const lines = Array.from({ length: cycles }, (_, cycle) => {
    let row = 0n
    for (const port of ports.inputs) {
      const width = widthOf(port.range)
      const value = readPort(stimulus, port, (cycle % rows) * ports.inputWords)
      row = (row << BigInt(width)) | BigInt.asUintN(width, value)
    }
    return row.toString(16)
  })
  return `${lines.join('\n')}\n`
}

const testbench = (module: Module, cycles: number): string => {
  const ports = portLayout(module)
  const width = Math.max(
    1,
    ports.inputs.reduce((sum, { range }) => sum + widthOf(range), 0),
  )
  let at = width
  const fields = ports.inputs.map(({ name, range }) => {
    at -= widthOf(range)
    return { name, bits: `row[${at + widthOf(range) - 1}:${at}]` }
  })
  // The ticks of several clocks are no ports: they say which clocks rise.
  const several = ports.clocks && ports.clocks.length > 1
  const isTick = (name: string): boolean => several === true && ports.clocks!.some(({ tick }) => tick === name)
  const inputs = fields.filter(({ name }) => !isTick(name)).map(({ name, bits }) => `.${name}(${bits})`)
  const clocks = ports.clocks ?? [{ clk: 'clk', rst: 'rst', tick: 'clk_tick' }]
  const wires = clocks.flatMap(({ clk, rst }) => [clk, rst ?? []].flat())
  const raised = clocks.map(({ tick }) => (several ? fields.find(({ name }) => name === tick)!.bits : "1'b1"))
  const set = (value: (k: number) => string): string => clocks.map(({ clk }, k) => `${clk} = ${value(k)};`).join(' ')
  const resets = (value: 0 | 1): string => clocks.flatMap(({ rst }) => (rst ? `${rst} = ${value};` : [])).join(' ')
  const outputs = module.outputs.map(({ name }) => `.${name}(${name}_value)`)
  const clock = clockPortNames(module).map((name) => `.${name}(${name})`)
  return `module testbench;
  reg [${width - 1}:0] stimulus [0:${cycles - 1}];
  reg [${width - 1}:0] row;
${wires.map((name) => `  reg ${name};\n`).join('')}  integer cycle, file;
${module.outputs.map(({ name, range }) => `  wire [${widthOf(range) - 1}:0] ${name}_value;`).join('\n')}
  ${module.name} dut (${[...clock, ...inputs, ...outputs].join(', ')});
  initial begin
    $readmemh("stimulus.hex", stimulus);
    file = $fopen("response.txt", "w");
    if ($test$plusargs("dump")) begin
      $dumpfile("dump.vcd");
      $dumpvars;
    end
    row = stimulus[0]; ${resets(1)} ${set(() => '0')} #1 ${set(() => '1')} #1 ${resets(0)}
    for (cycle = 0; cycle < ${cycles}; cycle = cycle + 1) begin
      ${set(() => '0')} row = stimulus[cycle]; #1
      $fwrite(file, "${module.outputs.map(() => '%h').join(' ')}\\n"${module.outputs.map(({ name }) => `, ${name}_value`).join('')});
      ${set((k) => raised[k]!)} #1;
    end
    $fclose(file);
  end
endmodule
`
}

const runTestbench = (
  module: Module,
  stimulus: Int32Array,
  cycles: number,
  result: 'response.txt' | 'dump.vcd',
): string => {
  const folder = mkdtempSync(join(tmpdir(), 'bitloom-icarus-'))
  try {
    writeFileSync(join(folder, 'design.v'), verilogForSimulation(module))
    writeFileSync(join(folder, 'testbench.v'), testbench(module, cycles))
    writeFileSync(join(folder, 'stimulus.hex'), stimulusText(module, stimulus, cycles))
    const run = (tool: string, options: readonly string[]) =>
      execFileSync(tool, options, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    run('iverilog', ['-g2001', '-s', 'testbench', '-o', 'simulation', 'testbench.v', 'design.v'])
    run('vvp', ['-n', 'simulation', ...(result === 'dump.vcd' ? ['+dump'] : [])])
    return readFileSync(join(folder, result), 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
