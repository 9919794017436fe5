/** A netlist with all that its power depends on beside what its nets do: loads, slews, and where the clock goes. */
import { type Connectivity, connect, type Placed } from '../connectivity.ts'
import { cellsByName, type Library, storageOf, type WireLoad } from '../library/library.ts'
import { highestNet, type Netlist, pinBit } from '../netlist.ts'
import { type Launch, slewedDesign, timingGraph, type Way } from '../timing-graph.ts'
import { type CellLogic, cellLogics, pinsIn } from './cell-logic.ts'

export interface PowerDesign {
  readonly netlist: Netlist
  readonly library: Library
  readonly connectivity: Connectivity
  /** Nets are numbered below this. */
  readonly nets: number
  /** Of a cell by its number in `connectivity.placed`. */
  readonly logic: (index: number) => CellLogic
  readonly clocks: ClockNetwork
  /** By node of `timing-wires.ts`: fF, and ps or NaN where nothing moves. */
  readonly loads: Float64Array
  /** By net, in fF: what a toggle charges. */
  readonly capacitances: Float64Array
  readonly slews: Float64Array
  readonly ways: readonly Way[]
  readonly launches: readonly Launch[]
  readonly wireLoad: WireLoad | undefined
  readonly outputLoad_fF: number
}

/** Where clocks go: from input ports through logic and clock gates to the clock pins of what remembers. */
export interface ClockNetwork {
  /** Nets of input ports. */
  readonly roots: ReadonlySet<number>
  readonly nets: ReadonlySet<number>
  /** Cells that drive such nets, and clock gates. */
  readonly cells: ReadonlySet<Placed>
}

export interface PowerDesignOptions {
  /** Input ports that are clocks; those that lead to clock pins unless said. */
  readonly clocks?: readonly string[]
  readonly wireLoad?: WireLoad
  /** On every output port; 0 unless said, so that blocks add up. */
  readonly outputLoad_fF?: number
}

/** The pins of a cell that clock it. */
export const clockPins = ({ cell }: Placed): string[] => {
  const storage = storageOf(cell)
  return storage ? pinsIn(storage.clock).filter((name) => cell.inputs.some((pin) => pin.name === name)) : []
}

/**
 * Clocks are the input ports that reach a clock pin through clock gates and logic; where a pin's logic hangs on several ports,
 * each of them that feeds no data pin of that logic's other cells cannot be told, so that all count unless `named` says which.
 */
const clockNetwork = (
  { ports }: Netlist,
  { placed, drivers, sinks }: Connectivity,
  given: readonly string[] | undefined,
): ClockNetwork => {
  const inputs = new Map(
    ports
      .filter(({ direction }) => direction === 'input')
      .flatMap(({ name, bits }) => bits.map((bit) => [bit, name] as const)),
  )
  // Backwards from clock pins: a way through a clock gate goes by its clock, and one through logic by any pin.
  const behind = new Set<number>()
  const visit: number[] = []
  const add = (bit: unknown): void => {
    if (typeof bit !== 'number' || behind.has(bit)) return
    behind.add(bit)
    visit.push(bit)
  }
  for (const at of placed)
    if (at.cell.flipFlop || (storageOf(at.cell)?.kind === 'flip-flop' && !at.cell.clockGate))
      for (const pin of clockPins(at)) add(pinBit(at.instance, pin))
    else if (at.cell.latch || at.cell.clockGate) for (const pin of clockPins(at)) add(pinBit(at.instance, pin))
  const cells = new Set<Placed>(placed.filter(({ cell }) => cell.clockGate))
  for (let net = visit.pop(); net !== undefined; net = visit.pop()) {
    const driver = drivers.get(net)?.placed
    if (!driver) continue
    const storage = storageOf(driver.cell)
    if (!storage) for (const { name } of driver.cell.inputs) add(pinBit(driver.instance, name))
    else if (isClockGate(driver)) for (const name of clockPins(driver)) add(pinBit(driver.instance, name))
  }
  const isRoot = (net: number): boolean => {
    const port = inputs.get(net)
    return port !== undefined && (given === undefined || given.includes(port)) && clocksSomething(net)
  }
  /** Whether the port drives a clock pin itself, or through cells of one input or clock gates: an enable does not. */
  const clocksSomething = (from: number): boolean => {
    if (given !== undefined) return true
    const seen = new Set([from])
    const list = [from]
    for (let net = list.pop(); net !== undefined; net = list.pop())
      for (const { placed: at, pin } of sinks.get(net) ?? []) {
        const storage = storageOf(at.cell)
        if (storage && clockPins(at).includes(pin.name)) return true
        if (storage || at.cell.inputs.length > 1) continue
        for (const { name } of at.cell.outputs) {
          const next = pinBit(at.instance, name)
          if (typeof next === 'number' && !seen.has(next)) {
            seen.add(next)
            list.push(next)
          }
        }
      }
    return false
  }
  const roots = new Set([...behind].filter(isRoot))
  // Forwards from the roots, on what lies behind clock pins.
  const nets = new Set(roots)
  const list = [...roots]
  for (let net = list.pop(); net !== undefined; net = list.pop())
    for (const { placed: at, pin } of sinks.get(net) ?? []) {
      const passes = isClockGate(at) ? clockPins(at).includes(pin.name) : !storageOf(at.cell)
      if (!passes) continue
      for (const { name } of at.cell.outputs) {
        const next = pinBit(at.instance, name)
        if (typeof next !== 'number' || nets.has(next) || !behind.has(next)) continue
        nets.add(next)
        cells.add(at)
        list.push(next)
      }
    }
  return { roots, nets, cells }
}

/** A latch whose output is the clock while it is open: a cell that says so, or one whose output names its clock. */
export const isClockGate = ({ cell }: Placed): boolean => {
  const storage = storageOf(cell)
  if (storage?.kind !== 'latch') return false
  return (
    cell.clockGate !== undefined ||
    cell.outputs.some((output) => pinsIn(storage.clock).some((pin) => pinsIn(output.function).includes(pin)))
  )
}

/** Puts a netlist and its library together for power. A cell that is not in the library is the caller's to refuse. */
export const powerDesign = (
  netlist: Netlist,
  library: Library,
  { clocks, wireLoad, outputLoad_fF = 0 }: PowerDesignOptions = {},
): PowerDesign => {
  const connectivity = connect(netlist, cellsByName(library))
  const conditions = { outputLoad_fF, wireLoad }
  const { loads, capacitances, slews, ways, launches } = timingGraph(
    slewedDesign(netlist, connectivity),
    library,
    conditions,
    'setup',
  )
  const logic = cellLogics()
  return {
    netlist,
    library,
    connectivity,
    nets: highestNet(netlist) + 1,
    logic: (index) => logic(connectivity.placed[index]!.cell),
    clocks: clockNetwork(netlist, connectivity, clocks),
    loads,
    capacitances,
    slews,
    ways,
    launches,
    wireLoad,
    outputLoad_fF,
  }
}
