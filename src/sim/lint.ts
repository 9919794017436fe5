import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reasonOf, UserError } from '../base/user-error.ts'
import { soundFlags } from './verilator/tools.ts'

/** What one tool says about a Verilog text. */
export interface LintFinding {
  readonly tool: 'verilator' | 'iverilog'
  /** True where the tool is not installed; then it has nothing to say. */
  readonly absent: boolean
  /** Its complaints, one line each, file name `design.v`; none from a tool that is content. */
  readonly complaints: readonly string[]
}

/**
 * Asks Verilator (`-Wall`, without DECLFILENAME, which wants one module a file) and Icarus Verilog (`-Wall`, Verilog-2001)
 * what they dislike about a text whose top module is `top`.
 */
export const lintVerilog = async (text: string, top: string): Promise<readonly LintFinding[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'bitloom-lint-'))
  try {
    writeFileSync(join(folder, 'design.v'), text)
    return await Promise.all([
      ask(
        'verilator',
        ['--lint-only', '-Wall', '-Wno-DECLFILENAME', ...soundFlags, '--top-module', top, 'design.v'],
        folder,
      ),
      ask('iverilog', ['-Wall', '-g2001', '-t', 'null', '-s', top, 'design.v'], folder),
    ])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Verilator shows the source under each complaint and sums up at the end; both repeat what was said. */
const isRepetition = (line: string): boolean =>
  line === '' || /^\s*\d*\s*\||^\s+:?\s*\.\.\. |^%Error: Exiting due to/.test(line)

const ask = (tool: LintFinding['tool'], options: readonly string[], folder: string): Promise<LintFinding> =>
  new Promise((resolve, reject) => {
    execFile(tool, options, { cwd: folder, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') return resolve({ tool, absent: true, complaints: [] })
      const complaints = `${stdout}\n${stderr}`.split('\n').filter((line) => !isRepetition(line))
      if (error && complaints.length === 0)
        return reject(new UserError('E-LINT', `${tool} failed and says nothing: ${reasonOf(error)}`, { cause: error }))
      resolve({ tool, absent: false, complaints })
    })
  })
