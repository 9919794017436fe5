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

/** Nets of a design whose names begin alike, `m_axi_awvalid`, as rows of an engine hold them. */
export interface Nets {
  has(signal: string): boolean
  /** Of at most 31 bits. */
  number(signal: string): number
  big(signal: string): bigint
  flag(signal: string): boolean
  /** As many bytes as the net has, lowest first. */
  bytes(signal: string): Uint8Array
  /** An input of the design. */
  set(signal: string, value: number | bigint | boolean): void
  setBytes(signal: string, bytes: Uint8Array): void
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
  const number = (signal: string): number => {
    const { port, words } = net(signal)
    return words[port.offset]! & 0x7fffffff
  }
  return {
    has: (signal) => named.has(signal),
    number,
    flag: (signal) => number(signal) === 1,
    big(signal) {
      const { port, words } = net(signal)
      return readPort(words, port)
    },
    bytes: (signal) => net(signal).bytes.slice(),
    set(signal, value) {
      const { port } = net(signal)
      writePort(engine.inputs, port, BigInt(value))
    },
    setBytes: (signal, bytes) => net(signal).bytes.set(bytes),
  }
}

/** Reads the channels of an AXI4 port in the last cycle. */
export const axiReader = (nets: Nets): (() => AxiCycle) => {
  const address = (c: 'aw' | 'ar') => (): Channel<AddressBeat> => ({
    ready: nets.flag(`${c}ready`),
    beat: nets.flag(`${c}valid`)
      ? {
          id: nets.number(`${c}id`),
          addr: nets.big(`${c}addr`),
          len: nets.number(`${c}len`),
          size: nets.number(`${c}size`),
          burst: nets.number(`${c}burst`),
          lock: nets.flag(`${c}lock`),
          cache: nets.number(`${c}cache`),
          prot: nets.number(`${c}prot`),
          qos: nets.number(`${c}qos`),
        }
      : undefined,
  })
  const [aw, ar] = [address('aw'), address('ar')]
  const w = (): Channel<WriteDataBeat> => ({
    ready: nets.flag('wready'),
    beat: nets.flag('wvalid')
      ? { data: nets.bytes('wdata'), strb: nets.bytes('wstrb'), last: nets.flag('wlast') }
      : undefined,
  })
  const b = (): Channel<WriteResponseBeat> => ({
    ready: nets.flag('bready'),
    beat: nets.flag('bvalid') ? { id: nets.number('bid'), resp: nets.number('bresp') } : undefined,
  })
  const r = (): Channel<ReadDataBeat> => ({
    ready: nets.flag('rready'),
    beat: nets.flag('rvalid')
      ? { id: nets.number('rid'), data: nets.bytes('rdata'), resp: nets.number('rresp'), last: nets.flag('rlast') }
      : undefined,
  })
  const [writes, reads] = [nets.has('awvalid'), nets.has('arvalid')]
  return () => ({ ...(writes && { aw: aw(), w: w(), b: b() }), ...(reads && { ar: ar(), r: r() }) })
}

/** Reads an AXI4-Lite port as the AXI4 port that it is a part of (B1.1): bursts of one beat of the whole bus, one ID. */
export const axiLiteReader = (nets: Nets): (() => AxiCycle) => {
  const size = Math.log2(nets.bytes('wdata').length)
  const address = (c: 'aw' | 'ar'): Channel<AddressBeat> => ({
    ready: nets.flag(`${c}ready`),
    beat: nets.flag(`${c}valid`) ? liteAddress(nets.big(`${c}addr`), nets.number(`${c}prot`), size) : undefined,
  })
  return () => ({
    aw: address('aw'),
    w: {
      ready: nets.flag('wready'),
      beat: nets.flag('wvalid') ? { data: nets.bytes('wdata'), strb: nets.bytes('wstrb'), last: true } : undefined,
    },
    b: {
      ready: nets.flag('bready'),
      beat: nets.flag('bvalid') ? { id: 0, resp: nets.number('bresp') } : undefined,
    },
    ar: address('ar'),
    r: {
      ready: nets.flag('rready'),
      beat: nets.flag('rvalid')
        ? { id: 0, data: nets.bytes('rdata'), resp: nets.number('rresp'), last: true }
        : undefined,
    },
  })
}

const liteAddress = (addr: bigint, prot: number, size: number): AddressBeat => ({
  id: 0,
  addr,
  len: 0,
  size,
  burst: burstCode.incr,
  lock: false,
  cache: 0,
  prot,
  qos: 0,
})

/** Reads an AXI4-Stream port; without TKEEP all bytes are part of the stream. */
export const streamPortReader = (nets: Nets): (() => Channel<StreamBeat>) => {
  const all = new Uint8Array(Math.ceil(nets.bytes('tdata').length / 8)).fill(255)
  return () => ({
    ready: nets.flag('tready'),
    beat: nets.flag('tvalid')
      ? {
          data: nets.bytes('tdata'),
          keep: nets.has('tkeep') ? nets.bytes('tkeep') : all,
          last: nets.flag('tlast'),
        }
      : undefined,
  })
}
