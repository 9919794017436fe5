import { existsSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { manifestFile } from '../quantised/manifest.ts'

/** A model among files, by their paths from a common folder with `/` between: what it is opened by, and the files it needs. */
export interface ModelAmongFiles {
  /** The file with the weights, or the folder of a Hugging Face model; `.` for the common folder itself. */
  readonly main: string
  /** Weights and what belongs to them, each in the folder of `main` or, of an ONNX file, the one above. */
  readonly files: readonly string[]
}

const configNames = ['config.json', 'generation_config.json']
/** Of them a folder with weights has one: a Hugging Face directory, or a quantised model. */
const describing = ['config.json', manifestFile]
const jsonTokenizerNames = ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja']
const pieceTokenizer = /^(tokenizer|tok\d+)\.bin$/
/** Whether a file of that name is a tokenizer's, or belongs to one. */
export const isTokenizerFile = (name: string): boolean => jsonTokenizerNames.includes(name) || pieceTokenizer.test(name)
const indexName = 'model.safetensors.index.json'

/** The models among files, known by their names alone. */
export const modelsAmong = (names: readonly string[]): readonly ModelAmongFiles[] => {
  const there = new Set(names)
  const folderOf = (name: string): string => posix.dirname(name)
  const folders = new Set(names.filter((name) => name.endsWith('.safetensors')).map(folderOf))
  const directories = [...folders].filter((folder) => describing.some((name) => there.has(posix.join(folder, name))))
  const hasPieces = (folder: string): boolean =>
    names.some((name) => folderOf(name) === folder && pieceTokenizer.test(basename(name)))
  const files = names.filter((name) => {
    const folder = folderOf(name)
    if (name.endsWith('.gguf')) return true
    if (name.endsWith('.onnx'))
      return [folder, posix.join(folder, '..')].some((at) => there.has(posix.join(at, 'config.json')))
    return /\.bin$/.test(name) && !pieceTokenizer.test(basename(name)) && hasPieces(folder)
  })
  return [...directories, ...files].map((main) => ({ main, files: filesOf(main, names) }))
}

/**
 * The files that the model at `main` may need, of those there are; of the weights of a directory only some, where it has an index that
 * names them.
 */
export const filesOf = (main: string, names: readonly string[]): readonly string[] => {
  const there = new Set(names)
  const isFile = there.has(main)
  const folder = isFile ? posix.dirname(main) : main
  const at = (where: string, wanted: readonly string[]): readonly string[] =>
    wanted.map((name) => posix.join(where, name)).filter((path) => there.has(path))
  /** From the folder itself, or from the one above where the first name is missing here. */
  const found = (wanted: readonly string[]): readonly string[] => {
    const above = main.endsWith('.onnx') && at(folder, wanted.slice(0, 1)).length === 0
    return at(above ? posix.join(folder, '..') : folder, wanted)
  }
  const inFolder = names.filter((name) => posix.dirname(name) === folder)
  const weights = isFile
    ? [main]
    : [...inFolder.filter((name) => name.endsWith('.safetensors')), ...at(folder, [indexName])]
  const pieces = inFolder.filter((name) => name !== main && pieceTokenizer.test(basename(name)))
  const described =
    !isFile && at(folder, ['config.json']).length === 0 ? at(folder, [manifestFile]) : found(configNames)
  return [...weights, ...described, ...found(jsonTokenizerNames), ...pieces]
}

/** A tokenizer with the files that belong to it, and what they are called beside a model. */
export const tokenizerFiles = (path: string): readonly { readonly from: string; readonly to: string }[] => {
  if (!path.endsWith('.json')) return [{ from: path, to: 'tokenizer.bin' }]
  const companions = ['tokenizer_config.json', 'chat_template.jinja']
    .map((name) => ({ from: join(dirname(path), name), to: name }))
    .filter(({ from }) => existsSync(from))
  return [{ from: path, to: 'tokenizer.json' }, ...companions]
}
