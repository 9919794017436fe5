import { afterAll } from 'vitest'
import { openYosys } from '../../src/synth/yosys.ts'

const yosys = openYosys()
afterAll(() => yosys.close())

/** A memory that is written at constant addresses alone is registers, and rightly said to be. */
const registersForMemory = /^Warning: Replacing memory \\\S+ with list of registers\./

/** What Yosys warns about while it reads a Verilog text, links its modules and makes flip-flops and memories of it. */
export const yosysComplaints = async (text: string, top: string): Promise<readonly string[]> => {
  const script = ['read_verilog design.v', `hierarchy -check -top ${top}`, 'proc'].join('\n')
  const outcome = await yosys.run({ script, files: { 'design.v': text } })
  const warnings = outcome.warnings.filter((warning) => !registersForMemory.test(warning))
  return outcome.ok ? warnings : [...warnings, outcome.error]
}
