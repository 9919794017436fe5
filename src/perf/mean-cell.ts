/**
 * A PE as an array has it on average: of the cells of `rowsPerDrain` rows one holds the drain register that they share, and
 * the others pass sums on.
 */
import { drainRegisters, type OfForms, rowsPerDrain } from '../pe/arith/group-accumulator.ts'
import type { AsicSynthesis, FpgaSynthesis } from '../synth/synthesise.ts'

/** What synthesis says of one block, in picojoules and microwatts. */
export interface BlockEnergy {
  readonly clock_pj_per_cycle: number
  readonly data_pj_per_active_cycle: { readonly low: number; readonly high: number }
  readonly leakage_uw: number
}

/** What the mean holds of a drain register. */
export const drainShare = rowsPerDrain === 4 ? 'a quarter of a drain register' : `1/${rowsPerDrain} of a drain register`

/** On standard cells. Each form is by the recipe that suits it best. */
export interface MeanAsicCell
  extends Pick<
    AsicSynthesis,
    'kind' | 'target' | 'area_um2' | 'ge' | 'fmax_mhz' | 'max_delay_ps' | 'meets_max_delay' | 'slack_ps' | 'versions'
  > {
  /** The longest of either form; a passing cell's path leads into the drain register. */
  readonly critical_path_ps: number
  /** Of each form. */
  readonly recipe: string
  /** Cells by library name; fractions, since few are a multiple of `rowsPerDrain`. */
  readonly cell_counts: Readonly<Record<string, number>>
  /** Both forms by one recipe. */
  readonly recipes: readonly { readonly id: string; readonly area_um2: number; readonly critical_path_ps: number }[]
  readonly energy: BlockEnergy
  readonly provenance: Omit<AsicSynthesis['provenance'], 'script'>
}

/** On an FPGA. */
export interface MeanFpgaCell extends FpgaCounts, Pick<FpgaSynthesis, 'kind' | 'target' | 'versions'> {
  /** Of each form. */
  readonly recipe: string
  readonly recipes: readonly ({ readonly id: string } & FpgaCounts)[]
  readonly provenance: Omit<FpgaSynthesis['provenance'], 'script'>
}

interface FpgaCounts {
  readonly luts: number
  readonly ffs: number
  readonly dsps: number
  readonly carries: number
  readonly memories: number
}

/** The mean over that many rows of a column, without the noise of floating point. */
const mean = (draining: number, passing: number, rows = rowsPerDrain): number => {
  const registers = drainRegisters(rows)
  return Math.round(((registers * draining + (rows - registers) * passing) / rows) * 1e9) / 1e9
}

/** What is said of each form, once where it is the same. */
const ofForms = (draining: string, passing: string): string =>
  draining === passing ? draining : `${draining} with the drain register, ${passing} without`

export const meanAsicCell = ({ draining, passing }: OfForms<AsicSynthesis>): MeanAsicCell => {
  const critical_path_ps = Math.max(draining.critical_path_ps, passing.critical_path_ps)
  const { script: _, ...provenance } = passing.provenance
  const clock_gating = ofForms(draining.provenance.clock_gating, provenance.clock_gating)
  return {
    kind: 'asic',
    target: passing.target,
    recipe: ofForms(draining.recipe, passing.recipe),
    area_um2: mean(draining.area_um2, passing.area_um2),
    ge: mean(draining.ge, passing.ge),
    fmax_mhz: draining.critical_path_ps > passing.critical_path_ps ? draining.fmax_mhz : passing.fmax_mhz,
    critical_path_ps,
    ...(passing.max_delay_ps === undefined
      ? {}
      : {
          max_delay_ps: passing.max_delay_ps,
          meets_max_delay: draining.meets_max_delay === true && passing.meets_max_delay === true,
          slack_ps: Math.min(draining.slack_ps ?? 0, passing.slack_ps ?? 0),
        }),
    cell_counts: Object.fromEntries(
      [...new Set([...Object.keys(draining.cell_counts), ...Object.keys(passing.cell_counts)])]
        .sort()
        .map((name) => [name, mean(draining.cell_counts[name] ?? 0, passing.cell_counts[name] ?? 0)]),
    ),
    recipes: pairs(draining.recipes, passing.recipes).map(([a, b]) => ({
      id: a.id,
      area_um2: mean(a.area_um2, b.area_um2),
      critical_path_ps: Math.max(a.critical_path_ps, b.critical_path_ps),
    })),
    energy: meanEnergy({ draining: draining.energy, passing: passing.energy }),
    versions: passing.versions,
    provenance: { ...provenance, clock_gating },
  }
}

export const meanFpgaCell = ({ draining, passing }: OfForms<FpgaSynthesis>): MeanFpgaCell => {
  const { script: _, ...provenance } = passing.provenance
  return {
    kind: 'fpga',
    target: passing.target,
    recipe: ofForms(draining.recipe, passing.recipe),
    ...meanCounts(draining, passing),
    recipes: pairs(draining.recipes, passing.recipes).map(([a, b]) => ({ id: a.id, ...meanCounts(a, b) })),
    versions: passing.versions,
    provenance,
  }
}

/** The recipes that both forms went through. */
const pairs = <R extends { readonly id: string }>(draining: readonly R[], passing: readonly R[]): [R, R][] =>
  draining.flatMap((a) => passing.filter(({ id }) => id === a.id).map((b): [R, R] => [a, b]))

const meanCounts = (a: FpgaCounts, b: FpgaCounts): FpgaCounts => ({
  luts: mean(a.luts, b.luts),
  ffs: mean(a.ffs, b.ffs),
  dsps: mean(a.dsps, b.dsps),
  carries: mean(a.carries, b.carries),
  memories: mean(a.memories, b.memories),
})

/** The energy of a row's block on average over the rows of an array. */
export const meanEnergy = ({ draining: a, passing: b }: OfForms<BlockEnergy>, rows = rowsPerDrain): BlockEnergy => ({
  clock_pj_per_cycle: mean(a.clock_pj_per_cycle, b.clock_pj_per_cycle, rows),
  data_pj_per_active_cycle: {
    low: mean(a.data_pj_per_active_cycle.low, b.data_pj_per_active_cycle.low, rows),
    high: mean(a.data_pj_per_active_cycle.high, b.data_pj_per_active_cycle.high, rows),
  },
  leakage_uw: mean(a.leakage_uw, b.leakage_uw, rows),
})
