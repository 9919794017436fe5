import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import envPaths from 'env-paths'
import { type Module, verilogForSimulation } from '../../src/dsl/index.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { type VerilatorEngine, verilatorEngine } from '../../src/sim/verilator.ts'

/**
 * Verilator on the printed text, checks included, with the peephole pass of its data-flow graphs switched off: that of
 * 5.006 folds a comparison wrongly where masks leave its operands constant, which random designs do often,
 * `{{2{s[11]}}, s} < h` with `s = 0 - 10` and `h = 0`.
 */
export const verilatorJudge = (module: Module): VerilatorEngine => {
  const folder = join(process.env.BITLOOM_CACHE || envPaths('bitloom', { suffix: '' }).cache, 'verilator-fuzz')
  const design = { verilog: verilogForSimulation(module), top: module.name, ports: portLayout(module) }
  return withoutPeephole(folder, () => verilatorEngine(design, { checks: true, effort: 'quick', buildFolder: folder }))
}

/** Runs something that calls `verilator` with one in front of it on the PATH that adds the option. */
const withoutPeephole = <T>(folder: string, run: () => T): T => {
  const path = process.env.PATH ?? ''
  const shim = join(folder, 'bin')
  mkdirSync(shim, { recursive: true })
  const real = execFileSync('sh', ['-c', 'command -v verilator'], { encoding: 'utf8' }).trim()
  if (real !== join(shim, 'verilator'))
    writeFileSync(join(shim, 'verilator'), `#!/bin/sh\nexec ${real} "$@" -fno-dfg-peephole\n`, { mode: 0o755 })
  process.env.PATH = `${shim}${delimiter}${path}`
  try {
    return run()
  } finally {
    process.env.PATH = path
  }
}
