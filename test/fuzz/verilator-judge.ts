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

/** What linters and Yosys dislike about the printed text. */
export const complaintsAbout = async (module: Module): Promise<readonly string[]> => {
  const text = verilogForSimulation(module)
  const [findings, warnings] = await Promise.all([lintVerilog(text, module.name), yosysComplaints(text, module.name)])
  return [...findings.flatMap(({ complaints }) => complaints), ...warnings]
}
