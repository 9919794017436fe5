import { readLimited } from '../base/files.ts'
import { UserError } from '../base/user-error.ts'
import { printVerilog } from '../dsl/verilog/print.ts'
import { processingElement } from '../pe/catalogue.ts'
import type { ProcessingElement } from '../pe/family.ts'
import { type SynthesisResult, synthesise } from '../synth/synthesise.ts'
import { findTarget } from '../synth/targets.ts'
import { openYosys } from '../synth/yosys.ts'
import { withCache } from '../synth/yosys-cache.ts'
import { columns, type Output } from './context.ts'

/** A block of a PE and how many share it. */
export interface SynthesisedPart {
  readonly name: 'cell' | 'core' | 'row edge' | 'column edge' | 'row feeder' | 'column feeder' | 'dequantisation'
  /** One of it in a R x C array: `R x C`, `R`, `C`. The core is part of the cell. */
  readonly count: string
  readonly result: SynthesisResult
}

/** Rows of a column where none are said. */
const defaultRows = 16

/** Largest Verilog file that is read. */
const mostVerilogBytes = 16 * 2 ** 20

export interface PartsRequest {
  readonly target: string
  /** Longest critical path wanted, in ps; on standard cells. */
  readonly maxDelay?: number
  /** Also the cell's core by itself, without the drain. */
  readonly core?: boolean
  /** Rows of the columns, which a dequantisation unit has memory for; default 16. */
  readonly rows?: number
}

/**
 * Synthesises the cell of a PE and its side chains, all by the same search. Standard cells get the gates of components that
 * have them; FPGAs get their logic, because their mappers know carry chains and multiplier blocks.
 */
export const synthesiseParts = async (
  pe: ProcessingElement,
  { target, maxDelay, core = false, rows = defaultRows }: PartsRequest,
  output: Output,
): Promise<readonly SynthesisedPart[]> => {
  const gates = findTarget(target).kind === 'asic'
  const blocks = [
    { name: 'cell', count: 'R x C', component: pe.parts.cell },
    { name: 'core', count: 'R x C', component: core ? pe.parts.core : undefined },
    { name: 'row edge', count: 'R', component: pe.parts.rowEdge },
    { name: 'column edge', count: 'C', component: pe.parts.columnEdge },
    { name: 'row feeder', count: 'R', component: pe.parts.feeders?.row },
    { name: 'column feeder', count: 'C', component: pe.parts.feeders?.column },
    { name: 'dequantisation', count: 'C', component: pe.parts.dequantisation?.(rows) },
  ] as const
  const yosys = withCache(openYosys())
  try {
    const parts: SynthesisedPart[] = []
    for (const { name, count, component } of blocks) {
      if (!component) continue
      const { module } = component
      const request = {
        verilog: printVerilog(module, { gates }),
        top: module.name,
        target,
        sourceName: pe.spec,
        yosys,
        progress: output.progress,
        ...(maxDelay === undefined ? {} : { maxDelay_ps: maxDelay }),
      }
      parts.push({ name, count, result: await synthesise(request) })
    }
    return parts
  } finally {
    output.progress.stop()
    await yosys.close()
  }
}

export interface SynthOptions {
  readonly target: string
  readonly top?: string
  readonly maxDelay?: number
}

const refuseDelay = ({ target, maxDelay }: SynthOptions): void => {
  if (maxDelay !== undefined && findTarget(target).kind !== 'asic')
    throw new UserError(
      'E-OPTION',
      `--max-delay is for standard cells, and ${target} is an FPGA, where delays depend on routing; leave it out`,
    )
}

/** `bitloom synth`: a spec, or a Verilog file with --top. */
export const synthCommand = async (design: string, options: SynthOptions, output: Output): Promise<void> => {
  refuseDelay(options)
  if (/\.(v|sv)$/i.test(design)) return synthesiseFile(design, options, output)
  if (options.top !== undefined)
    throw new UserError('E-OPTION', `--top names a module of a Verilog file, and ${design} is a spec; leave --top out`)
  const pe = processingElement(design)
  const parts = await synthesiseParts(pe, { ...options, core: true }, output)
  const [cell, ...edges] = parts
  output.result({
    spec: pe.spec,
    ...cell!.result,
    parts: edges.map(({ name, count, result }) => ({ name, count, ...result })),
  })
  output.print(`${pe.spec}`)
  for (const part of parts) output.print(`\n${part.name} (${placeOf(part)})\n${text(part.result)}`)
}

const synthesiseFile = async (file: string, { target, top, maxDelay }: SynthOptions, output: Output): Promise<void> => {
  if (top === undefined) throw new UserError('E-OPTION', `${file} needs the name of its top module: give --top name`)
  const verilog = readLimited(file, 'the Verilog file', mostVerilogBytes).toString('utf8')
  try {
    const limit = maxDelay === undefined ? {} : { maxDelay_ps: maxDelay }
    const result = await synthesise({ verilog, top, target, sourceName: file, progress: output.progress, ...limit })
    output.result(result)
    output.print(text(result))
  } finally {
    output.progress.stop()
  }
}

const placeOf = ({ name, count }: SynthesisedPart): string => {
  if (name === 'core') return 'the cell without its drain register'
  const rows = name === 'dequantisation' ? `, here for ${defaultRows} rows` : ''
  return `${count} of them in an R x C array${rows}`
}

const missed = (result: SynthesisResult): string =>
  result.kind === 'asic' && result.meets_max_delay === false
    ? `\nno recipe keeps the path within ${result.max_delay_ps} ps; this is the fastest`
    : ''

const text = (result: SynthesisResult): string => {
  const recipes =
    result.kind === 'asic'
      ? [
          ['recipe', 'area um2', 'critical path ps', ''],
          ...result.recipes.map((row) => [
            row.id,
            String(row.area_um2),
            String(row.critical_path_ps),
            row.chosen ? 'chosen' : '',
          ]),
        ]
      : [
          ['recipe', 'LUTs', 'FFs', 'DSPs', 'carries', ''],
          ...result.recipes.map((row) => [
            row.id,
            String(row.luts),
            String(row.ffs),
            String(row.dsps),
            String(row.carries),
            row.chosen ? 'chosen' : '',
          ]),
        ]
  const head =
    result.kind === 'asic'
      ? `${result.area_um2} um2, ${result.ge} GE, ${result.fmax_mhz ?? 'no path to time'} MHz on ${result.target} (${result.provenance.library_source})`
      : `${result.luts} LUTs, ${result.ffs} FFs, ${result.dsps} DSPs on ${result.target} (${result.provenance.counts})`
  return `${head}${missed(result)}\n${columns(recipes)}\n${result.versions.yosys}; ${result.provenance.search}`
}
