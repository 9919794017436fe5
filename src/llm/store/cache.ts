import { createHash, type Hash } from 'node:crypto'
import { closeSync, createReadStream, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf, UserError } from '../../base/user-error.ts'
import type { BuiltInModel, ModelFile } from './models.ts'

/** The folder of one model inside the cache; copying it to another machine is enough there. */
export const modelFolder = (cache: string, model: BuiltInModel): string => join(cache, 'models', model.id)

/** Whether a model is in the cache, whole and unchanged. */
export type CacheState = 'present' | 'absent' | 'damaged'

/** Checks length and sha256 of all files (about 0.1 s for 61 MB). */
export const cacheStateOf = (cache: string, model: BuiltInModel): CacheState => {
  const folder = modelFolder(cache, model)
  if (!model.files.every(({ name }) => existsSync(join(folder, name)))) return 'absent'
  return model.files.every((file) => matches(join(folder, file.name), file)) ? 'present' : 'damaged'
}

const matches = (path: string, file: ModelFile): boolean => {
  try {
    return statSync(path).size === file.bytes && sha256OfFile(path) === file.sha256
  } catch {
    return false
  }
}

/** Bytes that are read at once. */
const pieceBytes = 2 ** 20

const sha256OfFile = (path: string): string => {
  const hash = createHash('sha256')
  const piece = Buffer.alloc(pieceBytes)
  const file = openSync(path, 'r')
  try {
    for (;;) {
      const length = readSync(file, piece)
      if (length === 0) return hash.digest('hex')
      hash.update(piece.subarray(0, length))
    }
  } finally {
    closeSync(file)
  }
}

/** Hexadecimal sha256. */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Hexadecimal sha256 of files, one after the other. */
export const sha256OfFiles = async (paths: readonly string[]): Promise<string> => {
  const hash: Hash = createHash('sha256')
  for (const path of paths) for await (const piece of createReadStream(path)) hash.update(piece as Buffer)
  return hash.digest('hex')
}

/** Makes a folder of the cache. */
export const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw unwritable(folder, error)
  }
}

/** What the disk refuses in the cache. */
export const unwritable = (folder: string, error: unknown): UserError =>
  new UserError(
    'E-CACHE-WRITE',
    `cannot write to the cache folder ${folder}: ${reasonOf(error)}; set BITLOOM_CACHE to a folder that can be written`,
    { cause: error },
  )
