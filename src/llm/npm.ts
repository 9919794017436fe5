import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Where packages come from; tests put a server of their own in its place. Both functions throw where it fails. */
export interface PackageSource {
  /** Address of the tarball of `name@version`. */
  readonly tarballUrl: (packageAtVersion: string) => Promise<string>
  /** Fetches the tarball into the new folder `folder` with the user's own npm and returns its path. */
  readonly pack: (packageAtVersion: string, folder: string) => Promise<string>
}

/** Few and short retries: without a network the answer should come in seconds. */
const IMPATIENT = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--loglevel=error']

const run = promisify(execFile)

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
