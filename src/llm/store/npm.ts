import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as z from 'zod'
import { parsedJson } from '../../base/plain-data.ts'

/** A published version of a package. */
export interface PublishedPackage {
  /** `name@version`. */
  readonly id: string
  readonly name: string
  readonly licence: string
  /** Address of the tarball. */
  readonly tarball: string
  /** As npm writes it: digests, each `sha512-` and base64 or of another kind. */
  readonly integrity: string
}

/** Where packages come from; tests put a server of their own in its place. All functions throw where it fails. */
export interface PackageSource {
  /** The one version that a spec such as `name` or `name@1.2.3` means. */
  readonly find: (spec: string) => Promise<PublishedPackage>
  /** Address of the tarball of `name@version`. */
  readonly tarballUrl: (packageAtVersion: string) => Promise<string>
  /** Fetches the tarball into the new folder `folder` with the user's own npm and returns its path. */
  readonly pack: (packageAtVersion: string, folder: string) => Promise<string>
}

/** Few and short retries: without a network the answer should come in seconds. */
const IMPATIENT = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--loglevel=error']

const run = promisify(execFile)

/** What `npm view` prints of one version; of several it prints a list. */
const published = z.looseObject({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
  'dist.tarball': z.url({ protocol: /^https?$/ }),
  'dist.integrity': z.string().optional(),
})

const npm = async (args: readonly string[]): Promise<string> => {
  try {
    // npm is a batch file on Windows, which only a shell starts; the arguments hold nothing to quote but the folder.
    const { stdout } = await run('npm', [...args, ...IMPATIENT], { shell: process.platform === 'win32' })
    return stdout
  } catch (error) {
    throw new Error(reasonOfNpm(error), { cause: error })
  }
}

/** `npm error code ENOTFOUND` and the like, as short as npm says it. */
const reasonOfNpm = (error: unknown): string => {
  const failure = error as NodeJS.ErrnoException & { readonly stderr?: string }
  if (failure.code === 'ENOENT') return 'npm was not found'
  const code = /npm (?:error|ERR!) code (\S+)/.exec(failure.stderr ?? '')?.[1]
  return code ? `npm says ${code}` : 'npm failed'
}

/** The npm registry that the user's configuration names, with its proxies, certificates and credentials for `pack`. */
export const npmSource: PackageSource = {
  find: async (spec) => {
    const keys = ['name', 'version', 'license', 'dist.tarball', 'dist.integrity']
    const text = await npm(['view', spec, ...keys, '--json'])
    const found = published.safeParse(parsedJson(text))
    if (!found.success) throw new Error(text.trim() === '' ? 'npm knows none' : 'npm does not name one version')
    const { name, version, license, 'dist.tarball': tarball, 'dist.integrity': integrity } = found.data
    return { id: `${name}@${version}`, name, licence: license ?? 'not said', tarball, integrity: integrity ?? '' }
  },
  tarballUrl: async (packageAtVersion) => {
    const url: unknown = JSON.parse(await npm(['view', packageAtVersion, 'dist.tarball', '--json']))
    if (typeof url !== 'string') throw new Error(`npm knows no tarball of ${packageAtVersion}`)
    return url
  },
  pack: async (packageAtVersion, folder) => {
    mkdirSync(folder, { recursive: true })
    await npm(['pack', packageAtVersion, '--ignore-scripts', '--pack-destination', folder])
    const file = readdirSync(folder).find((name) => name.endsWith('.tgz'))
    if (!file) throw new Error('npm pack wrote no tarball')
    return join(folder, file)
  },
}
