import { type Bits, type Bool, type Builder, bits, bool, type Int, mux, record, vec } from '../../../dsl/index.ts'
import { modeShape } from '../modes.ts'
import type { XrnpeParameters } from '../parameters.ts'
import type { Isolation } from '../unpack.ts'

/** What goes along with the numbers of a word. */
export interface Tags {
  readonly mode: Int
  readonly last: Bool
  /** The mode is not the one in which the group began. */
  readonly changed: Bool
  /** NaR in an operand: of each sum, where lanes are apart in the parts of the word that end in bits 3, 7, 11 and 15. */
  readonly nar: readonly Bool[]
}

export const tagsLater = (builder: Builder, name: string, tags: Tags): Tags => {
  const shape = record({ mode: modeShape, last: bool, changed: bool, nar: vec(tags.nar.length, bool) })
  const register = builder.regs({ [name]: shape })[name]!
  register.next = tags
  return register
}

/** Keeps a value from a block that has nothing to do with it in this mode. */
export const isolation =
  ({ gating }: XrnpeParameters): Isolation =>
  (active, value) =>
    gating === 'on' ? mux(active, value, 0) : value

/** The value a cycle later, in a register whose clock stands still while nobody reads it. */
export const held = (builder: Builder, { gating }: XrnpeParameters, name: string, value: Bits, active: Bool): Bits => {
  const register = builder.regs({ [name]: bits(value.width) })[name]!
  const load = (): void => {
    register.next = value
  }
  if (gating === 'on') builder.when(active, load)
  else load()
  return register
}
