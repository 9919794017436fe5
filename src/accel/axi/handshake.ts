import type { Channel } from './nets.ts'
import type { handshakeRules } from './rules.ts'

/** What the handshake of one channel says in a cycle. */
export interface Handshake<Beat> {
  /** The rule that is broken, if one is. */
  readonly broken?: keyof typeof handshakeRules
  /** The beat, in the first cycle in which it is offered. */
  readonly offered?: Beat
  /** The beat, where it is taken at this clock edge. */
  readonly taken?: Beat
}

/** Follows a channel from cycle to cycle; `reset` where a reset came between two. */
export interface HandshakeFollower<Beat> {
  see(channel: Channel<Beat>): Handshake<Beat>
  reset(): void
}

export const handshakeOf = <Beat extends object>(): HandshakeFollower<Beat> => {
  let first = true
  let waits: Beat | undefined
  return {
    reset() {
      first = true
      waits = undefined
    },
    see({ beat, ready }) {
      const before = waits
      const broken =
        first && beat
          ? 'reset'
          : before && !beat
            ? 'held'
            : before && beat && !sameBeat(before, beat)
              ? 'stable'
              : undefined
      first = false
      waits = ready ? undefined : beat
      return {
        ...(broken && { broken }),
        ...(beat && !before && { offered: beat }),
        ...(beat && ready && { taken: beat }),
      }
    },
  }
}

const sameBeat = <Beat extends object>(one: Beat, other: Beat): boolean => {
  for (const key in one) {
    const [a, b] = [one[key], other[key]]
    if (a instanceof Uint8Array && b instanceof Uint8Array) {
      for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return false
    } else if (a !== b) return false
  }
  return true
}
