/**
 * Static timing of a mapped netlist with the library's delay model: the longest path from a register or input port to a
 * register or output port. Clock ideal, inputs there at time 0, no wires; asynchronous resets are not checked.
 */
import { UserError } from '../base/user-error.ts'
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
  /** Register (by the net it drives) or output port where it ends. */
  readonly end: string
  /** Setup time at the end, part of `critical_path_ps`. */
  readonly setup_ps: number
  readonly path: readonly PathStep[]
  readonly provenance: string
}

const provenance =
  'static timing, linear delay model (mean of rise and fall), no wires, ideal clock, typical corner; this form reads ' +
  '20-24 % short of OpenSTA with full delay tables (four mappings of an INT8 MAC)'

/** Delay of a cell's output under a load. */
export const delayOf = (output: OutputPin, load_fF: number): number =>
  output.delay.d0_ps + output.delay.k_ps_per_fF * load_fF

interface Arrival {
  readonly at: number
  readonly load: number
  readonly delay: number
  readonly driver: Driver
  /** The input net that decided; undefined at a register. */
  readonly from: number | undefined
}

const inputNets = ({ instance, cell }: Placed): number[] =>
  cell.inputs.map((pin) => pinBit(instance, pin.name)).filter((net): net is number => typeof net === 'number')

/** Combinational cells, every cell after those that feed it. */
const inOrder = (netlist: Netlist, { placed, drivers, sinks }: Connectivity): Placed[] => {
  const combinational = placed.filter(({ cell }) => !cell.flipFlop)
  const waiting = new Map<Placed, number>()
  for (const at of combinational)
    waiting.set(at, inputNets(at).filter((net) => drivers.get(net) && !drivers.get(net)!.placed.cell.flipFlop).length)
  const order = combinational.filter((at) => waiting.get(at) === 0)
  for (const at of order) {
    for (const output of at.cell.outputs) {
      const net = pinBit(at.instance, output.name)
      if (typeof net !== 'number') continue
      for (const { placed: next } of sinks.get(net) ?? []) {
        const left = waiting.get(next)
        if (left === undefined) continue
        waiting.set(next, left - 1)
        if (left === 1) order.push(next)
      }
    }
  }
  if (order.length < combinational.length) refuseLoop(netlist, drivers, waiting)
  return order
}

/** Walks backwards among the cells that never became ready until it meets itself: that is the loop. */
const refuseLoop = (
  netlist: Netlist,
  drivers: Connectivity['drivers'],
  waiting: ReadonlyMap<Placed, number>,
): never => {
  const stuck = (net: number): boolean => {
    const driver = drivers.get(net)
    return driver !== undefined && (waiting.get(driver.placed) ?? 0) > 0
  }
  let net = [...drivers.keys()].find(stuck)!
  const visited: number[] = []
  while (!visited.includes(net)) {
    visited.push(net)
    net = inputNets(drivers.get(net)!.placed).find(stuck)!
  }
  const loop = visited.slice(visited.indexOf(net)).reverse()
  const named = loop.filter((at) => netlist.netNames.has(at))
  const nets = (named.length > 0 ? named : loop).slice(0, 4).map((at) => netName(netlist, at))
  throw new UserError(
    'E-COMB-LOOP',
    `the logic feeds back on itself through ${nets.join(', ')}; put a register into the loop`,
  )
}

/** The longest path of each kind, given the delay of every driven net; of inputs only the `named`, if any are. */
const pathGroups = (
  { ports }: Netlist,
  named: readonly string[] | undefined,
  { placed }: Connectivity,
  order: readonly Placed[],
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
    const toRegister = registers.map(({ instance, cell: { flipFlop } }) => {
      const arrival = at(pinBit(instance, flipFlop!.data))
      return arrival < 0 ? 0 : arrival + flipFlop!.setup_ps
    })
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
  const order = inOrder(netlist, connectivity)
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
  for (const { instance, cell } of connectivity.placed) {
    if (!cell.flipFlop) continue
    const q = pinBit(instance, cell.outputs[0]!.name)
    const end = () => `register ${typeof q === 'number' ? netName(netlist, q) : instance.name}`
    consider(pinBit(instance, cell.flipFlop.data), cell.flipFlop.setup_ps, end)
  }
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
    paths_ps: pathGroups(netlist, pathInputs, connectivity, order, (net) => arrivals.get(net)!.delay),
    fmax_mhz: worst.total > 0 ? rounded(1e6 / worst.total) : null,
    start,
    end: worst.end,
    setup_ps: worst.setup,
    path: path.reverse(),
    provenance: `${provenance}; ${outputLoad_fF} fF at each output, inputs at 0 ps`,
  }
}
