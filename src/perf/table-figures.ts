/** Figures of a PE in a table of several, and how they stand to those of another PE. */
import { z } from 'zod'

const provenanceSchema = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.record(z.string(), z.union([z.string(), z.number()]))]),
)

/** Two ends: without glitches and with them. */
const bandSchema = z.strictObject({ low: z.number(), high: z.number() })
export type Band = z.infer<typeof bandSchema>

/** A PE on standard cells, with its share of a drain register. */
export const siliconSchema = z.strictObject({
  area_um2: z.number(),
  ge: z.number(),
  /** Of the core, without any drain; of a tile's PE the whole. */
  core_area_um2: z.number(),
  critical_path_ps: z.number(),
  fmax_mhz: z.number().nullable(),
  recipe: z.string(),
  provenance: provenanceSchema,
})
export type SiliconFigures = z.infer<typeof siliconSchema>

/** The same PE at work. */
export const workSchema = z.strictObject({
  workload: z.string(),
  clock_mhz: z.number(),
  macs: z.number(),
  cycles: z.number(),
  total_w: z.number(),
  internal_w: z.number(),
  switching_w: z.number(),
  leakage_w: z.number(),
  clock_w: z.number(),
  power_w_band: bandSchema,
  pj_per_cycle_band: bandSchema,
  pj_per_mac_band: bandSchema,
  vectors: z.number(),
  mismatches: z.number(),
  first_mismatch: z.string().optional(),
  provenance: provenanceSchema,
})
export type WorkFigures = z.infer<typeof workSchema>

const countsSchema = z.strictObject({ luts: z.number(), ffs: z.number(), dsps: z.number() })

/** The same PE on an FPGA, without multiplier blocks and with them. */
export const fpgaSchema = z.strictObject({
  family: z.string(),
  ...countsSchema.shape,
  with_blocks: countsSchema,
  recipe: z.string(),
  provenance: provenanceSchema,
})
export type FpgaFigures = z.infer<typeof fpgaSchema>

export interface PeFigures {
  readonly macs_per_cycle: number
  readonly silicon: SiliconFigures
  readonly work: WorkFigures
}

/** Each over that of the baseline. */
export interface RelativeFigures {
  readonly area: number
  readonly area_per_mac_per_cycle: number
  /** Energy of a cycle, which is power at one clock. */
  readonly power: Band
  readonly area_x_power: Band
  readonly pj_per_mac: Band
}

/** Both have to have done the same kind of work. */
export const relativeTo = (baseline: PeFigures, pe: PeFigures): RelativeFigures => {
  if (baseline.work.workload !== pe.work.workload)
    throw new Error(`${pe.work.workload} is compared with ${baseline.work.workload}`)
  const area = pe.silicon.area_um2 / baseline.silicon.area_um2
  const power = over(pe.work.pj_per_cycle_band, baseline.work.pj_per_cycle_band)
  return {
    area,
    area_per_mac_per_cycle: (area * baseline.macs_per_cycle) / pe.macs_per_cycle,
    power,
    area_x_power: { low: area * power.low, high: area * power.high },
    pj_per_mac: over(pe.work.pj_per_mac_band, baseline.work.pj_per_mac_band),
  }
}

const over = (a: Band, b: Band): Band => ({ low: a.low / b.low, high: a.high / b.high })
