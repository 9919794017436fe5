import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeWhole } from '../base/files.js';
import { readReport, reportHtml, reportTable, terminalStyle } from '../report/index.js';
/** `bitloom report`: the page and the table of a saved run. */
export const reportCommand = ({ from, out }, output) => {
    const report = readReport(from);
    const file = join(out ?? dirname(from), 'report.html');
    writeWhole(file, reportHtml(report));
    output.result({ file, url: pathToFileURL(resolve(file)).href, mismatches: report.run.mismatches });
    output.print(reportTable(report, terminalStyle(process.stdout)));
    output.print(`\n${file}`);
};
