import { expect } from 'vitest'
import { type Module, printVerilog, verilogWithStubs } from '../../../src/dsl/index.ts'
import { lintVerilog } from '../../../src/sim/lint.ts'
import { yosysComplaints } from '../../synth/complaints.ts'

/** The Verilog of a module, which neither Yosys nor any linter that is installed dislikes. */
export const printed = async (module: Module): Promise<string> => {
  const text = printVerilog(module)
  const [findings, warnings] = await Promise.all([
    lintVerilog(text, module.name),
    yosysComplaints(verilogWithStubs(module), module.name),
  ])
  expect(findings.flatMap(({ complaints }) => complaints)).toEqual([])
  expect(warnings).toEqual([])
  return text
}

/** What stands between the ports and the end of the module itself, not of those under it. */
export const body = async (module: Module): Promise<string> => {
  const text = await printed(module)
  const own = text.slice(text.lastIndexOf('\n);\n') + 4, text.lastIndexOf('\nendmodule'))
  return own.replace(/^ {2}/gm, '')
}
