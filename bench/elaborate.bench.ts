import { execFileSync } from 'node:child_process'
import type { Progress } from '../src/base/progress.ts'
import { machine, median } from './table.ts'

/** Times of one array size, each from a process of its own, as a user feels them: nothing is warm. */
export interface ElaborateRow {
  readonly name: string
  readonly elaborate_s: number
  readonly print_s: number
  /** Elaboration and printing together: median, smallest and largest of the rounds. */
  readonly total_s: number
  readonly min_s: number
  readonly max_s: number
  readonly verilog_lines: number
  readonly rounds: number
}

export interface ElaborateResult {
  readonly rows: readonly ElaborateRow[]
  /** Time of 64 x 64 over that of 32 x 32, round by round, median; four times the cells. */
  readonly ratio_64_to_32: number
  /** Part of the elaboration of 32 x 32 that remembering the user's lines takes. */
  readonly share_of_locations: number
  readonly bounds: { readonly total_s_32: number; readonly ratio_64_to_32: number; readonly share_of_locations: number }
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
}

const spec = 'mixpe(w=int4, a=int8)'
const sizes = [16, 32, 64] as const
const rounds = 5

interface Measured {
  readonly elaborate: number
  readonly print: number
  readonly lines: number
  /** Microseconds of one remembered line, and how many there are. */
  readonly origin: number
  readonly origins: number
}

/** Elaborates and prints one array in a fresh process; milliseconds. */
const measure = (size: number): Measured => {
  const file = (path: string): string => JSON.stringify(new URL(`../src/${path}`, import.meta.url).href)
  const script = `
    import { outputStationaryArray } from ${file('accel/output-stationary.js')}
    import { modulesUnder, printVerilog } from ${file('dsl/index.js')}
    import { originHere } from ${file('dsl/origin.js')}
    import { processingElement } from ${file('pe/catalogue.js')}
    const pe = processingElement(${JSON.stringify(spec)})
    const start = performance.now()
    const module = outputStationaryArray(pe, { rows: ${size}, columns: ${size} })
    const elaborated = performance.now()
    const text = printVerilog(module)
    const printed = performance.now()
    const origins = new Set()
    for (const { registers, wires, instances, checks } of modulesUnder(module))
      for (const { source } of [...registers, ...wires, ...instances, ...checks]) origins.add(source)
    const deep = (depth) => {
      if (depth > 0) return deep(depth - 1)
      const from = performance.now()
      const kept = []
      for (let k = 0; k < origins.size; k++) kept.push(originHere())
      return (performance.now() - from) / kept.length
    }
    process.stdout.write(JSON.stringify({
      elaborate: elaborated - start, print: printed - elaborated, lines: text.split('\\n').length,
      origin: 1000 * deep(12), origins: origins.size,
    }))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }))
}

/** How long arrays take from TypeScript to Verilog, and how that grows with their size. */
export const elaborateBench = async (progress: Progress): Promise<ElaborateResult> => {
  const taken = new Map<number, Measured[]>(sizes.map((size) => [size, []]))
  progress.start('elaborate and print', rounds, 'rounds')
  for (let round = 0; round < rounds; round++) {
    for (const size of sizes) taken.get(size)!.push(measure(size))
    progress.update(round + 1)
  }
  progress.stop()
  const three = (value: number): number => Number(value.toPrecision(3))
  const total = ({ elaborate, print }: Measured): number => (elaborate + print) / 1000
  const rows = sizes.map((size): ElaborateRow => {
    const all = taken.get(size)!
    return {
      name: `${spec} ${size} x ${size}`,
      elaborate_s: three(median(all.map(({ elaborate }) => elaborate / 1000))),
      print_s: three(median(all.map(({ print }) => print / 1000))),
      total_s: three(median(all.map(total))),
      min_s: three(Math.min(...all.map(total))),
      max_s: three(Math.max(...all.map(total))),
      verilog_lines: all[0]!.lines,
      rounds,
    }
  })
  const [small, large] = [taken.get(32)!, taken.get(64)!]
  return {
    rows,
    ratio_64_to_32: three(median(large.map((one, k) => total(one) / total(small[k]!)))),
    share_of_locations: three(
      median(small.map(({ origin, origins, elaborate }) => (origin * origins) / 1000 / elaborate)),
    ),
    bounds: { total_s_32: 1, ratio_64_to_32: 4.5, share_of_locations: 0.1 },
    machine: machine(),
    versions: { node: process.version },
  }
}

export const printElaborate = ({
  rows,
  ratio_64_to_32,
  share_of_locations,
  bounds,
  machine,
}: ElaborateResult): string =>
  [
    ...rows.map(
      (row) =>
        `${row.name}: ${row.total_s} s (${row.min_s} to ${row.max_s}; elaborate ${row.elaborate_s}, print ${row.print_s}), ${row.verilog_lines} lines`,
    ),
    `64 x 64 takes ${ratio_64_to_32} times as long as 32 x 32 (at most ${bounds.ratio_64_to_32})`,
    `remembering the user's lines: ${(100 * share_of_locations).toFixed(1)} % of elaboration (at most ${100 * bounds.share_of_locations})`,
    machine,
  ].join('\n')
