/**
 * Static timing of a mapped netlist with the library's delay model: the longest path from a register or input port to a
 * register or output port. Clock ideal, inputs there at time 0, no wires; asynchronous resets are not checked.
 *
 * A clock gate's enable ends a path. The clock is taken to reach all flip-flops at once (`ours`), so it passes a gate before
 * that by the gate's own delay, and the enable has to be there so much sooner, setup apart.
 */
import { combinationalInputs, inOrder, netsAt } from './cell-order.ts'
import { type Connectivity, connect, type Driver, loadOf, type Placed } from './connectivity.ts'
import { cellsByName, type Library, type OutputPin } from './library/library.ts'
import { type Bit, type Netlist, netName, pinBit } from './netlist.ts'
import { rounded } from './rounded.ts'

export interface PathStep {
  readonly cell: string
  /** The net that the cell drives, in the user's words where it has any. */
  readonly net: string
  readonly load_fF: number
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
  /** Setup time at the end, with the delay of the gate where it is one; part of `critical_path_ps`. */
  readonly setup_ps: number
  readonly path: readonly PathStep[]
  readonly provenance: string
}

const provenance =
  'static timing, linear delay model (mean of rise and fall), no wires, ideal clock, typical corner; this form reads ' +
  '20-24 % short of OpenSTA with full delay tables (four mappings of an INT8 MAC); enables of clock gates are due by setup and ' +
  'the delay of the gate before the edge'

/** Delay of a cell's output under a load. */
export const delayOf = (output: OutputPin, load_fF: number): number =>
  output.delay.d0_ps + output.delay.k_ps_per_fF * load_fF

const inputNets = (placed: Placed): number[] => netsAt(placed, combinationalInputs(placed.cell) ?? [])

interface Arrival {
  readonly at: number
  readonly load: number
  readonly delay: number
  readonly driver: Driver
  /** The input net that decided; undefined at a register. */
  readonly from: number | undefined
}

/** Where a path may end inside the design: the net, and how long before the edge it has to be there. */
interface End {
  readonly placed: Placed
  readonly net: Bit
  readonly due_ps: number
}

/** The data inputs of flip-flops and the enables of clock gates. */
const endsInside = (connectivity: Connectivity): End[] =>
  connectivity.placed.flatMap((placed): End[] => {
    const { instance, cell } = placed
    if (cell.flipFlop) return [{ placed, net: pinBit(instance, cell.flipFlop.data), due_ps: cell.flipFlop.setup_ps }]
    if (!cell.clockGate) return []
    const output = cell.outputs[0]!
    const net = pinBit(instance, output.name)
    const load = typeof net === 'number' ? loadOf(connectivity, net, 0) : 0
    const due_ps = cell.clockGate.setup_ps + delayOf(output, load)
    return [{ placed, net: pinBit(instance, cell.clockGate.enable), due_ps }]
  })

/** The longest path of each kind, given the delay of every driven net; of inputs only the `named`, if any are. */
const pathGroups = (
  { ports }: Netlist,
  named: readonly string[] | undefined,
  { placed }: Connectivity,
  order: readonly Placed[],
  ends: readonly End[],
  delayOfNet: (net: number) => number,
): PathGroups => {
  const nets = (bits: readonly Bit[]): number[] => bits.filter((bit) => typeof bit === 'number')
  const outputsOf = ({ instance, cell }: Placed): number[] =>
    nets(cell.outputs.map((output) => pinBit(instance, output.name)))
  const registers = placed.filter(({ cell }) => cell.flipFlop)
  const from = (starts: readonly (readonly [number, number])[]) => {
    const latest = new Map(starts)
    const at = (net: Bit): number => (typeof net === 'number' ? (latest.get(net) ?? -1) : -1)
    for (const gate of order) {
      const arrival = Math.max(-1, ...inputNets(gate).map(at))
      if (arrival >= 0) for (const net of outputsOf(gate)) latest.set(net, arrival + delayOfNet(net))
    }
    const toRegister = ends.map(({ net, due_ps }) => (at(net) < 0 ? 0 : at(net) + due_ps))
    const toOutput = ports.filter(({ direction }) => direction !== 'input').flatMap(({ bits }) => bits.map(at))
    return { register: rounded(Math.max(0, ...toRegister)), output: rounded(Math.max(0, ...toOutput)) }
  }
  const fromRegisters = from(registers.flatMap(outputsOf).map((net) => [net, delayOfNet(net)]))
  const inputs = ports
    .filter(({ name, direction }) => direction === 'input' && (named?.includes(name) ?? true))
    .flatMap(({ bits }) => nets(bits))
  const fromInputs = from(inputs.map((net) => [net, 0]))
  return {
    register_to_register: fromRegisters.register,
    register_to_output: fromRegisters.output,
    input_to_register: fromInputs.register,
    input_to_output: fromInputs.output,
  }
}

