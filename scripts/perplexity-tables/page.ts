import { quantiserOf } from '../../src/llm/quantised/quantisers.ts'
import type { Kept } from './kept.ts'
import { rows, widths } from './rows.ts'
import { specOf, type Table, tables } from './tables.ts'

/** The page that has the tables. */
export const page = ['docs', 'llm.md'] as const

/** Three digits behind the point below 10, one below 100. */
const text = (perplexity: number): string => {
  const digits = perplexity < 9.9995 ? 3 : perplexity < 99.95 ? 1 : 0
  return perplexity.toFixed(digits)
}

const line = (cells: readonly string[]): string =>
  `|${cells.map((cell) => (cell === '' ? ' ' : ` ${cell} `)).join('|')}|`

/** A table as Markdown; a cell without a quantiser is empty, one that is not measured yet has three dots. */
export const tableOf = (table: Table, { perplexities, predicted_tokens: tokens }: Kept): string => {
  const of = (spec: string): string => {
    const found = perplexities[spec]
    return found === undefined ? '...' : text(found)
  }
  const head = [
    `${table.title}, groups of ${table.group}, ${tokens.toLocaleString('en')} tokens, float32 ${of(quantiserOf('float').spec)}`,
    ...widths.map((width, at) => (at === 0 ? `${width} bits` : String(width))),
  ]
  const cells = rows.map(({ title }, row) => [
    title,
    ...widths.map((width) => {
      const spec = specOf(table, row, width)
      return spec === undefined ? '' : of(spec)
    }),
  ])
  return [line(head), line(head.map(() => '---')), ...cells.map(line)].join('\n')
}

const marks = ({ id }: Table) => ({ from: `<!-- perplexities: ${id} -->\n`, to: '<!-- end of perplexities -->' })

/** Tables that have a place on the page. */
export const tablesOn = (content: string): readonly Table[] =>
  tables.filter((table) => content.includes(marks(table).from))

/** The page with tables between their marks `<!-- perplexities: id -->` and `<!-- end of perplexities -->`, of what is kept. */
export const withTables = (content: string, keptOf: (table: Table) => Kept | undefined): string =>
  tablesOn(content).reduce((result, table) => {
    const kept = keptOf(table)
    if (!kept) return result
    const { from, to } = marks(table)
    const [before, rest = ''] = result.split(from)
    return `${before}${from}\n${tableOf(table, kept)}\n\n${rest.slice(rest.indexOf(to))}`
  }, content)
