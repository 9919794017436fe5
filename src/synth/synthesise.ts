/** The one entry to synthesis: Verilog in, area, timing and energy (standard cells) or resource counts (FPGA) out. */
import type { Progress } from '../base/progress.ts'
import { type ClockGating, fewestGated } from './clock-gating.ts'
import { type EnergyEstimate, estimateEnergy } from './energy.ts'
import { countOnFpga, fpgaScript } from './fpga.ts'
import { cellsByName, type Library, libraryProvenance } from './library/library.ts'
import { type Chain, type MappedDesign, mapDesign } from './map.ts'
import { mappingScript, relaxed_ps } from './recipe.ts'
import { rounded } from './rounded.ts'
import { type AsicTarget, type FpgaTarget, findTarget, type Target } from './targets.ts'
import type { TimingResult } from './timing.ts'
import { openYosys, type Yosys } from './yosys.ts'
import { withCache } from './yosys-cache.ts'

export interface SynthesisRequest {
  /** Verilog-2001 text. */
  readonly verilog: string
  readonly top: string
  /** Id of one of `targets`. */
  readonly target: string
  /** Standard cells to map onto in place of the target's, as `openLibrary` reads them from Liberty files. */
  readonly library?: Library
  /** On standard cells: name of one of the library's wire loads; no wires unless given. */
  readonly wireLoad?: string
  /** On standard cells: the longest critical path wanted, in ps by `analyseTiming`; the smallest design within it is chosen. */
  readonly maxDelay_ps?: number
  /** On standard cells: the input ports whose paths `timing.paths_ps` counts and a chain leads through, else all. */
  readonly pathInputs?: readonly string[]
  /** On standard cells: the chain of blocks whose path counts too, where the design is one of them. */
  readonly chain?: Chain
  /** On FPGAs: mapped once, with multiplier blocks where Yosys infers them, and not searched; for designs that take many minutes. */
  readonly once?: boolean
  /** How the user knows the Verilog, e.g. its path; for messages. */
  readonly sourceName?: string
  readonly progress?: Progress
  /** A Yosys to share between several designs; otherwise one is opened and closed here. */
  readonly yosys?: Yosys
}

export interface AsicRecipeResult {
  readonly id: string
  readonly summary: string
  readonly area_um2: number
  readonly critical_path_ps: number
  readonly cells: number
  readonly chosen: boolean
}

export interface AsicSynthesis {
  readonly kind: 'asic'
  readonly target: string
  readonly top: string
  readonly area_um2: number
  /** Gate equivalents: area over that of the library's two-input NAND. */
  readonly ge: number
  /** Null where the design has no path to time. */
  readonly fmax_mhz: number | null
  /** Of the design by itself, or of the chain it is part of where that is longer. */
  readonly critical_path_ps: number
  /** Of flip-flops and clock gates. */
  readonly sequential_area_um2: number
  readonly clock_gating: ClockGating
  readonly cells: number
  readonly cell_counts: Readonly<Record<string, number>>
  /** Id of the recipe that gave the smallest area, within the longest path if one was wanted. */
  readonly recipe: string
  readonly recipes: readonly AsicRecipeResult[]
  /** The longest path that was wanted, and whether any recipe keeps it; where none does, the fastest is shown. */
  readonly max_delay_ps?: number
  readonly meets_max_delay?: boolean
  /** What the longest path leaves of the one that was wanted; negative where it is longer. */
  readonly slack_ps?: number
  readonly timing: TimingResult
  readonly energy: EnergyEstimate
  readonly versions: { readonly yosys: string }
  readonly provenance: {
    readonly library: string
    readonly library_source: string
    readonly corner: string
    readonly voltage_V: number
    readonly temperature_C: number
    readonly area: string
    readonly timing: string
    readonly energy: string
    /** Clock gates, and flip-flops behind them. */
    readonly clock_gating: string
    readonly search: string
    /** Yosys commands of the chosen recipe. */
    readonly script: string
  }
}

export interface FpgaRecipeResult {
  readonly id: string
  readonly summary: string
  readonly luts: number
  readonly ffs: number
  readonly dsps: number
  readonly carries: number
  readonly memories: number
  readonly chosen: boolean
}

export interface FpgaSynthesis {
  readonly kind: 'fpga'
  readonly target: string
  readonly top: string
  /** Without multiplier blocks, unless mapped `once`; `recipes` shows the design with them. */
  readonly luts: number
  readonly ffs: number
  readonly dsps: number
  readonly carries: number
  readonly memories: number
  /** The memories by Yosys' name of the cell: block RAMs and those in look-up tables. */
  readonly memory_cells: Readonly<Record<string, number>>
  /** Cells that are none of these. */
  readonly others: Readonly<Record<string, number>>
  readonly lut_inputs: number
  readonly recipe: string
  readonly recipes: readonly FpgaRecipeResult[]
  readonly versions: { readonly yosys: string }
  readonly provenance: {
    readonly family: string
    readonly counts: string
    readonly search: string
    readonly script: string
  }
}

export type SynthesisResult = AsicSynthesis | FpgaSynthesis

