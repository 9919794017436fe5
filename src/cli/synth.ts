import type { ArraySize } from '../accel/output-stationary.ts'
import { readLimited } from '../base/files.ts'
import { UserError } from '../base/user-error.ts'
import { printVerilog } from '../dsl/verilog/print.ts'
import { rowsPerDrain } from '../pe/arith/group-accumulator.ts'
import { catalogue, elementOf } from '../pe/catalogue.ts'
import type { Claim } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import { type BesideClaim, besideClaims } from '../perf/beside-claims.ts'
import { drainShare } from '../perf/mean-cell.ts'
import { openLibrary } from '../synth/liberty/index.ts'
import { type SynthesisResult, synthesise } from '../synth/synthesise.ts'
import { findTarget } from '../synth/targets.ts'
import { openYosys } from '../synth/yosys.ts'
import { withCache } from '../synth/yosys-cache.ts'
import { acceleratorNamed } from './accelerator.ts'
import type { Output } from './context.ts'
import type { TableOptions } from './pe-figures.ts'
import { type Cells, defaultRows, meanCell, synthesiseParts, wantsGates } from './pe-synthesis.ts'
import { synthesiseCoprocessor } from './synth-coprocessor.ts'
import { synthTable } from './synth-table.ts'
import { besideText, type Shown, text } from './synth-text.ts'

/** Largest Verilog file that is read. */
const mostVerilogBytes = 16 * 2 ** 20

export interface SynthOptions extends TableOptions {
  readonly top?: string
  readonly maxDelay?: number
  /** The whole catalogue. */
  readonly all?: boolean
  /** The PE in a co-processor with an array of that size. */
  readonly accel?: string
  readonly array?: ArraySize
}

type WithCells = SynthOptions & { readonly cells: Cells }

const cellsOf = ({ liberty, wireLoad }: SynthOptions, output: Output): Cells => {
  const library = liberty && openLibrary(liberty)
  for (const note of library?.notes ?? []) output.complain(`${library!.name}: ${note}`)
  return { ...(library ? { library } : {}), ...(wireLoad === undefined ? {} : { wireLoad }) }
}

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

/** Options of a single design, and of a table. */
const [ofDesign, ofTable] = [
  { top: '--top', maxDelay: '--max-delay', array: '--array', accel: '--accel' },
  {
    fpga: '--fpga',
    workload: '--workload',
    cycles: '--cycles',
    seed: '--seed',
    model: '--model',
    tokenizer: '--tokenizer',
    prompt: '--prompt',
    threads: '--threads',
  },
] as const

const refuse = (options: SynthOptions, names: Readonly<Record<string, string>>, why: string): void => {
  const found = Object.entries(options).find(([key, value]) => value !== undefined && Object.hasOwn(names, key))
  if (found) throw new UserError('E-OPTION', `${names[found[0]]} ${why}; leave it out`)
}

/** `bitloom synth`: one design, or a table of several. */
export const synthCommand = async (
  designs: readonly string[],
  options: SynthOptions,
  output: Output,
): Promise<number> => {
  const several = options.all === true || designs.length > 1
  if (several) {
    refuse(options, ofDesign, 'is for one design, and this is a table')
    return synthTable([...(options.all ? catalogue : []), ...designs], options, output)
  }
  const [design] = designs
  if (design === undefined)
    throw new UserError('E-OPTION', 'there is nothing to synthesise: give a spec, e.g. bitloom synth mac, or --all')
  refuse(options, ofTable, 'is for a table, of several PEs or of --all')
  await synthesiseDesign(design, options, output)
  return 0
}

const wantsCoprocessor = ({ accel, array }: SynthOptions): boolean => {
  if (accel !== undefined && acceleratorNamed(accel) === 'axi') return true
  if (array !== undefined)
    throw new UserError(
      'E-OPTION',
      '--array alone is no design of synth, which knows PEs and co-processors; add --accel axi, or leave --array out',
    )
  return false
}

/** A spec, or a Verilog file with --top. */
const synthesiseDesign = async (design: string, given: SynthOptions, output: Output): Promise<void> => {
  refuseForFpga(given)
  if (wantsCoprocessor(given)) {
    refuse(given, { top: '--top', maxDelay: '--max-delay', wireLoad: '--wire-load' }, 'is not for --accel axi')
    return synthesiseCoprocessor(design, { ...given, cells: cellsOf(given, output) }, output)
  }
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
