import Table from 'cli-table3'
import { groupLayers, yardstickOf } from './group.ts'
import { memoryRows } from './memory-rows.ts'
import { digits, grouped, percent, short } from './numbers.ts'
import { provenanceLines } from './provenance.ts'
import type { Provenance, Report, ReportEnergy, ReportMemory, ReportPe } from './schema.ts'
import { samplingText, verdict } from './sections.ts'

/** How the terminal wants it: characters in a line, and whether colours and line drawing may be used. */
export interface TerminalStyle {
  readonly width: number
  /** Only ASCII and no escape sequences. */
  readonly plain: boolean
}

/** The style for a stream: plain where it is not a terminal, or where `NO_COLOR` is set or `TERM` is `dumb`. */
export const terminalStyle = (
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): TerminalStyle => ({
  width: Math.max(40, stream.columns ?? 100),
  plain: stream.isTTY !== true || (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb',
})

/** A column of a terminal table; columns without `keep` are left out, last first, where the line is too narrow. */
interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => string
  readonly number?: boolean
  readonly keep?: boolean
}

/** The report for a terminal: the story, the verdict, and a table per subject with its provenance under it. */
export const reportTable = (report: Report, style: TerminalStyle): string => {
  const { story, run, energy } = report
  const groups = groupLayers(run.layers)
  const phases = groups.some((group) => group.phase !== undefined)
  const parts = [
    heading(report.title, style),
    wrapped(story.text, style),
    wrapped(
      `${story.model.id} (${short(story.model.parameters)} parameters), ${samplingText(story)}, ${grouped(story.tokens.length)} tokens told`,
      style,
    ),
    paint(wrapped(verdict(report), style), run.mismatches === 0 && run.compared_results > 0 ? '32' : '31', style),

    heading(`On the ${run.array.rows} x ${run.array.columns} array of ${run.pe}, engine ${run.engine}`, style),
    table(
      [
        { head: 'layers', cell: (row) => row.kind, keep: true },
        ...(phases ? [{ head: 'phase', cell: (row: (typeof groups)[number]) => row.phase ?? '', keep: true }] : []),
        { head: 'calls', cell: (row) => grouped(row.calls), number: true },
        { head: 'MACs', cell: (row) => grouped(row.macs), number: true },
        { head: 'cycles', cell: (row) => grouped(row.cycles), number: true, keep: true },
        { head: 'utilisation', cell: (row) => percent(row.utilisation), number: true, keep: true },
        { head: 'mismatches', cell: (row) => grouped(row.mismatches), number: true },
      ],
      [
        ...groups,
        {
          ...run,
          kind: 'all',
          phase: undefined,
          layers: run.layers.length,
          calls: groups.reduce((sum, row) => sum + row.calls, 0),
        },
      ],
      style,
    ),
    source(run.provenance, style),

    heading('Processing elements', style),
    table(
      [
        { head: 'spec', cell: (pe) => pe.spec, keep: true },
        { head: 'area, um2', cell: (pe) => digits(pe.area_um2, 4), number: true, keep: true },
        { head: 'GE', cell: (pe) => digits(pe.ge, 4), number: true, keep: true },
        { head: 'fmax, MHz', cell: (pe) => digits(pe.fmax_mhz, 4), number: true },
        { head: 'pJ in an active cycle', cell: activeEnergy, number: true },
        { head: 'leakage, nW', cell: (pe) => digits(pe.energy.leakage_nw, 4), number: true },
      ],
      report.pes,
      style,
    ),
    ...report.pes.map((pe) => source(pe.provenance, style, yardstickOf(report) ? `${pe.spec}: ` : '')),

    heading('Energy', style),
    table(
      [
        { head: 'part', cell: (row) => row.name, keep: true },
        { head: 'uJ', cell: (row) => digits(row.energy_uj, 4), number: true, keep: true },
        { head: 'low to high, uJ', cell: (row) => row.band, number: true },
      ],
      [
        ...energy.parts.map((part) => ({ ...part, band: '' })),
        {
          name: `all, ${digits(energy.pj_per_mac)} pJ/MAC`,
          energy_uj: energy.total_uj,
          band: `${digits(energy.low_uj, 4)} to ${digits(energy.high_uj, 4)}`,
        },
      ],
      style,
    ),
    source(energy.provenance, style),
    ...(energy.memory ? memoryLines(energy, energy.memory, style) : []),

    heading('Verification', style),
    table(
      [
        { head: 'spec', cell: (row) => row.spec, keep: true },
        { head: 'engine', cell: (row) => row.engine, keep: true },
        { head: 'vectors', cell: (row) => grouped(row.vectors) + (row.exhaustive ? ' (all)' : ''), number: true },
        { head: 'mismatches', cell: (row) => grouped(row.mismatches), number: true, keep: true },
        { head: 'cycles', cell: (row) => grouped(row.cycles), number: true },
        { head: 'cycles/s', cell: (row) => short(row.cyclesPerSecond), number: true },
      ],
      report.verification,
      style,
    ),

    heading('Generated Verilog', style),
    table(
      [
        { head: 'module', cell: (row) => row.module, keep: true },
        { head: 'file', cell: (row) => row.file, keep: true },
        { head: 'ports', cell: (row) => grouped(row.ports), number: true },
        { head: 'lines', cell: (row) => grouped(row.lines), number: true },
      ],
      report.catalogue,
      style,
    ),

    ...(report.notes.length > 0 ? [heading('Notes', style)] : []),
    ...report.notes.map((note) => wrapped(`- ${note}`, style)),
  ]
  return `${parts.join('\n')}\n`
}

