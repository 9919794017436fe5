import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Kept, readKept, startedFrom } from '../../scripts/perplexity-tables/kept.ts'
import { page, tableOf, tablesOn, withTables } from '../../scripts/perplexity-tables/page.ts'
import { rows } from '../../scripts/perplexity-tables/rows.ts'
import { specOf, specsOf, tables } from '../../scripts/perplexity-tables/tables.ts'
import { quantiserFamilies } from '../../src/llm/quantised/quantisers.ts'
import { root } from '../docs/pages.ts'

const content = readFileSync(join(root, ...page), 'utf8')
const [small] = tables
const kept = readKept(root, small!)!

describe('the tables of perplexities', () => {
  it('have every quantiser', () => {
    const specs = tables.flatMap(specsOf).join(' ')
    for (const { id } of quantiserFamilies) expect(specs).toContain(`${id}(`)
  })

  it('are on the page as they were measured (npm run perplexities)', () => {
    expect(tablesOn(content).length).toBeGreaterThan(1)
    expect(withTables(content, (table) => readKept(root, table))).toBe(content)
  })

  it('hold what was measured of their own quantisers only, and that of the 260K model all of them', () => {
    for (const { kept: file } of tables) {
      const sharing = tables.filter((table) => table.kept === file)
      const specs = new Set(sharing.flatMap(specsOf))
      const found = Object.keys(readKept(root, sharing[0]!)?.perplexities ?? {})
      expect(found.filter((spec) => !specs.has(spec))).toEqual([])
    }
    expect(Object.keys(kept.perplexities).toSorted()).toEqual([...specsOf(small!)].toSorted())
  })

  it('say what is not measured and what there is not', () => {
    const float = specsOf(small!)[0]!
    const table = tableOf(small!, { ...kept, perplexities: { [float]: 3.5 } })
    expect(table.split('\n').slice(0, 3)).toEqual([
      '| 260K, groups of 32, 6,000 tokens, float32 3.500 | 8 bits | 6 | 4 | 3 |',
      '| --- | --- | --- | --- | --- |',
      '| integers, symmetric | ... | ... | ... | ... |',
    ])
    expect(table).toContain('| NF4 | | | ... | |')
    const large = Object.fromEntries(specsOf(small!).map((spec, at) => [spec, 9.9994 + at * 45]))
    expect(tableOf(small!, { ...kept, perplexities: large })).toMatch(/float32 9\.999 .*\n.*\n\| .* \| 55\.0 \| 100 \|/)
  })
})

describe('a run', () => {
  const digests = { model: kept.model_sha256, texts: kept.texts_sha256 }
  it('goes on where it was interrupted', () => {
    expect(startedFrom(kept, small!, digests)).toBe(kept)
  })

  it('begins anew where the model, the texts or the numbers of tokens are others', () => {
    const others: readonly Kept[] = [
      startedFrom(undefined, small!, digests),
      startedFrom(kept, small!, { ...digests, model: 'other' }),
      startedFrom(kept, small!, { ...digests, texts: 'other' }),
      startedFrom(kept, { ...small!, tokens: 7 }, digests),
    ]
    for (const other of others) expect(other.perplexities).toEqual({})
    expect(others[3]!.most_tokens).toBe(7)
  })
})

describe('the published orders hold for the 260K model', () => {
  const of = (title: string, width: 8 | 6 | 4 | 3): number => {
    const row = rows.findIndex((one) => one.title === title)
    return kept.perplexities[specOf(small!, row, width)!]!
  }
  it.each([
    ['integers, asymmetric', 'integers, symmetric'],
    ['integers, asymmetric', 'integers, asymmetric, a channel'],
    ['BitMoD', 'integers, symmetric'],
    ['GPTQ, asymmetric', 'integers, asymmetric'],
    ['GPTQ, symmetric', 'integers, symmetric'],
    ['GPTQ, BitMoD', 'BitMoD'],
    ['AWQ, asymmetric', 'integers, asymmetric'],
    ['AWQ, BitMoD', 'BitMoD'],
    ['ANT, a type a group', 'integers, symmetric'],
  ] as const)('%s before %s at 4 and 3 bits', (better, worse) => {
    for (const width of [4, 3] as const) expect(of(better, width)).toBeLessThan(of(worse, width))
  })

  it('BitMoD-3 before INT3, 8-bit integers within 1 % of float', () => {
    expect(of('BitMoD', 3)).toBeLessThan(of('integers, asymmetric', 3))
    const float = kept.perplexities[specsOf(small!)[0]!]!
    for (const title of ['integers, symmetric', 'integers, asymmetric', 'BitMoD', 'MixPE, INT8 activations'])
      expect(Math.abs(of(title, 8) / float - 1)).toBeLessThan(0.01)
  })
})
