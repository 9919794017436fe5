import { clockPorts, mainDomain } from './domains.ts'
import { refuse } from './error.ts'
import { nameFault } from './names.ts'
import type { Shape } from './shape.ts'

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

/** The shape for a port (or register) that belongs to a clock: `in: { hsync: on(pixel, bool) }`. */
export const on = <S extends Shape>(of: Clock, shape: S): S => {
  const moved: S = Object.create(Object.getPrototypeOf(shape), Object.getOwnPropertyDescriptors(shape))
  const extra = shape.kind === 'vector' ? { clock: of, element: on(of, shape.element) } : { clock: of }
  for (const [key, value] of Object.entries({ ...extra, tag: `${shape.tag.split('@')[0]}@${of.name}` }))
    Object.defineProperty(moved, key, { value, enumerable: true })
  return moved
}

/** The clock a shape was given by `on`. */
export const clockOf = (shape: object): Clock | undefined => ('clock' in shape ? (shape.clock as Clock) : undefined)

/** How the IR says it: nothing for the implicit clock. */
export const domainField = (of: Clock | undefined): { readonly clock?: string } =>
  of === undefined || of.name === mainDomain ? {} : { clock: of.name }
