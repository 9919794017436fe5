/**
 * The delays of a mapped netlist as a graph over rising and falling nets. Slews first: a net has the slowest (for hold the
 * fastest) of all that drive it, so that each delay is one number and arrivals are sums.
 */
import { UserError } from '../base/user-error.ts'
import { combinationalInputs, type Followed, inOrder } from './cell-order.ts'
import { type Connectivity, connect, type Placed } from './connectivity.ts'
import { type Cell, cellsByName, type DelayArc, type Library, type TimingCheck } from './library/library.ts'
import { constantTable, linearTable, lookUp } from './library/table.ts'
import { type Bit, highestNet, type Netlist, pinBit } from './netlist.ts'
import { type Edge, edges, nodeOf, type TimingConditions, wiring } from './timing-wires.ts'

/** A way through a gate. */
export interface Way {
  readonly from: number
  readonly to: number
  /** Of the wire to the gate and of the gate. */
  readonly delay: number
  readonly placed: Placed
}

/** An output of a flip-flop behind an edge of its clock. */
export interface Launch {
  readonly to: number
  readonly delay: number
  readonly placed: Placed
  /** 1 where that is the falling edge of the clock that the design is given. */
  readonly phase: 0 | 1
}

/** A pin that has to be still at an edge of its clock. */
export interface CheckedPin {
  readonly placed: Placed
  readonly pin: string
  readonly net: number
  readonly phase: 0 | 1
  /** From the net's driver to the pin, by edge. */
  readonly wire: readonly [number, number]
  /** How long before the edge (setup) or after it (hold), by edge of the pin. */
  readonly due: readonly [number, number]
}

export interface TimingGraph {
  readonly connectivity: Connectivity
  /** Each behind all that lead to it. */
  readonly ways: readonly Way[]
  readonly launches: readonly Launch[]
  readonly checks: readonly CheckedPin[]
  /** By node, in ps; NaN where nothing moves. */
  readonly slews: Float64Array
  /** By node, in fF. */
  readonly loads: Float64Array
  /** By net, in fF: what a toggle charges. */
  readonly capacitances: Float64Array
  /** Of the wire to an output port that the net feeds, by node. */
  readonly toPort: (node: number) => number
}

interface CellTiming {
  readonly arcs: readonly DelayArc[]
  readonly checks: readonly TimingCheck[]
}

/** The arcs and checks of a cell; a linear delay is the same for each edge and from every input. */
const timingOf = (cell: Cell, slew_ps: number): CellTiming => {
  const { flipFlop, clockGate, inputs } = cell
  const clock = flipFlop?.clock ?? clockGate?.clock
  const arcs = cell.outputs.flatMap(({ name, delay }): readonly DelayArc[] => {
    if (delay.kind === 'tables') return delay.arcs
    const tables = { delay: linearTable(delay.d0_ps, delay.k_ps_per_fF), slew: constantTable(slew_ps) }
    const from = clock === undefined ? inputs.map((pin) => pin.name) : [clock]
    return from.map((pin) => ({
      from: pin,
      to: name,
      sense: 'both',
      ...(flipFlop ? { edge: 'rising' as const } : {}),
      rise: tables,
      fall: tables,
    }))
  })
  const held = flipFlop ?? clockGate
  if (cell.checks || !held) return { arcs, checks: cell.checks ?? [] }
  const pin = flipFlop?.data ?? clockGate!.enable
  const check = (kind: 'setup' | 'hold', time_ps: number): TimingCheck => {
    const table = constantTable(time_ps)
    return { pin, clock: held.clock, kind, edge: 'rising', rise: table, fall: table }
  }
  return { arcs, checks: [check('setup', held.setup_ps), check('hold', held.hold_ps)] }
}

/** The edges of an input that move an output to `edge`. */
const causes = (sense: DelayArc['sense'], edge: Edge): readonly Edge[] =>
  sense === 'both' ? edges : [sense === 'positive' ? edge : ((1 - edge) as Edge)]

const refuseLatch = ({ instance, cell }: Placed): never => {
  throw new UserError(
    'E-TIMING-LATCH',
    `the design has latch ${cell.name} as ${instance.name}, and paths through latches are not timed; use a flip-flop`,
  )
}

/** Follows a clock through buffers, inverters and gates to where it comes from: 1 where it arrives inverted. */
const phaseOf = ({ drivers }: Connectivity, clock: Bit): 0 | 1 => {
  let inverted: 0 | 1 = 0
  const seen = new Set<Bit>()
  for (let net = clock; typeof net === 'number' && !seen.has(net); ) {
    seen.add(net)
    const driver = drivers.get(net)
    if (!driver) break
    const { instance, cell } = driver.placed
    if (cell.clockGate) net = pinBit(instance, cell.clockGate.clock)
    else if (!cell.flipFlop && cell.inputs.length === 1) {
      if (driver.output.function.startsWith('!')) inverted = inverted === 0 ? 1 : 0
      net = pinBit(instance, cell.inputs[0]!.name)
    } else break
  }
  return inverted
}

const opposite = (phase: 0 | 1, edge: 'rising' | 'falling'): 0 | 1 => (edge === 'rising' ? phase : phase === 0 ? 1 : 0)

/** A netlist with what the graphs of its longest and shortest paths share. */
export interface TimedDesign {
  readonly netlist: Netlist
  readonly connectivity: Connectivity
  /** The gates, each behind all that feed it. */
  readonly order: readonly Placed[]
}

/** A latch is a `UserError`, and so is a loop of logic. */
export const timedDesign = (netlist: Netlist, library: Library): TimedDesign => {
  const connectivity = connect(netlist, cellsByName(library))
  for (const at of connectivity.placed) if (at.cell.latch) refuseLatch(at)
  return { netlist, connectivity, order: inOrder(netlist, connectivity, combinationalInputs) }
}

