import { cpus, loadavg } from 'node:os'

/** One comparison: the higher of `ours` and `peer` wins; `ratio` is ours over peer, pair by pair, median of the rounds. */
export interface BenchRow {
  readonly name: string
  readonly ours: number
  readonly peer: number
  readonly ratio: number
  /** Smallest and largest ratio of the rounds. */
  readonly min: number
  readonly max: number
  readonly unit: string
  readonly rounds: number
}

export interface BenchResult {
  readonly rows: readonly BenchRow[]
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** A row from the rounds' figures, taken in turn so that a drifting machine hits both alike. */
export const rowOf = (name: string, unit: string, rounds: readonly { ours: number; peer: number }[]): BenchRow => {
  const ratios = rounds.map(({ ours, peer }) => ours / peer)
  const three = (value: number): number => Number(value.toPrecision(3))
  return {
    name,
    ours: three(median(rounds.map(({ ours }) => ours))),
    peer: three(median(rounds.map(({ peer }) => peer))),
    ratio: three(median(ratios)),
    min: three(Math.min(...ratios)),
    max: three(Math.max(...ratios)),
    unit,
    rounds: rounds.length,
  }
}

export const machine = (): string => `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}`

/** What else ran meanwhile, since it takes caches and turns from a measurement even of processor time. */
export const othersAtWork = (): string =>
  `load of ${loadavg()[0]!.toFixed(1)} on ${cpus().length} cores in the last minute`

export const printRows = ({ rows, machine, versions }: BenchResult, peer: string): string => {
  const header = ['design', 'js', peer, 'ratio', 'min to max', 'unit']
  const cells = rows.map((row) =>
    [row.name, row.ours, row.peer, row.ratio, `${row.min} to ${row.max}`, row.unit].map(String),
  )
  return printTable(header, cells, { machine, versions })
}

/** Columns of text, and under them where the figures come from. */
export const printTable = (
  header: readonly string[],
  cells: readonly (readonly string[])[],
  { machine, versions }: Pick<BenchResult, 'machine' | 'versions'>,
): string => {
  const widths = header.map((head, k) => Math.max(head.length, ...cells.map((row) => row[k]!.length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, k) => cell.padEnd(widths[k]!))
      .join('  ')
      .trimEnd()
  const facts = Object.entries(versions).map(([key, value]) => `${key}: ${value}`)
  return [line(header), ...cells.map(line), '', machine, ...facts].join('\n')
}
