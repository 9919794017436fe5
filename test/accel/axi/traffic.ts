import { beatAddress, beatLanes, boundary } from '../../../src/accel/axi/burst.ts'
import { type AxiShape, axiFromMaster, axiToMaster, burstCode } from '../../../src/accel/axi/channels.ts'
import { type AddressBeat, axiReader, netsUnder } from '../../../src/accel/axi/nets.ts'
import type { Bench } from '../../../src/accel/axi/watch.ts'
import { component } from '../../../src/dsl/index.ts'
import { type RandomWords, randomWords } from '../../../src/sim/stimulus.ts'

/** Wires from a port `cpu`, which a testbench drives, to a port `m_axi`. */
export const AxiWires = component('axi_wires', (p: AxiShape) => ({
  in: { cpu: axiFromMaster(p), m_axi: axiToMaster(p) },
  out: { cpu: axiToMaster(p), m_axi: axiFromMaster(p) },
  logic: ({ cpu, m_axi }) => ({ cpu: m_axi, m_axi: cpu }),
}))

export interface TrafficOptions extends AxiShape {
  readonly bursts: number
  readonly pause: number
  readonly seed: number
  /** All bursts lie between these addresses. */
  readonly from: bigint
  readonly bytes: number
}

interface Written {
  readonly burst: AddressBeat
  readonly data: readonly Uint8Array[]
  readonly strobes: readonly Uint8Array[]
}
export interface Read {
  readonly burst: AddressBeat
  readonly data: Uint8Array[]
  readonly resp: number[]
}

/** A legal burst at random: any type, size and length, in one block of 4096 bytes. */
export const randomBurst = (random: RandomWords, { busBits, idBits, from, bytes }: TrafficOptions): AddressBeat => {
  const below = (n: number): number => random() % n
  const size = below(Math.log2(busBits / 8) + 1)
  const burst = below(3)
  const mostBeats = burst === burstCode.incr ? Math.min(256, 64) : 16
  const len = burst === burstCode.wrap ? [1, 3, 7, 15][below(4)]! : below(mostBeats)
  const step = 2 ** size
  const blocks = bytes / boundary
  const whole = burst === burstCode.fixed ? step : step * (len + 1)
  const room = boundary - Math.min(boundary, whole)
  let offset = below(room + 1)
  if (burst === burstCode.wrap) offset -= offset % step
  if (burst !== burstCode.wrap && offset - (offset % step) + whole > boundary) offset = 0
  return {
    id: below(Math.min(4, 2 ** idBits)),
    addr: from + BigInt(below(blocks) * boundary + offset),
    len: whole > boundary ? 0 : len,
    size,
    burst,
    lock: false,
    cache: 3,
    prot: 0,
    qos: 0,
  }
}

/**
 * Random traffic on the port `cpu` by an agent: first writes, then reads, each with its address, data and readiness on channels
 * that pause on their own. `written` are the writes as they were answered, `read` the reads as their beats came.
 */
export const traffic = (bench: Bench, options: TrafficOptions) => {
  const nets = netsUnder(bench.engine, 'cpu')
  const observe = axiReader(nets)
  const random = randomWords(options.seed)
  const pausing = (): boolean => random() < options.pause * 2 ** 32
  const busBytes = options.busBits / 8
  const writes: Written[] = Array.from({ length: options.bursts }, () => {
    const burst = randomBurst(random, options)
    const data = Array.from({ length: burst.len + 1 }, () => Uint8Array.from({ length: busBytes }, () => random()))
    const strobes = data.map((_, beat) => {
      const { low, high } = beatLanes(burst, beat, busBytes)
      const strobe = new Uint8Array(Math.ceil(busBytes / 8))
      for (let lane = low; lane <= high; lane++) if (random() & 3) strobe[lane >> 3]! |= 1 << (lane & 7)
      return strobe
    })
    return { burst, data, strobes }
  })
  const reads: Read[] = Array.from({ length: options.bursts }, () => ({
    burst: randomBurst(random, options),
    data: [],
    resp: [],
  }))
  const responses: { readonly id: number; readonly resp: number }[] = []
  const [next, offering] = [
    { aw: 0, w: 0, beat: 0, ar: 0 },
    { aw: false, w: false, ar: false },
  ]
  const setAddress = (channel: 'aw' | 'ar', burst: AddressBeat): void => {
    for (const [field, value] of Object.entries(burst)) nets.setBig(`${channel}${field}`)(BigInt(value))
  }
  const written = (): boolean => responses.length === writes.length
  const agent = {
    writes,
    reads,
    responses,
    get done() {
      return written() && reads.every(({ burst, data }) => data.length === burst.len + 1)
    },
    before() {
      // In the first cycle after reset no valid is high (A3.1.2).
      if (bench.engine.cycle === 0) return
      if (!offering.aw && next.aw < writes.length && !pausing()) {
        offering.aw = true
        setAddress('aw', writes[next.aw]!.burst)
      }
      if (!offering.w && next.w < writes.length && !pausing()) {
        offering.w = true
        const { data, strobes } = writes[next.w]!
        nets.setBytes('wdata')(data[next.beat]!)
        nets.setBytes('wstrb')(strobes[next.beat]!)
        nets.set('wlast')(next.beat === data.length - 1)
      }
      if (!offering.ar && written() && next.ar < reads.length && !pausing()) {
        offering.ar = true
        setAddress('ar', reads[next.ar]!.burst)
      }
      nets.set('awvalid')(offering.aw)
      nets.set('wvalid')(offering.w)
      nets.set('arvalid')(offering.ar)
      nets.set('bready')(!pausing())
      nets.set('rready')(!pausing())
    },
    after() {
      const { aw, w, b, ar, r } = observe()
      if (aw!.beat && aw!.ready) {
        offering.aw = false
        next.aw++
      }
      if (w!.beat && w!.ready) {
        offering.w = false
        next.beat++
        if (w!.beat.last) {
          next.beat = 0
          next.w++
        }
      }
      if (b!.beat && b!.ready) responses.push(b!.beat)
      if (ar!.beat && ar!.ready) {
        offering.ar = false
        next.ar++
      }
      if (!r!.beat || !r!.ready) return
      const { id, data, resp } = r!.beat
      const open = reads.slice(0, next.ar).find((one) => one.burst.id === id && one.data.length <= one.burst.len)!
      open.data.push(data)
      open.resp.push(resp)
    },
  }
  return bench.attach(agent)
}

/** What the bytes from `from` on are after the writes, one after the other. */
export const afterWrites = (
  writes: readonly Written[],
  { busBits, from, bytes }: TrafficOptions,
  before = new Uint8Array(bytes),
): Uint8Array => {
  const all = before.slice()
  const busBytes = busBits / 8
  for (const { burst, data, strobes } of writes)
    data.forEach((word, beat) => {
      const address = Number(beatAddress(burst, beat) - from)
      word.forEach((byte, lane) => {
        if ((strobes[beat]![lane >> 3]! >> (lane & 7)) & 1) all[address - (address % busBytes) + lane] = byte
      })
    })
  return all
}
