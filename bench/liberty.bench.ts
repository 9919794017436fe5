import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Progress } from '../src/base/progress.ts'
import { libraryOf } from '../src/synth/liberty/library-of.ts'
import { openLiberty } from '../src/synth/liberty/open.ts'
import { readLiberty } from '../src/synth/liberty/read.ts'
import { printLiberty } from '../src/synth/liberty/writer.ts'
import { generic45 } from '../src/synth/library/generic45.ts'
import { machine, median, othersAtWork, printTable } from './table.ts'

/** Reading one Liberty text, tables and all, up to the library that mapping takes. */
export interface LibertyRow {
  readonly name: string
  readonly megabytes: number
  readonly cells: number
  /** Processor time of this process, since others may be at work; median of the rounds. */
  readonly processor_s: number
  /** By the clock, the least of the rounds. */
  readonly clock_s: number
}

export interface LibertyResult {
  readonly rows: readonly LibertyRow[]
  /** What 20 MB, the last row, may take, read and made a library. */
  readonly bound_s: number
  readonly within_bound: boolean
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
}

const largeBytes = 20 * 1e6
const boundSeconds = 5
const rounds = 3
const folder = fileURLToPath(new URL('../../../shared/data/liberty/', import.meta.url))
const files = ['nangate45_typ.lib.gz', 'sky130hd_tt.lib.gz', 'sg13g2_stdcell_typ_1p20V_25C.lib.gz']

/** A Liberty text of `bytes` and a little more: the cells of another again and again, each time under other names. */
export const repeated = (text: string, bytes: number): string => {
  const first = text.search(/^\s*cell\s*\(/m)
  const last = text.lastIndexOf('}')
  const [head, cells] = [text.slice(0, first), text.slice(first, last)]
  const parts = [head, cells]
  for (let size = text.length, copy = 1; size < bytes; size += cells.length, copy++)
    parts.push(cells.replace(/^(\s*cell\s*\(\s*"?)([^")]+)/gm, `$1$2_copy${copy}`))
  return `${parts.join('')}}\n`
}

const measure = (name: string, text: string): LibertyRow => {
  const times = Array.from({ length: rounds }, () => {
    const [start, used] = [performance.now(), process.cpuUsage()]
    const { cells } = libraryOf(readLiberty([{ name, text }]))
    const { user, system } = process.cpuUsage(used)
    return { clock: (performance.now() - start) / 1000, processor: (user + system) / 1e6, cells: cells.length }
  })
  const three = (value: number): number => Number(value.toPrecision(3))
  return {
    name,
    megabytes: three(text.length / 1e6),
    cells: times[0]!.cells,
    processor_s: three(median(times.map(({ processor }) => processor))),
    clock_s: three(Math.min(...times.map(({ clock }) => clock))),
  }
}

export const libertyBench = async (progress: Progress): Promise<LibertyResult> => {
  const found = files.map((file) => join(folder, file)).filter((file) => existsSync(file))
  const texts = found.map((file) => openLiberty(file))
  // Without the full files our own stands in, whose cells have no tables of slew and load worth the name.
  const [base] = texts.length > 0 ? texts : [{ name: 'generic45', text: printLiberty(generic45) }]
  const designs = [
    ...texts.map(({ name, text }) => ({ name: name.split('/').at(-1)!, text })),
    { name: `${base!.name.split('/').at(-1)}, repeated`, text: repeated(base!.text, largeBytes) },
  ]
  const rows: LibertyRow[] = []
  progress.start('reading of Liberty files', designs.length, 'files')
  for (const { name, text } of designs) {
    progress.update(rows.length, name)
    rows.push(measure(name, text))
  }
  progress.stop()
  return {
    rows,
    bound_s: boundSeconds,
    within_bound: rows.at(-1)!.processor_s < boundSeconds,
    machine: machine(),
    versions: { node: process.version, others: othersAtWork() },
  }
}

export const printLibertyBench = (result: LibertyResult): string =>
  `${printTable(
    ['file', 'MB', 'cells', 'processor s', 'clock s'],
    result.rows.map((row) => [row.name, row.megabytes, row.cells, row.processor_s, row.clock_s].map(String)),
    result,
  )}\nbound of ${result.bound_s} s for 20 MB: ${result.within_bound ? 'kept' : 'not kept'}`
