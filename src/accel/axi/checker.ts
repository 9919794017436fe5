import { beatLanes, crossesBoundary } from './burst.ts'
import { burstCode, responseCode } from './channels.ts'
import { type HandshakeFollower, handshakeOf } from './handshake.ts'
import {
  type AddressBeat,
  type AxiChannelName,
  type AxiCycle,
  type Channel,
  laneOf,
  type ReadDataBeat,
  type WriteDataBeat,
  type WriteResponseBeat,
} from './nets.ts'
import { type AxiRule, axiRules, liteSection, type Violation } from './rules.ts'

export interface CheckerOptions {
  readonly busBits: number
  /** Of AXI4-Lite, whose strobes may be anywhere and which knows no EXOKAY (B1.1.1). */
  readonly lite?: boolean
}

/** Sees an AXI port cycle by cycle and says which rules it breaks. */
export interface AxiChecker {
  /** The nets of one cycle, just before its clock edge. */
  see(cycle: number, nets: AxiCycle): void
  /** A reset came between the cycle before and the next one. */
  reset(): void
  /** Adds what is still open to the violations, and gives them all. */
  finish(cycle: number): readonly Violation[]
  /** Oldest first, at most 100. */
  readonly violations: readonly Violation[]
  /** Beats taken on each channel since the start. */
  readonly taken: Readonly<Record<AxiChannelName, number>>
}

/** A burst that was taken and is not answered; `beats` are those of its data so far. */
interface OpenBurst extends AddressBeat {
  beats: number
  complete: boolean
}

const kept = 100

