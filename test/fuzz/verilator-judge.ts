import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import envPaths from 'env-paths'
import { type Module, printVerilog } from '../../src/dsl/index.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { lintVerilog } from '../../src/sim/lint.ts'
import { type VerilatorEngine, verilatorEngine } from '../../src/sim/verilator.ts'

const folder = join(process.env.BITLOOM_CACHE || envPaths('bitloom', { suffix: '' }).cache, 'verilator-fuzz')

/** Verilator on the printed text, checks included. */
export const verilatorJudge = (module: Module): VerilatorEngine => {
  const design = { verilog: printVerilog(module), top: module.name, ports: portLayout(module) }
  return withoutFaults(() => verilatorEngine(design, { checks: true, effort: 'quick', buildFolder: folder }))
}

/** What the linters dislike about the printed text. */
export const complaintsAbout = async (module: Module): Promise<readonly string[]> => {
  const findings = await withoutFaults(() => lintVerilog(printVerilog(module), module.name))
  return findings.flatMap(({ complaints }) => complaints)
}

/**
 * Runs something that calls `verilator` with one in front of it on the PATH that switches two optimisations off. In
 * Verilator 5.006 they mistake values that masks or children leave constant, as happens often in random designs: data-flow
 * graphs fold `{{2{s[11]}}, s} < h` wrongly with s = 0 - 10 and h = 0, and trees of bit operations, of which a constant
 * turns out to be a part, end in `Unsupported: 4-state numbers`.
 */
const withoutFaults = <T>(run: () => T): T => {
  const path = process.env.PATH ?? ''
  const real = spawnSync('sh', ['-c', 'command -v verilator'], { encoding: 'utf8' }).stdout.trim()
  if (real === '') return run()
  const shim = join(folder, 'bin')
  mkdirSync(shim, { recursive: true })
  // Written aside and renamed: a file that is being written cannot be run by a neighbour.
  const partial = join(shim, `partial-${process.pid}`)
  writeFileSync(partial, `#!/bin/sh\nexec ${real} "$@" -fno-dfg -fno-const-bit-op-tree\n`, { mode: 0o755 })
  renameSync(partial, join(shim, 'verilator'))
  process.env.PATH = `${shim}${delimiter}${path}`
  try {
    return run()
  } finally {
    process.env.PATH = path
  }
}
