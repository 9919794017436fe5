import { quantiserOf } from '../../src/llm/quantised/quantisers.ts'
import { rows, type Width, widths } from './rows.ts'

/** Perplexities of one model with every quantiser. */
export interface Table {
  readonly id: string
  readonly title: string
  /** Name of the file that results of its model are kept in. */
  readonly kept: string
  /** For `openModel`; a path is one below the folder of the data. */
  readonly model: string
  readonly inData: boolean
  /** Weights that share a scale, in rows that do not say otherwise. */
  readonly group: number
  /** Most tokens of the texts that are measured. */
  readonly tokens: number
}

export const tables: readonly Table[] = [
  {
    id: '260k',
    title: '260K',
    kept: '260k',
    model: 'stories260K/stories260K.bin',
    inData: true,
    group: 32,
    tokens: 6_000,
  },
  { id: '15m', title: '15M', kept: '15m', model: 'stories15m', inData: false, group: 96, tokens: 2_000 },
  { id: '15m-ragged', title: '15M', kept: '15m', model: 'stories15m', inData: false, group: 128, tokens: 2_000 },
  {
    id: 'minimind2',
    title: 'minimind2-small',
    kept: 'minimind2',
    model: 'minimind2-small',
    inData: false,
    group: 128,
    tokens: 1_000,
  },
]

/** Stories that are measured, from the first on; all others calibrate. */
export const measuredTexts = 50
/** Tokens that calibrate. */
export const calibrationTokens = 4_096

/** The full text of the quantiser of a cell; undefined where the row has none of that width. */
export const specOf = ({ group }: Table, row: number, width: Width): string | undefined => {
  const spec = rows[row]!.specs[width]?.(group)
  return spec === undefined ? undefined : quantiserOf(spec).spec
}

/** Quantisers of a table, float first, each once, those of 4 and 3 bits before the others, which say less. */
export const specsOf = (table: Table): readonly string[] => {
  const of = (some: readonly Width[]): readonly string[] =>
    rows.flatMap((_, row) => some.flatMap((width) => specOf(table, row, width) ?? []))
  return [...new Set([quantiserOf('float').spec, ...of([4, 3]), ...of(widths)])]
}
