/** Figures of a PE for a table, each from the cache where it is known. */
import { createHash } from 'node:crypto'
import { readLimited } from '../base/files.ts'
import { type Progress, silent } from '../base/progress.ts'
import { openModel } from '../llm/open-model.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import {
  type FpgaFigures,
  fpgaSchema,
  type SiliconFigures,
  siliconSchema,
  type WorkFigures,
  workSchema,
} from '../perf/table-figures.ts'
import type { Library } from '../synth/library/library.ts'
import type { Yosys } from '../synth/yosys.ts'
import { type Kept, kept } from './kept.ts'
import { synthesiseElement } from './pe-synthesis.ts'
import type { PowerOptions, workloads } from './power-options.ts'
import { powerOfElement, usualModel, usualPrompt } from './power-pe.ts'

/** What a table is asked for beside its PEs. */
export interface TableOptions
  extends Pick<
    PowerOptions,
    'target' | 'liberty' | 'wireLoad' | 'workload' | 'cycles' | 'seed' | 'model' | 'tokenizer' | 'prompt'
  > {
  /** FPGA families whose counts stand beside, by commas, or `all`. */
  readonly fpga?: string
  /** PEs that are worked on at a time, each with a Yosys of its own. */
  readonly threads?: number
}

export type Element = ProcessingElement | TiledElement

export type Workload = (typeof workloads)[number]

/** Cycles of a PE where none are asked for: an output of a layer is some hundred products, so that few cycles see few outputs. */
const usualCycles = { layers: 4000, random: 1000 } as const
/** Largest Liberty file that is read. */
const mostLibertyBytes = 2 ** 30

/** What all figures of a table depend on. */
export interface Table {
  readonly options: TableOptions
  readonly library: Library
  /** Digest of this program, and Yosys' version. */
  readonly program: readonly string[]
  /** What the library is, for keys: its name, or the digests of its files. */
  readonly cells: string | readonly string[]
  readonly model: readonly (string | number)[] | undefined
}

export const digestOfFile = (file: string): string =>
  createHash('sha256')
    .update(readLimited(file, 'the Liberty file', mostLibertyBytes))
    .digest('hex')

/** What decides what a model computes: its weights, and the tokens that it begins with. */
export const modelKey = async (
  { model = usualModel, tokenizer, prompt = usualPrompt }: TableOptions,
  progress: Progress,
): Promise<readonly (string | number)[]> => {
  const opened = await openModel(model, { progress, ...(tokenizer === undefined ? {} : { tokenizer }) })
  return [opened.sha256, ...opened.prefix, ...opened.tokenizer.encode(prompt)]
}

export const siliconOf = (
  pe: Element,
  { options, library, program, cells }: Table,
  yosys: Yosys,
): Promise<Kept<SiliconFigures>> => {
  const { wireLoad } = options
  return kept(['silicon', program, pe.spec, cells, wireLoad ?? null], siliconSchema, async () => {
    const request = {
      target: library.name,
      cells: { library, ...(wireLoad === undefined ? {} : { wireLoad }) },
      core: true,
    }
    const { mean, core } = await synthesiseElement(pe, request, yosys)
    if (mean.kind !== 'asic' || core?.kind !== 'asic') throw new Error(`${library.name} gave no areas`)
    const { area_um2, ge, critical_path_ps, fmax_mhz, recipe, versions } = mean
    return {
      ...{ area_um2, ge, core_area_um2: core.area_um2, critical_path_ps, fmax_mhz, recipe },
      provenance: { ...mean.provenance, recipe, versions, wire_model: wireLoad ? `wire load ${wireLoad}` : 'no wires' },
    }
  })
}

export const workFigures = (
  pe: Element,
  workload: Workload,
  { options, library, program, cells, model }: Table,
  yosys: Yosys,
): Promise<Kept<WorkFigures>> => {
  const { cycles = usualCycles[workload], seed = 1 } = options
  const stimulus = workload === 'layers' ? [cycles, seed, model] : [cycles, seed]
  const key = [program, pe.spec, cells, options.wireLoad ?? null, workload, stimulus]
  return kept(['work', ...key], workSchema, async () => {
    const measured = await powerOfElement(
      pe,
      { ...options, workload, cycles, seed, instances: 0 },
      { library, yosys, progress: silent },
    )
    const { report, macs, clock_mhz, pj_per_mac_band } = measured
    const { band, cycles: run } = report
    if (!band || run === null) throw new Error(`the power of ${pe.spec} has no band`)
    const { total_w, internal_w, switching_w, leakage_w, clock_w, vectors, mismatches, first_mismatch } = report
    return {
      ...{ workload, clock_mhz, macs, cycles: run, total_w, internal_w, switching_w, leakage_w, clock_w },
      power_w_band: { low: band.low.total_w, high: band.high.total_w },
      pj_per_cycle_band: { low: band.low.pj_per_cycle ?? 0, high: band.high.pj_per_cycle ?? 0 },
      ...{ pj_per_mac_band, vectors, mismatches },
      ...(first_mismatch === undefined ? {} : { first_mismatch }),
      provenance: { ...report.provenance },
    }
  })
}

export const fpgaOf = (pe: Element, family: string, { program }: Table, yosys: Yosys): Promise<Kept<FpgaFigures>> =>
  kept(['fpga', program, pe.spec, family], fpgaSchema, async () => {
    const { mean } = await synthesiseElement(pe, { target: family }, yosys)
    if (mean.kind !== 'fpga') throw new Error(`${family} gave no counts`)
    const { luts, ffs, dsps, recipe, provenance, versions } = mean
    const blocks = mean.recipes.find(({ id }) => id === 'dsp') ?? mean
    return {
      ...{ family, luts, ffs, dsps, recipe },
      with_blocks: { luts: blocks.luts, ffs: blocks.ffs, dsps: blocks.dsps },
      provenance: { ...provenance, recipe, versions },
    }
  })
