import { kinds, type PowerParts } from '../synth/power/power.ts'
import type { PowerReport } from '../synth/power/report.ts'
import type { Output } from './context.ts'
import { columns } from './context.ts'

/** Says what differed; gives the exit code. */
export const verdict = (
  { mismatches, vectors, first_mismatch }: Pick<PowerReport, 'mismatches' | 'vectors' | 'first_mismatch'>,
  output: Output,
): number => {
  if (mismatches === 0) return 0
  output.complain(
    `bitloom: the netlist does not compute what is expected in ${mismatches} of ${vectors} vectors: ${first_mismatch}; ` +
      'give a dump of this netlist, or a slower clock',
  )
  return 1
}

const prefixes = [
  [1, 'W'],
  [1e-3, 'mW'],
  [1e-6, 'uW'],
  [1e-9, 'nW'],
  [1e-12, 'pW'],
] as const

export const reportText = (report: PowerReport, most: number): string => {
  const [unit, name] = prefixes.find(([size]) => report.total_w >= size) ?? prefixes.at(-1)!
  const number = (watts: number): string => (watts === 0 ? '0' : (watts / unit).toPrecision(4))
  const share = ({ total_w }: PowerParts): string => `${((100 * total_w) / report.total_w).toFixed(1)} %`
  const row = (title: string, parts: PowerParts): string[] => [
    title,
    number(parts.internal_w),
    number(parts.switching_w),
    number(parts.leakage_w),
    number(parts.total_w),
    share(parts),
  ]
  const table = [
    [name, 'internal', 'switching', 'leakage', 'total', ''],
    ...kinds.map((kind) => row(kind, report.kinds[kind])),
    row('total', report),
  ]
  const { band, cycles, duration_ns, vectors, mismatches, provenance } = report
  const ends = band
    ? `band ${number(band.low.total_w)} ${name} without glitches, ${number(band.high.total_w)} ${name} with them ` +
      `(${band.low.toggles_per_cycle.toPrecision(4)} and ${band.high.toggles_per_cycle.toPrecision(4)} toggles a ${cycles === null ? 'ps' : 'cycle'})\n`
    : ''
  const shown = report.instances
    .slice(0, most)
    .map((each) => row(`${each.net ?? each.instance} ${each.cell ?? ''}`.trim(), each))
  const top =
    shown.length > 0
      ? `\n\n${columns([[`largest, ${name}`, 'internal', 'switching', 'leakage', 'total', ''], ...shown])}`
      : ''
  return (
    `${columns(table)}\n${ends}` +
    `${duration_ns} ns${cycles === null ? '' : `, ${cycles} cycles`}; ${vectors} vectors compared, ${mismatches} mismatches\n` +
    `${provenance.activity}; ${provenance.delay_mode}; ${provenance.wire_model}; ${provenance.conditions}${top}`
  )
}
