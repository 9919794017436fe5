import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { reasonOf, UserError } from '../../base/user-error.ts'

/** First line of what a tool says about itself, or undefined where it is not installed. */
export const versionOf = (tool: string, flag = '--version'): string | undefined => {
  const { error, stdout, stderr } = spawnSync(tool, [flag], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined
  if (error) throw new UserError('E-TOOL', `'${tool} ${flag}' fails: ${reasonOf(error)}`, { cause: error })
  return (stdout || stderr).split('\n')[0]!.trim()
}

export interface BuildTools {
  readonly verilator: string
  readonly compiler: string
}

/** Versions of what a Verilator build needs; a UserError with the cure where one is missing. */
export const buildTools = (): BuildTools => {
  const need = (tool: string, what: string): string => {
    const version = versionOf(tool)
    if (version !== undefined) return version
    throw new UserError(
      'E-TOOL-MISSING',
      `the Verilator engine needs ${what}, and there is no '${tool}' on the PATH; install it with 'npm run setup:tools' or choose another engine`,
    )
  }
  const verilator = need('verilator', 'Verilator')
  need('make', 'make')
  return { verilator, compiler: need('g++', 'a C++ compiler') }
}

export const noDataFlow = '-fno-dfg'
/**
 * Two optimisations of Verilator 5.006 that mistake values which masks or children leave constant. Data-flow graphs fold
 * `{{2{s[11]}}, s} < h` wrongly where s is 0 - 10 and h is 0, without a word. Trees of bit operations of which a constant
 * turns out to be a part end in `Unsupported: 4-state numbers`. A judge must be right, so both are off. Measured in cycles
 * per second of processor time on arrays of 8 x 8 and 16 x 16: without trees MixPE runs 1.9 times as fast as with
 * Verilator's defaults and INT8 MACs as fast; without data-flow graphs as well, MixPE runs 0.84 times as fast as with the
 * defaults and INT8 MACs 0.94 to 1 times.
 */
export const soundFlags = [noDataFlow, '-fno-const-bit-op-tree'] as const

/** Model and instruction sets of this machine's processor: what `-march=native` turns on. */
export const processorName = (): string => {
  const model = cpus()[0]?.model ?? 'unknown processor'
  try {
    const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))
    return `${process.arch} ${model} ${flags?.[1] ?? ''}`
  } catch {
    return `${process.arch} ${model}`
  }
}
