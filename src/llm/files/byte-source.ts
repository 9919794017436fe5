import { type FileHandle, open } from 'node:fs/promises'
import { reasonOf, UserError } from '../../base/user-error.ts'

/** Bytes that are read piece by piece: a file, which so never lies in memory as a whole, or an array. */
export interface ByteSource {
  /** Its name in messages. */
  readonly where: string
  /** In bytes. */
  readonly size: number
  /** A new array of `length` bytes from `offset` on. A piece beyond the end is a UserError, before anything is allocated. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>
}

/** Opens a file for `work` and closes it afterwards; `what` names it in messages, e.g. `the model`. */
export const withFile = async <T>(path: string, what: string, work: (source: ByteSource) => Promise<T>): Promise<T> => {
  const unreadable = (error: unknown): UserError =>
    new UserError('E-READ', `cannot read ${what} ${path}: ${reasonOf(error)}; check the path`, { cause: error })
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(error)
  })
  try {
    const { size } = await file.stat()
    const read = async (offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
      refuseBeyond(path, size, offset, length)
      const bytes = allocate(path, length)
      await fill(file, bytes, offset).catch((error: unknown) => {
        throw unreadable(error)
      })
      return bytes
    }
    return await work({ where: path, size, read })
  } finally {
    await file.close()
  }
}

/** A tensor that no memory holds is the user's to see, even if the file is as long as it says. */
const allocate = (where: string, length: number): Uint8Array<ArrayBuffer> => {
  try {
    return new Uint8Array(length)
  } catch (error) {
    throw new UserError(
      'E-MODEL-MEMORY',
      `${where} has ${(length / 1e9).toFixed(1)} GB in one piece, which the memory of this machine does not hold; give a smaller model, or one of fewer bits`,
      { cause: error },
    )
  }
}

/** The system reads at most 2 GiB at once. */
const mostAtOnce = 2 ** 30

const fill = async (file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> => {
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(mostAtOnce, bytes.length - done)
    const { bytesRead } = await file.read(bytes, done, length, offset + done)
    if (bytesRead === 0) throw new Error('it became shorter while it was read')
    done += bytesRead
  }
}

/** The bytes of an array under the name `where`. */
export const bytesSource = (bytes: Uint8Array, where: string): ByteSource => ({
  where,
  size: bytes.length,
  read: async (offset, length) => {
    refuseBeyond(where, bytes.length, offset, length)
    return new Uint8Array(bytes.subarray(offset, offset + length))
  },
})

const refuseBeyond = (where: string, size: number, offset: number, length: number): void => {
  if (offset + length > size)
    throw new UserError(
      'E-MODEL-SIZE',
      `${where} is truncated: it holds ${size} bytes where ${offset + length} are needed; give the file whole and unchanged`,
    )
}
