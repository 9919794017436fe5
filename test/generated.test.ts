import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { catalogue, elementOf, families } from '../src/pe/catalogue.ts'
import { lintVerilog } from '../src/sim/lint.ts'
import { bitloom, scratch } from './cli/bitloom.ts'
import { yosysComplaints } from './synth/complaints.ts'

const kept = fileURLToPath(new URL('../generated', import.meta.url))
const folder = scratch()
afterAll(folder.dispose)

describe('generated/', () => {
  it('is what `bitloom generate` writes now, byte for byte', () => {
    const { status, stderr } = bitloom(['generate', '--out', folder.path])
    expect(status, stderr).toBe(0)
    // Maps change with every line that moves in the source; they are written, but not kept.
    const files = (folder: string): string[] => readdirSync(folder).filter((file) => !file.endsWith('.map.json'))
    expect(files(kept).sort()).toEqual(files(folder.path).sort())
    for (const file of files(kept))
      expect(readFileSync(join(folder.path, file), 'utf8'), `${file}; run npm run generate`).toBe(
        readFileSync(join(kept, file), 'utf8'),
      )
  })

  it('has a design of every family', () => {
    const kept = new Set(catalogue.map((spec) => elementOf(spec).family))
    expect([...kept].sort()).toEqual(families.map(({ id }) => id).sort())
  })

  const designs = readdirSync(kept).filter((file) => file.endsWith('.v'))
  it.each(designs)('%s is silent in Verilator -Wall and iverilog -Wall', async (file) => {
    const results = await lintVerilog(readFileSync(join(kept, file), 'utf8'), file.replace(/\.v$/, ''))
    for (const { tool, absent, complaints } of results) {
      if (absent) process.stderr.write(`${tool} is not installed, so ${file} was not linted with it\n`)
      expect(complaints, tool).toEqual([])
    }
  })

  it.each(designs)('%s is read by Yosys without a warning', async (file) => {
    expect(await yosysComplaints(readFileSync(join(kept, file), 'utf8'), file.replace(/\.v$/, ''))).toEqual([])
  })
})
