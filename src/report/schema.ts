import { z } from 'zod'

/**
 * The report JSON of the main job, version 1. Units stand in the keys: `area_um2` in square micrometres, `ge` in NAND2
 * equivalents, `pj` picojoules, `uj` microjoules; `utilisation` is a share from 0 to 1. `provenance` says where the
 * figures beside it come from. Whatever the schema refuses is not a report.
 */
const text = z.string().max(2_000)
const longText = z.string().max(200_000)
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const amount = z.number().min(0)
const share = z.number().min(0).max(1)
const record = <T extends z.ZodType>(value: T) => z.record(text, value)
const table = <T extends z.ZodType>(row: T) => z.array(row).max(20_000)

const provenanceSchema = record(z.union([text, z.number(), z.array(text).max(1_000)]))

const storySchema = z.strictObject({
  /** What the model was given. */
  prompt: longText,
  /** The whole story; it begins with the prompt where the tokenizer gives the prompt back unchanged. */
  text: longText,
  /** The generated tokens in order; `milliseconds` is the wall-clock time of one on the simulated hardware. */
  tokens: table(z.strictObject({ text, milliseconds: amount.optional() })),
  model: z.strictObject({ id: text, source: text, parameters: count, sha256: text }),
  /** How the next token is chosen, e.g. `{ method: 'greedy' }` or `{ method: 'top-p', temperature: 0.8, seed: 1 }`. */
  sampling: record(z.union([text, z.number()])),
  provenance: provenanceSchema.optional(),
})

const layerSchema = z.strictObject({
  /** Unique name, e.g. `layers.0.wq`. */
  name: text,
  /** What it is across the depth, e.g. `wq`; charts group by it. */
  kind: text,
  phase: z.enum(['prefill', 'decode']).optional(),
  macs: count,
  cycles: count,
  utilisation: share,
  mismatches: count,
  /** How often it ran. */
  calls: count,
})

const runSchema = z.strictObject({
  /** Full spec of the PE. */
  pe: text,
  array: z.strictObject({ rows: count.min(1), columns: count.min(1) }),
  /** Simulation engine, e.g. `js`. */
  engine: text,
  /** Tokens that went through the model, prompt included. */
  tokens: count,
  macs: count,
  cycles: count,
  /** Integer results that differ from the reference. */
  mismatches: count,
  compared_results: count,
  utilisation: share,
  /** Wall-clock time of the simulation. */
  seconds: amount,
  layers: table(layerSchema),
  provenance: provenanceSchema,
})

const peSchema = z.strictObject({
  spec: text,
  role: z.enum(['subject', 'yardstick']),
  area_um2: amount,
  ge: amount,
  fmax_mhz: amount,
  critical_path_ps: amount,
  /** Cells by library name; fractions, where PEs share a block. */
  cells: record(amount),
  /** One row per synthesis recipe that was tried; the area above is the best. */
  recipes: z.array(z.strictObject({ name: text, area_um2: amount, ge: amount, critical_path_ps: amount })).max(100),
  energy: z.strictObject({
    /** Clock energy, spent in every cycle. */
    clock_pj_per_cycle: amount,
    /** Data energy of a cycle with a product, with its band. */
    data_pj_per_active_cycle: amount,
    data_low_pj_per_active_cycle: amount,
    data_high_pj_per_active_cycle: amount,
    leakage_nw: amount,
  }),
  provenance: provenanceSchema,
})

/** Memories around the array, in none of the parts. */
const memorySchema = z.strictObject({
  dram: z.strictObject({
    id: text,
    bytes: amount,
    uj: amount,
    low_uj: amount,
    high_uj: amount,
    /** Time of that many bytes at the interface's peak. */
    least_ms: amount,
    /** Its part of all energy. */
    share: z.strictObject({ low: share, middle: share, high: share }),
    bar: text,
  }),
  sram: z.strictObject({ read_bytes: amount, write_bytes: amount, uj: amount, low_uj: amount, high_uj: amount }),
  /** With the array. */
  total_uj: amount,
  low_uj: amount,
  high_uj: amount,
  provenance: provenanceSchema,
})

const energySchema = z
  .strictObject({
    total_uj: amount,
    low_uj: amount,
    high_uj: amount,
    pj_per_mac: amount,
    parts: z.array(z.strictObject({ name: text, energy_uj: amount })).max(100),
    /** Absent in reports of programs that did not count memories. */
    memory: memorySchema.optional(),
    provenance: provenanceSchema,
  })
  .refine((energy) => energy.low_uj <= energy.total_uj && energy.total_uj <= energy.high_uj, {
    path: ['total_uj'],
    error: 'the total lies outside its own band low_uj to high_uj',
  })

const verificationSchema = z.strictObject({
  spec: text,
  engine: text,
  vectors: count,
  /** Every input there is was tried. */
  exhaustive: z.boolean(),
  mismatches: count,
  cycles: count,
  cyclesPerSecond: amount,
  provenance: provenanceSchema.optional(),
})

const catalogueSchema = z.strictObject({
  spec: text,
  module: text,
  file: text,
  /** Number of ports and of lines of Verilog. */
  ports: count,
  lines: count,
})

export const reportSchema = z.strictObject({
  schema: z.literal(1),
  title: text,
  /** ISO date and time, given by whoever makes the report. */
  created: z.iso.datetime({ offset: true }),
  machine: text,
  versions: record(text),
  story: storySchema,
  run: runSchema,
  pes: z.array(peSchema).min(1).max(100),
  energy: energySchema,
  verification: table(verificationSchema),
  catalogue: table(catalogueSchema),
  /** What is ours where sources are silent, and which figures are first-order. */
  notes: table(text),
})

export type Report = z.infer<typeof reportSchema>
export type Provenance = z.infer<typeof provenanceSchema>
export type ReportStory = Report['story']
export type ReportRun = Report['run']
export type ReportLayer = ReportRun['layers'][number]
export type ReportPe = Report['pes'][number]
export type ReportEnergy = Report['energy']
export type ReportMemory = NonNullable<ReportEnergy['memory']>
export type ReportVerification = Report['verification'][number]
export type ReportCatalogueEntry = Report['catalogue'][number]
