/** Power as it leaves this folder: the figures, both ends of the band, and where they come from. */

import { UserError } from '../../base/user-error.ts'
import { libraryProvenance } from '../library/library.ts'
import { rounded } from '../rounded.ts'
import type { Counted } from './activity-counter.ts'
import type { PowerDesign } from './design.ts'
import type { Measured } from './measure.ts'
import { type InstancePower, kinds, type Power, type PowerKind, type PowerParts, powerOf } from './power.ts'

/** Which activity a power is of. */
export type ActivitySource = 'dump' | 'zero' | 'cell'

export interface PowerEnd extends PowerParts {
  readonly clock_w: number
  /** Of all nets, a cycle of the clock; a picosecond where there is none. */
  readonly toggles_per_cycle: number
  readonly pj_per_cycle: number | null
}

export interface PowerReport extends PowerParts {
  /** Of the total: nets of the clock, gates and buffers that drive them, and what clock pins draw inside. */
  readonly clock_w: number
  readonly kinds: Readonly<Record<PowerKind, PowerParts>>
  readonly pj_per_cycle: number | null
  /** Without glitches, and with them; undefined where the netlist was not simulated. */
  readonly band?: { readonly low: PowerEnd; readonly high: PowerEnd }
  readonly duration_ns: number
  readonly cycles: number | null
  /** Times at which outputs were compared, and those in which one differed. */
  readonly vectors: number
  readonly mismatches: number
  readonly first_mismatch?: string
  /** Every cell and input net, the largest first. */
  readonly instances: readonly InstancePower[]
  readonly provenance: PowerProvenance
}

export interface PowerProvenance {
  readonly library: string
  readonly library_source: string
  readonly corner: string
  readonly voltage_V: number
  readonly temperature_C: number
  /** What the netlist is and what made it. */
  readonly netlist: string
  readonly recipe: string
  readonly versions: { readonly yosys: string }
  readonly activity: string
  readonly vectors: number
  readonly delay_mode: string
  readonly wire_model: string
  readonly method: string
  readonly conditions: string
}

const sums = (counted: Counted): number => counted.toggles.reduce((sum, count) => sum + count, 0)

const endOf = (power: Power, counted: Counted, cycles: number | undefined): PowerEnd => {
  const { kinds: byKind, instances: _, averaged: __, ...parts } = power
  return {
    ...parts,
    clock_w: byKind.clock.total_w,
    toggles_per_cycle: rounded(sums(counted) / (cycles ?? counted.duration_ps)),
    pj_per_cycle: perCycle(power, counted, cycles),
  }
}

/** Watts over picoseconds are picojoules. */
const perCycle = ({ total_w }: PowerParts, { duration_ps }: Counted, cycles: number | undefined): number | null =>
  cycles === undefined || cycles === 0 ? null : rounded((total_w * duration_ps) / cycles)

const delayModes: Readonly<Record<ActivitySource, string>> = {
  dump: 'as the dump says',
  zero: 'no delays, and so no glitches',
  cell:
    'the delays of static timing at its slews and loads, of the slowest arc, inertial (a pulse shorter than the delay of its ' +
    'cell is swallowed), ideal clock',
}

/** The facts that the caller knows. */
export interface Made {
  readonly netlist: string
  readonly recipe: string
  readonly yosys: string
  readonly activity: string
}

/**
 * The report of what was measured. The figures are those of the dump where it has all nets, else of the simulation with delays;
 * the band is of both simulations.
 */
