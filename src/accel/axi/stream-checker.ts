import { handshakeOf } from './handshake.ts'
import type { Channel, StreamBeat } from './nets.ts'
import { type StreamRule, streamRules, type Violation } from './rules.ts'

/** Sees an AXI4-Stream port cycle by cycle and says which rules of ARM IHI 0051 it breaks. */
export interface AxiStreamChecker {
  see(cycle: number, channel: Channel<StreamBeat>): void
  reset(): void
  /** Adds a packet that is still open to the violations, and gives them all. */
  finish(cycle: number): readonly Violation[]
  /** Oldest first, at most 100. */
  readonly violations: readonly Violation[]
  /** Beats, and packets, which end with TLAST, since the start. */
  readonly taken: { readonly beats: number; readonly packets: number }
}

export const axiStreamChecker = (): AxiStreamChecker => {
  const violations: Violation[] = []
  const taken = { beats: 0, packets: 0 }
  const handshake = handshakeOf<StreamBeat>()
  let open = false
  const broken = (cycle: number, rule: StreamRule, found: string): void => {
    if (violations.length === 100) return
    const { section, says } = streamRules[rule]
    violations.push({ cycle, rule, section, message: `${rule} (${section}): ${says}; ${found}` })
  }
  return {
    violations,
    taken,
    reset() {
      handshake.reset()
      open = false
    },
    finish(cycle) {
      if (open) broken(cycle, 't-ended', `${taken.packets} packets have ended`)
      return violations
    },
    see(cycle, channel) {
      const seen = handshake.see(channel)
      if (seen.taken) {
        taken.beats++
        open = !seen.taken.last
        if (seen.taken.last) taken.packets++
      }
      if (seen.broken)
        broken(cycle, `t-${seen.broken}`, `tvalid = ${channel.beat ? 1 : 0}, tready = ${Number(channel.ready)}`)
    },
  }
}
