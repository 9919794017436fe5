/**
 * Static timing of a mapped netlist: the longest path from a register or input port to a register or output port, and the
 * shortest between registers. Delays are by slew and load where the library has tables, rise and fall apart, the slowest slew of
 * a net for all that it feeds (graph-based, as static timing tools begin). Clock ideal, inputs there at time 0, no wires unless
 * a wire load is given; asynchronous resets are not checked.
 *
 * A clock gate's enable ends a path. The clock is taken to reach all flip-flops at once (`ours`), so it passes a gate before
 * that by the gate's own delay, and the enable has to be there so much sooner, setup apart. Between the two edges of a clock a
 * path has half a period, so it counts twice.
 */
import type { Connectivity, Placed } from './connectivity.ts'
import type { Library, WireLoad } from './library/library.ts'
import { type Netlist, netName, pinBit } from './netlist.ts'
import { rounded } from './rounded.ts'
import {
  type CheckedPin,
  edges,
  type Launch,
  netOf,
  nodeOf,
  type TimingGraph,
  timingGraph,
  type Way,
} from './timing-graph.ts'

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

/** Longest paths by where they begin and end, as static timing tools group them. */
export interface PathGroups {
  readonly register_to_register: number
  readonly register_to_output: number
  readonly input_to_register: number
  readonly input_to_output: number
}

export interface TimingResult {
  /** Clock-to-output, logic and setup along the longest path; 0 where the design has no path. */
  readonly critical_path_ps: number
  /** The longest path of each kind; 0 where there is none. */
  readonly paths_ps: PathGroups
  /** The clock that path allows; null where there is none. */
  readonly fmax_mhz: number | null
  /** First net of the path. */
  readonly start: string
  /** Register (by the net it drives), clock gate or output port where it ends. */
  readonly end: string
  /** The same as instance and pin of the netlist; the port's bit where it is one. */
  readonly end_pin: string
  /** Setup time at the end, with the delay of the gate where it is one; part of `critical_path_ps`. */
  readonly setup_ps: number
  readonly path: readonly PathStep[]
  /** By how much the shortest path between registers outlasts the hold time, clock skew apart; null where there is none. */
  readonly hold: { readonly slack_ps: number; readonly end: string; readonly end_pin: string } | null
  readonly provenance: string
}

export interface TimingOptions {
  /** On every output port; the library's unless said. */
  readonly outputLoad_fF?: number
  /** Slew of inputs and clocks; the library's unless said. */
  readonly inputSlew_ps?: number
  /** The input ports that `paths_ps` counts; all unless said. */
  readonly pathInputs?: readonly string[]
  /** Wires by fan-out; none unless said. */
  readonly wireLoad?: WireLoad
}

const provenanceOf = (
  library: Library,
  outputLoad_fF: number,
  inputSlew_ps: number,
  wireLoad: WireLoad | undefined,
) => {
  const byTable = library.cells.some(({ outputs }) => outputs.some(({ delay }) => delay.kind === 'tables'))
  const model = byTable
    ? `tables of slew and load, rise and fall apart, ${library.corner} corner, ${rounded(inputSlew_ps)} ps slew at inputs and clocks`
    : 'linear delay model (mean of rise and fall), typical corner; this form reads 20-24 % short of OpenSTA with full delay ' +
      'tables (four mappings of an INT8 MAC)'
  const wires = wireLoad ? `wires by wire load ${wireLoad.name}` : 'no wires'
  return (
    `static timing, ${wires}, ideal clock, ${model}; enables of clock gates are due by setup and the delay of the gate before ` +
    `the edge; ${rounded(outputLoad_fF)} fF at each output, inputs at 0 ps`
  )
}

/** When each node moves, and by which way; `-Infinity` (of the shortest `Infinity`) where it never does. */
interface Arrivals {
  readonly at: Float64Array
  /** Way that decided, by node; -1 at a start. */
  readonly by: Int32Array
}

/** A node that moves by itself. */
interface Start {
  readonly to: number
  readonly delay: number
}

