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
import type { Library, WireLoad } from './library/library.ts'
import type { Netlist } from './netlist.ts'
import { rounded } from './rounded.ts'
import { type CheckedPin, type Launch, type TimingGraph, timedDesign, timingGraph } from './timing-graph.ts'
import { type Arrivals, arrivals, nameOf, type PathStep, type Start, stepsTo } from './timing-path.ts'
import { edges, nodeOf } from './timing-wires.ts'

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
  /** The input ports that `paths_ps` counts; all unless said. */
  readonly pathInputs?: readonly string[]
  /** Wires by fan-out; none unless said. */
  readonly wireLoad?: WireLoad
}

const provenanceOf = (library: Library, outputLoad_fF: number, wireLoad: WireLoad | undefined) => {
  const byTable = library.cells.some(({ outputs }) => outputs.some(({ delay }) => delay.kind === 'tables'))
  const model = byTable
    ? `tables of slew and load, rise and fall apart, ${library.corner} corner, ${rounded(library.slew_ps)} ps slew at inputs and clocks`
    : 'linear delay model (mean of rise and fall), typical corner; this form reads 20-24 % short of OpenSTA with full delay ' +
      'tables (four mappings of an INT8 MAC)'
  const wires = wireLoad ? `wires by wire load ${wireLoad.name}` : 'no wires'
  return (
    `static timing, ${wires}, ideal clock, ${model}; enables of clock gates are due by setup and the delay of the gate before ` +
    `the edge; ${rounded(outputLoad_fF)} fF at each output, inputs at 0 ps`
  )
}

/** Path times in a period: two where it runs from one edge of the clock to the other, which leaves it half. */
const periods = (from: 0 | 1, to: 0 | 1): number => (from === to ? 1 : 2)

/** The period that a path into a checked pin needs. */
const needOf = (
  check: CheckedPin,
  at: Float64Array,
  phase: 0 | 1,
): { readonly need: number; readonly node: number } => {
  const factor = periods(phase, check.phase)
  const needs = edges.map((edge) => factor * (at[nodeOf(check.net, edge)]! + check.wire[edge] + check.due[edge]))
  const edge = needs[1]! > needs[0]! ? 1 : 0
  return { need: needs[edge]!, node: nodeOf(check.net, edge) }
}

const phases = [0, 1] as const
const launchesAt = ({ launches }: TimingGraph, phase: 0 | 1): readonly Launch[] =>
  launches.filter((launch) => launch.phase === phase)

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

/** Where a path ends, and the period that it needs. */
type PathEnd = { readonly need: number; readonly node: number } & (
  | { readonly check: CheckedPin }
  | { readonly port: string }
)

/** Of paths from the same starts. */
interface Longest {
  readonly arrivals: Arrivals
  /** Undefined where none ends so. */
  readonly register: PathEnd | undefined
  readonly output: PathEnd | undefined
}

const longer = (one: PathEnd | undefined, other: PathEnd | undefined): PathEnd | undefined =>
  other && other.need > (one?.need ?? 0) ? other : one

/** The longest paths from starts that move at an edge of the clock; outputs are due at the next rising one. */
const worstFrom = (netlist: Netlist, graph: TimingGraph, starts: readonly Start[], phase: 0 | 1): Longest => {
  const found = arrivals(graph, starts, 'longest')
  let register: PathEnd | undefined
  for (const check of graph.checks) register = longer(register, { check, ...needOf(check, found.at, phase) })
  let output: PathEnd | undefined
  for (const { name: port, net } of outputEnds(netlist))
    for (const edge of edges) {
      const node = nodeOf(net, edge)
      const need = periods(phase, 0) * (found.at[node]! + graph.toPort(node))
      output = longer(output, { port, node, need })
    }
  return { arrivals: found, register, output }
}

const mostOf = (ends: readonly (PathEnd | undefined)[]): number =>
  rounded(Math.max(0, ...ends.map((end) => end?.need ?? 0)))

/** The path that needs the longest period. */
const worstOf = (all: readonly Longest[]): { readonly end: PathEnd; readonly arrivals: Arrivals } | undefined => {
  let worst: { readonly end: PathEnd; readonly arrivals: Arrivals } | undefined
  for (const { register, output, arrivals: found } of all) {
    const end = longer(register, output)
    if (end && end === longer(worst?.end, end)) worst = { end, arrivals: found }
  }
  return worst
}

/** Names of an end, and the setup time at it. */
const describeEnd = (
  netlist: Netlist,
  { connectivity }: TimingGraph,
  end: PathEnd,
): Pick<TimingResult, 'end' | 'end_pin' | 'setup_ps'> => {
  if ('port' in end) return { end: `output ${end.port}`, end_pin: end.port, setup_ps: 0 }
  const { placed, pin, due } = end.check
  return {
    end: nameOf(netlist, connectivity, placed),
    end_pin: `${placed.instance.name}/${pin}`,
    setup_ps: rounded(due[end.node & 1 ? 1 : 0]),
  }
}

/** The register whose data from another register, or itself, comes soonest after the edge, hold time apart. */
const worstHold = (netlist: Netlist, graph: TimingGraph): TimingResult['hold'] => {
  let worst: { slack: number; check: CheckedPin } | undefined
  for (const phase of phases) {
    const { at } = arrivals(graph, launchesAt(graph, phase), 'shortest')
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
  const { outputLoad_fF = library.outputLoad_fF, pathInputs, wireLoad } = options
  const conditions = { outputLoad_fF, wireLoad }
  const design = timedDesign(netlist, library)
  const graph = timingGraph(design, library, conditions, 'setup')
  const registers = phases.map((phase) => worstFrom(netlist, graph, launchesAt(graph, phase), phase))
  const inputs = worstFrom(netlist, graph, inputStarts(netlist), 0)
  const counted = pathInputs ? worstFrom(netlist, graph, inputStarts(netlist, pathInputs), 0) : inputs
  const worst = worstOf([...registers, inputs])
  return {
    critical_path_ps: rounded(worst?.end.need ?? 0),
    paths_ps: {
      register_to_register: mostOf(registers.map(({ register }) => register)),
      register_to_output: mostOf(registers.map(({ output }) => output)),
      input_to_register: mostOf([counted.register]),
      input_to_output: mostOf([counted.output]),
    },
    fmax_mhz: worst ? rounded(1e6 / worst.end.need) : null,
    ...(worst ? describeEnd(netlist, graph, worst.end) : { end: '', end_pin: '', setup_ps: 0 }),
    ...(worst ? stepsTo(netlist, graph, worst.end.node, worst.arrivals) : { path: [], start: '' }),
    hold: worstHold(netlist, timingGraph(design, library, conditions, 'hold')),
    provenance: provenanceOf(library, outputLoad_fF, wireLoad),
  }
}
