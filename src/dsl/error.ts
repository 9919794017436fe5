import { UserError } from '../base/user-error.ts'
import { type Origin, originHere } from './origin.ts'

export { type Origin, originHere } from './origin.ts'

/**
 * A mistake in a hardware description. `where` is the line of the user's file, if it is known; without an origin it is the
 * line that led here.
 */
export class HdlError extends UserError {
  override name = 'HdlError'
  readonly component: string
  readonly where: string | undefined
  /** Every mistake found in the component, this one where it is the only one. */
  readonly errors: readonly HdlError[]
  constructor(code: HdlCode, component: string, sentence: string, origin: Origin = originHere(undefined, 40)) {
    const where = origin()
    super(code, `${code} in ${component}${where ? ` (${where})` : ''}: ${sentence}`)
    this.component = component
    this.where = where
    this.errors = [this]
  }

  /** One error for all mistakes of a component; a single mistake is itself. */
  static all(component: string, errors: readonly HdlError[]): HdlError {
    return errors.length === 1 ? errors[0]! : new HdlErrors(component, errors)
  }
}

/** Mistakes shown; more are only counted. */
const mostShown = 20

class HdlErrors extends HdlError {
  override readonly errors: readonly HdlError[]
  constructor(component: string, errors: readonly HdlError[]) {
    const first = errors[0]!
    super(first.code as HdlCode, component, '', () => first.where)
    this.errors = errors
    const more = errors.length > mostShown ? [`and ${errors.length - mostShown} more`] : []
    const lines = [...errors.slice(0, mostShown).map(({ message }) => message), ...more]
    this.message = `${errors.length} mistakes in ${component}:\n${lines.map((line) => `  ${line}`).join('\n')}`
  }
}

export type HdlCode =
  | 'E-RANGE' // a value that may not fit its place
  | 'E-WIDTH' // bit fields of different widths
  | 'E-KIND' // a value of another enumeration
  | 'E-NAME' // a name that is taken, reserved or illegal
  | 'E-LOOP' // a value that depends on itself within a cycle
  | 'E-UNDRIVEN' // a wire or port without a value
  | 'E-CROSSING' // a value of one clock read by another
  | 'E-LATENCY' // paths of different delay that meet
  | 'E-MEMORY' // a memory without a use, or with more ports than hardware has
  | 'E-STREAM' // a stream that breaks the handshake or is taken twice
  | 'E-FOREIGN' // a signal of another component
  | 'E-PARAMETER' // a parameter a component cannot be built with
