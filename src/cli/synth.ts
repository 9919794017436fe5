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
  readonly name: 'cell' | 'row edge' | 'column edge'
  /** One of it in a R x C array: `R x C`, `R`, `C`. */
  readonly count: string
  readonly result: SynthesisResult
}

/** Largest Verilog file that is read. */
const mostVerilogBytes = 16 * 2 ** 20

/** Synthesises the cell of a PE and its side chains, all by the same search. */
export const synthesiseParts = async (
  pe: ProcessingElement,
  target: string,
  output: Output,
): Promise<readonly SynthesisedPart[]> => {
  findTarget(target)
  const { cell, rowEdge, columnEdge } = pe.parts
  const blocks = [
    { name: 'cell', count: 'R x C', component: cell },
    { name: 'row edge', count: 'R', component: rowEdge },
    { name: 'column edge', count: 'C', component: columnEdge },
  ] as const
  const yosys = withCache(openYosys())
  try {
    const parts: SynthesisedPart[] = []
    for (const { name, count, component } of blocks) {
      if (!component) continue
      const { module } = component
      const request = { verilog: printVerilog(module), top: module.name, target, sourceName: pe.spec, yosys }
      parts.push({ name, count, result: await synthesise({ ...request, progress: output.progress }) })
    }
    return parts
  } finally {
    output.progress.stop()
    await yosys.close()
  }
}

/** `bitloom synth`: a spec, or a Verilog file with --top. */
export const synthCommand = async (
  design: string,
  options: { readonly target: string; readonly top?: string },
  output: Output,
): Promise<void> => {
  if (/\.(v|sv)$/i.test(design)) return synthesiseFile(design, options, output)
  if (options.top !== undefined)
    throw new UserError('E-OPTION', `--top names a module of a Verilog file, and ${design} is a spec; leave --top out`)
  const pe = processingElement(design)
  const parts = await synthesiseParts(pe, options.target, output)
  const [cell, ...edges] = parts
  output.result({
    spec: pe.spec,
    ...cell!.result,
    parts: edges.map(({ name, count, result }) => ({ name, count, ...result })),
  })
  output.print(`${pe.spec}`)
  for (const part of parts)
    output.print(`\n${part.name} (${part.count} of them in an R x C array)\n${text(part.result)}`)
}

const synthesiseFile = async (
  file: string,
  { target, top }: { readonly target: string; readonly top?: string },
  output: Output,
): Promise<void> => {
  if (top === undefined) throw new UserError('E-OPTION', `${file} needs the name of its top module: give --top name`)
  const verilog = readLimited(file, 'the Verilog file', mostVerilogBytes).toString('utf8')
  try {
    const result = await synthesise({ verilog, top, target, sourceName: file, progress: output.progress })
    output.result(result)
    output.print(text(result))
  } finally {
    output.progress.stop()
  }
}

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
  return `${head}\n${columns(recipes)}\n${result.versions.yosys}; ${result.provenance.search}`
}
