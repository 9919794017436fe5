import { join } from 'node:path'
import envPaths from 'env-paths'
import { type Module, verilogForSimulation } from '../../src/dsl/index.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { lintVerilog } from '../../src/sim/lint.ts'
import { type VerilatorEngine, verilatorEngine } from '../../src/sim/verilator.ts'
import { yosysComplaints } from '../synth/complaints.ts'

const folder = join(process.env.BITLOOM_CACHE || envPaths('bitloom', { suffix: '' }).cache, 'verilator-fuzz')

/** Verilator on the printed text, checks included. */
export const verilatorJudge = (module: Module): VerilatorEngine => {
  const design = { verilog: verilogForSimulation(module), top: module.name, ports: portLayout(module) }
  return verilatorEngine(design, { checks: true, effort: 'quick', buildFolder: folder })
}

/** What linters dislike about the printed text, what Yosys does, and both. */
export const lintersAbout = async (module: Module): Promise<readonly string[]> => {
  const findings = await lintVerilog(verilogForSimulation(module), module.name)
  return findings.flatMap(({ complaints }) => complaints)
}
export const yosysAbout = (module: Module): Promise<readonly string[]> =>
  yosysComplaints(verilogForSimulation(module), module.name)
export const complaintsAbout = async (module: Module): Promise<readonly string[]> =>
  (await Promise.all([lintersAbout(module), yosysAbout(module)])).flat()
