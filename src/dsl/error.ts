import { hasBrand, instancesAre } from '../base/brand.ts'
import { framesOf, quietly, stackOf, UserError } from '../base/user-error.ts'
import { type Origin, originHere, originOf } from './origin.ts'

export { type Origin, originHere } from './origin.ts'

/** On every `HdlError`, also one of another copy of the package. */
const brand = Symbol.for('bitloom.HdlError')
/** Frames looked through for the user's line. */
const manyFrames = 40

/**
 * A mistake in a hardware description. Uncaught, Node prints its sentence over the frames of the user's own files. What
 * only an internal fault can reach is no HdlError but a TypeError or RangeError, for developers of this package.
 */
export class HdlError extends UserError {
  override name = 'HdlError'
  /** The component; the function of the language where a mistake is made outside all components. */
  declare readonly component: string
  /** The line of the user's file, if it is known; without an origin it is the line that led here. */
  declare readonly where: string | undefined
  /** The message without code, component and lines. */
  declare readonly sentence: string
  /** Every mistake found in the component, this one where it is the only one. */
  declare readonly errors: readonly HdlError[]
  /** The component and the instances it was met through, the innermost first, with their lines. */
  declare readonly places: readonly Place[]
  /** What `logic` itself threw, of an `E-LOGIC`. */
  declare readonly thrown: unknown
  constructor(
    code: HdlCode,
    component: string,
    sentence: string,
    origin: Origin = originHere(undefined, manyFrames),
    { within = [], stack, thrown }: Details = {},
  ) {
    const places = [{ name: component, line: origin() }, ...within]
    super(code, `${code} in ${placesText(places)}: ${sentence}`)
    const where = places.find(({ line }) => line !== undefined)?.line
    quietly(this, { [brand]: true, component, where, sentence, places, thrown, errors: [this] })
    quietly(this, { stack: stackOf(this, framesOf(stack ?? this.stack)) })
  }
  /** One error for all mistakes of a component; a single mistake is itself. */
  static all(component: string, errors: readonly HdlError[]): HdlError {
    return errors.length === 1 ? errors[0]! : new HdlErrors(component, errors)
  }

  /** The same mistake, met where an instance is made of the component: mistakes are the child's, whoever uses it. */
  through(instance: string, parent: string, origin: Origin): HdlError {
    const { code, component, sentence, errors, stack, thrown } = this
    const [own, ...others] = this.places
    const within = [...others, { name: `instance '${instance}' of ${parent}`, line: origin() }]
    if (errors.length > 1) return new HdlErrors(component, errors, within)
    return new HdlError(code as HdlCode, component, sentence, () => own!.line, { within, stack, thrown })
  }

  /** A mistake that is made outside all components is one of the component that is being described. */
  inside(_component: string): HdlError {
    return this
  }
}
instancesAre(HdlError, (value) => hasBrand(value, brand))

/** A component or instance and the line it is written on. */
export interface Place {
  readonly name: string
  readonly line: string | undefined
}
interface Details {
  readonly within?: readonly Place[]
  /** Whose frames are shown; those of here unless said. */
  readonly stack?: string | undefined
  readonly thrown?: unknown
}

const placesText = (places: readonly Place[]): string =>
  places.map(({ name, line }) => (line === undefined ? name : `${name} (${line})`)).join(', ')

/** Refuses what a function of the language was given; `what` is the function. */
export function refuse(code: HdlCode, what: string, sentence: string, origin?: Origin): never {
  throw new Misuse(code, what, sentence, origin) // node-do-not-add-exception-line
}

class Misuse extends HdlError {
  override inside(component: string): HdlError {
    const { code, sentence, where, stack } = this
    return new HdlError(code as HdlCode, component, sentence, () => where, { stack })
  }
}

/** What came out of `logic`, as a mistake of its component. */
export const failureOf = (component: string, thrown: unknown): Error => {
  if (thrown instanceof HdlError) return thrown.inside(component)
  if (thrown instanceof UserError) return thrown
  const error = thrown instanceof Error ? thrown : undefined
  const sentence =
    error instanceof RangeError && /call stack/.test(error.message)
      ? 'the description calls itself without end; a component or function that uses itself must stop somewhere'
      : `the description failed with ${error ? `${error.name}: ${error.message}` : `the value ${String(thrown)}`}; mend what threw it`
  return new HdlError('E-LOGIC', component, sentence, originOf(error), { thrown, stack: error?.stack })
}

/** Mistakes shown; more are only counted. */
const mostShown = 20

class HdlErrors extends HdlError {
  constructor(component: string, errors: readonly HdlError[], within: readonly Place[] = []) {
    const first = errors[0]!
    super(first.code as HdlCode, component, '', () => first.where, { within })
    const more = errors.length > mostShown ? [`and ${errors.length - mostShown} more`] : []
    const lines = [...errors.slice(0, mostShown).map((error) => error.message), ...more]
    const title = `${errors.length} mistakes in ${placesText([{ name: component, line: undefined }, ...within])}`
    quietly(this, { errors, message: [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n') })
    quietly(this, { stack: stackOf(this, framesOf(first.stack)) })
  }
}

export type HdlCode =
  | 'E-RANGE' // a value that may not fit its place
  | 'E-WIDTH' // bit fields of different widths
  | 'E-KIND' // a value of another kind, or of another enumeration
  | 'E-NAME' // a name that is taken, reserved or illegal
  | 'E-LOOP' // a value that depends on itself within a cycle
  | 'E-UNDRIVEN' // a wire or port without a value
  | 'E-CROSSING' // a value of one clock read by another
  | 'E-LATENCY' // paths of different delay that meet
  | 'E-MEMORY' // a memory without a use, or with more ports than hardware has
  | 'E-STREAM' // a stream that breaks the handshake or is taken twice
  | 'E-FOREIGN' // a signal of another component
  | 'E-PARAMETER' // a parameter a component cannot be built with
  | 'E-LOGIC' // an error of JavaScript while a component is described
