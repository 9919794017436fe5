/**
 * Energy of a netlist from its measured activity. A toggle of a net costs its driver's internal energy, 1/2 C V^2 of the pins
 * it feeds and what these draw inside; leakage is by time. Clock: all on the nets the clock travels, and what clock gates draw.
 * Sequential: what flip-flops draw at their data inputs and their outputs. Combinational: the rest. An input's net is charged
 * to the pins it feeds, and what outputs feed outside is not counted, so that blocks add up.
 */
import type { Activity } from './activity.ts'
import { combinationalInputs, inOrder } from './cell-order.ts'
import { type Connectivity, connect, type Placed } from './connectivity.ts'
import { switching_fJ } from './energy.ts'
import { type Cell, cellsByName } from './library/library.ts'
import { pinBit } from './netlist.ts'
import { rounded } from './rounded.ts'

/** Femtojoules a cycle of one stimulus. */
export interface EnergyParts {
  readonly clock_fJ: number
  readonly sequential_fJ: number
  readonly combinational_fJ: number
  readonly leakage_fJ: number
  readonly total_fJ: number
}

export interface MeasuredEnergy extends EnergyParts {
  /** The same by group of cells, in alphabetical order; they add up to the whole. */
  readonly groups: Readonly<Record<string, EnergyParts>>
  readonly provenance: {
    readonly library: string
    readonly method: string
    readonly activity: string
    readonly leakage: string
  }
}

export interface MeasuredEnergyOptions {
  /** Clock at which leakage is counted; default 500. */
  readonly clock_mhz?: number
  /**
   * The group of a cell by the user's name of the net it drives, `core.accumulator[3]`; default the path before the last dot.
   * Registers keep their names; a cell whose net has none is of the group of all that it feeds, if that is one.
   */
  readonly groupOf?: (netName: string) => string
}

/** Groups of cells that belong to the design itself, and to several groups. */
const [atTop, shared] = ['(top)', '(shared)']

const pathOf = (name: string): string => (name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : atTop)

type Kind = Exclude<keyof EnergyParts, 'total_fJ'>

const kindOf = ({ flipFlop, clockGate }: Cell): Kind =>
  clockGate ? 'clock_fJ' : flipFlop ? 'sequential_fJ' : 'combinational_fJ'

/** The group of every cell: by the name of a net it drives, else by what it feeds. */
const groupCells = (
  { netlist }: Activity,
  connectivity: Connectivity,
  groupOf: (name: string) => string,
): ReadonlyMap<Placed, string> => {
  const groups = new Map<Placed, string>()
  const outputsOf = ({ instance, cell }: Placed): number[] =>
    cell.outputs.map(({ name }) => pinBit(instance, name)).filter((net) => typeof net === 'number')
  const byName = (at: Placed): string | undefined => {
    const name = outputsOf(at)
      .map((net) => netlist.netNames.get(net))
      .find((each) => each !== undefined)
    return name === undefined ? undefined : groupOf(name)
  }
  const byFed = (at: Placed): string => {
    const fed = new Set(
      outputsOf(at).flatMap(
        (net) => connectivity.sinks.get(net)?.map(({ placed }) => groups.get(placed) ?? shared) ?? [],
      ),
    )
    return fed.size === 1 ? [...fed][0]! : shared
  }
  for (const at of connectivity.placed) if (at.cell.flipFlop) groups.set(at, byName(at) ?? shared)
  for (const at of connectivity.placed) if (at.cell.clockGate) groups.set(at, byFed(at))
  for (const at of inOrder(netlist, connectivity, combinationalInputs).reverse())
    groups.set(at, byName(at) ?? byFed(at))
  return groups
}

const zero = (): Record<Kind, number> => ({ clock_fJ: 0, sequential_fJ: 0, combinational_fJ: 0, leakage_fJ: 0 })

const summed = (parts: Record<Kind, number>): EnergyParts => ({
  clock_fJ: rounded(parts.clock_fJ),
  sequential_fJ: rounded(parts.sequential_fJ),
  combinational_fJ: rounded(parts.combinational_fJ),
  leakage_fJ: rounded(parts.leakage_fJ),
  total_fJ: rounded(parts.clock_fJ + parts.sequential_fJ + parts.combinational_fJ + parts.leakage_fJ),
})

/** Energy a cycle, the mean over the stimuli and cycles of `activity`. */
export const energyOf = (
  activity: Activity,
  { clock_mhz = 500, groupOf = pathOf }: MeasuredEnergyOptions = {},
): MeasuredEnergy => {
  const { netlist, library, clocks, lanes, cycles, toggles } = activity
  const connectivity = connect(netlist, cellsByName(library))
  const groups = groupCells(activity, connectivity, groupOf)
  const whole = zero()
  const parts = new Map<string, Record<Kind, number>>()
  const add = (at: Placed, kind: Kind, energy: number): void => {
    whole[kind] += energy
    const group = groups.get(at)!
    const own = parts.get(group) ?? zero()
    own[kind] += energy
    parts.set(group, own)
  }
  for (const net of new Set([...connectivity.drivers.keys(), ...connectivity.sinks.keys()])) {
    const rate = toggles[net]! / (lanes * cycles)
    const driver = connectivity.drivers.get(net)
    const onClock = net === clocks.root || clocks.gated.has(net)
    if (driver) add(driver.placed, kindOf(driver.placed.cell), rate * driver.output.energy_fJ)
    for (const { placed, pin } of connectivity.sinks.get(net) ?? []) {
      const charge = rate * switching_fJ(pin.capacitance_fF, library.voltage_V)
      const inside = rate * (pin.energy_fJ ?? 0)
      const payer = onClock ? placed : (driver?.placed ?? placed)
      add(payer, onClock ? 'clock_fJ' : kindOf(payer.cell), charge)
      add(placed, onClock ? 'clock_fJ' : kindOf(placed.cell), inside)
    }
  }
  // Nanowatts over a period of 1000 / MHz nanoseconds are so many thousandths of a femtojoule.
  for (const at of connectivity.placed) add(at, 'leakage_fJ', at.cell.leakage_nW / clock_mhz)
  const sorted = [...parts].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...summed(whole),
    groups: Object.fromEntries(sorted.map(([name, own]) => [name, summed(own)])),
    provenance: {
      library: `${library.name}, ${library.source}`,
      method: `internal energy and 1/2 C V^2 per toggle at ${library.voltage_V} V, no wires, no clock tree`,
      activity:
        `gate-level simulation of ${netlist.creator}'s netlist, zero delay and so without glitches, ${lanes} stimuli of ` +
        `${cycles} cycles, all outputs compared in every one`,
      leakage: `${library.corner} corner, at ${clock_mhz} MHz`,
    },
  }
}
