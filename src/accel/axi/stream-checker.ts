import { handshakeOf } from './handshake.ts'
import type { Channel, StreamBeat } from './nets.ts'
import { streamRules, type Violation } from './rules.ts'

/** Sees an AXI4-Stream port cycle by cycle and says which rules of ARM IHI 0051 it breaks. */
export interface AxiStreamChecker {
  see(cycle: number, channel: Channel<StreamBeat>): void
  reset(): void
  /** Oldest first, at most 100. */
  readonly violations: readonly Violation[]
  /** Beats, and packets, which end with TLAST, since the start. */
  readonly taken: { readonly beats: number; readonly packets: number }
}

export const axiStreamChecker = (): AxiStreamChecker => {
  const violations: Violation[] = []
  const taken = { beats: 0, packets: 0 }
  const handshake = handshakeOf<StreamBeat>()
  return {
    violations,
    taken,
    reset: () => handshake.reset(),
    see(cycle, channel) {
      const { broken, taken: beat } = handshake.see(channel)
      if (beat) {
        taken.beats++
        if (beat.last) taken.packets++
      }
      if (!broken || violations.length === 100) return
      const rule = `t-${broken}` as const
      const { section, says } = streamRules[rule]
      const found = `tvalid = ${channel.beat ? 1 : 0}, tready = ${Number(channel.ready)}`
      violations.push({ cycle, rule, section, message: `${rule} (${section}): ${says}; ${found}` })
    },
  }
}
