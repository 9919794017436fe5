import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { peTable, peTables } from '../../scripts/pe-tables/tables.ts'
import { withTablesOf } from '../../scripts/tables-of-page.ts'
import { synthesiseElement } from '../../src/cli/pe-synthesis.ts'
import { elementOf } from '../../src/pe/catalogue.ts'
import { openYosys } from '../../src/synth/yosys.ts'
import { withCache } from '../../src/synth/yosys-cache.ts'

const band = { low: 1.234, high: 12.34 }
const counts = { luts: 74, ffs: 37.25, dsps: 0 }
const row = {
  ...{ spec: 'mac(w=int8, a=int8, acc=48)', macs_per_cycle: 1, area_um2: 768.45, core_area_um2: 665.5, ge: 963.2 },
  ...{ critical_path_ps: 1831.4, fmax_mhz: 546.03, clock_mhz: 500, workload: 'layers', pj_per_mac_band: band },
  power_w_band: { low: 576e-6, high: 796e-6 },
  ...{ vectors: 9, mismatches: 0 },
  relative: { area: 1, area_per_mac_per_cycle: 0.5, power: band, area_x_power: band, pj_per_mac: band },
  fpga: [{ family: 'xc7', ...counts, with_blocks: { luts: 34, ffs: 25, dsps: 1 } }],
}

describe('the tables of what `bitloom synth --all --json` says', () => {
  it('have a row for each PE, with what tells it from others of its family', () => {
    const other = { ...row, spec: 'mac(w=int8, a=int8, acc=40)' }
    const tables = peTables(peTable(JSON.stringify({ rows: [row, other] })))
    expect(tables.absolute).toBe(
      [
        '| PE | um2 | core um2 | GE | ps | MHz | clock | uW | pJ a MAC |',
        '|---|---|---|---|---|---|---|---|---|',
        '| `mac(w=int8, a=int8, acc=48)` | 768.5 | 665.5 | 963 | 1831 | 546 | 500 | 576 to 796 | 1.23 to 12.3 |',
        '| `mac(w=int8, a=int8, acc=40)` | 768.5 | 665.5 | 963 | 1831 | 546 | 500 | 576 to 796 | 1.23 to 12.3 |',
      ].join('\n'),
    )
    expect(tables.relative).toContain('| 1.00 | 1.23 to 12.34 | 1.23 to 12.34 | 1 | 0.50 | 1.23 to 12.34 | layers |')
    expect(tables['fpga-luts']).toContain('| PE | xc7 |\n|---|---|\n| `mac(w=int8, a=int8, acc=48)` | 74 / 37.25 |')
    expect(tables['fpga-blocks']).toContain('| 34 / 25 / 1 |')
    const { fpga: _, ...without } = row
    expect(Object.keys(peTables(peTable(JSON.stringify({ rows: [without] }))))).toEqual(['relative', 'absolute'])
  })

  it('go between the marks of a page, and a page without them is refused', () => {
    const page = 'a\n<!-- table: x -->\nold\n<!-- end of table -->\nb\n'
    expect(withTablesOf(page, { x: 'new' })).toBe('a\n<!-- table: x -->\n\nnew\n\n<!-- end of table -->\nb\n')
    expect(() => withTablesOf(page, { y: 'new' })).toThrow(/no place for the table y/)
  })
})

describe('docs/area-timing-energy.md', () => {
  const page = readFileSync('docs/area-timing-energy.md', 'utf8')
  const yosys = withCache(openYosys())
  afterAll(() => yosys.close())

  it.each(['mac(w=int4, a=int4)', 'mixpe(w=int4, a=int8)'])(
    'has areas and paths of %s as they are now',
    async (spec) => {
      const { mean, core } = await synthesiseElement(elementOf(spec), { target: 'generic45', core: true }, yosys)
      if (mean.kind !== 'asic' || core?.kind !== 'asic') throw new Error('expected cells')
      const absolute = page.slice(page.indexOf('<!-- table: absolute -->'))
      const cells = absolute
        .slice(absolute.indexOf(`| \`${spec}\` |`))
        .split('\n')[0]!
        .split(' | ')
      expect(cells.slice(1, 5)).toEqual([
        mean.area_um2.toFixed(1),
        core.area_um2.toFixed(1),
        mean.ge.toFixed(0),
        mean.critical_path_ps.toFixed(0),
      ])
    },
    300_000,
  )
})
