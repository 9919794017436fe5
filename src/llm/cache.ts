import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { BuiltInModel, ModelPart } from './models.ts'

/** The two files of a cached model. */
export interface ModelFiles {
  readonly checkpoint: string
  readonly tokenizer: string
}

/** The folder of one model inside the cache; copying it to another machine is enough there. */
export const modelFolder = (cache: string, model: BuiltInModel): string => join(cache, 'models', model.id)

/** Where the files of `model` lie once they are fetched. */
export const modelFilesOf = (cache: string, model: BuiltInModel): ModelFiles => ({
  checkpoint: join(modelFolder(cache, model), 'model.bin'),
  tokenizer: join(modelFolder(cache, model), 'tokenizer.bin'),
})

/** Whether a model is in the cache, whole and unchanged. */
export type CacheState = 'present' | 'absent' | 'damaged'

/** Checks length and sha256 of both files (about 0.1 s for 61 MB). */
export const cacheStateOf = (cache: string, model: BuiltInModel): CacheState => {
  const files = modelFilesOf(cache, model)
  if (!existsSync(files.checkpoint) || !existsSync(files.tokenizer)) return 'absent'
  const whole = matches(files.checkpoint, model.checkpoint) && matches(files.tokenizer, model.tokenizer)
  return whole ? 'present' : 'damaged'
}

const matches = (path: string, part: ModelPart): boolean => {
  try {
    return statSync(path).size === part.bytes && sha256Of(readFileSync(path)) === part.sha256
  } catch {
    return false
  }
}

/** Hexadecimal sha256. */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Hexadecimal sha256 of files, one after the other. */
export const sha256OfFiles = async (paths: readonly string[]): Promise<string> => {
  const hash = createHash('sha256')
  for (const path of paths) for await (const piece of createReadStream(path)) hash.update(piece as Buffer)
  return hash.digest('hex')
}