/** `Yosys 0.55 (git sha1 60f126cd0, clang ...)` without the compiler. */
export const yosysVersion = (creator: string): string => creator.replace(/\((git sha1 \w+).*\)/, '($1)')

const searchOf = (designs: readonly MappedDesign[], maxDelay_ps: number | undefined): string => {
  const within = maxDelay_ps === undefined ? '' : ` with a critical path of at most ${maxDelay_ps} ps`
  return `smallest area${within} of ${designs.map((design) => design.recipe.id).join(', ')}; the same search for every design`
}

const clockGatingText = ({ gates, gated_flip_flops, flip_flops }: ClockGating): string =>
  gates === 0
    ? `no clock gate before ${flip_flops} flip-flops`
    : `${gates} clock gates before ${gated_flip_flops} of ${flip_flops} flip-flops (${fewestGated} or more share an enable)`

const sizingText = (sizing_ps: number | undefined): string =>
  sizing_ps === relaxed_ps
    ? 'smallest drive strengths, so no clock target is met by sizing'
    : sizing_ps === undefined
      ? 'drive strengths for the shortest path'
      : `drive strengths for ${sizing_ps} ps of logic, clock-to-output and setup apart`

const chained = (chain: Chain | undefined): string =>
  chain ? `; and through ${chain.length} such blocks in a row and ${chain.then_ps} ps on into a register` : ''

const onCells = async (request: SynthesisRequest, yosys: Yosys, library: Library): Promise<AsicSynthesis> => {
  const { best, designs } = await mapDesign({ ...request, yosys }, library)
  const { timing, critical_path_ps } = best
  const energy = estimateEnergy(best.netlist, library)
  const nand = cellsByName(library).get(library.gateEquivalent)!
  return {
    kind: 'asic',
    target: library.name,
    top: request.top,
    area_um2: rounded(best.area_um2),
    ge: rounded(best.area_um2 / nand.area_um2),
    fmax_mhz: critical_path_ps > 0 ? rounded(1e6 / critical_path_ps) : null,
    critical_path_ps,
    sequential_area_um2: rounded(best.sequential_area_um2),
    clock_gating: best.clockGating,
    cells: best.cells,
    cell_counts: best.cellCounts,
    recipe: best.recipe.id,
    recipes: designs.map((design) => ({
      id: design.recipe.id,
      summary: design.recipe.summary,
      area_um2: rounded(design.area_um2),
      critical_path_ps: design.critical_path_ps,
      cells: design.cells,
      chosen: design === best,
    })),
    ...(request.maxDelay_ps === undefined
      ? {}
      : {
          max_delay_ps: request.maxDelay_ps,
          meets_max_delay: critical_path_ps <= request.maxDelay_ps,
          slack_ps: rounded(request.maxDelay_ps - critical_path_ps),
        }),
    timing,
    energy,
    versions: { yosys: yosysVersion(best.netlist.creator) },
    provenance: {
      ...libraryProvenance(library),
      area: `sum of cell areas, flattened, before placement; ${sizingText(best.sizing_ps)}`,
      timing: timing.provenance + chained(request.chain),
      energy: energy.provenance,
      clock_gating: clockGatingText(best.clockGating),
      search: searchOf(designs, request.maxDelay_ps),
      script: mappingScript(request.top, best.recipe, best.sizing_ps),
    },
  }
}

const onFpga = async (request: SynthesisRequest, yosys: Yosys, { family }: FpgaTarget): Promise<FpgaSynthesis> => {
  const { best, designs, creator } = await countOnFpga({ ...request, yosys }, family)
  const { luts, ffs, dsps, carries, memories, memoryCells, others } = best
  return {
    kind: 'fpga',
    target: family.id,
    top: request.top,
    luts,
    ffs,
    dsps,
    carries,
    memories,
    memory_cells: memoryCells,
    others,
    lut_inputs: family.lutInputs,
    recipe: best.recipe.id,
    recipes: designs.map((design) => ({
      id: design.recipe.id,
      summary: design.recipe.summary,
      luts: design.luts,
      ffs: design.ffs,
      dsps: design.dsps,
      carries: design.carries,
      memories: design.memories,
      chosen: design === best,
    })),
    versions: { yosys: yosysVersion(creator) },
    provenance: {
      family: family.summary,
      counts: 'cells after Yosys, before place and route',
      search: request.once
        ? `mapped once: ${best.recipe.summary}`
        : `fewest look-up tables of ${designs.flatMap(({ recipe }) => (recipe.dsp ? [] : [recipe.id])).join(', ')} without multiplier blocks; the same search for every design`,
      script: fpgaScript(request.top, family, best.recipe),
    },
  }
}

/** Synthesises `top` for a target; an unknown target or Verilog at fault is a `UserError`. */
export const synthesise = async (request: SynthesisRequest): Promise<SynthesisResult> => {
  const target: Target | Pick<AsicTarget, 'kind' | 'library'> = request.library
    ? { kind: 'asic', library: request.library }
    : findTarget(request.target)
  const yosys = request.yosys ?? withCache(openYosys())
  try {
    return target.kind === 'asic' ? await onCells(request, yosys, target.library) : await onFpga(request, yosys, target)
  } finally {
    if (!request.yosys) await yosys.close()
  }
}
