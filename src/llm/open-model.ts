import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readLimited } from '../base/files.ts'
import { nearest } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import { type ByteSource, withFile } from './files/byte-source.ts'
import { ggufMagic } from './files/gguf.ts'
import { readGgufModel } from './files/gguf-model.ts'
import { ggufChatTemplate, ggufTokenizer } from './files/gguf-tokenizer.ts'
import { loadHuggingFace } from './files/hugging-face.ts'
import { readHuggingFaceConfig } from './files/hugging-face-config.ts'
import { readLlama2c } from './files/llama2c.ts'
import { readOnnxModel } from './files/onnx-model.ts'
import type { Model } from './model.ts'
import { isRandomReference, openRandom } from './open-random.ts'
import { manifestFile } from './quantised/manifest.ts'
import { isQuantisedFolder, readQuantisedModel, type StoredQuantisation } from './quantised/read-quantised-model.ts'
import { type AddedModel, addedModel, addedModels, damaged, modelsFolder, pathOfAdded } from './store/added-models.ts'
import { sha256Of, sha256OfFiles } from './store/cache.ts'
import { ensureModel, type FetchOptions } from './store/fetch.ts'
import { builtInModels } from './store/models.ts'
import { type ChatTemplate, chatTemplateBeside } from './tokenizer/chat-template.ts'
import { loadJsonTokenizer } from './tokenizer/json-tokenizer.ts'
import { loadTokenizer, tokenizerOfPieces } from './tokenizer/piece-tokenizer.ts'
import type { Tokenizer } from './tokenizer/tokenizer.ts'

/** A model ready to run. */
export interface OpenedModel {
  readonly model: Model
  readonly tokenizer: Tokenizer
  /** Tokens that a text begins with: those of the tokenizer, else the one that the model's files name. */
  readonly prefix: readonly number[]
  /** Where it comes from, for the provenance of figures. */
  readonly source: string
  /** Of the files with the weights, one after the other, hexadecimal. */
  readonly sha256: string
  /** How the tokenizer's files, or the model's, write a conversation; undefined where they do not say. */
  readonly chatTemplate: () => ChatTemplate | undefined
  /** What `bitloom quantise` made of its linear layers, where it is such a model; its weights are then what the codes stand for. */
  readonly quantised?: StoredQuantisation
  /** What a copy of the model needs for texts, beside its weights. */
  readonly text: TextParts
}

/** How texts become tokens of a model, as far as files say. */
export interface TextParts {
  /** File of the tokenizer; absent where it is inside the model's file, or in none. */
  readonly tokenizer?: string
  /** Token that began texts in training, where the tokenizer does not say it. */
  readonly begin?: number
  readonly ends: readonly number[]
}

/** How to open a model. */
export interface OpenOptions extends FetchOptions {
  /** Tokenizer file of a model file; without it the one beside the model is used. */
  readonly tokenizer?: string
}

/**
 * Opens a built-in model by its id (fetching it on first use), one that was added by its name, a random one by its spec, or the file or
 * directory at a path.
 */
export const openModel = async (reference: string, options: OpenOptions = {}): Promise<OpenedModel> => {
  const builtIn = builtInModels.find(({ id }) => id === reference)
  if (builtIn) {
    const folder = await ensureModel(builtIn, options)
    const [weights] = builtIn.files
    const tokenizer = options.tokenizer ?? join(folder, builtIn.tokenizer)
    const { files: _, ...opened } = await openFiles(join(folder, weights.name), { name: builtIn.id, tokenizer })
    return { ...opened, source: builtIn.source, sha256: weights.sha256 }
  }
  if (isRandomReference(reference)) return openRandomModel(reference, options)
  const added = addedModel(reference, options.cache)
  if (added) return openAdded(added, options)
  if (!existsSync(reference)) throw unknown(reference, options.cache)
  const { files, ...opened } = await openFiles(reference, options)
  return { ...opened, source: reference, sha256: await sha256OfFiles(files) }
}

