import { clockPorts, mainDomain } from './domains.ts'
import { refuse } from './error.ts'
import { nameFault } from './names.ts'
import { record, type Shape, vec } from './shape.ts'
import type { StreamShape } from './stream.ts'

/** A clock with its synchronous reset, and the domain of everything it moves. Two of one name are one. */
export interface Clock {
  readonly kind: 'clock'
  readonly name: string
  readonly identity: string
}

/** The clock every component has without saying so: ports `clk` and `rst`. */
export const mainClock: Clock = { kind: 'clock', name: mainDomain, identity: mainDomain }

/** A further clock: `clock('pixel')` has the ports `pixel_clk` and `pixel_rst`. */
export const clock = (name: string): Clock => {
  const fault = nameFault(name) ?? nameFault(clockPorts(name).clk)
  if (fault) refuse('E-NAME', 'clock', `a clock cannot be called '${name}': ${fault}; choose another name`)
  return { kind: 'clock', name, identity: name }
}

/** The clock of that name, which is known to be legal. */
export const clockNamed = (domain: string): Clock => (domain === mainDomain ? mainClock : clock(domain))

/**
 * The shape for a port (or register, or memory) that belongs to a clock: `in: { hsync: on(pixel, bool) }`. Every scalar of a
 * vector or record does, and of a stream its data, its valid and its ready.
 */
export const on = <S extends Shape | StreamShape>(of: Clock, shape: S): S => moved(of, shape) as S

const moved = (of: Clock, shape: Shape | StreamShape): Shape | StreamShape => {
  switch (shape.kind) {
    case 'stream':
      return { ...shape, clock: of, tag: `${untied(shape.tag)}@${of.name}` }
    case 'vector':
      return Object.assign(vec(shape.length, on(of, shape.element)), { clock: of })
    case 'record': {
      const fields = Object.entries(shape.fields).map(([name, field]) => [name, on(of, field)] as const)
      return Object.assign(record(Object.fromEntries(fields)), { clock: of })
    }
    default: {
      const scalar: Shape = Object.create(Object.getPrototypeOf(shape), Object.getOwnPropertyDescriptors(shape))
      for (const [key, value] of Object.entries({ clock: of, tag: `${untied(shape.tag)}@${of.name}` }))
        Object.defineProperty(scalar, key, { value, enumerable: true, configurable: true })
      return scalar
    }
  }
}

const untied = (tag: string): string => tag.split('@')[0]!

/** The clock a shape was given by `on`. */
export const clockOf = (shape: object): Clock | undefined => ('clock' in shape ? (shape.clock as Clock) : undefined)

/** How the IR says it: nothing for the implicit clock. */
export const domainField = (of: Clock | undefined): { readonly clock?: string } =>
  of === undefined || of.name === mainDomain ? {} : { clock: of.name }