/** A register by the net it drives, a clock gate by the first register behind it. */
const nameOf = (netlist: Netlist, { sinks }: Connectivity, { instance, cell }: Placed): string => {
  const net = pinBit(instance, cell.outputs[0]!.name)
  if (typeof net !== 'number') return instance.name
  if (cell.flipFlop) return `register ${netName(netlist, net)}`
  const behind = sinks.get(net)?.[0]?.placed
  const q = behind && pinBit(behind.instance, behind.cell.outputs[0]!.name)
  return `clock gate of ${typeof q === 'number' ? netName(netlist, q) : instance.name}`
}

/** Longest path; `outputLoad_fF` hangs on every output port. `pathInputs` are the input ports that `paths_ps` counts, else all. */
export const analyseTiming = (
  netlist: Netlist,
  library: Library,
  outputLoad_fF: number = library.outputLoad_fF,
  pathInputs?: readonly string[],
): TimingResult => {
  const connectivity = connect(netlist, cellsByName(library))
  const arrivals = new Map<number, Arrival>()
  const arrivalAt = (net: Bit): number => (typeof net === 'number' ? (arrivals.get(net)?.at ?? 0) : 0)

  const launch = (placed: Placed, from: number | undefined): void => {
    for (const output of placed.cell.outputs) {
      const net = pinBit(placed.instance, output.name)
      if (typeof net !== 'number') continue
      const load = loadOf(connectivity, net, outputLoad_fF)
      const delay = delayOf(output, load)
      const at = (from === undefined ? 0 : arrivalAt(from)) + delay
      arrivals.set(net, { at, load, delay, driver: { placed, output }, from })
    }
  }
  for (const placed of connectivity.placed) if (placed.cell.flipFlop) launch(placed, undefined)
  const order = inOrder(netlist, connectivity, combinationalInputs)
  const ends = endsInside(connectivity)
  for (const placed of order) {
    const latest = inputNets(placed).reduce<number | undefined>(
      (late, net) => (late === undefined || arrivalAt(net) > arrivalAt(late) ? net : late),
      undefined,
    )
    launch(placed, latest)
  }

  let worst = { total: 0, net: undefined as number | undefined, end: '', setup: 0 }
  const consider = (net: Bit, setup: number, end: () => string): void => {
    if (typeof net !== 'number') return
    const total = arrivalAt(net) + setup
    if (total > worst.total) worst = { total, net, end: end(), setup }
  }
  for (const { placed, net, due_ps } of ends) consider(net, due_ps, () => nameOf(netlist, connectivity, placed))
  for (const port of netlist.ports.filter(({ direction }) => direction !== 'input'))
    port.bits.forEach((net, index) => {
      consider(net, 0, () => `output ${port.bits.length === 1 ? port.name : `${port.name}[${index}]`}`)
    })

  const path: PathStep[] = []
  let net = worst.net
  let start = ''
  while (net !== undefined) {
    start = netName(netlist, net)
    const arrival = arrivals.get(net)
    if (!arrival) break
    path.push({
      cell: arrival.driver.placed.cell.name,
      net: start,
      load_fF: rounded(arrival.load),
      delay_ps: rounded(arrival.delay),
      arrival_ps: rounded(arrival.at),
    })
    net = arrival.from
  }
  return {
    critical_path_ps: rounded(worst.total),
    paths_ps: pathGroups(netlist, pathInputs, connectivity, order, ends, (net) => arrivals.get(net)!.delay),
    fmax_mhz: worst.total > 0 ? rounded(1e6 / worst.total) : null,
    start,
    end: worst.end,
    setup_ps: rounded(worst.setup),
    path: path.reverse(),
    provenance: `${provenance}; ${outputLoad_fF} fF at each output, inputs at 0 ps`,
  }
}
