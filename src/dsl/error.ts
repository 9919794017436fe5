import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../base/user-error.ts'

/**
 * A mistake in a hardware description. `where` is the line of the user's file, if it is known; without an origin it is the
 * line that led here.
 */
export class HdlError extends UserError {
  override name = 'HdlError'
  readonly component: string
  readonly where: string | undefined
  constructor(code: HdlCode, component: string, sentence: string, origin: Origin = originHere()) {
    const where = origin()
    super(code, `${code} in ${component}${where ? ` (${where})` : ''}: ${sentence}`)
    this.component = component
    this.where = where
  }
}

export type HdlCode =
  | 'E-RANGE' // a value that may not fit its place
  | 'E-WIDTH' // bit fields of different widths
  | 'E-KIND' // a value of another enumeration
  | 'E-NAME' // a name that is taken, reserved or illegal
  | 'E-LOOP' // a value that depends on itself within a cycle
  | 'E-UNDRIVEN' // a wire or port without a value
  | 'E-FOREIGN' // a signal of another component
  | 'E-PARAMETER' // a parameter a component cannot be built with

const here = dirname(fileURLToPath(import.meta.url))
/** Where a mistake is noticed, never made: the language and the engines. */
const inner = [here, join(dirname(here), 'sim')].map((folder) => folder + sep)

/** A line of the user's file, `src/pe/mac.ts:24`; worked out only when it is asked for. */
export type Origin = () => string | undefined

/** The nearest caller outside the language and the engines, remembered for an error that shows up later. Quick. */
export const originHere = (): Origin => {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 40
  Error.captureStackTrace(holder)
  Error.stackTraceLimit = limit
  return () => lineIn(holder)
}

const lineIn = (holder: { stack?: string }): string | undefined => {
  for (const line of holder.stack?.split('\n').slice(1) ?? []) {
    const found = /\(?((?:file:\/\/)?[^()\s]+):(\d+):\d+\)?$/.exec(line.trim())
    if (!found) continue
    const file = found[1]!.startsWith('file://') ? fileURLToPath(found[1]!) : found[1]!
    if (inner.some((folder) => file.startsWith(folder)) || file.startsWith('node:')) continue
    return `${file.split('/').slice(-3).join('/')}:${found[2]}`
  }
  return undefined
}
