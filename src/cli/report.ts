import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeWhole } from '../base/files.ts'
import { readReport, reportHtml, reportTable, terminalStyle } from '../report/index.ts'
import type { Output } from './context.ts'

/** `bitloom report`: the page and the table of a saved run. */
export const reportCommand = (
  { from, out }: { readonly from: string; readonly out?: string },
  output: Output,
): void => {
  const report = readReport(from)
  const file = join(out ?? dirname(from), 'report.html')
  writeWhole(file, reportHtml(report))
  output.result({ file, url: pathToFileURL(resolve(file)).href, mismatches: report.run.mismatches })
  output.print(reportTable(report, terminalStyle(process.stdout)))
  output.print(`\n${file}`)
}
