import { readLimited, writeWholeInPieces } from '../../base/files.ts'
import { type EngineState, maximumStateText, stateOfText, stateText } from './state.ts'

/** Writes a state as JSON. The file appears whole or not at all; a UserError where it cannot be written. */
export const writeState = (path: string, state: EngineState): void =>
  writeWholeInPieces(path, [stateText(state)], 'choose another path')

/** Reads what `writeState` wrote; a UserError for anything else. */
export const readState = (path: string): EngineState =>
  stateOfText(readLimited(path, 'the saved state', maximumStateText).toString('utf8'))