/** The same for slews alone: through latches as if they were open, where no loop goes through them. */
export const slewedDesign = (netlist: Netlist, connectivity: Connectivity): TimedDesign => {
  const stopped: Followed = (cell) => (cell.latch ? undefined : combinationalInputs(cell))
  try {
    return { netlist, connectivity, order: inOrder(netlist, connectivity, combinationalInputs) }
  } catch {
    return { netlist, connectivity, order: inOrder(netlist, connectivity, stopped) }
  }
}

/** The graph for the longest paths (`setup`) or the shortest (`hold`), inputs and all that they feed in it. */
export const timingGraph = (
  { netlist, connectivity, order }: TimedDesign,
  library: Library,
  conditions: TimingConditions,
  kind: TimingCheck['kind'],
): TimingGraph => {
  const { placed } = connectivity
  const known = new Map<Cell, CellTiming>()
  const timing = (cell: Cell): CellTiming => {
    const found = known.get(cell) ?? timingOf(cell, library.slew_ps)
    known.set(cell, found)
    return found
  }
  const nets = highestNet(netlist) + 1
  const { loads, capacitances, wire } = wiring(connectivity, nets, conditions)
  const slews = new Float64Array(2 * nets).fill(Number.NaN)
  // Of input ports and of clocks at their flip-flops.
  const clockSlew = library.slew_ps
  const worst = kind === 'setup' ? Math.max : Math.min
  const merge = (node: number, slew: number): void => {
    slews[node] = Number.isNaN(slews[node]!) ? slew : worst(slews[node]!, slew)
  }
  for (const { direction, bits } of netlist.ports)
    if (direction === 'input')
      for (const net of bits)
        if (typeof net === 'number') for (const edge of edges) slews[nodeOf(net, edge)] = library.slew_ps

  const launches: Launch[] = []
  for (const at of placed) {
    if (!at.cell.flipFlop) continue
    const phase = phaseOf(connectivity, pinBit(at.instance, at.cell.flipFlop.clock))
    for (const arc of timing(at.cell).arcs) {
      const net = pinBit(at.instance, arc.to)
      if (arc.edge === undefined || typeof net !== 'number') continue
      for (const edge of edges) {
        const tables = edge === 0 ? arc.rise : arc.fall
        if (!tables) continue
        const to = nodeOf(net, edge)
        merge(to, lookUp(tables.slew, clockSlew, loads[to]!))
        const delay = lookUp(tables.delay, clockSlew, loads[to]!)
        launches.push({ to, delay, placed: at, phase: opposite(phase, arc.edge) })
      }
    }
  }

  const pinLoad = (at: Placed, pin: string, edge: Edge): number => {
    const found = at.cell.inputs.find(({ name }) => name === pin)
    return found ? (found.edges_fF?.[edge === 0 ? 'rise' : 'fall'] ?? found.capacitance_fF) : 0
  }
  const ways: Way[] = []
  for (const at of order)
    for (const { from, to: output, sense, edge: clocked, rise, fall } of timing(at.cell).arcs) {
      const [before, after] = [pinBit(at.instance, from), pinBit(at.instance, output)]
      if (clocked !== undefined || typeof before !== 'number' || typeof after !== 'number') continue
      for (const edge of edges) {
        const tables = edge === 0 ? rise : fall
        if (!tables) continue
        const to = nodeOf(after, edge)
        for (const cause of causes(sense, edge)) {
          const origin = nodeOf(before, cause)
          const slew = slews[origin]!
          if (Number.isNaN(slew)) continue
          merge(to, lookUp(tables.slew, slew, loads[to]!))
          const delay = wire(origin, pinLoad(at, from, cause)) + lookUp(tables.delay, slew, loads[to]!)
          ways.push({ from: origin, to, delay, placed: at })
        }
      }
    }

  const checks = placed.flatMap((at): CheckedPin[] => {
    const held = at.cell.flipFlop ?? at.cell.clockGate
    if (!held) return []
    const gate = kind === 'setup' && at.cell.clockGate ? gateDelay(at, timing(at.cell), loads, clockSlew) : 0
    const phase = phaseOf(connectivity, pinBit(at.instance, held.clock))
    return timing(at.cell).checks.flatMap((check): CheckedPin[] => {
      const net = pinBit(at.instance, check.pin)
      if (check.kind !== kind || typeof net !== 'number') return []
      const due = (edge: Edge): number => {
        const table = edge === 0 ? check.rise : check.fall
        const slew = slews[nodeOf(net, edge)]!
        return gate + (table && !Number.isNaN(slew) ? lookUp(table, clockSlew, slew) : 0)
      }
      const wired = (edge: Edge): number => wire(nodeOf(net, edge), pinLoad(at, check.pin, edge))
      return [
        {
          placed: at,
          pin: check.pin,
          net,
          phase: opposite(phase, check.edge),
          wire: [wired(0), wired(1)],
          due: [due(0), due(1)],
        },
      ]
    })
  })
  const toPort = (node: number): number => wire(node, conditions.outputLoad_fF)
  return { connectivity, ways, launches, checks, slews, loads, capacitances, toPort }
}

/** The longest delay of a clock gate to its rising output. */
const gateDelay = (at: Placed, { arcs }: CellTiming, loads: Float64Array, clockSlew: number): number =>
  arcs.reduce((longest, { from, to, rise }) => {
    const net = pinBit(at.instance, to)
    if (from !== at.cell.clockGate!.clock || !rise) return longest
    return Math.max(longest, lookUp(rise.delay, clockSlew, typeof net === 'number' ? loads[nodeOf(net, 0)]! : 0))
  }, 0)