/** A checker of every rule of AXI4 that can be seen at a port (ARM IHI 0022, issue H); `axiRules` lists them. */
export const axiChecker = ({ busBits, lite = false }: CheckerOptions): AxiChecker => {
  const violations: Violation[] = []
  const taken = { aw: 0, w: 0, b: 0, ar: 0, r: 0 }
  const channels = {
    aw: handshakeOf<AddressBeat>(),
    w: handshakeOf<WriteDataBeat>(),
    b: handshakeOf<WriteResponseBeat>(),
    ar: handshakeOf<AddressBeat>(),
    r: handshakeOf<ReadDataBeat>(),
  }
  /** Writes whose data is not complete, oldest first, and data that came before its address. */
  let awaiting: OpenBurst[] = []
  let early: WriteDataBeat[] = []
  /** Oldest first, of each ID. */
  const writes = new Map<number, OpenBurst[]>()
  const reads = new Map<number, OpenBurst[]>()
  let now = 0

  const broken = (rule: AxiRule, found: string): void => {
    if (violations.length === kept) return
    const { section, says } = axiRules.get(rule)!
    const where = lite && rule.endsWith('-exclusive') ? liteSection : section
    violations.push({ cycle: now, rule, section: where, message: `${rule} (${where}): ${says}; ${found}` })
  }
  /** Follows one channel's handshake; the beat is given where it is new, and where it is taken. */
  const follow = <Beat extends object>(
    name: AxiChannelName,
    handshake: HandshakeFollower<Beat>,
    channel: Channel<Beat> | undefined,
  ): { readonly offered?: Beat; readonly taken?: Beat } => {
    if (!channel) return {}
    const seen = handshake.see(channel)
    if (seen.broken)
      broken(
        `${name}-${seen.broken}`,
        `${name}valid = ${channel.beat ? 1 : 0}, ${name}ready = ${Number(channel.ready)}`,
      )
    if (seen.taken) taken[name]++
    return seen
  }

  const address = (name: 'aw' | 'ar', beat: AddressBeat): void => {
    const { addr, len, size, burst, cache, lock } = beat
    const found = `addr = 0x${addr.toString(16)}, ${len + 1} beats of ${2 ** size} bytes`
    const bytes = BigInt((len + 1) * 2 ** size)
    if (burst === 3) broken(`${name}-burst-type`, found)
    if (2 ** size > busBits / 8) broken(`${name}-size`, `${found} on a bus of ${busBits / 8}`)
    if (burst === burstCode.wrap) {
      if (![1, 3, 7, 15].includes(len)) broken(`${name}-wrap-length`, found)
      if (addr % BigInt(2 ** size) !== 0n) broken(`${name}-wrap-aligned`, found)
    }
    if (burst === burstCode.fixed && len > 15) broken(`${name}-fixed-length`, found)
    if (crossesBoundary(beat)) broken(`${name}-boundary`, found)
    if ((cache & 2) === 0 && cache > 1) broken(`${name}-cache`, `cache = 0b${cache.toString(2).padStart(4, '0')}`)
    if (!lock) return
    if (len > 15) broken(`${name}-exclusive-length`, found)
    if (bytes > 128n || (bytes & (bytes - 1n)) !== 0n) broken(`${name}-exclusive-size`, found)
    else if (addr % bytes !== 0n) broken(`${name}-exclusive-aligned`, found)
  }

  /** Gives early data to the oldest write that waits for some. */
  const matchData = (): void => {
    while (awaiting.length > 0 && early.length > 0) {
      const write = awaiting[0]!
      const { strb, last } = early.shift()!
      const at = `beat ${write.beats} of ${write.len + 1} at 0x${write.addr.toString(16)}`
      if (!lite && 2 ** write.size <= busBits / 8) {
        const { low, high } = beatLanes(write, write.beats, busBits / 8)
        const stray = Array.from({ length: busBits / 8 }, (_, lane) => lane).find(
          (lane) => laneOf(strb, lane) && (lane < low || lane > high),
        )
        if (stray !== undefined)
          broken('w-strobe', `${at} may use lanes ${low} to ${high}, got a strobe in lane ${stray}`)
      }
      if (last !== (write.beats === write.len)) broken('w-last', `${at} has wlast = ${Number(last)}`)
      // After a wrong wlast both sides may mean either end; the first of them is taken, so that one mistake is told once.
      write.complete = last || write.beats === write.len
      write.beats++
      if (write.complete) awaiting.shift()
    }
  }

  return {
    violations,
    taken,
    reset() {
      for (const channel of Object.values(channels)) channel.reset()
      awaiting = []
      early = []
      writes.clear()
      reads.clear()
    },
    see(cycle, nets) {
      now = cycle
      const aw = follow('aw', channels.aw, nets.aw)
      const w = follow('w', channels.w, nets.w)
      const b = follow('b', channels.b, nets.b)
      const ar = follow('ar', channels.ar, nets.ar)
      const r = follow('r', channels.r, nets.r)
      if (aw.offered) address('aw', aw.offered)
      if (ar.offered) address('ar', ar.offered)

      // Answers first: they answer what was taken in cycles before.
      if (b.offered) {
        const { id, resp } = b.offered
        const [oldest] = writes.get(id) ?? []
        if (!oldest) broken('b-address', `bid = ${id}`)
        else if (!oldest.complete)
          broken('b-data', `bid = ${id}, ${oldest.beats} of ${oldest.len + 1} beats were taken`)
        if (resp === responseCode.exokay && oldest && !oldest.lock) broken('b-exclusive', `bid = ${id}`)
      }
      if (b.taken) writes.get(b.taken.id)?.shift()
      if (r.offered) {
        const { id, resp, last } = r.offered
        const [oldest] = reads.get(id) ?? []
        if (!oldest) broken('r-address', `rid = ${id}`)
        else if (last !== (oldest.beats === oldest.len))
          broken(
            'r-last',
            `beat ${oldest.beats} of ${oldest.len + 1} at 0x${oldest.addr.toString(16)} has rlast = ${Number(last)}`,
          )
        if (resp === responseCode.exokay && oldest && !oldest.lock) broken('r-exclusive', `rid = ${id}`)
      }
      if (r.taken) {
        const open = reads.get(r.taken.id)
        const [oldest] = open ?? []
        if (oldest && (r.taken.last || oldest.beats++ === oldest.len)) open!.shift()
      }

      if (aw.taken) awaiting.push(opened(writes, aw.taken))
      if (ar.taken) opened(reads, ar.taken)
      if (w.taken) early.push(w.taken)
      matchData()
    },
    finish(cycle) {
      now = cycle
      const open = (bursts: ReadonlyMap<number, readonly OpenBurst[]>): readonly OpenBurst[] =>
        [...bursts.values()].flat()
      for (const { id, addr } of open(writes))
        broken('aw-answered', `id = ${id}, addr = 0x${addr.toString(16)} is open`)
      for (const { id, addr, beats, len } of open(reads))
        broken('ar-answered', `id = ${id}, addr = 0x${addr.toString(16)} has ${beats} of ${len + 1} beats`)
      if (early.length > 0) broken('w-addressed', `${early.length} beats have none`)
      return violations
    },
  }
}

const opened = (bursts: Map<number, OpenBurst[]>, beat: AddressBeat): OpenBurst => {
  const burst: OpenBurst = { ...beat, beats: 0, complete: false }
  const others = bursts.get(beat.id)
  if (others) others.push(burst)
  else bursts.set(beat.id, [burst])
  return burst
}
