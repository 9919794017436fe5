/** The mapped netlist: Yosys' JSON, checked and reduced to what counting, timing and energy read. */
import { z } from 'zod'

/** A net by number, or a constant. */
export type Bit = number | '0' | '1' | 'x' | 'z'

export interface Port {
  readonly name: string
  readonly direction: 'input' | 'output' | 'inout'
  /** Bit 0 first. */
  readonly bits: readonly Bit[]
}

/** One placed cell. */
export interface Instance {
  readonly name: string
  readonly cell: string
  readonly connections: Readonly<Record<string, readonly Bit[]>>
}

export interface Netlist {
  readonly ports: readonly Port[]
  readonly instances: readonly Instance[]
  /** Names of nets in the user's words, e.g. `acc[3]`. */
  readonly netNames: ReadonlyMap<number, string>
  /** The line of the Verilog that declares a named net. */
  readonly netLines?: ReadonlyMap<number, number>
  /** The tool that wrote it, e.g. `Yosys 0.55`. */
  readonly creator: string
}

const bit = z.union([z.number().int(), z.enum(['0', '1', 'x', 'z'])])
const schema = z.object({
  creator: z.string(),
  modules: z.record(
    z.string(),
    z.object({
      ports: z.record(z.string(), z.object({ direction: z.enum(['input', 'output', 'inout']), bits: z.array(bit) })),
      cells: z.record(z.string(), z.object({ type: z.string(), connections: z.record(z.string(), z.array(bit)) })),
      netnames: z.record(
        z.string(),
        z.object({
          hide_name: z.number().optional(),
          bits: z.array(bit),
          offset: z.number().optional(),
          upto: z.number().optional(),
          attributes: z.object({ src: z.string().optional() }).optional(),
        }),
      ),
    }),
  ),
})
type JsonModule = z.infer<typeof schema>['modules'][string]

/** Names that the user gave, of several the shortest, and their lines. Nets that only the tool named get none. */
const nameNets = (nets: JsonModule['netnames']): Required<Pick<Netlist, 'netNames' | 'netLines'>> => {
  const netNames = new Map<number, string>()
  const netLines = new Map<number, number>()
  for (const [net, { bits, hide_name, attributes }] of Object.entries(nets)) {
    if (hide_name === 1) continue
    const line = Number(/:(\d+)/.exec(attributes?.src ?? '')?.[1])
    bits.forEach((at, index) => {
      if (typeof at !== 'number') return
      const name = bits.length === 1 ? net : `${net}[${index}]`
      if (name.length >= (netNames.get(at)?.length ?? Number.POSITIVE_INFINITY)) return
      netNames.set(at, name)
      if (line > 0) netLines.set(at, line)
      else netLines.delete(at)
    })
  }
  return { netNames, netLines }
}

/** Reads module `top` of a file that Yosys' `write_json` wrote. */
export const parseNetlist = (json: string, top: string): Netlist => parseNamedNetlist(json, top).netlist

export interface NamedNetlist {
  readonly netlist: Netlist
  /** The user's names, all that a net has, of each bit as it is numbered in the source: `q`, `acc[3]`. */
  readonly bits: ReadonlyMap<string, Bit>
}

/** The same with all names of all nets. */
export const parseNamedNetlist = (json: string, top: string): NamedNetlist => {
  const file = schema.parse(JSON.parse(json))
  const module = file.modules[top]
  if (!module) throw new Error(`the mapped netlist has no module ${top}`)
  return { netlist: netlistOf(file.creator, module), bits: namedBits(module.netnames) }
}

const namedBits = (nets: JsonModule['netnames']): Map<string, Bit> => {
  const named = new Map<string, Bit>()
  for (const [name, { bits, hide_name, offset = 0, upto }] of Object.entries(nets)) {
    if (hide_name === 1) continue
    if (bits.length === 1) named.set(name, bits[0]!)
    else
      bits.forEach((at, k) => {
        named.set(`${name}[${offset + (upto === 1 ? bits.length - 1 - k : k)}]`, at)
      })
  }
  return named
}

const netlistOf = (creator: string, module: JsonModule): Netlist => {
  return {
    ports: Object.entries(module.ports).map(([name, { direction, bits }]) => ({ name, direction, bits })),
    instances: Object.entries(module.cells).map(([name, { type, connections }]) => ({ name, cell: type, connections })),
    ...nameNets(module.netnames),
    creator,
  }
}

/** What a single-bit pin is connected to; an open pin reads `x`. */
export const pinBit = (instance: Instance, pin: string): Bit => instance.connections[pin]?.[0] ?? 'x'

/** The user's name of a net, or its number where there is none. */
export const netName = (netlist: Netlist, net: number): string => netlist.netNames.get(net) ?? `net ${net}`

/** How often each kind of cell occurs, in alphabetical order. */
export const countCells = (netlist: Netlist): Record<string, number> => {
  const counts = new Map<string, number>()
  for (const { cell } of netlist.instances) counts.set(cell, (counts.get(cell) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The highest number of a net. */
export const highestNet = ({ ports, instances }: Netlist): number => {
  let highest = 0
  const see = (bits: readonly Bit[]): void => {
    for (const bit of bits) if (typeof bit === 'number' && bit > highest) highest = bit
  }
  for (const { bits } of ports) see(bits)
  for (const { connections } of instances) for (const bits of Object.values(connections)) see(bits)
  return highest
}
