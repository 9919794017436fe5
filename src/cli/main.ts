import { Command, CommanderError } from 'commander'
import { reasonOf } from '../base/user-error.ts'
import { terminalOutput } from './context.ts'
import type { Act, Declare } from './declare.ts'
import { failureOf } from './failure.ts'
import { hardwareCommands } from './hardware-commands.ts'
import { modelCommands } from './model-commands.ts'
import { packageVersion } from './version.ts'

/** Runs the command line; gives the exit code: 0 good, 1 a check failed, 2 bad input. */
export const main = async (args: readonly string[]): Promise<number> => {
  // Between two ticks no file is half written: leaving here keeps every output whole.
  const interrupted = (): never => process.exit(130)
  process.once('SIGINT', interrupted)
  process.stdout.on('error', stdoutFailed)
  let code = 0
  const act: Act = async (options, job) => {
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
  const command: Declare = (usage, summary, examples, parent = root) =>
    parent
      .command(usage)
      .description(summary)
      .option('--json', 'print one JSON document on stdout')
      .addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ bitloom ${line}`).join('\n')}`)

  hardwareCommands(command, act)
  modelCommands(root, command, act)
  return root
}
