import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Digest of this program's own files, hexadecimal: what was computed by the same program from the same input is the same, and of
 * another one nothing is known.
 */
export const programDigest = (folder: string = fileURLToPath(new URL('..', import.meta.url))): string => {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(js|ts)$/.test(name) && !name.endsWith('.d.ts'))
    .map((name) => name.split(sep).join('/'))
    .sort()
  const hash = createHash('sha256')
  for (const name of names) {
    const content = readFileSync(join(folder, name))
    hash.update(`${name}\n${content.length}\n`).update(content)
  }
  return hash.digest('hex')
}
