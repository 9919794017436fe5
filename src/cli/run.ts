import { join } from 'node:path'
import type { ArraySize } from '../accel/output-stationary.ts'
import { productEngineNamed } from '../accel/product-array.ts'
import { ensureWritable, writeWhole } from '../base/files.ts'
import { UserError } from '../base/user-error.ts'
import { openModel } from '../llm/open-model.ts'
import { type ModelRun, refuseUnlessRunnable, runModel } from '../llm/run-model.ts'
import { createSampler, greedy, type Sampler } from '../llm/sample.ts'
import type { OfForms } from '../pe/arith/group-accumulator.ts'
import { elementOf, processingElement } from '../pe/catalogue.ts'
import type { ProcessingElement } from '../pe/family.ts'
import { assembleReport, type PeSynthesis } from '../report/assemble.ts'
import { type Report, reportHtml, reportTable, terminalStyle } from '../report/index.ts'
import { dramPreset } from '../synth/memory/dram.ts'
import type { AsicSynthesis, SynthesisResult } from '../synth/synthesise.ts'
import type { Verification } from '../verify/verify.ts'
import { acceleratorNamed } from './accelerator.ts'
import type { Output } from './context.ts'
import type { GeneratedModule } from './generate.ts'
import { synthesiseParts } from './pe-synthesis.ts'
import { runLayers } from './run-layers.ts'
import { packageVersion } from './version.ts'

export interface RunRequest {
  readonly model: string
  readonly tokenizer?: string
  readonly pe: string
  readonly array: ArraySize
  readonly engine: string
  readonly prompt: string
  readonly tokens: number
  readonly temperature: number
  readonly topP: number
  readonly seed: number
  readonly threads?: number
  /** Pattern of layers that run on the RTL, all others in the PE's arithmetic; all layers unless given. */
  readonly layers?: string
  /** Tiles at once. */
  readonly lanes?: number
  /** Preset of the memory outside the chip that weights come from. */
  readonly dram?: string
  /** What the array stands in; alone unless said. */
  readonly accel?: string
  /** Folder for report.json and report.html; nothing is written without. */
  readonly out?: string
}

/** A run with what its report needs besides. */
export interface FinishedRun {
  readonly run: ModelRun
  readonly report: Report
}

/** Library whose cells the energy of a run is counted in. */
export const energyTarget = 'generic45'
const yardstickSpec = 'mac(w=int8, a=int8)'

/** `bitloom run`: a model's text on simulated hardware; exit code 1 where a result differs. */
export const runCommand = async (request: RunRequest, output: Output): Promise<number> => {
  const pe = elementOf(request.pe)
  const accelerator = acceleratorNamed(request.accel)
  // In a co-processor layers run one by one, and all of them unless some are named.
  const layers = request.layers ?? (accelerator === 'axi' ? '*' : undefined)
  if (layers !== undefined) {
    const said = request.layers === undefined ? '--accel axi' : '--layers'
    const refuse = (option: string, why: string): never => {
      throw new UserError('E-OPTION', `${why}; leave one of ${option} and ${said} out`)
    }
    if (request.out !== undefined) refuse('--out', 'a report is of a whole model on the array alone')
    if (request.lanes !== undefined) refuse('--lanes', `the array that ${said} opens has one tile at a time`)
    if (request.dram !== undefined && accelerator === 'array')
      refuse('--dram', 'the energy of memories is of a whole model, or of a co-processor with --accel axi')
    if (request.dram !== undefined) dramPreset(request.dram)
    return runLayers(pe, { ...request, layers, accelerator }, samplerOf(request), output)
  }
  if (request.out !== undefined) ensureWritable(request.out)
  // The yardstick is for the page alone.
  const { run, report } = await runAndReport(request, output, { yardstick: request.out !== undefined })
  if (request.out !== undefined) writeReport(report, request.out)
  output.result(runJson(report, run))
  output.print(`\n${reportTable(report, terminalStyle(process.stdout))}`)
  if (run.firstMismatch) output.print(run.firstMismatch)
  return run.mismatches === 0 ? 0 : 1
}

/** The JSON of `run`. */
const runJson = (report: Report, run: ModelRun) => ({
  text: run.text,
  tokens: run.tokens.length,
  prompt_tokens: run.promptTokens,
  macs: run.macs,
  cycles: run.cycles,
  compared: run.compared,
  mismatches: run.mismatches,
  utilisation: run.utilisation,
  seconds: run.seconds,
  pe: report.run.pe,
  array: report.run.array,
  engine: report.run.engine,
  layers: report.run.layers,
  energy: report.energy,
  provenance: report.run.provenance,
})

