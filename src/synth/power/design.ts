/** A netlist with all that its power depends on beside what its nets do: loads, slews, and where the clock goes. */
import { type Connectivity, connect } from '../connectivity.ts'
import { cellsByName, type Library, type WireLoad } from '../library/library.ts'
import { highestNet, type Netlist } from '../netlist.ts'
import { type Launch, slewedDesign, timingGraph, type Way } from '../timing-graph.ts'
import { type CellLogic, cellLogics } from './cell-logic.ts'
import { type ClockNetwork, clockNetwork } from './clock-network.ts'

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

export interface PowerDesignOptions {
  /** Input ports that are clocks; those that lead to clock pins unless said. */
  readonly clocks?: readonly string[]
  readonly wireLoad?: WireLoad
  /** On every output port; 0 unless said, so that blocks add up. */
  readonly outputLoad_fF?: number
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
