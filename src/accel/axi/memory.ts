import { type RandomWords, randomWords } from '../../sim/stimulus.ts'
import { beatAddress, beatLanes } from './burst.ts'
import { responseCode } from './channels.ts'
import { type AddressBeat, axiReader, laneOf, netsUnder, type WriteDataBeat } from './nets.ts'
import type { Bench } from './watch.ts'

/** A part of the address space with something in it. */
export interface MemoryRegion {
  /** Address of the first byte. */
  readonly from: bigint
  /** What it holds; writes change it. */
  readonly bytes: Uint8Array
  /** Other accesses are answered with SLVERR and change nothing. */
  readonly access: 'read' | 'write' | 'readWrite'
}

/** Errors of the bus that are none of the master's fault. */
export interface InjectedErrors {
  /** Part of the read beats and of the write bursts that fail, at random with SLVERR or DECERR; 0 unless said. */
  readonly chance?: number
  /** Accesses that touch these bytes fail. */
  readonly at?: readonly { readonly from: bigint; readonly bytes: number; readonly response: 'slverr' | 'decerr' }[]
}

export interface AxiMemoryOptions {
  readonly regions: readonly MemoryRegion[]
  /**
   * Cycles from the address of a read to its first beat, and from the last of a write's address and data to its answer: drawn
   * from `least` (at least 1) to `most` for each burst. 1 unless said.
   */
  readonly latency?: { readonly least: number; readonly most: number }
  /** Part of the cycles in which each channel, on its own, is not ready or offers nothing though it could; 0 unless said. */
  readonly pause?: number
  /** Answers bursts of different IDs in any order, read beats of them mixed (A5.3); else in the order of the addresses. */
  readonly reorder?: boolean
  /** Most bursts of each direction that are open at a time; 16 unless said. */
  readonly outstanding?: number
  readonly errors?: InjectedErrors
  /** Same seed, same run; 1 unless said. */
  readonly seed?: number
}

/** An access that was answered with an error. */
export interface MemoryFault {
  readonly cycle: number
  readonly kind: 'read' | 'write'
  /** Of the beat. */
  readonly address: bigint
  readonly response: 'slverr' | 'decerr'
  /** True where it was injected; else nothing is there, or it may not be read or written. */
  readonly injected: boolean
}

export interface AxiMemory {
  /** Oldest first. */
  readonly faults: readonly MemoryFault[]
  /** Beats and bytes that went over the bus, bytes of writes by their strobes. */
  readonly read: { readonly beats: number; readonly bytes: number }
  readonly written: { readonly beats: number; readonly bytes: number }
  /** True where no burst is open and no data waits for an address. */
  readonly idle: boolean
  /** Errors from now on. */
  inject(errors: InjectedErrors): void
}

interface ReadBurst extends AddressBeat {
  readonly from: number
  beats: number
}
interface WriteBurst extends AddressBeat {
  readonly data: WriteDataBeat[]
  /** The cycle of its answer, when all of its data is there. */
  from?: number
}
type Answer = (typeof responseCode)[keyof typeof responseCode]

/** Data beats that are taken before their address is. */
const mostEarly = 16

/**
 * A memory behind the AXI4 port `port` of the design (`m_axi`, of both directions or one), an agent of its testbench. It answers
 * bursts of every type and size, narrow and unaligned ones too. Written bytes are there when the write is answered, not before;
 * data of failed reads is noise.
 */
