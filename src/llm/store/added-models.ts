import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { cacheFolder } from '../../base/cache-folder.ts'
import { readLimited } from '../../base/files.ts'
import { parsedJson } from '../../base/plain-data.ts'
import { UserError } from '../../base/user-error.ts'

const named = z.looseObject({ name: z.string(), bytes: z.number().int().nonnegative() })
const schema = z.looseObject({
  schema: z.literal(1),
  name: z.string(),
  summary: z.string(),
  source: z.string(),
  licence: z.string(),
  /** What the model is opened by, in its folder; `.` for the folder itself. */
  main: z.string().regex(/^(\.|[^/\\]+)$/),
  /** The tokenizer, where it is not the one that a model finds by itself. */
  tokenizer: z
    .string()
    .regex(/^[^/\\]+$/)
    .optional(),
  /** Of the files with the weights, one after the other, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  files: z.array(named).min(1),
})

/** What is known of a model that the user added: the contents of `added.json` in its folder. */
export type AddedModel = z.infer<typeof schema>

/** Name of the description, which is written last. */
export const descriptionName = 'added.json'

/** Names that a model may have: they are folder names everywhere, and no options. */
export const modelName = /^[a-z0-9][a-z0-9._-]{0,63}$/

/** The folder of added and built-in models. */
export const modelsFolder = (cache: string = cacheFolder()): string => join(cache, 'models')

/** The added model of that name, or undefined. */
export const addedModel = (name: string, cache?: string): AddedModel | undefined => {
  if (!modelName.test(name)) return undefined
  const path = join(modelsFolder(cache), name, descriptionName)
  return existsSync(path) ? readDescription(path, name) : undefined
}

/** All added models by name; a damaged one is its error. */
export const addedModels = (cache?: string): readonly (AddedModel | UserError)[] => {
  const folder = modelsFolder(cache)
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, descriptionName)))
  return names.sort().flatMap((name) => {
    try {
      return addedModel(name, cache) ?? []
    } catch (error) {
      if (error instanceof UserError) return error
      throw error
    }
  })
}

const readDescription = (path: string, name: string): AddedModel => {
  const result = schema.safeParse(parsedJson(readLimited(path, 'the model', 2 ** 20).toString()))
  if (result.success && result.data.name === name) return result.data
  throw damaged(name, `${path} does not describe it`)
}

/** A model whose files are not as they were when it was added. */
export const damaged = (name: string, what: string): UserError =>
  new UserError(
    'E-MODEL-DAMAGED',
    `model ${name} is damaged (${what}); remove it with \`bitloom model remove ${name}\` and add it again`,
  )

/** The path by which an added model is opened; a file of it that is gone or has another length is a UserError. */
export const pathOfAdded = ({ name, main, files }: AddedModel, cache?: string): string => {
  const folder = join(modelsFolder(cache), name)
  for (const file of files) {
    const path = join(folder, file.name)
    if (!existsSync(path)) throw damaged(name, `${file.name} is gone`)
    const { size } = statSync(path)
    if (size !== file.bytes) throw damaged(name, `${file.name} has ${size} bytes where it had ${file.bytes}`)
  }
  return join(folder, main)
}

/** Takes a folder away as a whole: no half of a model is left under its name, whenever the process ends. */
export const removeFolder = (folder: string, aside: string): void => {
  renameSync(folder, aside)
  rmSync(aside, { recursive: true, force: true })
}
