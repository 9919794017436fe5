/** What `synth` prints of a result. */
import type { BesideClaim } from '../perf/beside-claims.ts'
import type { MeanAsicCell, MeanFpgaCell } from '../perf/mean-cell.ts'
import type { FpgaSynthesis } from '../synth/synthesise.ts'
import type { TimingResult } from '../synth/timing.ts'
import { columns } from './context.ts'

/** A design, or the mean of a PE's two forms, whose recipes are not chosen among. */
export type Shown =
  | (Omit<MeanAsicCell, 'recipes'> & { readonly recipes: readonly Chosen<MeanAsicCell>[] })
  | (Omit<MeanFpgaCell, 'recipes'> & { readonly recipes: readonly Chosen<MeanFpgaCell>[] })
type Chosen<M extends MeanAsicCell | MeanFpgaCell> = M['recipes'][number] & { readonly chosen?: boolean }

const missed = (result: Shown): string =>
  result.kind === 'asic' && result.meets_max_delay === false
    ? `\nno recipe keeps the path within ${result.max_delay_ps} ps; this is the fastest`
    : ''

/** Signals of a path that are shown, from its end: the user's own names are few. */
const mostSignals = 12

/** The longest path by the signals that it passes; of the mean of two forms nothing is said. */
const pathText = (result: Shown): string => {
  if (result.kind !== 'asic' || !('timing' in result)) return ''
  const { start, end, critical_path_ps, path } = result.timing as TimingResult
  if (path.length === 0) return ''
  const named = path.filter(({ line }) => line !== undefined)
  const signals = named
    .slice(-mostSignals)
    .map(({ arrival_ps, net, line }) => [`  ${arrival_ps} ps`, net, `line ${line}`])
  const left = named.length > mostSignals ? `\n  (${named.length - mostSignals} signals before these)` : ''
  return (
    `\nlongest path ${critical_path_ps} ps, from ${start} through ${path.length} cells to ${end}${left}` +
    (signals.length > 0 ? `\n${columns(signals)}` : '')
  )
}

const slackText = (result: Shown): string =>
  result.kind === 'asic' && result.slack_ps !== undefined
    ? `\nslack ${result.slack_ps} ps of the ${result.max_delay_ps} ps wanted`
    : ''

export const text = (result: Shown): string => {
  const recipes =
    result.kind === 'asic'
      ? [
          ['recipe', 'area um2', 'critical path ps', ''],
          ...result.recipes.map((row) => [
            row.id,
            String(row.area_um2),
            String(row.critical_path_ps),
            row.chosen ? 'chosen' : '',
          ]),
        ]
      : [
          ['recipe', 'LUTs', 'FFs', 'DSPs', 'carries', ''],
          ...result.recipes.map((row) => [
            row.id,
            String(row.luts),
            String(row.ffs),
            String(row.dsps),
            String(row.carries),
            row.chosen ? 'chosen' : '',
          ]),
        ]
  const head =
    result.kind === 'asic'
      ? `${result.area_um2} um2, ${result.ge} GE, ${result.fmax_mhz ?? 'no path to time'} MHz on ${result.target} (${result.provenance.library_source})`
      : `${result.luts} LUTs, ${result.ffs} FFs, ${result.dsps} DSPs on ${result.target} (${result.provenance.counts})`
  const gating = result.kind === 'asic' ? `; ${result.provenance.clock_gating}` : ''
  return `${head}${missed(result)}${slackText(result)}${pathText(result)}\n${columns(recipes)}\n${result.versions.yosys}; ${result.provenance.search}${gating}`
}

/** Published areas at 28 nm, and ours scaled to it. */
export const besideText = (beside: readonly BesideClaim[]): string =>
  beside
    .map(
      ({ what, published_um2, source, scaled_um2: { value, low, high }, ratio, provenance }) =>
        `\npublished: ${published_um2} um2, ${what} (${source})\n  ours at 28 nm: ${value} um2 (${low} to ${high}), ` +
        `${ratio} times; ${provenance}`,
    )
    .join('')

/** Counts of one design that was mapped once, memories by cell. */
export const fpgaText = ({
  luts,
  ffs,
  dsps,
  memory_cells,
  target,
  provenance,
  versions,
}: Pick<FpgaSynthesis, 'luts' | 'ffs' | 'dsps' | 'memory_cells' | 'target' | 'provenance' | 'versions'>): string => {
  const memories = Object.entries(memory_cells).map(([cell, count]) => `${count} ${cell}`)
  return (
    `${luts} LUTs, ${ffs} FFs, ${dsps} DSPs, ${memories.join(', ') || 'no memories'} on ${target} (${provenance.counts})\n` +
    `${versions.yosys}; ${provenance.search}`
  )
}
