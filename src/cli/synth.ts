import { readLimited } from '../base/files.ts'
import { UserError } from '../base/user-error.ts'
import type { Module } from '../dsl/ir.ts'
import { printVerilog } from '../dsl/verilog/print.ts'
import { type OfForms, rowsPerDrain } from '../pe/arith/group-accumulator.ts'
import { elementOf } from '../pe/catalogue.ts'
import type { Claim, ProcessingElement } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import { type BesideClaim, besideClaims } from '../perf/beside-claims.ts'
import { drainShare, type MeanAsicCell, type MeanFpgaCell, meanAsicCell, meanFpgaCell } from '../perf/mean-cell.ts'
import { openLibrary } from '../synth/liberty/index.ts'
import type { Chain } from '../synth/map.ts'
import { type SynthesisRequest, type SynthesisResult, synthesise } from '../synth/synthesise.ts'
import { findTarget } from '../synth/targets.ts'
import { openYosys } from '../synth/yosys.ts'
import { withCache } from '../synth/yosys-cache.ts'
import type { Output } from './context.ts'
import { besideText, type Shown, text } from './synth-text.ts'

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
const defaultRows = 16

/** Largest Verilog file that is read. */
const mostVerilogBytes = 16 * 2 ** 20

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
  const gates = wantsGates(target, cells)
  const yosys = withCache(openYosys())
  const one = ({ module }: { readonly module: Module }, chain?: Chain): Promise<SynthesisResult> =>
    synthesise({
      verilog: printVerilog(module, { gates }),
      top: module.name,
      target,
      sourceName: pe.spec,
      yosys,
      progress: output.progress,
      ...cells,
      // Other inputs, such as a mode, do not go from block to block.
      pathInputs: ['sum_in', 'sum_in_valid'],
      ...(maxDelay === undefined ? {} : { maxDelay_ps: maxDelay }),
      ...(chain ? { chain } : {}),
    })
  const both = async (forms: OfForms<{ readonly module: Module }>): Promise<OfForms<SynthesisResult>> => {
    const draining = await one(forms.draining)
    const then_ps = draining.kind === 'asic' ? draining.timing.paths_ps.input_to_register : 0
    return { draining, passing: await one(forms.passing, { length: rowsPerDrain - 1, then_ps }) }
  }
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

export interface SynthOptions {
  readonly target: string
  /** Liberty files of one library, in place of the target. */
  readonly liberty?: readonly string[]
  readonly wireLoad?: string
  readonly top?: string
  readonly maxDelay?: number
}

/** What goes into every synthesis beside the design. */
type Cells = Pick<SynthesisRequest, 'library' | 'wireLoad'>
type WithCells = SynthOptions & { readonly cells: Cells }

const cellsOf = ({ liberty, wireLoad }: SynthOptions, output: Output): Cells => {
  const library = liberty && openLibrary(liberty)
  for (const note of library?.notes ?? []) output.complain(`${library!.name}: ${note}`)
  return { ...(library ? { library } : {}), ...(wireLoad === undefined ? {} : { wireLoad }) }
}

/** Whether components that have gates are printed as these. */
const wantsGates = (target: string, { library }: Cells): boolean =>
  library !== undefined || findTarget(target).kind === 'asic'

const refuseForFpga = ({ target, liberty, maxDelay, wireLoad }: SynthOptions): void => {
  if (findTarget(target).kind === 'asic') return
  const option = liberty
    ? '--liberty'
    : maxDelay !== undefined
      ? '--max-delay'
      : wireLoad !== undefined
        ? '--wire-load'
        : undefined
  if (option !== undefined)
    throw new UserError(
      'E-OPTION',
      `${option} is for standard cells, and ${target} is an FPGA, where delays depend on routing; leave it out`,
    )
}

