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
  /** Processor time over time on the wall, medians: threads that had less than a core each shared it with others' work. */
  readonly cores?: { readonly ours: number; readonly peer: number }
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

/** Work done, in time on the wall and of the processor, in seconds. */
export interface Timed {
  readonly wall: number
  readonly processor: number
}

/** Rows of what was done in `work` units a round: by processor time, which is fair on a busy machine, and by the clock on the wall. */
export const rowsOfBoth = (
  name: string,
  unit: string,
  work: number,
  rounds: readonly { readonly ours: Timed; readonly peer: Timed }[],
): readonly BenchRow[] => {
  const rowBy = (time: keyof Timed, how: string): BenchRow =>
    rowOf(
      `${name}, ${how}`,
      unit,
      rounds.map(({ ours, peer }) => ({ ours: work / ours[time], peer: work / peer[time] })),
    )
  const coresOf = (of: 'ours' | 'peer'): number =>
    Number(median(rounds.map((round) => round[of].processor / round[of].wall)).toPrecision(3))
  return [
    rowBy('processor', 'by processor time'),
    { ...rowBy('wall', 'by the clock'), cores: { ours: coresOf('ours'), peer: coresOf('peer') } },
  ]
}

/** Cells of a row; of cores only where it has them. */
export const cellsOf = ({ name, ours, peer, ratio, min, max, unit, cores }: BenchRow): readonly string[] =>
  [name, ours, peer, ratio, `${min} to ${max}`, unit, cores ? `${cores.ours} and ${cores.peer}` : ''].map(String)

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

export const printRows = ({ rows, machine, versions }: BenchResult, peer: string, ours = 'js'): string => {
  const header = ['design', ours, peer, 'ratio', 'min to max', 'unit', 'cores at work']
  const withCores = rows.some(({ cores }) => cores)
  const shown = <T>(cells: readonly T[]): readonly T[] => (withCores ? cells : cells.slice(0, -1))
  return printTable(
    shown(header),
    rows.map((row) => shown(cellsOf(row))),
    { machine, versions },
  )
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
