export {
  type Coverage,
  coverageOfText,
  coverageText,
  mergeCoverage,
  type SignalToggles,
  type ValueCoverage,
} from './coverage.ts'
export { type CoverageReportOptions, coverageReport } from './report.ts'
export { type CoverageEngine, type CoverageOptions, withCoverage } from './with-coverage.ts'
