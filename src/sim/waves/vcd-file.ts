import { writeWholeInPieces } from '../../base/files.ts'
import { type VcdOptions, vcdPieces } from './vcd.ts'
import type { Waves } from './waves.ts'

/** Writes what `vcdText` says, piece by piece. The file appears whole or not at all; a UserError where it cannot be written. */
export const writeVcd = (path: string, waves: Waves, options: VcdOptions = {}): void =>
  writeWholeInPieces(path, vcdPieces(waves, options), 'choose another path')
