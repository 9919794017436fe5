/** Synthesis of a PE's blocks, for `synth`, its table and `run`. */
import { type Progress, silent } from '../base/progress.ts'
import type { Module } from '../dsl/ir.ts'
import { printVerilog } from '../dsl/verilog/print.ts'
import { type OfForms, rowsPerDrain } from '../pe/arith/group-accumulator.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import { type MeanAsicCell, type MeanFpgaCell, meanAsicCell, meanFpgaCell } from '../perf/mean-cell.ts'
import type { Chain } from '../synth/map.ts'
import { type SynthesisRequest, type SynthesisResult, synthesise } from '../synth/synthesise.ts'
import { findTarget } from '../synth/targets.ts'
import type { TimingResult } from '../synth/timing.ts'
import { openYosys, type Yosys } from '../synth/yosys.ts'
import { withCache } from '../synth/yosys-cache.ts'
import type { Output } from './context.ts'
import type { Shown } from './synth-text.ts'

/** The blocks of a PE, synthesised; the core is part of the cell. */
export interface SynthesisedParts {
  readonly cell: OfForms<SynthesisResult>
  readonly core?: SynthesisResult
  readonly rowEdge?: OfForms<SynthesisResult>
  readonly columnEdge?: SynthesisResult
  readonly rowFeeder?: SynthesisResult
  readonly columnFeeder?: SynthesisResult
  readonly dequantisation?: SynthesisResult
}

/** Rows of a column where none are said. */
export const defaultRows = 16

/** What goes into every synthesis beside the design. */
export type Cells = Pick<SynthesisRequest, 'library' | 'wireLoad'>

/** Whether components that have gates are printed as these. */
export const wantsGates = (target: string, { library }: Cells): boolean =>
  library !== undefined || findTarget(target).kind === 'asic'

export interface PartsRequest {
  readonly target: string
  /** Longest critical path wanted, in ps; on standard cells. */
  readonly maxDelay?: number
  /** Also the cell's core by itself, without its drain. */
  readonly core?: boolean
  /** Rows of the columns, which a dequantisation unit has memory for; default 16. */
  readonly rows?: number
  /** Cells in place of the target's. */
  readonly cells?: Cells
}

/** How the blocks of a PE are synthesised, one or in both forms. */
interface BlockSynthesis {
  readonly one: (block: { readonly module: Module }, chain?: Chain) => Promise<SynthesisResult>
  readonly both: (forms: OfForms<{ readonly module: Module }>) => Promise<OfForms<SynthesisResult>>
}

/** Inputs of a cell that other cells' outputs feed; others, such as a mode, do not go from block to block. */
export const pathInputs: readonly string[] = ['sum_in', 'sum_in_valid']

/** What a sum passes below the cell with the drain register, given that cell's timing. */
export const chainInto = ({ paths_ps }: Pick<TimingResult, 'paths_ps'>): Chain => ({
  length: rowsPerDrain - 1,
  then_ps: paths_ps.input_to_register,
})

const blocksOf = (
  pe: ProcessingElement,
  { target, maxDelay, cells = {} }: Pick<PartsRequest, 'target' | 'maxDelay' | 'cells'>,
  yosys: Yosys,
  progress: Progress,
): BlockSynthesis => {
  const gates = wantsGates(target, cells)
  const one = ({ module }: { readonly module: Module }, chain?: Chain): Promise<SynthesisResult> =>
    synthesise({
      verilog: printVerilog(module, { gates }),
      top: module.name,
      target,
      sourceName: pe.spec,
      yosys,
      progress,
      ...cells,
      pathInputs,
      ...(maxDelay === undefined ? {} : { maxDelay_ps: maxDelay }),
      ...(chain ? { chain } : {}),
    })
  const both = async (forms: OfForms<{ readonly module: Module }>): Promise<OfForms<SynthesisResult>> => {
    const draining = await one(forms.draining)
    return {
      draining,
      passing: await one(forms.passing, draining.kind === 'asic' ? chainInto(draining.timing) : undefined),
    }
  }
  return { one, both }
}

/**
 * Synthesises the cell of a PE and its side chains, all by the same search. Standard cells get the gates of components that
 * have them; FPGAs get their logic, because their mappers know carry chains and multiplier blocks. The path of what passes
 * sums on is counted into the register of its block.
 */
export const synthesiseParts = async (
  pe: ProcessingElement,
  { target, maxDelay, core = false, rows = defaultRows, cells = {} }: PartsRequest,
  output: Output,
): Promise<SynthesisedParts> => {
  const yosys = withCache(openYosys())
  const { one, both } = blocksOf(
    pe,
    { target, cells, ...(maxDelay === undefined ? {} : { maxDelay }) },
    yosys,
    output.progress,
  )
  const { parts } = pe
  try {
    return {
      cell: await both(parts.cell),
      ...(core ? { core: await one(parts.core) } : {}),
      ...(parts.rowEdge ? { rowEdge: await both(parts.rowEdge) } : {}),
      ...(parts.columnEdge ? { columnEdge: await one(parts.columnEdge) } : {}),
      ...(parts.feeders?.row ? { rowFeeder: await one(parts.feeders.row) } : {}),
      ...(parts.feeders?.column ? { columnFeeder: await one(parts.feeders.column) } : {}),
      ...(parts.dequantisation ? { dequantisation: await one(parts.dequantisation(rows)) } : {}),
    }
  } finally {
    output.progress.stop()
    await yosys.close()
  }
}

/** A PE for a table: its mean cell, or what a tile has for one, and its core where that is wanted. */
export const synthesiseElement = async (
  pe: ProcessingElement | TiledElement,
  { target, cells = {}, core = false }: Pick<PartsRequest, 'target' | 'cells' | 'core'>,
  yosys: Yosys,
): Promise<{ readonly mean: Shown; readonly core?: SynthesisResult }> => {
  if ('tile' in pe) {
    const { module } = pe.blocks[0]!.component
    const verilog = printVerilog(module, { gates: wantsGates(target, cells) })
    const mean = await synthesise({ verilog, top: module.name, target, sourceName: pe.spec, yosys, ...cells })
    return core ? { mean, core: mean } : { mean }
  }
  const { one, both } = blocksOf(pe, { target, cells }, yosys, silent)
  const mean = meanCell(await both(pe.parts.cell))
  return core ? { mean, core: await one(pe.parts.core) } : { mean }
}

export const meanCell = ({ draining, passing }: OfForms<SynthesisResult>): MeanAsicCell | MeanFpgaCell => {
  if (draining.kind === 'asic' && passing.kind === 'asic') return meanAsicCell({ draining, passing })
  if (draining.kind === 'fpga' && passing.kind === 'fpga') return meanFpgaCell({ draining, passing })
  throw new Error(`one form was synthesised for ${draining.target}, the other for ${passing.target}`)
}
