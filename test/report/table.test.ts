import { describe, expect, it } from 'vitest'
import { reportTable, terminalStyle } from '../../src/report/table.ts'
import { fixture } from './fixture.ts'

const plain = (width: number): string => reportTable(fixture, { width, plain: true })

describe('the report as a terminal table', () => {
  it('is plain ASCII away from a terminal, with NO_COLOR and on dumb terminals', () => {
    const terminal = { isTTY: true, columns: 120 }
    expect(terminalStyle(terminal, {})).toEqual({ width: 120, plain: false })
    expect(terminalStyle(terminal, { NO_COLOR: '1' }).plain).toBe(true)
    expect(terminalStyle(terminal, { TERM: 'dumb' }).plain).toBe(true)
    expect(terminalStyle({}, {})).toEqual({ width: 100, plain: true })
    expect(plain(100)).toMatch(/^[\x20-\x7e\n]*$/)
    expect(reportTable(fixture, { width: 100, plain: false })).toContain('\u001b[')
  })

  it.each([48, 60, 80, 100, 140])('has no line longer than a terminal of %d characters', (width) => {
    const lines = plain(width).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
  })

  it('has the same figures as the report, sums included', () => {
    const text = plain(140)
    expect(text).toContain('ok: All 2,345,678 results equal the reference, bit for bit.')
    expect(text).toContain(fixture.run.cycles.toLocaleString('en'))
    expect(text).toContain('| mac(w=int8, a=int8)               |     671.2 | 841.2 |       787 |')
    expect(text).toContain('all, 1.21 pJ/MAC')
    expect(text).toContain('802.1 to 2,011')
    expect(text).toContain('generated/mixpe_u4_i8_g128.v')
    for (const note of fixture.notes) expect(text).toContain(`- ${note}`)
  })

  it('stands memories beside the array, with what the one outside the chip decides, and leaves them out of reports without', () => {
    const text = plain(100)
    expect(text).toMatch(/\nMemories\n/)
    expect(text).toMatch(/\| array +\| +1,106 \| +802\.1 to 2,011 \|/)
    expect(text).toMatch(/\| outside, lpddr4 \| 63,210 \| 31,605 to 63,211 \| 988 M \|/)
    expect(text).toContain('\nlpddr4 [######+.] 97 % of all energy (95 % to 97 %)\n')
    const { memory: _, ...energy } = fixture.energy
    expect(reportTable({ ...fixture, energy }, { width: 100, plain: true })).not.toMatch(/Memories/)
  })

  it('leaves out the less important columns first, and keeps those that name the row', () => {
    expect(plain(60)).toContain('| layers     | phase ')
    expect(plain(60)).not.toContain('mismatches |\n+------------+---------')
    expect(plain(140)).toContain('utilisation | mismatches |')
  })

  it('says FAILED when a result differs', () => {
    const failed = reportTable({ ...fixture, run: { ...fixture.run, mismatches: 1 } }, { width: 100, plain: true })
    expect(failed).toContain('FAILED: 1 of 2,345,678 results differ from the reference.')
  })

  it('lets no control character of a text reach the terminal', () => {
    const text = reportTable({ ...fixture, title: 'a\u001b[2Jb\rc' }, { width: 100, plain: true })
    expect(text).toContain('a?[2Jb?c')
  })

  it('prints tables without rows', () => {
    expect(reportTable({ ...fixture, verification: [], catalogue: [] }, { width: 80, plain: true })).toContain('| spec')
  })
})
