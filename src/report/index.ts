export { reportHtml } from './html.ts'
export { checkReport, maximumReportBytes, readReport } from './read.ts'
export * from './schema.ts'
export { reportTable, type TerminalStyle, terminalStyle } from './table.ts'
