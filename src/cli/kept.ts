import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { cacheFolder } from '../base/cache-folder.ts'
import { writeWhole } from '../base/files.ts'

/** A larger entry is none of ours. */
const mostBytes = 2 ** 20

export interface Kept<T> {
  readonly value: T
  /** Whether it was there already. */
  readonly known: boolean
}

/**
 * What `compute` gives, or gave before for the same key, from the cache folder; `key` says all that it depends on, as JSON. Each is written
 * as soon as it is known, so that an interrupted command goes on where it was. A damaged entry counts as none, and a folder that
 * cannot be written only costs the time.
 */
export const kept = async <T>(
  key: unknown,
  schema: z.ZodType<T>,
  compute: () => Promise<T>,
  folder: string = join(cacheFolder(), 'figures'),
): Promise<Kept<T>> => {
  const name = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32)
  const file = join(folder, `${name}.json`)
  const found = read(file, schema)
  if (found) return { value: found.value, known: true }
  const value = await compute()
  try {
    writeWhole(file, JSON.stringify(value))
  } catch {
    // The answer is there; only the next run will not find it.
  }
  return { value, known: false }
}

const read = <T>(file: string, schema: z.ZodType<T>): { readonly value: T } | undefined => {
  try {
    if (statSync(file).size > mostBytes) return undefined
    return { value: schema.parse(JSON.parse(readFileSync(file, 'utf8'))) }
  } catch {
    return undefined
  }
}