const arrivals = (
  nodes: number,
  ways: readonly Way[],
  starts: readonly Start[],
  kind: 'longest' | 'shortest',
): Arrivals => {
  const later = kind === 'longest'
  const at = new Float64Array(nodes).fill(later ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
  const by = new Int32Array(nodes).fill(-1)
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

/** The period that a path into a checked pin needs; half a period counts twice. */
const needOf = (
  check: CheckedPin,
  at: Float64Array,
  phase: 0 | 1,
): { readonly need: number; readonly node: number } => {
  const factor = check.phase === phase ? 1 : 2
  const needs = edges.map((edge) => factor * (at[nodeOf(check.net, edge)]! + check.wire[edge] + check.due[edge]))
  const edge = needs[1]! > needs[0]! ? 1 : 0
  return { need: needs[edge]!, node: nodeOf(check.net, edge) }
}

const inputStarts = (netlist: Netlist, named?: readonly string[]): Start[] =>
  netlist.ports
    .filter(({ name, direction }) => direction === 'input' && (named?.includes(name) ?? true))
    .flatMap(({ bits }) => bits.filter((bit) => typeof bit === 'number'))
    .flatMap((net) => edges.map((edge) => ({ to: nodeOf(net, edge), delay: 0 })))

/** The nets of output ports, with the names of their bits. */
const outputEnds = ({ ports }: Netlist): { readonly name: string; readonly net: number }[] =>
  ports
    .filter(({ direction }) => direction !== 'input')
    .flatMap(({ name, bits }) =>
      bits.flatMap((net, index) =>
        typeof net === 'number' ? [{ name: bits.length === 1 ? name : `${name}[${index}]`, net }] : [],
      ),
    )

/** The longest path of each kind, in ps. */
const pathGroups = (netlist: Netlist, graph: TimingGraph, pathInputs: readonly string[] | undefined): PathGroups => {
  const nodes = graph.slews.length
  const outputNodes = outputEnds(netlist).flatMap(({ net }) => edges.map((edge) => nodeOf(net, edge)))
  const from = (starts: readonly Start[], phase: 0 | 1) => {
    const { at } = arrivals(nodes, graph.ways, starts, 'longest')
    return {
      register: graph.checks.reduce((most, check) => Math.max(most, needOf(check, at, phase).need), 0),
      output: outputNodes.reduce((most, node) => Math.max(most, at[node]! + graph.toPort(node)), 0),
    }
  }
  const registers = ([0, 1] as const).map((phase) =>
    from(
      graph.launches.filter((launch) => launch.phase === phase),
      phase,
    ),
  )
  const inputs = from(inputStarts(netlist, pathInputs), 0)
  return {
    register_to_register: rounded(Math.max(...registers.map(({ register }) => register))),
    register_to_output: rounded(Math.max(...registers.map(({ output }) => output))),
    input_to_register: rounded(inputs.register),
    input_to_output: rounded(inputs.output),
  }
}

/** A register by the net it drives, a clock gate by the first register behind it. */
const nameOf = (netlist: Netlist, { sinks }: Connectivity, { instance, cell }: Placed): string => {
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

interface Worst {
  readonly need: number
  readonly node: number
  readonly setup: number
  readonly end: string
  readonly end_pin: string
  readonly arrivals: Arrivals
}

/** The path that needs the longest period. */
const worstPath = (netlist: Netlist, graph: TimingGraph): Worst | undefined => {
  const nodes = graph.slews.length
  let worst: Worst | undefined
  for (const phase of [0, 1] as const) {
    const launches = graph.launches.filter((launch) => launch.phase === phase)
    if (phase === 1 && launches.length === 0) continue
    const starts = phase === 0 ? [...inputStarts(netlist), ...launches] : launches
    const found = arrivals(nodes, graph.ways, starts, 'longest')
    const longest = worst?.need ?? 0
    let best: { need: number; node: number; check?: CheckedPin; port?: string } = { need: longest, node: -1 }
    for (const check of graph.checks) {
      const { need, node } = needOf(check, found.at, phase)
      if (need > best.need) best = { need, node, check }
    }
    for (const { name, net } of outputEnds(netlist))
      for (const edge of edges) {
        const node = nodeOf(net, edge)
        const need = found.at[node]! + graph.toPort(node)
        if (need > best.need) best = { need, node, port: name }
      }
    if (best.node < 0) continue
    const { need, node, check, port } = best
    worst = {
      need,
      node,
      setup: check ? check.due[node & 1 ? 1 : 0] : 0,
      end: check ? nameOf(netlist, graph.connectivity, check.placed) : `output ${port}`,
      end_pin: check ? `${check.placed.instance.name}/${check.pin}` : port!,
      arrivals: found,
    }
  }
  return worst
}

/** The steps from the start to a node, and the net where they start. */
const stepsTo = (netlist: Netlist, graph: TimingGraph, { node: last, arrivals: { at, by } }: Worst) => {
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

/** The register whose data from another register, or itself, comes soonest after the edge, hold time apart. */
const worstHold = (netlist: Netlist, graph: TimingGraph): TimingResult['hold'] => {
  let worst: { slack: number; check: CheckedPin } | undefined
  for (const phase of [0, 1] as const) {
    const launches = graph.launches.filter((launch) => launch.phase === phase)
    const { at } = arrivals(graph.slews.length, graph.ways, launches, 'shortest')
    // Data from the other edge comes half a period later, whatever that is.
    for (const check of graph.checks.filter((each) => each.phase === phase))
      for (const edge of edges) {
        const slack = at[nodeOf(check.net, edge)]! + check.wire[edge] - check.due[edge]
        if (slack < (worst?.slack ?? Number.POSITIVE_INFINITY)) worst = { slack, check }
      }
  }
  if (!worst) return null
  const { placed, pin } = worst.check
  return {
    slack_ps: rounded(worst.slack),
    end: nameOf(netlist, graph.connectivity, placed),
    end_pin: `${placed.instance.name}/${pin}`,
  }
}

/** Static timing of a netlist on the cells of a library. */
export const analyseTiming = (netlist: Netlist, library: Library, options: TimingOptions = {}): TimingResult => {
  const { outputLoad_fF = library.outputLoad_fF, inputSlew_ps = library.slew_ps, pathInputs, wireLoad } = options
  const conditions = { outputLoad_fF, inputSlew_ps, wireLoad }
  const graph = timingGraph(netlist, library, conditions, 'setup')
  const worst = worstPath(netlist, graph)
  return {
    critical_path_ps: rounded(worst?.need ?? 0),
    paths_ps: pathGroups(netlist, graph, pathInputs),
    fmax_mhz: worst ? rounded(1e6 / worst.need) : null,
    end: worst?.end ?? '',
    end_pin: worst?.end_pin ?? '',
    setup_ps: rounded(worst?.setup ?? 0),
    ...(worst ? stepsTo(netlist, graph, worst) : { path: [], start: '' }),
    hold: worstHold(netlist, timingGraph(netlist, library, conditions, 'hold')),
    provenance: provenanceOf(library, outputLoad_fF, inputSlew_ps, wireLoad),
  }
}