/** `bitloom synth`: a spec, or a Verilog file with --top. */
export const synthCommand = async (design: string, given: SynthOptions, output: Output): Promise<void> => {
  refuseForFpga(given)
  const options = { ...given, cells: cellsOf(given, output) }
  if (/\.(v|sv)$/i.test(design)) return synthesiseFile(design, options, output)
  if (options.top !== undefined)
    throw new UserError('E-OPTION', `--top names a module of a Verilog file, and ${design} is a spec; leave --top out`)
  const pe = elementOf(design)
  if ('tile' in pe) return synthesiseTile(pe, options, output)
  const parts = await synthesiseParts(pe, { ...options, core: true }, output)
  const { cell, core, rowEdge, columnEdge, rowFeeder, columnFeeder, dequantisation } = parts
  const rows = `of ${rowsPerDrain} rows`
  const blocks = [
    ['cell', `one ${rows}, with their drain register`, cell.draining],
    ['passing cell', `${rowsPerDrain - 1} ${rows}`, cell.passing],
    ['core', 'the cell without its drain', core],
    ['row edge', 'left of a row of cells', rowEdge?.draining],
    ['passing row edge', 'left of a row of passing cells', rowEdge?.passing],
    ['column edge', 'above every column', columnEdge],
    ['row feeder', 'left of every row', rowFeeder],
    ['column feeder', 'above every column', columnFeeder],
    ['dequantisation', `behind every column, here of ${defaultRows} rows`, dequantisation],
  ] as const
  const made = blocks.flatMap(([name, place, result]) => (result ? [{ name, place, result }] : []))
  const mean = meanCell(cell)
  const beside = besideOf(pe.claims, mean, options)
  output.result({
    spec: pe.spec,
    ...mean,
    ...(beside.length > 0 ? { at_28_nm: beside } : {}),
    share: drainShare,
    parts: made.map(({ name, place, result }) => ({ name, place, ...result })),
  })
  output.print(`${pe.spec}\n\nPE with ${drainShare}\n${text(mean)}${besideText(beside)}`)
  for (const { name, place, result } of made) output.print(`\n${name} (${place})\n${text(result)}`)
}

/** The blocks of a tile one by one, the PE first. */
const synthesiseTile = async (
  pe: TiledElement,
  { target, maxDelay, cells }: WithCells,
  output: Output,
): Promise<void> => {
  const gates = wantsGates(target, cells)
  const limit = maxDelay === undefined ? {} : { maxDelay_ps: maxDelay }
  const yosys = withCache(openYosys())
  const parts: { readonly name: string; readonly place: string; readonly result: SynthesisResult }[] = []
  try {
    for (const { name, place, component } of pe.blocks) {
      const { module } = component
      const verilog = printVerilog(module, { gates })
      const request = {
        verilog,
        top: module.name,
        target,
        sourceName: pe.spec,
        yosys,
        progress: output.progress,
        ...cells,
      }
      parts.push({ name, place, result: await synthesise({ ...request, ...limit }) })
    }
  } finally {
    output.progress.stop()
    await yosys.close()
  }
  const beside = besideOf(pe.claims, parts[0]!.result, { target, cells })
  output.result({
    spec: pe.spec,
    ...parts[0]!.result,
    ...(beside.length > 0 ? { at_28_nm: beside } : {}),
    parts: parts.map(({ name, place, result }) => ({ name, place, ...result })),
  })
  output.print(pe.spec)
  for (const { name, place, result } of parts) output.print(`\n${name} (${place})\n${text(result)}`)
  if (beside.length > 0) output.print(besideText(beside))
}

/** Published areas at 28 nm beside that of a PE on standard cells. */
const besideOf = (
  claims: readonly Claim[],
  result: Shown,
  { target, cells }: Pick<WithCells, 'target' | 'cells'>,
): readonly BesideClaim[] => {
  if (result.kind !== 'asic') return []
  const named = findTarget(target)
  const library = cells.library ?? (named.kind === 'asic' ? named.library : undefined)
  return library ? besideClaims(claims, result.area_um2, library) : []
}

const synthesiseFile = async (
  file: string,
  { target, top, maxDelay, cells }: WithCells,
  output: Output,
): Promise<void> => {
  if (top === undefined) throw new UserError('E-OPTION', `${file} needs the name of its top module: give --top name`)
  const verilog = readLimited(file, 'the Verilog file', mostVerilogBytes).toString('utf8')
  try {
    const limit = maxDelay === undefined ? {} : { maxDelay_ps: maxDelay }
    const result = await synthesise({
      verilog,
      top,
      target,
      sourceName: file,
      progress: output.progress,
      ...cells,
      ...limit,
    })
    output.result(result)
    output.print(text(result))
  } finally {
    output.progress.stop()
  }
}

const meanCell = ({ draining, passing }: OfForms<SynthesisResult>): MeanAsicCell | MeanFpgaCell => {
  if (draining.kind === 'asic' && passing.kind === 'asic') return meanAsicCell({ draining, passing })
  if (draining.kind === 'fpga' && passing.kind === 'fpga') return meanFpgaCell({ draining, passing })
  throw new Error(`one form was synthesised for ${draining.target}, the other for ${passing.target}`)
}
