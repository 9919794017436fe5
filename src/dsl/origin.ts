import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A line of the user's file, `src/pe/mac.ts:24`; worked out only when it is asked for. */
export type Origin = () => string | undefined

/** Frames remembered: the user stands right behind the builder's method, or behind the few of a library function. */
const rememberedFrames = 8

/**
 * The nearest caller outside the language and the engines, remembered for an error or a comment that shows up later; frames
 * above `below` are left out. Costs a few microseconds, since nothing is formatted before somebody asks.
 */
export const originHere = (below?: (...all: never[]) => unknown, frames = rememberedFrames): Origin => {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = frames
  Error.captureStackTrace(holder, below)
  Error.stackTraceLimit = limit
  let text: string | undefined | null = null
  return () => {
    if (text === null) text = lineIn(holder.stack ?? '')
    return text
  }
}

/** Where a mistake is noticed, never made: the language and the engines. Maps may be on in Node, so compiled or not. */
const here = dirname(fileURLToPath(import.meta.url))
const inner = [here, join(dirname(here), 'sim')].flatMap((folder) =>
  [folder, folder.replace(/([\\/])dist([\\/]\w+)$/, '$1src$2')].map((path) => path + sep),
)

const lineIn = (stack: string): string | undefined => {
  for (const frame of stack.split('\n').slice(1)) {
    const found = /\(?((?:file:\/\/)?[^()\s]+):(\d+):(\d+)\)?$/.exec(frame.trim())
    if (!found) continue
    const file = found[1]!.startsWith('file://') ? fileURLToPath(found[1]!) : found[1]!
    if (file.startsWith('node:') || inner.some((folder) => file.startsWith(folder))) continue
    const place = beforeCompiling(file, Number(found[2]), Number(found[3]))
    return `${inPackage(place.file)}:${place.line}`
  }
  return undefined
}

/** The line the compiler made this one from, where a `.map` lies beside the file; else the line itself. */
const beforeCompiling = (file: string, line: number, column: number): { file: string; line: number } => {
  if (!maps.has(file)) maps.set(file, /\.[cm]?js$/.test(file) ? readMap(`${file}.map`) : undefined)
  const entry = maps.get(file)?.findEntry(line - 1, column - 1)
  if (!entry || !('originalSource' in entry)) return { file, line }
  const source = entry.originalSource.startsWith('file://') ? fileURLToPath(entry.originalSource) : entry.originalSource
  return { file: resolve(dirname(file), source), line: entry.originalLine + 1 }
}
const maps = new Map<string, SourceMap | undefined>()

const readMap = (file: string): SourceMap | undefined => {
  try {
    return new SourceMap(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

/**
 * The path inside the package the file belongs to, so that the same design names the same lines on every machine; the file
 * name alone where there is no package.
 */
const inPackage = (file: string): string => {
  const root = packageOf(dirname(file))
  return relative(root ?? dirname(file), file).replaceAll('\\', '/')
}

const packageOf = (folder: string): string | undefined => {
  if (!packages.has(folder)) {
    const parent = dirname(folder)
    packages.set(
      folder,
      existsSync(join(folder, 'package.json')) ? folder : parent === folder ? undefined : packageOf(parent),
    )
  }
  return packages.get(folder)
}
const packages = new Map<string, string | undefined>()
