import type { Command } from 'commander'
import type { Output } from './context.ts'

/** Runs a command's work; a number that it gives is the exit code. */
export type Act = (options: { readonly json?: boolean }, job: (output: Output) => unknown) => Promise<void>

/** A command with its usage, summary, `--json` and examples, each without the program's name. */
export type Declare = (usage: string, summary: string, examples: readonly string[], parent?: Command) => Command
