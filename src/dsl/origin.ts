import { fileOfFrame, sourceLine } from './source-file.ts'

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
  // Some browsers have no way to leave frames out; the language's own are passed over all the same.
  if (Error.captureStackTrace) Error.captureStackTrace(holder, below)
  else holder.stack = new Error().stack ?? ''
  Error.stackTraceLimit = limit
  let text: string | undefined | null = null
  return () => {
    if (text === null) text = lineIn(holder.stack ?? '')
    return text
  }
}

/**
 * Files in which a mistake is noticed, never made: the language, the engines and what they stand on. Maps may be on in Node, so compiled or not.
 * Bundled into one file they are all of it, and then whatever else was bundled into it has no lines.
 */
const isInner = ((): ((file: string) => boolean) => {
  const own: string | undefined = import.meta.url
  if (!own) return () => true
  const here = fileOfFrame(own)
  const folder = /^(.*[\\/])dsl[\\/]origin\.[jt]s(?:\?.*)?$/.exec(here)?.[1]
  if (folder === undefined) return (file) => file === here
  const inner = ['dsl', 'sim', 'base'].flatMap((name) =>
    [folder, folder.replace(/([\\/])dist([\\/])$/, '$1src$2')].map((start) => `${start}${name}`),
  )
  return (file) => inner.some((start) => file.startsWith(`${start}/`) || file.startsWith(`${start}\\`))
})()

/**
 * What a frame says of its place: `at f (file:///a.js:3:5)` and `at file:///a.js:3:5` of V8, `f@http://host/a.js:3:5` of other
 * engines. A frame that only waits for another one wrote nothing.
 */
const placeOf = (frame: string): string => {
  if (!frame.startsWith('at ')) return frame.slice(frame.indexOf('@') + 1)
  if (frame.startsWith('at async ')) return ''
  return /^at [^/\\]*? \((.*)\)$/.exec(frame)?.[1] ?? frame.slice(3)
}

/** The user's nearest line among the frames of an error. */
export const originOf =
  (error: Error | undefined): Origin =>
  () =>
    lineIn(error?.stack ?? '')

/** The first line of a stack that the user wrote. */
export const lineIn = (stack: string): string | undefined => {
  for (const frame of stack.split('\n')) {
    const found = /^(.+):(\d+):(\d+)$/.exec(placeOf(frame.trim()))
    if (!found || /^node:|<anonymous>/.test(found[1]!)) continue
    const file = fileOfFrame(found[1]!)
    if (isInner(file)) continue
    return sourceLine({ file, line: Number(found[2]) }, Number(found[3]))
  }
  return undefined
}
