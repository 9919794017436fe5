import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { nearest } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import { sha256OfFiles } from './cache.ts'
import { ensureModel, type FetchOptions } from './fetch.ts'
import { withFile } from './files/byte-source.ts'
import { loadHuggingFace } from './files/hugging-face.ts'
import { readLlama2c } from './files/llama2c.ts'
import { loadJsonTokenizer } from './json-tokenizer.ts'
import type { Model } from './model.ts'
import { builtInModels } from './models.ts'
import { loadTokenizer, tokenizerOfPieces } from './piece-tokenizer.ts'
import type { Tokenizer } from './tokenizer.ts'

/** A model ready to run. */
export interface OpenedModel {
  readonly model: Model
  readonly tokenizer: Tokenizer
  /** Where it comes from, for the provenance of figures. */
  readonly source: string
  /** Of the files with the weights, one after the other, hexadecimal. */
  readonly sha256: string
}

/** How to open a model. */
export interface OpenOptions extends FetchOptions {
  /** Tokenizer file of a model file; without it the one beside the model is used. */
  readonly tokenizer?: string
}

/** Opens a built-in model by its id (fetching it on first use), or the file or directory at a path. */
export const openModel = async (reference: string, options: OpenOptions = {}): Promise<OpenedModel> => {
  const builtIn = builtInModels.find(({ id }) => id === reference)
  if (builtIn) {
    const files = await ensureModel(builtIn, options)
    const { model } = await openLlama2c(files.checkpoint, builtIn.id)
    const tokenizer = pieceTokenizer(options.tokenizer ?? files.tokenizer, model)
    return { model, tokenizer, source: builtIn.source, sha256: builtIn.checkpoint.sha256 }
  }
  if (!existsSync(reference)) throw unknown(reference)
  const { model, files, ends } = await openPath(reference)
  const path = options.tokenizer ?? tokenizerBeside(reference, model)
  const tokenizer = path.endsWith('.json') ? jsonTokenizerAt(path, ends) : pieceTokenizer(path, model)
  return { model, tokenizer, source: reference, sha256: await sha256OfFiles(files) }
}

/** What a path gives: the model, the files that hold its weights, and the tokens that end a text where they say so. */
interface FoundModel {
  readonly model: Model
  readonly files: readonly string[]
  readonly ends: readonly number[]
}

const openPath = (path: string): Promise<FoundModel> => {
  if (statSync(path).isDirectory()) return loadHuggingFace(path)
  if (path.endsWith('.safetensors')) return loadHuggingFace(dirname(path))
  return openLlama2c(path, undefined)
}

const openLlama2c = (path: string, name: string | undefined): Promise<FoundModel> =>
  withFile(path, 'the model', async (source) => ({
    model: await readLlama2c(source, name ?? nameOf(path)),
    files: [path],
    ends: [],
  }))

const nameOf = (path: string): string => path.replace(/^.*[/\\]/, '').replace(/\.[a-z0-9]+$/i, '')

const pieceTokenizer = (path: string, { config }: Model): Tokenizer =>
  tokenizerOfPieces(loadTokenizer(path, config.vocabulary))

const jsonTokenizerAt = (path: string, ends: readonly number[]): Tokenizer => {
  const config = join(dirname(path), 'tokenizer_config.json')
  return loadJsonTokenizer(path, existsSync(config) ? config : undefined, ends)
}

const unknown = (reference: string): UserError => {
  const ids = builtInModels.map(({ id }) => id)
  const allowed = `give ${ids.join(', ')} or the path of a model (llama2.c checkpoint, Hugging Face directory)`
  if (/[/\\]|\.[a-z0-9]+$/.test(reference))
    return new UserError('E-MODEL-MISSING', `there is no model file ${reference}; ${allowed}`)
  const near = nearest(reference, ids)
  const meant = near === undefined ? '' : `, did you mean ${near}`
  return new UserError('E-MODEL-UNKNOWN', `there is no model ${reference}${meant}; ${allowed}`)
}

const tokenizerBeside = (path: string, model: Model): string => {
  const folder = statSync(path).isDirectory() ? path : dirname(path)
  const names = ['tokenizer.json', 'tokenizer.bin', `tok${model.config.vocabulary}.bin`]
  const found = names.map((name) => join(folder, name)).find((candidate) => existsSync(candidate))
  if (!found)
    throw new UserError(
      'E-TOKENIZER-MISSING',
      `there is no tokenizer (${names.join(', ')}) beside ${path}; put it there or give --tokenizer file`,
    )
  return found
}
