import { randomWords } from '../../sim/stimulus.ts'
import type { PauseOptions } from '../../sim/testbench/index.ts'
import { laneOf, netsUnder, type StreamBeat, streamPortReader } from './nets.ts'
import type { Bench } from './watch.ts'

const pauses = ({ pause = 0, seed = 1 }: PauseOptions): (() => boolean) => {
  if (!(pause >= 0 && pause < 1))
    throw new RangeError(`a stream pauses in 0 to less than 1 of the cycles, got ${pause}; choose one of those`)
  const random = randomWords(seed)
  return () => pause > 0 && random() < pause * 2 ** 32
}

/** The transmitter of an AXI4-Stream, outside the design. */
export interface AxiStreamSource {
  /** Puts a packet of these bytes behind those that wait; the last beat keeps as many bytes as there are. */
  send(bytes: Uint8Array): void
  /** Puts beats behind those that wait, as they are. */
  sendBeats(...beats: readonly StreamBeat[]): void
  /** Beats that the design has not taken yet. */
  readonly waiting: number
}

/** Drives the AXI4-Stream port `port` of the design (`s_axis`), an agent of its testbench. */
export const axiStreamSource = (bench: Bench, port: string, options: PauseOptions = {}): AxiStreamSource => {
  const nets = netsUnder(bench.engine, port)
  const lanes = nets.width('tdata')
  const [tvalid, tlast, tready] = [nets.set('tvalid'), nets.set('tlast'), nets.flag('tready')]
  const [tdata, tkeep] = [nets.setBytes('tdata'), nets.setBytes('tkeep')]
  const pausing = pauses(options)
  const beats: StreamBeat[] = []
  let [sent, offered] = [0, false]
  bench.attach({
    before() {
      if (!offered && bench.engine.cycle > 0 && sent < beats.length && !pausing()) {
        const { data, keep, last } = beats[sent]!
        offered = true
        tdata(data)
        tkeep(keep)
        tlast(last)
      }
      tvalid(offered)
    },
    after() {
      if (!offered || !tready()) return
      offered = false
      sent++
    },
  })
  return {
    get waiting() {
      return beats.length - sent
    },
    sendBeats(...more) {
      for (const beat of more) beats.push(beat)
    },
    send(bytes) {
      for (let from = 0; from < bytes.length; from += lanes) {
        const data = new Uint8Array(lanes)
        data.set(bytes.subarray(from, from + lanes))
        const keep = new Uint8Array(Math.ceil(lanes / 8))
        for (let k = 0; k < lanes && from + k < bytes.length; k++) keep[k >> 3]! |= 1 << (k & 7)
        beats.push({ data, keep, last: from + lanes >= bytes.length })
      }
    },
  }
}

/** The receiver of an AXI4-Stream, outside the design. */
export interface AxiStreamSink {
  /** The bytes that were kept, packet by packet; the last one is still open where TLAST has not come. */
  readonly packets: readonly Uint8Array[]
  readonly beats: readonly StreamBeat[]
}

/** Takes what comes out of the AXI4-Stream port `port` of the design (`m_axis`), an agent of its testbench. */
export const axiStreamSink = (bench: Bench, port: string, options: PauseOptions = {}): AxiStreamSink => {
  const nets = netsUnder(bench.engine, port)
  const [observe, tready] = [streamPortReader(nets), nets.set('tready')]
  const pausing = pauses(options)
  const beats: StreamBeat[] = []
  bench.attach({
    before: () => tready(!pausing()),
    after() {
      const { beat, ready } = observe()
      if (beat && ready) beats.push(beat)
    },
  })
  return {
    beats,
    get packets() {
      const packets: number[][] = [[]]
      for (const { data, keep, last } of beats) {
        packets.at(-1)!.push(...data.filter((_, lane) => laneOf(keep, lane)))
        if (last) packets.push([])
      }
      if (packets.at(-1)!.length === 0) packets.pop()
      return packets.map((bytes) => Uint8Array.from(bytes))
    },
  }
}
