import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { reasonOf, UserError } from './user-error.ts'

/** Creates the folder of `path` and writes the whole file or nothing: a temporary name in the same folder, renamed. */
export const writeWhole = (path: string, content: string | Uint8Array): void =>
  whole(path, anotherFolder, (temporary) => writeFileSync(temporary, content))

/**
 * `writeWhole` for text or bytes that need not be in memory at once. `cure` ends the sentence of the error, e.g. `choose another path`.
 */
export const writeWholeInPieces = (path: string, pieces: Iterable<string | Uint8Array>, cure: string): void =>
  whole(path, cure, (temporary) => {
    const file = openSync(temporary, 'wx')
    try {
      for (const piece of pieces) writeFileSync(file, piece)
    } finally {
      closeSync(file)
    }
  })

/** A file that something else writes, under the name `temporary`. */
export interface WholeFile {
  readonly temporary: string
  /** It is whole: gives it its name. */
  keep(): void
  drop(): void
}

/** `writeWhole` for what another process writes. There is an empty file to begin with, so that a place that cannot be written is known at once. */
export const beginWhole = (path: string, cure: string): WholeFile => {
  const target = resolve(path)
  const temporary = partialOf(target)
  const attempt = (act: () => void): void => {
    try {
      act()
    } catch (error) {
      removeQuietly(temporary)
      throw unwritable(path, error, cure)
    }
  }
  attempt(() => {
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(temporary, '')
  })
  return {
    temporary,
    keep: () => attempt(() => renameSync(temporary, target)),
    drop: () => removeQuietly(temporary),
  }
}

const partialOf = (target: string): string => `${target}.${randomBytes(6).toString('hex')}.partial`

const anotherFolder = 'choose another folder with --out'

const whole = (path: string, cure: string, write: (temporary: string) => void): void => {
  const target = resolve(path)
  const temporary = partialOf(target)
  try {
    mkdirSync(dirname(target), { recursive: true })
    write(temporary)
    renameSync(temporary, target)
  } catch (error) {
    removeQuietly(temporary)
    // Only the system has codes; anything else is the fault of what was to be written.
    throw error instanceof Error && 'code' in error ? unwritable(path, error, cure) : error
  }
}

/** Makes sure that files can be written into `folder`, before long work whose result would go there. */
export const ensureWritable = (folder: string): void => {
  const probe = join(resolve(folder), `.${randomBytes(6).toString('hex')}.partial`)
  try {
    mkdirSync(resolve(folder), { recursive: true })
    writeFileSync(probe, '')
  } catch (error) {
    throw unwritable(folder, error, anotherFolder)
  } finally {
    removeQuietly(probe)
  }
}

const unwritable = (path: string, error: unknown, cure: string): UserError =>
  new UserError('E-WRITE', `cannot write ${path}: ${reasonOf(error)}; ${cure}`, { cause: error })

const removeQuietly = (path: string): void => {
  try {
    rmSync(path, { force: true })
  } catch {
    // It could not be written, so there is nothing to remove.
  }
}

/** Reads a file of at most `limit` bytes; `what` names it in the message, e.g. `the model`. */
export const readLimited = (path: string, what: string, limit: number): Buffer => {
  try {
    const size = statSync(path).size
    if (size > limit)
      throw new UserError('E-READ-SIZE', `${what} ${path} holds ${size} bytes; at most ${limit} are read`)
    return readFileSync(path)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError('E-READ', `cannot read ${what} ${path}: ${reasonOf(error)}; check the path`, { cause: error })
  }
}