export const powerReport = (
  design: PowerDesign,
  { counted, compared, cycles, duration_ps }: Measured,
  made: Made,
): PowerReport => {
  const { library, wireLoad, outputLoad_fF } = design
  const source: ActivitySource = counted.dump ? 'dump' : counted.cell ? 'cell' : 'zero'
  const main = counted[source]
  if (!main) throw new UserError('E-POWER', 'nothing was measured; give a stimulus')
  const power = powerOf(design, main)
  const end = (of: Counted) => endOf(of === main ? power : powerOf(design, of), of, cycles)
  const { kinds: byKind, instances, averaged, ...parts } = power
  return {
    ...parts,
    clock_w: byKind.clock.total_w,
    kinds: Object.fromEntries(kinds.map((kind) => [kind, byKind[kind]])) as PowerReport['kinds'],
    pj_per_cycle: perCycle(power, main, cycles),
    ...(counted.zero && counted.cell ? { band: { low: end(counted.zero), high: end(counted.cell) } } : {}),
    duration_ns: duration_ps / 1000,
    cycles: cycles ?? null,
    vectors: compared.vectors,
    mismatches: compared.mismatches,
    ...(compared.first === undefined ? {} : { first_mismatch: compared.first }),
    instances: [...instances].sort((a, b) => b.total_w - a.total_w),
    provenance: {
      ...libraryProvenance(library),
      netlist: made.netlist,
      recipe: made.recipe,
      versions: { yosys: made.yosys },
      activity: made.activity,
      vectors: compared.vectors,
      delay_mode: delayModes[source],
      wire_model: wireLoad ? `wire load ${wireLoad.name}` : 'no wires',
      method:
        'internal energy by slew and load, half C V^2 of each net, leakage by state; ' +
        `${rounded(outputLoad_fF)} fF at each output, no clock tree but what is in the netlist`,
      conditions:
        averaged === 0
          ? 'conditions of powers by their share of the time'
          : `conditions of powers by their share of the time, their mean in ${averaged} cells where it is not known`,
    },
  }
}

/** A cell and its share of the cells. */
export interface SharedReport {
  readonly share: number
  readonly report: PowerReport
}

/** The mean of cells, without their instances; compared vectors and mismatches add up. */
export const meanReport = (forms: readonly SharedReport[]): Omit<PowerReport, 'instances'> => {
  const mean = (figure: (report: PowerReport) => number): number =>
    forms.reduce((sum, { share, report }) => sum + share * figure(report), 0)
  const meanParts = (parts: (report: PowerReport) => PowerParts): PowerParts => ({
    total_w: mean((report) => parts(report).total_w),
    internal_w: mean((report) => parts(report).internal_w),
    switching_w: mean((report) => parts(report).switching_w),
    leakage_w: mean((report) => parts(report).leakage_w),
  })
  const meanEnd = (end: 'low' | 'high'): PowerEnd => ({
    ...meanParts((report) => report.band![end]),
    clock_w: mean((report) => report.band![end].clock_w),
    toggles_per_cycle: rounded(mean((report) => report.band![end].toggles_per_cycle)),
    pj_per_cycle: rounded(mean((report) => report.band![end].pj_per_cycle ?? 0)),
  })
  const total = (count: (report: PowerReport) => number): number =>
    forms.reduce((sum, { report }) => sum + count(report), 0)
  const { report: first } = forms[0]!
  const { instances: _, ...shared } = first
  const wrong = forms.find(({ report }) => report.first_mismatch !== undefined)?.report.first_mismatch
  const vectors = total((report) => report.vectors)
  const recipes = [...new Set(forms.map(({ report }) => report.provenance.recipe))]
  const netlists = forms.map(({ share, report }) => `${share} of ${report.provenance.netlist}`)
  return {
    ...shared,
    ...meanParts((report) => report),
    clock_w: mean((report) => report.clock_w),
    kinds: Object.fromEntries(
      kinds.map((kind) => [kind, meanParts((report) => report.kinds[kind])]),
    ) as PowerReport['kinds'],
    pj_per_cycle: rounded(mean((report) => report.pj_per_cycle ?? 0)),
    ...(forms.every(({ report }) => report.band) ? { band: { low: meanEnd('low'), high: meanEnd('high') } } : {}),
    vectors,
    mismatches: total((report) => report.mismatches),
    ...(wrong === undefined ? {} : { first_mismatch: wrong }),
    provenance: {
      ...first.provenance,
      vectors,
      netlist: forms.length === 1 ? first.provenance.netlist : netlists.join(' and '),
      recipe: recipes.join(', '),
    },
  }
}
