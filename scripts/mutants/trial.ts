import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Mutant, mutated } from './mutants.ts'
import type { NearTests } from './near-tests.ts'

/** How a mutant ended: a test failed, none did, or the tests did not come to an end. */
export type Outcome = 'killed' | 'survived' | 'timed out'

export interface TestRun {
  readonly outcome: Outcome
  /** What the test runner wrote. */
  readonly said: string
}

/** A copy of the source tree in which files are changed and tests are run. */
export interface Tree {
  readonly path: string
  readonly tests: (files: readonly string[], limit_s: number) => Promise<TestRun>
  readonly dispose: () => void
}

const temporary = '.temporary'

export const copyTree = (root: string): Tree => {
  const path = mkdtempSync(join(tmpdir(), 'bitloom-mutants-'))
  // Tests read pages and printed Verilog, too; what was built is not needed.
  for (const name of readdirSync(root).filter((name) => !/^(\.git|node_modules|dist|dist-bench)$/.test(name)))
    cpSync(join(root, name), join(path, name), { recursive: true })
  mkdirSync(join(path, temporary))
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'))
  const running = new Set<() => void>()
  return {
    path,
    tests: (files, limit_s) => runTests(path, files, limit_s, running),
    dispose: () => {
      for (const stop of running) stop()
      rmSync(path, { recursive: true, force: true })
    },
  }
}

/** Runs test files until the first failure; what stops it is in `running` meanwhile. */
const runTests = (cwd: string, files: readonly string[], limit_s: number, running: Set<() => void>): Promise<TestRun> =>
  new Promise((resolve, reject) => {
    const vitest = join(cwd, 'node_modules/vitest/vitest.mjs')
    const { BITLOOM_FULL: _, ...env } = process.env
    // The cache spares transforming what did not change, which is half of a short run.
    const options = ['--bail=1', '--maxWorkers=1', '--reporter=dot', '--experimental.fsModuleCache']
    const child = spawn(process.execPath, [vitest, 'run', ...options, ...files], {
      cwd,
      // What stopped tests leave behind goes with the tree.
      env: { ...env, CI: 'true', NO_COLOR: '1', TMPDIR: join(cwd, temporary) },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that workers end with it.
      detached: true,
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        said += data.toString()
      })
    const stop = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }
    running.add(stop)
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      stop()
    }, limit_s * 1000)
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      running.delete(stop)
      resolve({ outcome: timedOut ? 'timed out' : code === 0 ? 'survived' : 'killed', said })
    })
  })

/** Puts one mutant in the tree, runs its tests, and takes it out again; `limit_s` is for the near tests and for the others. */
export const tryMutant = async (
  tree: Tree,
  mutant: Mutant,
  { near, others }: NearTests,
  limit_s: number,
): Promise<Outcome> => {
  const path = join(tree.path, mutant.file)
  const text = readFileSync(path, 'utf8')
  try {
    writeFileSync(path, mutated(text, mutant))
    for (const files of [near, others].filter(({ length }) => length > 0)) {
      const { outcome } = await tree.tests(files, limit_s)
      if (outcome !== 'survived') return outcome
    }
    return 'survived'
  } finally {
    writeFileSync(path, text)
  }
}
