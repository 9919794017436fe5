import { cpus } from 'node:os'
import type { ArraySize } from '../accel/output-stationary.ts'
import type { LayerCount } from '../llm/hardware-linear.ts'
import { utilisationOf } from '../llm/hardware-linear.ts'
import type { OpenedModel } from '../llm/open-model.ts'
import type { ModelRun } from '../llm/run-model.ts'
import { type OfForms, rowsPerDrain } from '../pe/arith/group-accumulator.ts'
import type { ProcessingElement } from '../pe/family.ts'
import { type ArrayEnergy, arrayEnergy } from '../perf/first-order-energy.ts'
import { drainShare, meanAsicCell } from '../perf/mean-cell.ts'
import { type MemoryEnergy, memoryEnergy, trafficOf } from '../perf/memory-energy.ts'
import type { AsicSynthesis } from '../synth/synthesise.ts'
import type { Verification } from '../verify/verify.ts'
import type { Report, ReportCatalogueEntry, ReportMemory, ReportPe } from './schema.ts'

/** The blocks of a PE on one standard-cell target. */
export interface PeSynthesis {
  readonly pe: ProcessingElement
  readonly cell: OfForms<AsicSynthesis>
  readonly rowEdge?: OfForms<AsicSynthesis>
  readonly columnEdge?: AsicSynthesis
  readonly rowFeeder?: AsicSynthesis
  readonly columnFeeder?: AsicSynthesis
  /** For the rows of the array that ran. */
  readonly dequantisation?: AsicSynthesis
}

export interface ReportInput {
  /** ISO date and time. */
  readonly created: string
  readonly versions: Readonly<Record<string, string>>
  readonly opened: OpenedModel
  readonly prompt: string
  readonly sampling: Readonly<Record<string, string | number>>
  readonly pe: ProcessingElement
  readonly size: ArraySize
  readonly engine: string
  readonly run: ModelRun
  readonly subject: PeSynthesis
  readonly yardsticks: readonly PeSynthesis[]
  /** Preset of the memory outside the chip; the usual one unless given. */
  readonly dram?: string
  readonly verification: readonly (Verification & { readonly spec: string })[]
  readonly catalogue: readonly ReportCatalogueEntry[]
}

/** Everything the main job found, as the report's data. */
export const assembleReport = (input: ReportInput): Report => {
  const { opened, run, size, pe } = input
  return {
    schema: 1,
    title: `${opened.model.name} on ${pe.family}`,
    created: input.created,
    machine: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${process.platform} ${process.arch}`,
    versions: { ...input.versions, node: process.version, yosys: input.subject.cell.draining.versions.yosys },
    story: {
      prompt: input.prompt,
      text: run.text,
      tokens: run.tokens.map(({ text, milliseconds }) => ({ text, milliseconds })),
      model: { id: opened.model.name, source: opened.source, parameters: run.parameters, sha256: opened.sha256 },
      sampling: { ...input.sampling },
    },
    run: {
      pe: pe.spec,
      array: { rows: size.rows, columns: size.columns },
      engine: input.engine,
      // The last token is told, not read.
      tokens: run.promptTokens + run.tokens.length - 1,
      macs: run.macs,
      cycles: run.cycles,
      mismatches: run.mismatches,
      compared_results: run.compared,
      utilisation: run.utilisation,
      seconds: run.seconds,
      layers: run.layers.map((layer) => reportLayer(layer, size, pe)),
      provenance: { ...run.provenance },
    },
    pes: [reportPe(input.subject, 'subject'), ...input.yardsticks.map((pe) => reportPe(pe, 'yardstick'))],
    energy: reportEnergy(energyOfRun(input.subject, size, run), input),
    verification: input.verification.map(
      ({ spec, engine, vectors, exhaustive, mismatches, cycles, cyclesPerSecond, seed }) => ({
        spec,
        engine,
        vectors,
        exhaustive,
        mismatches,
        cycles,
        cyclesPerSecond,
        provenance: { golden: 'integer definition of a group sum, in the cycle the timing contract names', seed },
      }),
    ),
    catalogue: [...input.catalogue],
    notes: [
      ...pe.claims.map(
        ({ what, value, source }) =>
          `Published: ${what}: ${value} (${source}). Shown for comparison, not reproduced here.`,
      ),
      ...(pe.ours === undefined ? [] : [pe.ours]),
      'The array is output-stationary: one token a row. While text is generated one token at a time, one row of the array works and the others idle; that is the utilisation shown.',
      `Memory is ideal: operands arrive every cycle, and what moving them takes is told apart from the array's energy. Attention, norms${pe.operands.scale ? '' : ', weight scales'} and embedding run in float32 on the host.`,
      'Area, timing and energy are first order: mapped cells without placement or wires.',
    ],
  }
}

