import { type Engine, type Port, portNamed, readPort, writePort } from '../../sim/engine.ts'
import type { Burst } from './burst.ts'
import { burstCode } from './channels.ts'

/** What an address channel offers, AW or AR. */
export interface AddressBeat extends Burst {
  readonly id: number
  readonly lock: boolean
  readonly cache: number
  readonly prot: number
  readonly qos: number
}
/** Bytes of `data` by lane; `strb` has 8 lanes a byte, lane 0 in bit 0 of byte 0. */
export interface WriteDataBeat {
  readonly data: Uint8Array
  readonly strb: Uint8Array
  readonly last: boolean
}
export interface WriteResponseBeat {
  readonly id: number
  readonly resp: number
}
export interface ReadDataBeat {
  readonly id: number
  readonly data: Uint8Array
  readonly resp: number
  readonly last: boolean
}
export interface StreamBeat {
  readonly data: Uint8Array
  readonly keep: Uint8Array
  readonly last: boolean
}

/** One channel in one cycle; `beat` is there where it is valid. */
export interface Channel<Beat> {
  readonly beat: Beat | undefined
  readonly ready: boolean
}

/** The channels of an AXI4 port in one cycle, those of one direction missing where the port has the other alone. */
export interface AxiCycle {
  readonly aw?: Channel<AddressBeat>
  readonly w?: Channel<WriteDataBeat>
  readonly b?: Channel<WriteResponseBeat>
  readonly ar?: Channel<AddressBeat>
  readonly r?: Channel<ReadDataBeat>
}
export type AxiChannelName = keyof AxiCycle

/** Whether lane `lane` has its strobe or keep bit. */
export const laneOf = (lanes: Uint8Array, lane: number): boolean => ((lanes[lane >> 3]! >> (lane & 7)) & 1) === 1

/** Nets of a design whose names begin alike, `m_axi_awvalid`; each is looked up once, and read and set in every cycle. */
export interface Nets {
  has(signal: string): boolean
  /** Of at most 31 bits. */
  number(signal: string): () => number
  big(signal: string): () => bigint
  flag(signal: string): () => boolean
  /** A copy of as many bytes as the net has, lowest first. */
  bytes(signal: string): () => Uint8Array
  /** Bytes of the net. */
  width(signal: string): number
  /** Sets an input of the design, of at most 32 bits. */
  set(signal: string): (value: number | boolean) => void
  setBig(signal: string): (value: bigint) => void
  setBytes(signal: string): (bytes: Uint8Array) => void
}

/** The nets `prefix_...` of a design, inputs and outputs alike. A RangeError for one that is not there. */
export const netsUnder = (engine: Engine, prefix: string): Nets => {
  const { inputs, outputs } = engine.ports
  const named = new Map<string, { port: Port; words: Int32Array; bytes: Uint8Array }>()
  const begin = `${prefix}_`
  for (const [ports, words] of [
    [inputs, engine.inputs],
    [outputs, engine.outputs],
  ] as const)
    for (const port of ports)
      if (port.name.startsWith(begin)) {
        // Typed arrays are little-endian wherever Node runs, as AXI's lanes are.
        const width = port.range.max.toString(2).length
        const bytes = new Uint8Array(words.buffer, words.byteOffset + 4 * port.offset, Math.ceil(width / 8))
        named.set(port.name.slice(begin.length), { port, words, bytes })
      }
  const net = (signal: string) => {
    const found = named.get(signal)
    if (found) return found
    portNamed([...inputs, ...outputs], `${begin}${signal}`)
    throw new RangeError(`'${begin}${signal}' is no port`)
  }
  return {
    has: (signal) => named.has(signal),
    number(signal) {
      const { port, words } = net(signal)
      return () => words[port.offset]! & 0x7fffffff
    },
    flag(signal) {
      const { port, words } = net(signal)
      return () => words[port.offset] === 1
    },
    big(signal) {
      const { port, words } = net(signal)
      return () => readPort(words, port)
    },
    bytes(signal) {
      const { bytes } = net(signal)
      return () => bytes.slice()
    },
    width: (signal) => net(signal).bytes.length,
    set(signal) {
      const { port, words } = net(signal)
      return (value) => {
        words[port.offset] = Number(value)
      }
    },
    setBig(signal) {
      const { port, words } = net(signal)
      return (value) => writePort(words, port, value)
    },
    setBytes(signal) {
      const { bytes } = net(signal)
      return (given) => bytes.set(given)
    },
  }
}

