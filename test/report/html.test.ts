import { describe, expect, it } from 'vitest'
import { reportHtml } from '../../src/report/html.ts'
import { escaped, html, jsonBlock, scriptText } from '../../src/report/markup.ts'
import { fixture } from './fixture.ts'

const page = reportHtml(fixture)
/** The page without its scripts and data blocks: what a reader without scripts gets. */
const bodyOf = (page: string): string => page.replaceAll(/<script[\s\S]*?<\/script>/g, '')

describe('markup', () => {
  it('escapes every text and keeps markup', () => {
    expect(html`<b title="${'"\'<&>'}">${html`<i>${'<x>'}</i>`}${[html`1`, html`2`]}${3}${undefined}</b>`.markup).toBe(
      '<b title="&quot;&#39;&lt;&amp;&gt;"><i>&lt;x&gt;</i>123</b>',
    )
  })

  it('replaces control characters and lone surrogates', () => {
    expect(escaped('a\u0000b\u001b\ud800c\n\td')).toBe('a\ufffdb\ufffd\ufffdc\n\td')
  })

  it('lets nothing end a data block or a script', () => {
    const value = { text: '</script><!--<script>' }
    const block = jsonBlock('x', value).markup
    expect(block.match(/<\/?script/g)).toHaveLength(2)
    expect(JSON.parse(block.replace(/^<script[^>]*>|<\/script>$/g, ''))).toEqual(value)
    expect(scriptText('"</script><!--"')).toBe('"<\\/script><\\!--"')
  })
})

describe('the report page', () => {
  it('is the same, byte for byte, for the same report', () => {
    expect(reportHtml(structuredClone(fixture))).toBe(page)
  })

  it('loads nothing: no address in any attribute, and a policy that forbids it', () => {
    expect(bodyOf(page)).not.toMatch(/(src|href|action)="(?!data:,)/)
    expect(bodyOf(page)).not.toMatch(/url\(|@import/)
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'")
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-[^']+' 'sha256-[^']+'$/,
    )
    expect(page).not.toContain('sourceMappingURL')
  })

  it('shows hostile text as text, wherever it stands', () => {
    const evil = `</script><script>alert(1)</script><img src=x onerror="alert(2)">'"&`
    const poisoned = JSON.parse(
      JSON.stringify(fixture, (key, value: unknown) =>
        typeof value === 'string' && !['created', 'role', 'phase'].includes(key) ? value + evil : value,
      ),
    )
    const poisonedPage = reportHtml(poisoned)
    const scripts = (text: string): number => text.match(/<script/g)!.length
    expect(scripts(poisonedPage)).toBe(scripts(page))
    expect(poisonedPage).not.toContain('<img')
    expect(bodyOf(poisonedPage)).toContain('&lt;img src=x onerror=&quot;alert(2)&quot;&gt;')
  })

  it('says how many results were compared, and is not green when any differs or none was compared', () => {
    expect(bodyOf(page)).toContain('<p class="verdict good">✓ All 2,345,678 results equal the reference')
    const differs = reportHtml({ ...fixture, run: { ...fixture.run, mismatches: 3 } })
    expect(bodyOf(differs)).toContain('<p class="verdict bad">✗ 3 of 2,345,678 results differ')
    const none = reportHtml({ ...fixture, run: { ...fixture.run, compared_results: 0 } })
    expect(bodyOf(none)).toContain('<p class="verdict bad">✗ No result was compared')
  })

  it('holds every number of every chart in tables, so that it reads without scripts', () => {
    const charts = JSON.parse(/id="charts">([\s\S]*?)<\/script>/.exec(page)![1]!) as {
      id: string
      labels: string[]
      series: { values: (number | null)[]; texts: string[] }[]
    }[]
    expect(charts.map((chart) => chart.id)).toEqual([
      'cycles',
      'macs',
      'utilisation',
      'area',
      'cells',
      'recipes',
      'pe-energy',
      'energy',
    ])
    for (const chart of charts) {
      expect(page).toContain(`<canvas id="chart-${chart.id}" role="img"`)
      for (const series of chart.series) {
        expect(series.values).toHaveLength(chart.labels.length)
        for (const text of series.texts) expect(bodyOf(page)).toContain(`>${escaped(text)}</td>`)
      }
    }
  })

  it('has the provenance of every block of figures', () => {
    for (const { provenance } of [fixture.run, fixture.energy, ...fixture.pes])
      for (const value of Object.values(provenance))
        if (typeof value === 'string') expect(bodyOf(page)).toContain(`<dd>${escaped(value)}</dd>`)
  })

  it('stands memories beside the array, and leaves them out of reports without', () => {
    const page = reportHtml(fixture)
    expect(page).toContain('<p class="spec">lpddr4 [######+.] 97 % of all energy (95 % to 97 %)</p>')
    expect(page).toContain('TEST FIXTURE, no such memory')
    const { memory: _, ...energy } = fixture.energy
    expect(reportHtml({ ...fixture, energy })).not.toContain('With memories')
  })

  it('sums layers of a kind over the depth', () => {
    const wq = fixture.run.layers.filter((layer) => layer.kind === 'wq' && layer.phase === 'decode')
    const cycles = wq.reduce((sum, layer) => sum + layer.cycles, 0)
    expect(wq).toHaveLength(6)
    expect(bodyOf(page)).toContain(`<td class="number">${cycles.toLocaleString('en')}</td>`)
  })

  it('draws a report without phases, yardstick, layers or tokens', () => {
    const layers = fixture.run.layers.slice(0, 3).map(({ phase: _phase, ...layer }) => layer)
    const [subject] = fixture.pes
    const small = { ...fixture, pes: [subject!], run: { ...fixture.run, layers }, notes: [], verification: [] }
    expect(bodyOf(reportHtml(small))).not.toContain('>prefill<')
    const empty = {
      ...fixture,
      story: { ...fixture.story, text: '', tokens: [] },
      run: { ...fixture.run, layers: [], cycles: 0, seconds: 0 },
    }
    expect(bodyOf(reportHtml(empty))).not.toMatch(/NaN|Infinity|undefined/)
  })
})