/** First-order energy of a model's run on an array whose blocks were synthesised. */
export const energyOfRun = ({ pe, ...parts }: PeSynthesis, size: ArraySize, run: ModelRun): ArrayEnergy =>
  arrayEnergy({
    size,
    cell: energyOf(parts.cell),
    ...(parts.rowEdge ? { rowEdge: energyOf(parts.rowEdge) } : {}),
    ...(parts.columnEdge ? { columnEdge: parts.columnEdge.energy } : {}),
    ...(parts.rowFeeder ? { rowFeeder: parts.rowFeeder.energy } : {}),
    ...(parts.columnFeeder ? { columnFeeder: parts.columnFeeder.energy } : {}),
    ...(parts.dequantisation ? { dequantisation: parts.dequantisation.energy } : {}),
    cyclesPerStep: pe.timing.cycles_per_step,
    cycles: run.cycles,
    macs: run.macs,
    results: run.groupSums,
  })

const energyOf = ({ draining, passing }: OfForms<AsicSynthesis>) => ({
  draining: draining.energy,
  passing: passing.energy,
})

const reportLayer = (layer: LayerCount, size: ArraySize, pe: ProcessingElement): Report['run']['layers'][number] => ({
  name: `${layer.name} (${layer.phase})`,
  kind: layer.kind,
  phase: layer.phase,
  macs: layer.macs,
  cycles: layer.cycles,
  utilisation: utilisationOf(size, pe, layer),
  mismatches: layer.mismatches,
  calls: layer.calls,
})

const reportPe = ({ pe, cell }: PeSynthesis, role: ReportPe['role']): ReportPe => {
  const { draining, passing } = cell
  const mean = meanAsicCell(cell)
  const { clock_pj_per_cycle, data_pj_per_active_cycle: data, leakage_uw } = mean.energy
  return {
    spec: pe.spec,
    role,
    area_um2: mean.area_um2,
    ge: mean.ge,
    fmax_mhz: mean.critical_path_ps > 0 ? 1e6 / mean.critical_path_ps : 0,
    critical_path_ps: mean.critical_path_ps,
    cells: { ...mean.cell_counts },
    recipes: mean.recipes.map(({ id, area_um2, critical_path_ps }) => ({
      name: id,
      area_um2,
      ge: (area_um2 * mean.ge) / mean.area_um2,
      critical_path_ps,
    })),
    energy: {
      clock_pj_per_cycle,
      data_pj_per_active_cycle: (data.low + data.high) / 2,
      data_low_pj_per_active_cycle: data.low,
      data_high_pj_per_active_cycle: data.high,
      leakage_nw: leakage_uw * 1000,
    },
    provenance: {
      ...passing.provenance,
      recipe: mean.recipe,
      block: `one PE with ${drainShare}: mean of one ${draining.top} and ${rowsPerDrain - 1} ${passing.top}, side chains not included`,
    },
  }
}

const reportEnergy = (
  energy: ArrayEnergy,
  { run, size, pe, dram }: Pick<ReportInput, 'run' | 'size' | 'pe' | 'dram'>,
): Report['energy'] => ({
  total_uj: energy.total_uj,
  low_uj: energy.low_uj,
  high_uj: energy.high_uj,
  pj_per_mac: energy.pj_per_mac,
  parts: energy.parts.map((part) => ({ ...part })),
  memory: reportMemory(memoryEnergy(trafficOf(run.layers, size, pe.operands), energy, dram)),
  provenance: { ...energy.provenance },
})

const reportMemory = ({ dram, sram, provenance, ...rest }: MemoryEnergy): ReportMemory => {
  const { id, uj, low_uj, high_uj, least_ms, share, bar } = dram
  const { dram_bytes, sram_read_bytes, sram_write_bytes, ...totals } = rest
  return {
    dram: { id, bytes: dram_bytes, uj, low_uj, high_uj, least_ms, share: { ...share }, bar },
    sram: { read_bytes: sram_read_bytes, write_bytes: sram_write_bytes, ...sram },
    ...totals,
    provenance: { ...provenance },
  }
}
