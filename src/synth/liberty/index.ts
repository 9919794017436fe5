/** A library of standard cells from Liberty files. */
import type { Library } from '../library/library.ts'
import { cellLibraryOf, libraryOf } from './library-of.ts'
import { openLiberty } from './open.ts'
import { readLiberty } from './read.ts'

/** Reads the files of one library, packed with gzip or not; what mapping cannot use is a `UserError`, what was not read is in `notes`. */
export const openLibrary = (files: readonly string[]): Library => libraryOf(readLiberty(files.map(openLiberty)))

/** The same for power and timing of netlists that are there already, which may use any cell of the files. */
export const openCells = (files: readonly string[]): Library => cellLibraryOf(readLiberty(files.map(openLiberty)))
