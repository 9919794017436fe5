/** A file of a stack frame and a line in it, counted from 1. */
export interface Place {
  readonly file: string
  readonly line: number
}

/** Node's own modules where this runs in Node. Anywhere else, as in a browser, there are no files to look into. */
const node =
  typeof globalThis.process?.getBuiltinModule === 'function'
    ? {
        fs: process.getBuiltinModule('node:fs'),
        path: process.getBuiltinModule('node:path'),
        fileURLToPath: process.getBuiltinModule('node:url').fileURLToPath,
        SourceMap: process.getBuiltinModule('node:module').SourceMap,
      }
    : undefined

/** A stack frame's file: in Node the path, elsewhere its address as it stands. */
export const fileOfFrame = (address: string): string =>
  node && address.startsWith('file://') ? node.fileURLToPath(address) : address

/**
 * `src/pe/mac.ts:24`. In Node the line the compiler made this one from, where a `.map` lies beside the file, and the path
 * inside the package it belongs to, so that the same design names the same lines on every machine. Elsewhere the path of the
 * address.
 */
export const sourceLine = (place: Place, column: number): string => {
  if (!node) return `${pathOfAddress(place.file)}:${place.line}`
  const { file, line } = beforeCompiling(place, column)
  return `${inPackage(file)}:${line}`
}

const pathOfAddress = (address: string): string => {
  const path = /^(?:https?|file):\/\/[^/]*\/([^?#]+)/.exec(address)?.[1]
  return path ?? address.slice(address.lastIndexOf('/') + 1)
}

const beforeCompiling = ({ file, line }: Place, column: number): Place => {
  const { fileURLToPath, path } = node!
  if (!maps.has(file)) maps.set(file, /\.[cm]?js$/.test(file) ? readMap(`${file}.map`) : undefined)
  const entry = maps.get(file)?.findEntry(line - 1, column - 1)
  if (!entry || !('originalSource' in entry)) return { file, line }
  const source = entry.originalSource.startsWith('file://') ? fileURLToPath(entry.originalSource) : entry.originalSource
  return { file: path.resolve(path.dirname(file), source), line: entry.originalLine + 1 }
}
const maps = new Map<string, InstanceType<NonNullable<typeof node>['SourceMap']> | undefined>()

const readMap = (file: string) => {
  try {
    return new node!.SourceMap(JSON.parse(node!.fs.readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

/** The path inside its package; the file name alone where there is no package. */
const inPackage = (file: string): string => {
  const { dirname, relative } = node!.path
  const root = packageOf(dirname(file))
  return relative(root ?? dirname(file), file).replaceAll('\\', '/')
}

const packageOf = (folder: string): string | undefined => {
  const { fs, path } = node!
  if (!packages.has(folder)) {
    const parent = path.dirname(folder)
    packages.set(
      folder,
      fs.existsSync(path.join(folder, 'package.json')) ? folder : parent === folder ? undefined : packageOf(parent),
    )
  }
  return packages.get(folder)
}
const packages = new Map<string, string | undefined>()
