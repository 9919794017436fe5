/** The tables of docs/area-timing-energy.md, from what `bitloom synth --all --json` says. */
import { z } from 'zod'
import { shortNames } from '../../src/cli/synth-table-text.ts'
import { catalogue, elementOf } from '../../src/pe/catalogue.ts'

const band = z.object({ low: z.number(), high: z.number() })
const counts = z.object({ luts: z.number(), ffs: z.number(), dsps: z.number() })
const rowSchema = z.object({
  spec: z.string(),
  macs_per_cycle: z.number(),
  area_um2: z.number(),
  core_area_um2: z.number(),
  ge: z.number(),
  critical_path_ps: z.number(),
  fmax_mhz: z.number(),
  clock_mhz: z.number(),
  workload: z.string(),
  power_w_band: band,
  pj_per_mac_band: band,
  vectors: z.number(),
  mismatches: z.number(),
  relative: z.object({
    area: z.number(),
    area_per_mac_per_cycle: z.number(),
    power: band,
    area_x_power: band,
    pj_per_mac: band,
  }),
  fpga: z.array(counts.extend({ family: z.string(), with_blocks: counts })).default([]),
})
const documentSchema = z.object({ rows: z.array(rowSchema).min(1) })

export type PeTable = z.infer<typeof documentSchema>
type Row = PeTable['rows'][number]

/** What the command printed; anything else is a ZodError. */
export const peTable = (json: string): PeTable => documentSchema.parse(JSON.parse(json))

/** As the catalogue has a PE, else with what tells it from others of its family. */
const namesOf = (rows: readonly Row[]): readonly string[] => {
  const known = new Map(catalogue.map((text) => [elementOf(text).spec, text]))
  const short = shortNames(rows.map(({ spec }) => spec))
  return rows.map(({ spec }, k) => known.get(spec) ?? short[k]!)
}

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(heads), `|${'---|'.repeat(heads.length)}`, ...rows.map(line)].join('\n')
}
const ends = ({ low, high }: z.infer<typeof band>, show: (value: number) => string): string =>
  `${show(low)} to ${show(high)}`
const three = (value: number): string => (value >= 1000 ? value.toFixed(0) : value.toPrecision(3))
const two = (value: number): string => value.toFixed(2)

/** Their Markdown by the names of the page's marks; FPGA tables only of what was counted. */
export const peTables = ({ rows }: PeTable): Readonly<Record<string, string>> => {
  const names = namesOf(rows)
  const named = (cells: (row: Row) => readonly string[]) => rows.map((row, k) => [`\`${names[k]}\``, ...cells(row)])
  const families = rows[0]!.fpga.map(({ family }) => family)
  const onFamilies = (cell: (at: Row['fpga'][number]) => string) =>
    table(
      ['PE', ...families],
      named(({ fpga }) => fpga.map(cell)),
    )
  return {
    relative: table(
      ['PE', 'area', 'power', 'area x power', 'MACs a cycle', 'area a MAC/cycle', 'energy a MAC', 'work'],
      named(({ relative: r, macs_per_cycle, workload }) => [
        two(r.area),
        ends(r.power, two),
        ends(r.area_x_power, two),
        String(Number(macs_per_cycle.toPrecision(3))),
        two(r.area_per_mac_per_cycle),
        ends(r.pj_per_mac, two),
        workload,
      ]),
    ),
    absolute: table(
      ['PE', 'um2', 'core um2', 'GE', 'ps', 'MHz', 'clock', 'uW', 'pJ a MAC'],
      named((row) => [
        row.area_um2.toFixed(1),
        row.core_area_um2.toFixed(1),
        row.ge.toFixed(0),
        row.critical_path_ps.toFixed(0),
        row.fmax_mhz.toFixed(0),
        String(row.clock_mhz),
        ends(row.power_w_band, (watt) => (watt * 1e6).toFixed(0)),
        ends(row.pj_per_mac_band, three),
      ]),
    ),
    ...(families.length === 0
      ? {}
      : {
          'fpga-luts': onFamilies(({ luts, ffs }) => `${luts} / ${ffs}`),
          'fpga-blocks': onFamilies(({ with_blocks: b }) => `${b.luts} / ${b.ffs} / ${b.dsps}`),
        }),
  }
}
