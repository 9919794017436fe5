import { cpus } from 'node:os'
import type { ArraySize } from '../accel/output-stationary.ts'
import type { LayerCount } from '../llm/hardware-linear.ts'
import { utilisationOf } from '../llm/hardware-linear.ts'
import type { OpenedModel } from '../llm/open-model.ts'
import type { ModelRun } from '../llm/run-model.ts'
import type { ProcessingElement } from '../pe/family.ts'
import { type ArrayEnergy, arrayEnergy } from '../perf/first-order-energy.ts'
import type { AsicSynthesis } from '../synth/synthesise.ts'
import type { Verification } from '../verify/verify.ts'
import type { Report, ReportCatalogueEntry, ReportPe } from './schema.ts'

/** The blocks of a PE on one standard-cell target. */
export interface PeSynthesis {
  readonly pe: ProcessingElement
  readonly cell: AsicSynthesis
  readonly rowEdge?: AsicSynthesis
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
    versions: { ...input.versions, node: process.version, yosys: input.subject.cell.versions.yosys },
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
    energy: reportEnergy(energyOfRun(input.subject, size, run)),
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
      'Ours, since the MixPE paper does not say: unsigned weights with a zero point, shifted copies added in one cycle or (compute=serial) one a cycle, exact integer sums within a group, the drain through a second register, FP16 scales and FP32 accumulation over groups.',
      'The array is output-stationary: one token a row. While text is generated one token at a time, one row of the array works and the others idle; that is the utilisation shown.',
      `Memory is ideal: operands arrive every cycle. Attention, norms${pe.operands.scale ? '' : ', weight scales'} and embedding run in float32 on the host.`,
      'Area, timing and energy are first order: mapped cells without placement or wires.',
    ],
  }
}

/** First-order energy of a model's run on an array whose blocks were synthesised. */
export const energyOfRun = ({ pe, ...parts }: PeSynthesis, size: ArraySize, run: ModelRun): ArrayEnergy =>
  arrayEnergy({
    size,
    cell: parts.cell.energy,
    ...(parts.rowEdge ? { rowEdge: parts.rowEdge.energy } : {}),
    ...(parts.columnEdge ? { columnEdge: parts.columnEdge.energy } : {}),
    ...(parts.rowFeeder ? { rowFeeder: parts.rowFeeder.energy } : {}),
    ...(parts.columnFeeder ? { columnFeeder: parts.columnFeeder.energy } : {}),
    ...(parts.dequantisation ? { dequantisation: parts.dequantisation.energy } : {}),
    cyclesPerStep: pe.timing.cycles_per_step,
    cycles: run.cycles,
    macs: run.macs,
    results: run.groupSums,
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

const reportPe = ({ pe, cell }: PeSynthesis, role: ReportPe['role']): ReportPe => ({
  spec: pe.spec,
  role,
  area_um2: cell.area_um2,
  ge: cell.ge,
  fmax_mhz: cell.fmax_mhz ?? 0,
  critical_path_ps: cell.critical_path_ps,
  cells: { ...cell.cell_counts },
  recipes: cell.recipes.map(({ id, area_um2, critical_path_ps }) => ({
    name: id,
    area_um2,
    ge: (area_um2 * cell.ge) / cell.area_um2,
    critical_path_ps,
  })),
  energy: {
    clock_pj_per_cycle: cell.energy.clock_pj_per_cycle,
    data_pj_per_active_cycle:
      (cell.energy.data_pj_per_active_cycle.low + cell.energy.data_pj_per_active_cycle.high) / 2,
    data_low_pj_per_active_cycle: cell.energy.data_pj_per_active_cycle.low,
    data_high_pj_per_active_cycle: cell.energy.data_pj_per_active_cycle.high,
    leakage_nw: cell.energy.leakage_uw * 1000,
  },
  provenance: {
    ...cell.provenance,
    recipe: cell.recipe,
    block: `${cell.top}: one PE with its drain register, side chains not included`,
  },
})

const reportEnergy = (energy: ArrayEnergy): Report['energy'] => ({
  total_uj: energy.total_uj,
  low_uj: energy.low_uj,
  high_uj: energy.high_uj,
  pj_per_mac: energy.pj_per_mac,
  parts: energy.parts.map((part) => ({ ...part })),
  provenance: { ...energy.provenance },
})
