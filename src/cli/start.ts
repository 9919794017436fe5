import { join } from 'node:path'
import { catalogue, elementOf } from '../pe/catalogue.ts'
import { reportTable, terminalStyle } from '../report/index.ts'
import type { Output } from './context.ts'
import { generateCatalogue, writeDesigns } from './generate.ts'
import { type RunRequest, runAndReport, writeReport } from './run.ts'
import { verifyOn } from './verify.ts'

/**
 * `bitloom start`, the main job: Verilog of the catalogue, every PE against its golden model, a language model's story
 * with all its linear layers on simulated hardware, synthesis, and the report.
 */
export const startCommand = async (request: RunRequest & { readonly out: string }, output: Output): Promise<number> => {
  const designs = generateCatalogue()
  const folder = join(request.out, 'verilog')
  writeDesigns(designs, folder)
  output.print(`${designs.length} designs in Verilog: ${folder}`)

  const verification = []
  for (const spec of catalogue) {
    const pe = elementOf(spec)
    const results = await verifyOn(pe, { engine: 'wasm', groups: 500, seed: request.seed }, output)
    verification.push(...results.map((result) => ({ spec: pe.spec, ...result })))
    for (const { vectors, mismatches } of results)
      output.print(`${pe.spec}: ${vectors} groups against the golden model, ${mismatches} mismatches`)
  }
  output.print('')

  const { run, report } = await runAndReport(request, output, {
    verification,
    catalogue: designs.map(({ module }) => module),
  })
  const { data, page } = writeReport(report, request.out)
  output.result({ text: run.text, tokens: run.tokens.length, mismatches: run.mismatches, report: data, page })
  output.print(`\n${reportTable(report, terminalStyle(process.stdout))}`)
  if (run.firstMismatch) output.print(run.firstMismatch)
  output.print(`\nThe report: ${page}`)
  const failed = run.mismatches + verification.reduce((sum, { mismatches }) => sum + mismatches, 0)
  return failed === 0 ? 0 : 1
}