/** What a report shows besides the run. */
interface ReportExtras {
  readonly verification?: readonly (Verification & { readonly spec: string })[]
  readonly catalogue?: readonly GeneratedModule[]
  /** Whether the INT8 MAC is synthesised beside the PE. */
  readonly yardstick?: boolean
}

/** Generates, synthesises what the energy needs, and puts the report together. */
export const runAndReport = async (
  request: RunRequest,
  output: Output,
  { verification = [], catalogue = [], yardstick = true }: ReportExtras = {},
): Promise<FinishedRun> => {
  const pe = processingElement(request.pe)
  refuseUnlessRunnable(pe)
  // Before anything that takes long.
  if (request.dram !== undefined) dramPreset(request.dram)
  const engine = productEngineNamed(request.engine, request.lanes)
  const sampler = samplerOf(request)
  const opened = await openModel(request.model, {
    progress: output.progress,
    ...(request.tokenizer === undefined ? {} : { tokenizer: request.tokenizer }),
  })
  const run = await runModel({
    opened,
    pe,
    size: request.array,
    engine,
    prompt: request.prompt,
    tokens: request.tokens,
    sampler,
    ...(request.threads === undefined ? {} : { threads: request.threads }),
    ...(request.lanes === undefined ? {} : { lanes: request.lanes }),
    // Where people watch the text itself come, a bar would only tear it.
    ...(output.live ? { onText: output.write } : { progress: output.progress }),
  })
  output.print(output.live ? '' : run.text)
  const subject = await synthesisOf(pe, request.array.rows, output)
  const measure = processingElement(yardstickSpec)
  const yardsticks =
    yardstick && measure.spec !== pe.spec ? [await synthesisOf(measure, request.array.rows, output)] : []
  const report = assembleReport({
    created: new Date().toISOString(),
    versions: { bitloom: packageVersion() },
    opened,
    prompt: request.prompt,
    sampling:
      request.temperature === 0
        ? { method: 'greedy' }
        : { method: 'top-p', temperature: request.temperature, top_p: request.topP, seed: request.seed },
    pe,
    size: request.array,
    engine,
    run,
    subject,
    yardsticks,
    ...(request.dram === undefined ? {} : { dram: request.dram }),
    verification,
    catalogue: catalogue.map(({ spec, name, file, ports, lines }) => ({
      spec,
      module: name,
      file,
      ports: ports.length,
      lines,
    })),
  })
  return { run, report }
}

/** Writes the report's data and its page. */
export const writeReport = (report: Report, folder: string): { readonly data: string; readonly page: string } => {
  const data = join(folder, 'report.json')
  const page = join(folder, 'report.html')
  writeWhole(data, `${JSON.stringify(report, undefined, 2)}\n`)
  writeWhole(page, reportHtml(report))
  return { data, page }
}

const samplerOf = ({ temperature, topP, seed }: RunRequest): Sampler =>
  temperature === 0 ? greedy : createSampler({ temperature, topP, seed })

const synthesisOf = async (pe: ProcessingElement, rows: number, output: Output): Promise<PeSynthesis> => {
  const parts = await synthesiseParts(pe, { target: energyTarget, rows }, output)
  const { cell, rowEdge, columnEdge, rowFeeder, columnFeeder, dequantisation } = parts
  return {
    pe,
    cell: onCells(cell),
    ...(rowEdge ? { rowEdge: onCells(rowEdge) } : {}),
    ...(columnEdge ? { columnEdge: asic(columnEdge) } : {}),
    ...(rowFeeder ? { rowFeeder: asic(rowFeeder) } : {}),
    ...(columnFeeder ? { columnFeeder: asic(columnFeeder) } : {}),
    ...(dequantisation ? { dequantisation: asic(dequantisation) } : {}),
  }
}

const onCells = ({ draining, passing }: OfForms<SynthesisResult>): OfForms<AsicSynthesis> => ({
  draining: asic(draining),
  passing: asic(passing),
})

const asic = (result: SynthesisResult): AsicSynthesis => {
  if (result.kind === 'asic') return result
  throw new UserError('E-TARGET', `${energyTarget} is no standard-cell target`)
}