/** The memories around the array, with the bar of what the one outside the chip decides. */
const memoryLines = (energy: ReportEnergy, memory: ReportMemory, style: TerminalStyle): readonly string[] => [
  heading('Memories', style),
  table(
    [
      { head: 'part', cell: (row) => row.name, keep: true },
      { head: 'uJ', cell: (row) => digits(row.uj, 4), number: true, keep: true },
      { head: 'low to high, uJ', cell: (row) => `${digits(row.low_uj, 4)} to ${digits(row.high_uj, 4)}`, number: true },
      { head: 'bytes', cell: (row) => row.bytes, number: true },
    ],
    memoryRows(energy, memory),
    style,
  ),
  wrapped(memory.dram.bar, style),
  source(memory.provenance, style),
]

/** Clock and data energy of one PE in a cycle with a product, with the band of the data energy. */
const activeEnergy = ({ energy }: ReportPe): string => {
  const [middle, low, high] = [
    energy.data_pj_per_active_cycle,
    energy.data_low_pj_per_active_cycle,
    energy.data_high_pj_per_active_cycle,
  ].map((data) => digits(energy.clock_pj_per_cycle + data))
  return `${middle} (${low} to ${high})`
}

const paint = (text: string, code: string, style: TerminalStyle): string =>
  style.plain ? text : `\u001b[${code}m${text}\u001b[0m`

const heading = (text: string, style: TerminalStyle): string => `\n${paint(wrapped(text, style), '1', style)}`

const source = (provenance: Provenance, style: TerminalStyle, of = ''): string => {
  // Scripts are for the page and the JSON.
  const short = provenanceLines(provenance).filter(([, value]) => !value.includes('\n'))
  const text = short.map(([key, value]) => `${key}: ${value}`)
  return paint(wrapped(`${of}${text.join('; ')}`, style), '2', style)
}

const asciiOf: Readonly<Record<string, string>> = {
  '✓': 'ok:',
  '✗': 'FAILED:',
  µ: 'u',
  '²': '2',
  '“': '"',
  '”': '"',
  '’': "'",
}

/** Text of others: control characters never reach the terminal, and in plain style nothing but ASCII does. */
const ascii = (text: string, style: TerminalStyle): string => {
  const safe = text.replace(/[^\P{Cc}\n]/gu, '?')
  return style.plain ? safe.replace(/[^\x20-\x7e\n]/gu, (character) => asciiOf[character] ?? '?') : safe
}

/** Text broken between words so that no line is longer than the terminal. */
const wrapped = (text: string, style: TerminalStyle): string =>
  ascii(text, style)
    .split('\n')
    .flatMap((paragraph) => {
      const lines = ['']
      for (const word of paragraph.split(' ')) {
        const line = lines.at(-1) ?? ''
        if (line === '') lines[lines.length - 1] = word
        else if (line.length + 1 + word.length <= style.width) lines[lines.length - 1] = `${line} ${word}`
        else lines.push(word)
      }
      return lines
    })
    .join('\n')

const plainLines = {
  top: '-',
  'top-mid': '+',
  'top-left': '+',
  'top-right': '+',
  bottom: '-',
  'bottom-mid': '+',
  'bottom-left': '+',
  'bottom-right': '+',
  left: '|',
  'left-mid': '+',
  mid: '-',
  'mid-mid': '+',
  right: '|',
  'right-mid': '+',
  middle: '|',
}
const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], style: TerminalStyle): string => {
  const text = (column: Column<Row>, row: Row): string => ascii(column.cell(row), style)
  const widthOf = (column: Column<Row>): number =>
    2 + Math.max(column.head.length, ...rows.map((row) => text(column, row).length))
  const total = (list: readonly Column<Row>[]): number => list.reduce((sum, column) => sum + widthOf(column) + 1, 1)
  let shown = columns
  while (total(shown) > style.width) {
    const drop = shown.findLastIndex((column) => !column.keep)
    if (drop < 0) break
    shown = shown.filter((_, index) => index !== drop)
  }
  // What is still too wide comes off the widest column, whose texts end in dots then.
  const widths = shown.map(widthOf)
  const excess = total(shown) - style.width
  if (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths))
    widths[widest] = Math.max(8, (widths[widest] ?? 0) - excess)
  }
  const drawn = new Table({
    head: shown.map((column) => column.head),
    colWidths: widths,
    colAligns: shown.map((column) => (column.number ? 'right' : 'left')),
    truncate: style.plain ? '...' : '…',
    style: { head: style.plain ? [] : ['cyan'], border: style.plain ? [] : ['grey'], compact: true },
    ...(style.plain ? { chars: plainLines } : {}),
  })
  for (const row of rows) drawn.push(shown.map((column) => text(column, row)))
  return drawn.toString()
}
