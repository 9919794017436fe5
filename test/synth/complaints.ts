import { afterAll } from 'vitest'
import { openYosys } from '../../src/synth/yosys.ts'

const yosys = openYosys()
afterAll(() => yosys.close())

/** What Yosys warns about while it reads a Verilog text, links its modules and makes flip-flops and memories of it. */
export const yosysComplaints = async (text: string, top: string): Promise<readonly string[]> => {
  const script = ['read_verilog design.v', `hierarchy -check -top ${top}`, 'proc'].join('\n')
  const outcome = await yosys.run({ script, files: { 'design.v': text } })
  return outcome.ok ? outcome.warnings : [...outcome.warnings, outcome.error]
}
