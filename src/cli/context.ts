import type { Progress } from '../base/progress.ts'
import { terminalProgress } from './progress.ts'

/** How a command talks: results on stdout, everything else on stderr. */
export interface Output {
  readonly json: boolean
  readonly progress: Progress
  /** Text for people on stdout; nothing with --json. */
  readonly print: (text: string) => void
  /** A piece of text without a line end; nothing with --json. */
  readonly write: (text: string) => void
  /** The one JSON document of a command; nothing without --json. */
  readonly result: (value: unknown) => void
  /** A line on stderr, with --json too. */
  readonly complain: (text: string) => void
  /** True where people watch text appear. */
  readonly live: boolean
}

export const terminalOutput = (json: boolean): Output => {
  const live = !json && process.stdout.isTTY === true
  return {
    json,
    live,
    progress: terminalProgress(),
    print: (text) => {
      if (!json) process.stdout.write(`${text}\n`)
    },
    write: (text) => {
      if (!json) process.stdout.write(text)
    },
    complain: (text) => {
      process.stderr.write(`${text}\n`)
    },
    result: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
    },
  }
}

/** Columns side by side, the last one as long as it is. */
export const columns = (rows: readonly (readonly string[])[]): string => {
  const widths = rows[0]?.map((_, k) => Math.max(...rows.map((row) => row[k]?.length ?? 0))) ?? []
  return rows
    .map((row) => row.map((cell, k) => (k === row.length - 1 ? cell : cell.padEnd(widths[k]!))).join('  '))
    .join('\n')
}
