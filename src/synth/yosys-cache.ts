import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { z } from 'zod'
import { cacheFolder } from '../base/cache-folder.ts'
import { writeWhole } from '../base/files.ts'
import type { Yosys, YosysJob, YosysOutcome } from './yosys.ts'

/** A larger entry is none of ours. */
const mostBytes = 64 * 2 ** 20
const mostUnpackedBytes = 2 ** 30

const entrySchema = z.strictObject({ files: z.record(z.string(), z.string()), warnings: z.array(z.string()) })

/**
 * The same Yosys, but a job done before, script, files and Yosys version alike, is answered from the cache folder. Failures
 * are not kept, a damaged entry counts as none, and a folder that cannot be written only costs the time.
 */
export const withCache = (yosys: Yosys, folder: string = join(cacheFolder(), 'yosys')): Yosys => ({
  async run(job) {
    const file = join(folder, `${keyOf(job)}.json.gz`)
    const known = read(file)
    if (known) return known
    const outcome = await yosys.run(job)
    if (outcome.ok) write(file, outcome)
    return outcome
  },
  close: () => yosys.close(),
})

/** The package does not export its `package.json`; it lies above its entry. */
export const yosysPackageVersion = (): string => {
  const entry = createRequire(import.meta.url).resolve('@yowasp/yosys')
  for (let at = dirname(entry); at !== dirname(at); at = dirname(at)) {
    const file = join(at, 'package.json')
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
  }
  throw new Error(`no package.json above ${entry}`)
}

const keyOf = ({ script, files }: YosysJob): string => {
  const sorted = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([yosysPackageVersion(), script, sorted]))
    .digest('hex')
    .slice(0, 32)
}

const read = (file: string): YosysOutcome | undefined => {
  try {
    if (statSync(file).size > mostBytes) return undefined
    const text = gunzipSync(readFileSync(file), { maxOutputLength: mostUnpackedBytes }).toString('utf8')
    const { files, warnings } = entrySchema.parse(JSON.parse(text))
    return { ok: true, files: new Map(Object.entries(files)), warnings }
  } catch {
    return undefined
  }
}

const write = (file: string, { files, warnings }: YosysOutcome & { readonly ok: true }): void => {
  try {
    writeWhole(file, gzipSync(JSON.stringify({ files: Object.fromEntries(files), warnings })))
  } catch {
    // The answer is there; only the next run will not find it.
  }
}
