/** What `synth` prints of several PEs. */
import { drainShare } from '../perf/mean-cell.ts'
import type { Band } from '../perf/table-figures.ts'
import { columns } from './context.ts'
import type { TableRow } from './synth-table.ts'
import { besideText } from './synth-text.ts'

const ends = ({ low, high }: Band, unit = 1): string => `${three(low / unit)} to ${three(high / unit)}`
const three = (value: number): string => (value >= 1000 ? value.toFixed(0) : value.toPrecision(3))

/** Relative to the first row, absolute, beside published areas, and on an FPGA; each where there is something. */
export const tableText = (rows: readonly TableRow[], library: string): string => {
  const names = shortNames(rows.map(({ spec }) => spec))
  const relative = [
    ['PE', 'area', 'power', 'area x power', 'MACs a cycle', 'area a MAC/cycle', 'energy a MAC', 'workload'],
    ...rows.map(({ relative: r, figures, reason }, k) => [
      names[k]!,
      r.area.toFixed(2),
      ends(r.power),
      ends(r.area_x_power),
      three(figures.macs_per_cycle),
      r.area_per_mac_per_cycle.toFixed(2),
      ends(r.pj_per_mac),
      figures.work.workload + (reason === undefined ? '' : ' (no layers of a model)'),
    ]),
  ]
  const absolute = [
    ['PE', 'um2', 'core um2', 'GE', 'ps', 'MHz', 'clock MHz', 'uW', 'pJ a MAC', 'vectors', 'mismatches'],
    ...rows.map(({ figures: { silicon, work } }, k) => [
      names[k]!,
      silicon.area_um2.toFixed(1),
      silicon.core_area_um2.toFixed(1),
      silicon.ge.toFixed(0),
      silicon.critical_path_ps.toFixed(0),
      silicon.fmax_mhz === null ? 'no path' : silicon.fmax_mhz.toFixed(0),
      String(work.clock_mhz),
      ends(work.power_w_band, 1e-6),
      ends(work.pj_per_mac_band),
      String(work.vectors),
      String(work.mismatches),
    ]),
  ]
  const beside = rows.flatMap(({ at_28_nm }, k) => (at_28_nm.length > 0 ? [`${names[k]}${besideText(at_28_nm)}`] : []))
  const memories = [
    ['PE', 'bits', 'on chip pJ', 'outside pJ', 'outside, of all energy'],
    ...rows.map(({ memory: { bits, on_chip_pj, dram, bar } }, k) => [
      names[k]!,
      String(bits),
      ends(on_chip_pj),
      ends({ low: dram.low_pj, high: dram.high_pj }),
      bar,
    ]),
  ]
  const counted = rows[0]!.fpga.map(({ family }, f) => {
    const counts = rows.map(({ fpga }, k) => {
      const { luts, ffs, with_blocks: blocks } = fpga[f]!
      return [names[k]!, ...[luts, ffs, blocks.luts, blocks.ffs, blocks.dsps].map(String)]
    })
    const heads = ['PE', 'LUTs', 'FFs', 'with blocks: LUTs', 'FFs', 'DSPs']
    return `on ${family}, before place and route\n${columns([heads, ...counts])}`
  })
  return [
    `relative to ${names[0]} with the same workload, both with ${drainShare}; power is energy a cycle, without and with glitches\n${columns(relative)}`,
    `on ${library}\n${columns(absolute)}`,
    ...(beside.length > 0 ? [`published at 28 nm\n${beside.join('\n')}`] : []),
    `memories, in none of these: a weight that is fetched for one multiply-accumulate\n${columns(memories)}`,
    ...counted,
    '--json has where each figure comes from',
  ].join('\n\n')
}

/** Specs without the parameters that all PEs of their family share here. */
export const shortNames = (specs: readonly string[]): string[] => {
  const parts = specs.map((spec) => {
    const [family = '', inside = ''] = [spec.slice(0, spec.indexOf('(')), spec.slice(spec.indexOf('(') + 1, -1)]
    return { family, parameters: inside.split(/, (?![^(]*\))/) }
  })
  return parts.map(({ family, parameters }) => {
    const relatives = parts.filter((other) => other.family === family)
    const kept = parameters.filter(
      (each) => /^(w|a|format|mode)=/.test(each) || relatives.some((other) => !other.parameters.includes(each)),
    )
    return `${family}(${kept.join(', ')})`
  })
}