export const axiMemory = (bench: Bench, port: string, options: AxiMemoryOptions): AxiMemory & { reset(): void } => {
  const { regions, latency = { least: 1, most: 1 }, pause = 0, reorder = false, outstanding = 16, seed = 1 } = options
  if (!(pause >= 0 && pause < 1))
    throw new RangeError(`a memory pauses in 0 to less than 1 of the cycles, got ${pause}; choose one of those`)
  if (!(latency.least >= 1 && latency.most >= latency.least))
    throw new RangeError(
      `a memory's latency is 1 cycle or more, the least first, got ${latency.least} to ${latency.most}; choose such a range`,
    )
  const nets = netsUnder(bench.engine, port)
  const observe = axiReader(nets)
  const [writes, reads] = [nets.has('awvalid'), nets.has('arvalid')]
  const busBytes = nets.width(writes ? 'wdata' : 'rdata')
  const random = randomWords(seed)
  const chance = (part: number): boolean => part > 0 && random() < part * 2 ** 32
  const delay = (): number => latency.least + (random() % (latency.most - latency.least + 1))
  const faults: MemoryFault[] = []
  const [read, written] = [
    { beats: 0, bytes: 0 },
    { beats: 0, bytes: 0 },
  ]
  let errors = options.errors ?? {}
  let openReads: ReadBurst[] = []
  let openWrites: WriteBurst[] = []
  let early: WriteDataBeat[] = []
  let [readOffered, writeOffered] = [false, false]

  const fail = (kind: 'read' | 'write', address: bigint, answer: Answer, injected: boolean): Answer => {
    const response = answer === responseCode.slverr ? 'slverr' : 'decerr'
    faults.push({ cycle: bench.engine.cycle, kind, address, response, injected })
    return answer
  }
  /** The error that is injected where a beat at `address` uses these lanes. */
  const injected = (first: bigint, bytes: number): Answer | undefined => {
    const hit = errors.at?.find(
      ({ from, bytes: length }) => first < from + BigInt(length) && from < first + BigInt(bytes),
    )
    return hit && responseCode[hit.response]
  }
  /** For each lane that is used, where its byte is. */
  const places = { bytes: new Array<Uint8Array | undefined>(busBytes), at: new Int32Array(busBytes) }
  /** Finds them; an error where a lane has no byte or may not be used. */
  const locate = (
    address: bigint,
    { low, high }: { readonly low: number; readonly high: number },
    access: 'read' | 'write',
    strobes?: Uint8Array,
  ): Answer | undefined => {
    const base = address - (address % BigInt(busBytes))
    const offsets = regions.map(({ from }) => Number(base - from))
    const holds = (k: number, lane: number): boolean => {
      const place = offsets[k]! + lane
      return place >= 0 && place < regions[k]!.bytes.length
    }
    let k = 0
    for (let lane = low; lane <= high; lane++) {
      places.bytes[lane] = undefined
      if (strobes && !laneOf(strobes, lane)) continue
      // Mostly it is where the lane before is.
      if (k >= regions.length || !holds(k, lane)) {
        for (k = 0; k < regions.length && !holds(k, lane); k++);
        if (k === regions.length) return responseCode.decerr
      }
      const region = regions[k]!
      if (region.access !== access && region.access !== 'readWrite') return responseCode.slverr
      places.bytes[lane] = region.bytes
      places.at[lane] = offsets[k]! + lane
    }
    return undefined
  }

  const readBeat = (burst: ReadBurst): { readonly data: Uint8Array; readonly resp: Answer } => {
    const address = beatAddress(burst, burst.beats)
    const lanes = beatLanes(burst, burst.beats, busBytes)
    const bytes = lanes.high - lanes.low + 1
    const data = new Uint8Array(busBytes)
    const forced = injected(address, bytes) ?? (chance(errors.chance ?? 0) ? anyError(random) : undefined)
    const error = forced ?? locate(address, lanes, 'read')
    if (error !== undefined) {
      for (let k = 0; k < busBytes; k++) data[k] = random()
      return { data, resp: fail('read', address, error, forced !== undefined) }
    }
    for (let lane = lanes.low; lane <= lanes.high; lane++) data[lane] = places.bytes[lane]![places.at[lane]!]!
    read.bytes += bytes
    return { data, resp: responseCode.okay }
  }
  const writeBurst = (burst: WriteBurst): Answer => {
    const forced = chance(errors.chance ?? 0) ? anyError(random) : undefined
    if (forced !== undefined) return fail('write', burst.addr, forced, true)
    let worst: Answer = responseCode.okay
    burst.data.forEach(({ data, strb }, beat) => {
      const address = beatAddress(burst, beat)
      const lanes = beatLanes(burst, beat, busBytes)
      const hit = strb.some((byte) => byte !== 0) ? injected(address, lanes.high - lanes.low + 1) : undefined
      const error = hit ?? locate(address, lanes, 'write', strb)
      if (error !== undefined) {
        const answer = fail('write', address, error, hit !== undefined)
        if (answer > worst) worst = answer
        return
      }
      for (let lane = lanes.low; lane <= lanes.high; lane++) {
        const bytes = places.bytes[lane]
        if (!bytes) continue
        bytes[places.at[lane]!] = data[lane]!
        written.bytes++
      }
    })
    return worst
  }

  /** The next burst to go on with: the oldest, or with reordering the oldest of any ID. */
  const next = <B extends { readonly id: number; readonly from?: number }>(open: readonly B[]): B | undefined => {
    const due = (burst: B | undefined): boolean => burst?.from !== undefined && burst.from <= bench.engine.cycle
    if (!reorder) return due(open[0]) ? open[0] : undefined
    const oldest = new Map<number, B>()
    for (const burst of open) if (!oldest.has(burst.id)) oldest.set(burst.id, burst)
    const ready = [...oldest.values()].filter(due)
    return ready[random() % Math.max(1, ready.length)]
  }
  const matchData = (): void => {
    for (const burst of openWrites) {
      while (early.length > 0 && burst.data.length <= burst.len) burst.data.push(early.shift()!)
      if (burst.data.length > burst.len) burst.from ??= bench.engine.cycle - 1 + delay()
    }
  }

  const readSide = (): (() => void) => {
    const [arready, rvalid, rid] = [nets.set('arready'), nets.set('rvalid'), nets.set('rid')]
    const [rdata, rresp, rlast] = [nets.setBytes('rdata'), nets.set('rresp'), nets.set('rlast')]
    return () => {
      arready(openReads.length < outstanding && !chance(pause))
      if (readOffered) return
      const burst = chance(pause) ? undefined : next(openReads)
      readOffered = burst !== undefined
      rvalid(readOffered)
      if (!burst) return
      const { data, resp } = readBeat(burst)
      rid(burst.id)
      rdata(data)
      rresp(resp)
      rlast(burst.beats === burst.len)
      burst.beats++
      if (burst.beats > burst.len) openReads = openReads.filter((other) => other !== burst)
    }
  }
  const writeSide = (): (() => void) => {
    const [awready, wready] = [nets.set('awready'), nets.set('wready')]
    const [bvalid, bid, bresp] = [nets.set('bvalid'), nets.set('bid'), nets.set('bresp')]
    return () => {
      awready(openWrites.length < outstanding && !chance(pause))
      wready(early.length < mostEarly && !chance(pause))
      if (writeOffered) return
      const burst = chance(pause) ? undefined : next(openWrites)
      writeOffered = burst !== undefined
      bvalid(writeOffered)
      if (!burst) return
      bid(burst.id)
      bresp(writeBurst(burst))
      openWrites = openWrites.filter((other) => other !== burst)
    }
  }
  const sides = [...(reads ? [readSide()] : []), ...(writes ? [writeSide()] : [])]

  return bench.attach({
    faults,
    read,
    written,
    get idle() {
      return openReads.length + openWrites.length + early.length === 0 && !readOffered && !writeOffered
    },
    inject(changed: InjectedErrors) {
      errors = changed
    },
    reset() {
      ;[openReads, openWrites, early] = [[], [], []]
      ;[readOffered, writeOffered] = [false, false]
    },
    before() {
      for (const side of sides) side()
    },
    after(cycle) {
      const { aw, w, b, ar, r } = observe()
      if (ar?.beat && ar.ready) openReads.push({ ...ar.beat, from: cycle + delay(), beats: 0 })
      if (r?.beat && r.ready) {
        readOffered = false
        read.beats++
      }
      if (aw?.beat && aw.ready) openWrites.push({ ...aw.beat, data: [] })
      if (w?.beat && w.ready) {
        early.push(w.beat)
        written.beats++
      }
      if (b?.beat && b.ready) writeOffered = false
      matchData()
    },
  })
}

const anyError = (random: RandomWords): Answer => (random() & 1 ? responseCode.slverr : responseCode.decerr)