const openAdded = async (added: AddedModel, options: OpenOptions): Promise<OpenedModel> => {
  const path = pathOfAdded(added, options.cache)
  const own = added.tokenizer === undefined ? undefined : join(modelsFolder(options.cache), added.name, added.tokenizer)
  const tokenizer = options.tokenizer ?? own
  const { files, ...opened } = await openFiles(path, {
    name: added.name,
    ...(tokenizer === undefined ? {} : { tokenizer }),
  })
  const sha256 = await sha256OfFiles(files)
  if (sha256 !== added.sha256) throw damaged(added.name, 'its weights have changed')
  return { ...opened, source: added.source, sha256 }
}

/** A model at a path with its tokenizer, the one that is named or that lies beside it, and the files with its weights. */
export const openFiles = async (
  path: string,
  { name, tokenizer: chosen }: { readonly name?: string; readonly tokenizer?: string } = {},
): Promise<Omit<OpenedModel, 'source' | 'sha256'> & { readonly files: readonly string[] }> => {
  const {
    model,
    files,
    begin,
    ends,
    inside,
    template = () => undefined,
    quantised,
    tokenizer: own,
  } = await openPath(path, name)
  const text = { ...(begin === undefined ? {} : { begin }), ends }
  const common = { model, files, ...(quantised ? { quantised } : {}) }
  if (chosen === undefined && inside) {
    const tokenizer = inside()
    return { ...common, tokenizer, prefix: prefixOf(tokenizer, begin), chatTemplate: template, text }
  }
  const at = chosen ?? own ?? tokenizerBeside(path, model)
  const tokenizer = tokenizerAt(at, model, ends)
  return {
    ...common,
    tokenizer,
    prefix: prefixOf(tokenizer, begin),
    chatTemplate: chatTemplateAt(at, template),
    text: { ...text, tokenizer: at },
  }
}

/** The template beside a tokenizer, else that of the model; of files only those of this kind know the control tokens of one. */
const chatTemplateAt =
  (tokenizer: string, ofModel: OpenedModel['chatTemplate']): OpenedModel['chatTemplate'] =>
  () =>
    tokenizer.endsWith('.json') ? (chatTemplateBeside(tokenizer) ?? ofModel()) : undefined

const prefixOf = (tokenizer: Tokenizer, begin: number | undefined): readonly number[] => {
  const own = tokenizer.encode('')
  return own.length > 0 || begin === undefined ? own : [begin]
}

/** A random model has no file: its text is what its digest is of. */
const openRandomModel = (reference: string, options: OpenOptions): OpenedModel => {
  const { model, tokenizer, spec } = openRandom(reference)
  const chosen = options.tokenizer === undefined ? tokenizer : tokenizerAt(options.tokenizer, model, [])
  return {
    model,
    tokenizer: chosen,
    prefix: prefixOf(chosen, undefined),
    source: spec,
    sha256: sha256Of(Buffer.from(spec)),
    chatTemplate: chatTemplateAt(options.tokenizer ?? '', () => undefined),
    text: { ...(options.tokenizer === undefined ? {} : { tokenizer: options.tokenizer }), ends: [] },
  }
}

const mostConfigBytes = 2 ** 26

/** What a path gives: the model, the files that hold its weights, and the tokens that begin and end a text where they say so. */
export interface FoundModel {
  readonly model: Model
  readonly files: readonly string[]
  /** Token that began texts in training, as far as the files say. */
  readonly begin?: number | undefined
  readonly ends: readonly number[]
  /** The tokenizer inside the file, where there is one of a kind that is known. */
  readonly inside?: () => Tokenizer
  /** How its file writes a conversation, where that can be said in one. */
  readonly template?: () => ChatTemplate | undefined
  readonly quantised?: StoredQuantisation
  /** File of its tokenizer, where its files name one. */
  readonly tokenizer?: string | undefined
}

/** The model in a file or directory, without a tokenizer. */
export const openPath = async (path: string, name?: string): Promise<FoundModel> => {
  if (statSync(path).isDirectory()) return openFolder(path, name)
  if (path.endsWith('.safetensors') || basename(path) === manifestFile) return openFolder(dirname(path), name)
  return withFile(path, 'the model', async (source) => {
    const known = name ?? nameOf(path)
    if (path.endsWith('.onnx')) return openOnnx(source, known)
    const first = source.size < 4 ? 0 : new DataView((await source.read(0, 4)).buffer).getUint32(0, true)
    return first === ggufMagic ? openGguf(source, known) : openLlama2c(source, known)
  })
}

