import { readLimited, writeWholeInPieces } from '../../base/files.ts'
import { type Coverage, coverageOfText, coverageText, maximumCoverageText } from './coverage.ts'

/** Writes coverage as JSON. The file appears whole or not at all; a UserError where it cannot be written. */
export const writeCoverage = (path: string, coverage: Coverage): void =>
  writeWholeInPieces(path, [coverageText(coverage)], 'choose another path')

/** Reads what `writeCoverage` wrote; a UserError for anything else. */
export const readCoverage = (path: string): Coverage =>
  coverageOfText(readLimited(path, 'the coverage', maximumCoverageText).toString('utf8'))
