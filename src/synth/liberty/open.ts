/** Liberty files from disk, gzip or not. */
import { gunzipSync } from 'node:zlib'
import { readLimited } from '../../base/files.ts'
import { reasonOf, UserError } from '../../base/user-error.ts'
import type { LibertySource } from './read.ts'

/** Largest file that is read, packed or unpacked; real ones hold tens of megabytes. */
const mostBytes = 256 * 2 ** 20

const gzipMagic = [0x1f, 0x8b] as const

/** The text of a Liberty file; gzip is known by its first bytes. */
export const openLiberty = (path: string): LibertySource => {
  const bytes = readLimited(path, 'the Liberty file', mostBytes)
  if (bytes[0] !== gzipMagic[0] || bytes[1] !== gzipMagic[1]) return { name: path, text: bytes.toString('latin1') }
  try {
    return { name: path, text: gunzipSync(bytes, { maxOutputLength: mostBytes }).toString('latin1') }
  } catch (error) {
    throw new UserError(
      'E-LIBERTY',
      `${path} cannot be unpacked: ${reasonOf(error)}; give a whole gzip file of at most ${mostBytes} bytes of Liberty`,
      { cause: error },
    )
  }
}
