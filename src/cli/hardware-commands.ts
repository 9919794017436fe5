import type { Command } from 'commander'
import { acceleratorNames, dataflowNames } from './accelerator.ts'
import { calcCommand, dotNames, overflowNames, roundingNames } from './calc.ts'
import type { Act, Declare } from './declare.ts'
import { generateCommand } from './generate.ts'
import { listCommand, listed } from './list.ts'
import { arraySize, decimal, integer } from './options.ts'
import { powerCommand } from './power.ts'
import { workloads } from './power-options.ts'
import { synthCommand } from './synth.ts'
import { verifyCommand } from './verify.ts'

/** Random groups a verification runs unless told otherwise. */
const defaultGroups = 1000

/** The commands about formats, PEs and what silicon makes of them. */
export const hardwareCommands = (command: Declare, act: Act): void => {
  command('list [what]', `what there is: ${listed.join(', ')}`, ['list', 'list pes', 'list targets --json']).action(
    (what: string | undefined, options) => act(options, (output) => listCommand(what, output)),
  )

  command('calc <format> <operation> [operands...]', 'exact arithmetic on codes of a number format', [
    'calc "posit(16,1)" mul 0x4000 0x3000',
    'calc fp4 encode 2.4 --rounding toward-zero',
    'calc e4m3 dot 0x38 0x40 0x30 0x44 --json',
    'calc "posit(8,0)" add --stdin < pairs.txt',
  ])
    .addHelpText(
      'after',
      `
Operations: add, sub, mul a b; fma a b c = a * b + c; dot a b a b ...; decode code; encode value.
Codes are decimal, 0x or 0b. Without operands each line of standard input is one operation and
each result one line, a code (decode: a value); dot takes all lines.`,
    )
    .option('--stdin', 'read the operands from standard input')
    .option('--rounding <mode>', roundingNames.join(', '), 'nearest-even')
    .option('--seed <n>', 'seed of stochastic rounding', integer('--seed', 0, 2 ** 32 - 1), 1)
    .option('--overflow <rule>', `${overflowNames.join(', ')}; the format's own unless given`)
    .option('--dot <when>', `when a dot product is rounded: ${dotNames.join(', ')}`, 'fused')
    .action((format: string, operation: string, operands: string[], options) =>
      act(options, (output) => calcCommand(format, operation, operands, options, output)),
    )

  command('generate [specs...]', 'Verilog and a manifest of specs, or of the whole catalogue', [
    'generate',
    'generate "mixpe(w=int4, a=int8)" --out rtl',
    'generate "mac(w=int8)" --array 16x16',
    'generate mixpe --array 8x8 --accel axi --out coprocessor',
    'generate mac --array 8x8 --dataflow weight-stationary',
  ])
    .option('--out <folder>', 'where the files go', 'generated')
    .option('--locations', 'line of TypeScript behind registers, wires and instances; always in the .map.json')
    .option('--formal', 'promises as assertions under `ifdef FORMAL`, for Yosys and SymbiYosys')
    .option('--no-gates', 'every component as its logic, for FPGAs: multipliers as `*` and not as full adders')
    .option('--array <RxC>', 'an array of the PE', arraySize)
    .option(
      '--dataflow <name>',
      `what stays in the array's cells: ${dataflowNames.join(' or ')}, sums or weights`,
      dataflowNames[0],
    )
    .option(
      '--tokens <n>',
      'most tokens that pass the weights of a weight-stationary array; 256 unless said',
      integer('--tokens', 2, 65_536),
    )
    .option(
      '--accel <kind>',
      `what is made around the array: ${acceleratorNames.join(' or ')}, nothing, or a co-processor with AXI buses and a driver in C`,
      'array',
    )
    .option('--strict', 'exit with 1 where there are warnings that the design does not accept')
    .action((specs: string[], options) => act(options, (output) => generateCommand(specs, options, output)))

  command('verify <spec>', 'the RTL against its golden model: every product, then random groups', [
    'verify "mixpe(w=int4, a=int8)"',
    'verify mixpe --engine all --vectors 5000 --seed 7',
    'verify mac --vectors exhaustive --json',
    'verify mac --vectors 100 --waves mac.vcd',
    'verify mac --engine verilator --waves mac.fst',
    'verify mac --engine verilator --threads 2',
  ])
    .option('--engine <name>', 'wasm, js, interpreter, verilator or all', 'wasm')
    .option('--vectors <n>', `random groups, or exhaustive for every product alone (default: ${defaultGroups})`)
    .option('--seed <n>', 'seed of the random groups', integer('--seed', 0, 2 ** 32 - 1), 1)
    .option('--threads <n>', "threads of Verilator's model; 1 unless said", integer('--threads', 1, 256))
    .option('--waves <file>', 'also write what one engine did, up to the first mismatch: .vcd, with verilator .fst too')
    .action((spec: string, options) =>
      act(options, (output) => verifyCommand(spec, { ...options, groups: groupsOf(options.vectors) }, output)),
    )

  const synth = command(
    'synth [designs...]',
    'area, timing and energy of a spec or file.v on standard cells, or FPGA resources; of several specs a table',
    [
      'synth "mixpe(w=int4, a=int8)"',
      'synth mac --target ice40 --json',
      'synth mac --max-delay 1800',
      'synth design.v --top design --target generic45',
      'synth mac --liberty NangateOpenCellLibrary_typical.lib.gz',
      'synth mixpe --array 8x8 --accel axi',
      'synth mac --array 8x8 --accel axi --target ecp5',
      'synth --all',
      'synth mixpe "bitmod(w=fp4)" --fpga xc7,ecp5 --json',
    ],
  )
    .addHelpText(
      'after',
      `
Several specs, or --all, give a table: area, power and energy a multiply-accumulate relative to
mac(w=int8, a=int8), then absolute, then beside areas published at 28 nm. Each PE computes what layers
of a model ask of it, in its own codes, or random data where no quantiser makes them. What is known is kept in the cache, so that
a table that was interrupted goes on where it was.`,
    )
    .option('--all', 'a table of the whole catalogue')
    .option('--target <id>', 'a target of `bitloom list targets`', 'generic45')
    .option('--liberty <files...>', 'Liberty files of one standard-cell library to map onto, gzip or not')
    .option('--wire-load <name>', "one of the library's wire loads; no wires unless given")
    .option('--array <RxC>', 'with --accel axi: size of the array (default: 8x8)', arraySize)
    .option(
      '--accel <kind>',
      'axi: the co-processor around an array of the PE, area by its parts, or counts on an FPGA, which takes many minutes',
    )
    .option('--top <module>', 'top module of a Verilog file')
    .option(
      '--max-delay <ps>',
      'on standard cells: the smallest design whose critical path is at most this (times read 20-24 % short, no wires)',
      integer('--max-delay', 1, 1_000_000),
    )
    .option('--fpga <families>', 'of a table: counts on FPGA families too, e.g. xc7,ice40, or all')
    .option(
      '--workload <name>',
      `of a table: ${workloads.join(', ')} (default: layers, where a quantiser makes the PE's codes)`,
    )
    .option(
      '--cycles <n>',
      'of a table: cycles of a PE, about (default: 4000 of layers, 1000 of random data)',
      integer('--cycles', 10, 1_000_000),
    )
  workloadOptions(synth, 'of a table: ')
    .option('--threads <n>', 'of a table: PEs at a time, each with a Yosys (default: 2)', integer('--threads', 1, 64))
    .action((designs: string[], options) => act(options, (output) => synthCommand(designs, options, output)))

  const power = command('power [spec]', 'power and energy of a PE, or of a netlist with a value change dump', [
    'power mac --workload random',
    'power mixpe --workload layers --cycles 4000',
    'power "mixpe(w=int4, a=int8)" --liberty NangateOpenCellLibrary_typical.lib.gz --json',
    'power --netlist f.v --top m --liberty l.lib --vcd f.vcd',
    'power --netlist f.v --top m --liberty l.lib --vcd f.vcd --scope testbench.dut --begin 100 --instances 30',
  ])
    .addHelpText(
      'after',
      `
A netlist is structural Verilog, whoever made it: cells of the library, wires, modules. Where the dump
has all its nets, their toggles are taken as they are; where it has its ports, or where both ends of
the band can be told, the netlist is simulated with them, without delays (no glitches: the low end)
and with those of its cells (the high end). Exits with 1 where outputs are not those of the dump.`,
    )
    .option('--target <id>', 'a standard-cell target of `bitloom list targets`', 'generic45')
    .option('--liberty <files...>', 'Liberty files of one standard-cell library in its place, gzip or not')
    .option('--wire-load <name>', "one of the library's wire loads; no wires unless given")
    .option('--instances <n>', 'largest cells to show; --json has all', integer('--instances', 0, 100_000), 10)
    .option('--netlist <file.v>', 'a mapped netlist')
    .option('--top <module>', 'its top module')
    .option('--vcd <file>', 'a value change dump of it')
    .option('--scope <path>', 'where the netlist is in the dump, e.g. testbench.dut; found by its ports unless said')
    .option('--clock <ports...>', 'inputs that are clocks; those that lead to clock pins unless said')
    .option('--begin <ns>', 'where in the dump counting begins', decimal('--begin', 0, 1e9))
    .option('--end <ns>', 'where it ends', decimal('--end', 0, 1e9))
    .option('--workload <name>', `what a PE computes: ${workloads.join(', ')} (default: random)`)
    .option('--cycles <n>', 'cycles of a PE, about (default: 1000)', integer('--cycles', 10, 1_000_000))
    .option(
      '--frequency <MHz>',
      'clock of a PE (default: 500, or what its path allows)',
      integer('--frequency', 1, 100_000),
    )
  workloadOptions(power).action((spec: string | undefined, options) =>
    act(options, (output) => powerCommand(spec, options, output)),
  )
}

/** Options of what PEs compute while their power is measured; `of` begins each help text. */
const workloadOptions = (command: Command, of = ''): Command =>
  command
    .option('--seed <n>', `${of}seed of random data (default: 1)`, integer('--seed', 0, 2 ** 32 - 1))
    .option('--model <id|path>', `${of}whose layers, as \`run\` takes it (default: stories15m)`)
    .option('--tokenizer <file>', `${of}its tokenizer; beside it unless said`)
    .option('--prompt <text>', `${of}how its story begins (default: Once upon a time)`)

const groupsOf = (text: string | undefined): number => {
  if (text === undefined) return defaultGroups
  return text === 'exhaustive' ? 0 : integer('--vectors', 1, 1e9)(text)
}
