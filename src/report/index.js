export { reportHtml } from './html.js';
export { checkReport, maximumReportBytes, readReport } from './read.js';
export * from './schema.js';
export { reportTable, terminalStyle } from './table.js';
