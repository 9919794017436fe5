import { hasBrand, instancesAre } from './brand.ts'

/** On every `UserError`, also one of another copy of the package, whose class is a different one. */
const brand = Symbol.for('bitloom.UserError')

/**
 * A mistake that the person at the keyboard can mend. The message is one sentence: what was found, where, what is
 * allowed, and the cure. The command line prints it without a stack trace and exits with `exitCode`; uncaught, Node prints
 * it over the frames of the user's own files.
 */
export class UserError extends Error {
  override name = 'UserError'
  /** Stable short code, e.g. `E-SPEC-KEY`, for filters and tests. */
  readonly code: string
  /** 2 for bad input, 1 for a check that failed. */
  declare readonly exitCode: 1 | 2
  constructor(code: string, message: string, options: { exitCode?: 1 | 2; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    // Far enough that the user is among the frames.
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = framesLookedAt
    // Node shows the line where an error was made, unless that line says it should not.
    Error.captureStackTrace?.(this) // node-do-not-add-exception-line
    Error.stackTraceLimit = limit
    this.code = code
    quietly(this, { exitCode: options.exitCode ?? 2, [brand]: true, stack: stackOf(this, framesOf(this.stack)) })
  }
}
instancesAre(UserError, (value) => hasBrand(value, brand))

/** Properties that are there for programs; Node prints those of an uncaught error that are enumerable. */
export const quietly = (error: object, properties: Readonly<Record<string | symbol, unknown>>): void => {
  for (const key of Reflect.ownKeys(properties))
    Object.defineProperty(error, key, {
      value: properties[key as string],
      enumerable: false,
      configurable: true,
      writable: true,
    })
}

/** The frames of a stack, without those of this package and of Node: they say nothing about a mistake made elsewhere. */
export const framesOf = (stack = ''): readonly string[] =>
  stack
    .split('\n')
    .filter((line) => /^ {4}at /.test(line) && !/\bnode:|\(<anonymous>\)/.test(line))
    .filter((line) => !ours.some((folder) => line.includes(folder)))
    .slice(0, framesShown)

const [framesLookedAt, framesShown] = [60, 10]

/** The name and the message over the frames. */
export const stackOf = ({ name, message }: Error, frames: readonly string[]): string =>
  [`${name}: ${message}`, ...frames].join('\n')

/**
 * This package's program as frames name it, compiled and not, since source maps may be on; the file itself where it is
 * bundled.
 */
const ours = ((): readonly string[] => {
  const own: string | undefined = import.meta.url
  if (!own) return []
  const path = own.replace(/^file:\/\//, '')
  const root = /^(.*\/)base\/user-error\.[jt]s$/.exec(path)?.[1]
  const folders = root === undefined ? [path] : [root, root.replace(/\/dist\/$/, '/src/')]
  return folders.flatMap((folder) => [folder, decodeURI(folder)])
})()

/** The system's short reason of a failed call, e.g. `no such file or directory`. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const code = (error as NodeJS.ErrnoException).code
  const known: Record<string, string> = {
    ENOENT: 'no such file or folder',
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    ENOTDIR: 'a part of the path is a file, not a folder',
    EISDIR: 'it is a folder, not a file',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
    EEXIST: 'there is something of that name already',
  }
  return (code && known[code]) ?? error.message.split('\n')[0] ?? 'unknown reason'
}
