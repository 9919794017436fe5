/** When the nets of a timing graph move, and in the words of the user by which way. */
import type { Connectivity, Placed } from './connectivity.ts'
import { type Netlist, netName, pinBit } from './netlist.ts'
import { rounded } from './rounded.ts'
import type { Launch, TimingGraph } from './timing-graph.ts'
import { netOf } from './timing-wires.ts'

export interface PathStep {
  readonly cell: string
  /** The net that the cell drives, in the user's words where it has any. */
  readonly net: string
  /** The line of the Verilog that declares it, where it has a name. */
  readonly line?: number
  readonly edge: 'rise' | 'fall'
  readonly load_fF: number
  readonly slew_ps: number
  readonly delay_ps: number
  readonly arrival_ps: number
}

/** When each node moves, and by which way; `-Infinity` (of the shortest `Infinity`) where it never does. */
export interface Arrivals {
  readonly at: Float64Array
  /** Way that decided, by node; -1 at a start. */
  readonly by: Int32Array
}

/** A node that moves by itself. */
export interface Start {
  readonly to: number
  readonly delay: number
}

/** Moves from a set of starts through the whole graph. */
export const arrivals = (
  { slews, ways }: TimingGraph,
  starts: readonly Start[],
  kind: 'longest' | 'shortest',
): Arrivals => {
  const later = kind === 'longest'
  const at = new Float64Array(slews.length).fill(later ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
  const by = new Int32Array(slews.length).fill(-1)
  const better = (time: number, node: number): boolean => (later ? time > at[node]! : time < at[node]!)
  for (const { to, delay } of starts) if (better(delay, to)) at[to] = delay
  ways.forEach(({ from, to, delay }, index) => {
    const time = at[from]! + delay
    if (!better(time, to)) return
    at[to] = time
    by[to] = index
  })
  return { at, by }
}

/** A register by the net it drives, a clock gate by the first register behind it. */
export const nameOf = (netlist: Netlist, { sinks }: Connectivity, { instance, cell }: Placed): string => {
  const net = outputNet({ instance, cell })
  if (net === undefined) return instance.name
  if (cell.flipFlop) return `register ${netName(netlist, net)}`
  const behind = sinks.get(net)?.[0]?.placed
  const q = behind && outputNet(behind)
  return `clock gate of ${q === undefined ? instance.name : netName(netlist, q)}`
}

/** The first output of a cell that is connected. */
const outputNet = ({ instance, cell }: Placed): number | undefined =>
  cell.outputs.map(({ name }) => pinBit(instance, name)).find((net) => typeof net === 'number')

/** The steps from the start to a node, and the net where they start. */
export const stepsTo = (
  netlist: Netlist,
  graph: TimingGraph,
  last: number,
  { at, by }: Arrivals,
): { readonly path: readonly PathStep[]; readonly start: string } => {
  const launchAt = new Map<number, Launch>()
  for (const launch of graph.launches) if (launch.delay === at[launch.to]) launchAt.set(launch.to, launch)
  const path: PathStep[] = []
  const step = (node: number, { cell }: Placed, delay: number): void => {
    const line = netlist.netLines?.get(netOf(node))
    path.push({
      cell: cell.name,
      net: netName(netlist, netOf(node)),
      ...(line === undefined ? {} : { line }),
      edge: (node & 1) === 0 ? 'rise' : 'fall',
      load_fF: rounded(graph.loads[node]!),
      slew_ps: rounded(graph.slews[node]!),
      delay_ps: rounded(delay),
      arrival_ps: rounded(at[node]!),
    })
  }
  let node = last
  for (let index = by[node]!; index >= 0; index = by[node]!) {
    const { from, placed, delay } = graph.ways[index]!
    step(node, placed, delay)
    node = from
  }
  const launch = launchAt.get(node)
  if (launch) step(node, launch.placed, launch.delay)
  return { path: path.reverse(), start: netName(netlist, netOf(node)) }
}
