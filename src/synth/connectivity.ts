/** Who drives each net of a mapped netlist, what hangs on it, and how much capacitance that is. */
import type { Cell, InputPin, OutputPin } from './library/library.ts'
import { type Instance, type Netlist, pinBit } from './netlist.ts'

export interface Placed {
  readonly instance: Instance
  readonly cell: Cell
}

export interface Driver {
  readonly placed: Placed
  readonly output: OutputPin
}

export interface Sink {
  readonly placed: Placed
  readonly pin: InputPin
}

export interface Connectivity {
  readonly placed: readonly Placed[]
  /** Nets that a cell drives. */
  readonly drivers: ReadonlyMap<number, Driver>
  readonly sinks: ReadonlyMap<number, readonly Sink[]>
  /** How many output ports a net feeds. */
  readonly outputPorts: ReadonlyMap<number, number>
}

/** Every cell of the netlist has to be in `cells`. */
export const connect = (netlist: Netlist, cells: ReadonlyMap<string, Cell>): Connectivity => {
  const drivers = new Map<number, Driver>()
  const sinks = new Map<number, Sink[]>()
  const outputPorts = new Map<number, number>()
  const placed = netlist.instances.map((instance): Placed => {
    const cell = cells.get(instance.cell)
    if (!cell) throw new Error(`cell ${instance.cell} of ${instance.name} is not in the library`)
    return { instance, cell }
  })
  for (const at of placed) {
    for (const output of at.cell.outputs) {
      const net = pinBit(at.instance, output.name)
      if (typeof net === 'number') drivers.set(net, { placed: at, output })
    }
    for (const pin of at.cell.inputs) {
      const net = pinBit(at.instance, pin.name)
      if (typeof net !== 'number') continue
      const list = sinks.get(net)
      if (list) list.push({ placed: at, pin })
      else sinks.set(net, [{ placed: at, pin }])
    }
  }
  for (const port of netlist.ports.filter(({ direction }) => direction !== 'input'))
    for (const net of port.bits) if (typeof net === 'number') outputPorts.set(net, (outputPorts.get(net) ?? 0) + 1)
  return { placed, drivers, sinks, outputPorts }
}

/** Capacitance on a net: the pins it feeds and `outputLoad_fF` for each output port; no wires. */
export const loadOf = (connectivity: Connectivity, net: number, outputLoad_fF: number): number => {
  let load = (connectivity.outputPorts.get(net) ?? 0) * outputLoad_fF
  for (const { pin } of connectivity.sinks.get(net) ?? []) load += pin.capacitance_fF
  return load
}
