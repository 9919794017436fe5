import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { registerTable } from '../../../src/accel/axi/register-text.ts'
import { axiRules } from '../../../src/accel/axi/rules.ts'
import { computeArray } from '../../../src/accel/coprocessor/compute-array.ts'
import { coreDescription } from '../../../src/accel/coprocessor/description.ts'
import { coprocessorMap } from '../../../src/accel/coprocessor/registers.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'

const page = readFileSync(fileURLToPath(new URL('../../../docs/accelerator.md', import.meta.url)), 'utf8')
const between = (name: string): string =>
  page
    .slice(page.indexOf(`<!-- ${name} -->`), page.indexOf(`<!-- end of ${name} -->`))
    .split('\n')
    .slice(1)
    .join('\n')

const array = computeArray([elementOf('mixpe')], { rows: 8, columns: 8 })

describe('docs/accelerator.md', () => {
  it('has the registers of the co-processor as they are', () => {
    const core = coreDescription({ array, transfers: { busBits: 64, addressBits: 40, mostBeats: 4095 } })
    const map = coprocessorMap(core)
    expect(between('registers').trim()).toBe(registerTable(map).trim())
  })

  it('has every rule of AXI4 with its section', () => {
    // Rules of several channels stand in one row, `aw` `w`.
    const rows = new Map<string, string[]>()
    for (const [name, { section, says }] of axiRules) {
      const row = `${section} | ${says}`
      rows.set(row, [...(rows.get(row) ?? []), `\`${name}\``])
    }
    const table = [...rows].map(([row, names]) => `| ${names.join(' ')} | ${row} |`)
    expect(between('rules').trim()).toBe(['| rule | section | |', '|---|---|---|', ...table].join('\n'))
  })
})