const openFolder = async (folder: string, name: string | undefined): Promise<FoundModel> => {
  if (!isQuantisedFolder(folder)) return loadHuggingFace(folder, name)
  const { quantised, ...others } = await readQuantisedModel(folder, name)
  return { model: quantised.run.model, quantised, ...others }
}

/** `config.json` lies beside the file, or above its folder `onnx`, as transformers.js has it. */
const openOnnx = async (source: ByteSource, name: string): Promise<FoundModel> => {
  const beside = join(dirname(source.where), 'config.json')
  const above = join(dirname(source.where), '..', 'config.json')
  const path = existsSync(beside) || !existsSync(above) ? beside : above
  const described = readHuggingFaceConfig(readLimited(path, 'the model', mostConfigBytes).toString(), path)
  const { begin, ends } = described
  return { model: await readOnnxModel(source, described, name), files: [source.where], begin, ends }
}

const openGguf = async (source: ByteSource, name: string): Promise<FoundModel> => {
  const { model, metadata } = await readGgufModel(source, name)
  const [begin, end] = ['bos', 'eos'].map((name) => metadata.get(`tokenizer.ggml.${name}_token_id`))
  return {
    model,
    files: [source.where],
    begin: typeof begin === 'number' ? begin : undefined,
    ends: typeof end === 'number' ? [end] : [],
    ...(metadata.get('tokenizer.ggml.model') === 'llama'
      ? { inside: () => ggufTokenizer(metadata, model.config.vocabulary, source.where) }
      : {}),
    template: () => ggufChatTemplate(metadata, source.where),
  }
}

const openLlama2c = async (source: ByteSource, name: string): Promise<FoundModel> => ({
  model: await readLlama2c(source, name),
  files: [source.where],
  ends: [],
})

const nameOf = (path: string): string => path.replace(/^.*[/\\]/, '').replace(/\.[a-z0-9]+$/i, '')

const tokenizerAt = (path: string, { config }: Model, ends: readonly number[]): Tokenizer => {
  if (!path.endsWith('.json')) return tokenizerOfPieces(loadTokenizer(path, config.vocabulary))
  const beside = join(dirname(path), 'tokenizer_config.json')
  return loadJsonTokenizer(path, existsSync(beside) ? beside : undefined, ends)
}

const unknown = (reference: string, cache: string | undefined): UserError => {
  const added = addedModels(cache).flatMap((model) => (model instanceof UserError ? [] : [model.name]))
  const ids = [...builtInModels.map(({ id }) => id), ...added]
  const allowed = `give ${ids.join(', ')}, random(shape=...) or the path of a model (llama2.c checkpoint, Hugging Face directory, GGUF or ONNX file, folder of \`bitloom quantise\`)`
  if (/[/\\]|\.[a-z0-9]+$/.test(reference))
    return new UserError('E-MODEL-MISSING', `there is no model file ${reference}; ${allowed}`)
  const near = nearest(reference, ids)
  const meant = near === undefined ? '' : `, did you mean ${near}`
  return new UserError('E-MODEL-UNKNOWN', `there is no model ${reference}${meant}; ${allowed}`)
}

const tokenizerBeside = (path: string, model: Model): string => {
  const folder = statSync(path).isDirectory() ? path : dirname(path)
  const names = ['tokenizer.json', 'tokenizer.bin', `tok${model.config.vocabulary}.bin`]
  // As config.json, the tokenizer of an ONNX file may lie above its folder.
  const folders = path.endsWith('.onnx') ? [folder, join(folder, '..')] : [folder]
  const found = folders.flatMap((at) => names.map((name) => join(at, name))).find((candidate) => existsSync(candidate))
  if (!found)
    throw new UserError(
      'E-TOKENIZER-MISSING',
      `there is no tokenizer (${names.join(', ')}) beside ${path}; put it there or give --tokenizer file`,
    )
  return found
}