/** Reads one channel in the last cycle, its beat only where it is valid. */
const channelReader = <Beat>(nets: Nets, name: string, beat: () => Beat): (() => Channel<Beat>) => {
  const [valid, ready] = [nets.flag(`${name}valid`), nets.flag(`${name}ready`)]
  return () => ({ ready: ready(), beat: valid() ? beat() : undefined })
}

/** Reads the channels of an AXI4 port, of both directions or one, in the last cycle. */
export const axiReader = (nets: Nets): (() => AxiCycle) => {
  const address = (c: 'aw' | 'ar') => {
    const [id, len, size, burst] = [`${c}id`, `${c}len`, `${c}size`, `${c}burst`].map(nets.number)
    const [cache, prot, qos] = [`${c}cache`, `${c}prot`, `${c}qos`].map(nets.number)
    const [addr, lock] = [nets.big(`${c}addr`), nets.flag(`${c}lock`)]
    return channelReader<AddressBeat>(nets, c, () => ({
      id: id!(),
      addr: addr(),
      len: len!(),
      size: size!(),
      burst: burst!(),
      lock: lock(),
      cache: cache!(),
      prot: prot!(),
      qos: qos!(),
    }))
  }
  const writeChannels = () => {
    const [aw, w] = [address('aw'), dataOfWrites(nets, nets.flag('wlast'))]
    const [id, resp] = [nets.number('bid'), nets.number('bresp')]
    const b = channelReader<WriteResponseBeat>(nets, 'b', () => ({ id: id(), resp: resp() }))
    return () => ({ aw: aw(), w: w(), b: b() })
  }
  const readChannels = () => {
    const [ar, r] = [address('ar'), dataOfReads(nets, nets.number('rid'), nets.flag('rlast'))]
    return () => ({ ar: ar(), r: r() })
  }
  const writes = nets.has('awvalid') ? writeChannels() : undefined
  const reads = nets.has('arvalid') ? readChannels() : undefined
  return () => ({ ...writes?.(), ...reads?.() })
}

const dataOfWrites = (nets: Nets, last: () => boolean): (() => Channel<WriteDataBeat>) => {
  const [data, strb] = [nets.bytes('wdata'), nets.bytes('wstrb')]
  return channelReader(nets, 'w', () => ({ data: data(), strb: strb(), last: last() }))
}
const dataOfReads = (nets: Nets, id: () => number, last: () => boolean): (() => Channel<ReadDataBeat>) => {
  const [data, resp] = [nets.bytes('rdata'), nets.number('rresp')]
  return channelReader(nets, 'r', () => ({ id: id(), data: data(), resp: resp(), last: last() }))
}

/** Reads an AXI4-Lite port as the AXI4 port that it is a part of (B1.1): bursts of one beat of the whole bus, one ID. */
export const axiLiteReader = (nets: Nets): (() => AxiCycle) => {
  const size = Math.log2(nets.width('wdata'))
  const constant = { id: 0, len: 0, size, burst: burstCode.incr, lock: false, cache: 0, qos: 0 }
  const address = (c: 'aw' | 'ar') => {
    const [addr, prot] = [nets.big(`${c}addr`), nets.number(`${c}prot`)]
    return channelReader<AddressBeat>(nets, c, () => ({ ...constant, addr: addr(), prot: prot() }))
  }
  const resp = nets.number('bresp')
  const [aw, ar] = [address('aw'), address('ar')]
  const w = dataOfWrites(nets, () => true)
  const b = channelReader<WriteResponseBeat>(nets, 'b', () => ({ id: 0, resp: resp() }))
  const r = dataOfReads(
    nets,
    () => 0,
    () => true,
  )
  return () => ({ aw: aw(), w: w(), b: b(), ar: ar(), r: r() })
}

/** Reads an AXI4-Stream port; without TKEEP all bytes are part of the stream. */
export const streamPortReader = (nets: Nets): (() => Channel<StreamBeat>) => {
  const all = new Uint8Array(Math.ceil(nets.width('tdata') / 8)).fill(255)
  const [data, last] = [nets.bytes('tdata'), nets.flag('tlast')]
  const keep = nets.has('tkeep') ? nets.bytes('tkeep') : () => all
  return channelReader(nets, 't', () => ({ data: data(), keep: keep(), last: last() }))
}
