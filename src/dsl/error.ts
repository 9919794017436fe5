import { hasBrand, instancesAre } from '../base/brand.ts'
import { framesOf, quietly, stackOf, UserError } from '../base/user-error.ts'
import { describe } from './kind.ts'
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
  declare readonly mistakes: readonly HdlError[]
  /** The component and the instances it was met through, the innermost first, with their lines. */
  declare readonly places: readonly Place[]
  /** What `logic` itself threw, of an `E-LOGIC`. */
  declare readonly thrown: unknown
  /** True for a mistake that belongs to no component. */
  declare readonly isOutside: boolean
  constructor(
    code: HdlCode,
    component: string,
    sentence: string,
    origin: Origin = originHere(undefined, manyFrames),
    { within = [], mistakes = [], isOutside = false, stack, thrown }: Details = {},
  ) {
    const places = [{ name: component, line: origin() }, ...within]
    super(code, mistakes.length > 1 ? listOf(mistakes, places) : `${code} in ${placesText(places)}: ${sentence}`)
    const where = places.find(({ line }) => line !== undefined)?.line
    quietly(this, { [brand]: true, component, where, sentence, places, thrown, isOutside })
    quietly(this, {
      mistakes: mistakes.length > 1 ? mistakes : [this],
      stack: stackOf(this, framesOf(stack ?? this.stack)),
    })
  }

  /** One error for all mistakes of a component; a single mistake is itself. */
  static all(component: string, mistakes: readonly HdlError[], within: readonly Place[] = []): HdlError {
    const [first] = mistakes as readonly [HdlError, ...HdlError[]]
    const { code, sentence, where, stack } = first
    if (mistakes.length === 1) return first
    return new HdlError(code as HdlCode, component, sentence, () => where, { within, mistakes, stack })
  }

  /** The same mistake, met where an instance is made of the component: mistakes are the child's, whoever uses it. */
  through(instance: string, parent: string, origin: Origin): HdlError {
    const { code, component, sentence, mistakes, stack, thrown } = this
    const [own, ...others] = this.places
    const within = [...others, { name: `instance '${instance}' of ${parent}`, line: origin() }]
    if (mistakes.length > 1) return HdlError.all(component, mistakes, within)
    return new HdlError(code as HdlCode, component, sentence, () => own!.line, { within, stack, thrown })
  }

  /** A mistake that belongs to no component is one of the component that is being described. */
  inside(component: string): HdlError {
    const { code, sentence, where, stack } = this
    return this.isOutside ? new HdlError(code as HdlCode, component, sentence, () => where, { stack }) : this
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
  /** All of them, where there are several. */
  readonly mistakes?: readonly HdlError[]
  readonly isOutside?: boolean
  /** Whose frames are shown; those of here unless said. */
  readonly stack?: string | undefined
  readonly thrown?: unknown
}

/** Mistakes and places shown; more are only counted. */
const [mostMistakes, mostPlaces] = [20, 8]

const placesText = (places: readonly Place[]): string => {
  const texts = places.map(({ name, line }) => (line === undefined ? name : `${name} (${line})`))
  if (texts.length <= mostPlaces) return texts.join(', ')
  return [...texts.slice(0, mostPlaces - 1), `${texts.length - mostPlaces} more`, texts.at(-1)].join(', ')
}

const listOf = (mistakes: readonly HdlError[], [own, ...within]: readonly Place[]): string => {
  const lines = mistakes.slice(0, mostMistakes).map(({ message }) => message)
  if (mistakes.length > mostMistakes) lines.push(`and ${mistakes.length - mostMistakes} more`)
  const title = `${mistakes.length} mistakes in ${placesText([{ name: own!.name, line: undefined }, ...within])}`
  return [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n')
}

/** Refuses what a function of the language was given; `what` is the function. */
export function refuse(code: HdlCode, what: string, sentence: string, origin?: Origin): never {
  throw new HdlError(code, what, sentence, origin, { isOutside: true }) // node-do-not-add-exception-line
}

/** What came out of `logic`, as a mistake of its component; `declared` is where the component is written. */
export const failureOf = (component: string, thrown: unknown, declared: Origin): Error => {
  if (thrown instanceof HdlError) return thrown.inside(component)
  if (thrown instanceof UserError) return thrown
  const error = thrown instanceof Error ? thrown : undefined
  const sentence =
    error instanceof RangeError && /call stack/.test(error.message)
      ? 'the description calls itself without end; a component or function that uses itself must stop somewhere'
      : `the description failed with ${error ? `${error.name}: ${error.message}` : describe(thrown)}; mend what threw it`
  const origin = (): string | undefined => originOf(error)() ?? declared()
  return new HdlError('E-LOGIC', component, sentence, origin, { thrown, stack: error?.stack })
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
  | 'E-GATES' // gates that cannot stand for the logic of their component
  | 'E-STREAM' // a stream that breaks the handshake or is taken twice
  | 'E-FOREIGN' // a signal of another component
  | 'E-PARAMETER' // a parameter a component cannot be built with
  | 'E-LOGIC' // an error of JavaScript while a component is described
