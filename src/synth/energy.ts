/**
 * First-order energy of a mapped netlist: what the clock draws every cycle, what data draws in a cycle in which it moves,
 * and leakage. Per toggle: the cell's internal energy plus 1/2 C V^2 of its load. How often outputs toggle is assumed
 * here, not simulated; the band spans logic without glitches and logic with them. Behind a clock gate the clock toggles in a
 * share of all cycles that is assumed as well. `measureActivity` measures both.
 */
import { type Connectivity, connect, loadOf } from './connectivity.ts'
import { type Cell, cellsByName, type Library } from './library/library.ts'
import { type Netlist, pinBit } from './netlist.ts'
import { rounded } from './rounded.ts'

/** Toggles of one output per cycle in which new data arrives. */
export interface ToggleRates {
  readonly register: number
  readonly gate: number
}

const outputs = 447 + 40
const registers = 48
const zeroDelay = 206 / outputs

/**
 * Both ends come from a simulated INT8 MAC with random data (Booth multiplier, full adders, 447 cells, 40 of them full
 * adders, so 487 outputs, 48 of them registers): 206 toggles a cycle with zero delay, 426 with cell delays. `ours`: that
 * these toggles belong to that netlist of 447 cells (the source gives both, not together), that registers do not glitch,
 * and so that all further toggles are the gates'.
 */
export const assumedToggles = {
  low: { register: zeroDelay, gate: zeroDelay },
  high: { register: zeroDelay, gate: (426 - registers * zeroDelay) / (outputs - registers) },
  source:
    'assumed toggles per output and active cycle, from a gate-level simulation of an INT8 MAC with random data: ' +
    'low without glitches (206 toggles a cycle), high with cell delays (426 toggles a cycle)',
} as const

export interface Band {
  readonly low: number
  readonly high: number
}

/** Share of cycles in which a clock gate is open, `ours`: nothing is known of its enable, so that it is as often 1 as 0. */
export const assumedOpen = 0.5

export interface EnergyEstimate {
  /** Flip-flop clock pins and clock gates, both edges, busy or idle; what is behind a gate with its share of cycles. */
  readonly clock_pj_per_cycle: number
  /** All other toggles, in a cycle in which new data arrives. */
  readonly data_pj_per_active_cycle: Band
  /** Clock and data together. */
  readonly active_pj_per_cycle: Band
  readonly leakage_uw: number
  readonly toggles_per_output: { readonly low: ToggleRates; readonly high: ToggleRates }
  readonly provenance: string
}

/** Energy of one toggle of a load in fJ: capacitance in fF, supply in V. */
export const switching_fJ = (load_fF: number, voltage_V: number): number => 0.5 * load_fF * voltage_V * voltage_V

/** Nets on which the clock travels: those at clock pins and, behind gates in the clock, their inputs; `gated` behind clock gates. */
const clockNets = ({ placed, drivers }: Connectivity): { readonly all: Set<number>; readonly gated: Set<number> } => {
  const [all, gated] = [new Set<number>(), new Set<number>()]
  const add = (net: unknown): void => {
    if (typeof net !== 'number' || all.has(net)) return
    all.add(net)
    const driver = drivers.get(net)?.placed
    if (driver?.cell.clockGate) {
      gated.add(net)
      add(pinBit(driver.instance, driver.cell.clockGate.clock))
    } else if (driver && !driver.cell.flipFlop)
      for (const pin of driver.cell.inputs) add(pinBit(driver.instance, pin.name))
  }
  for (const { instance, cell } of placed) if (cell.flipFlop) add(pinBit(instance, cell.flipFlop.clock))
  return { all, gated }
}

/** Energy in fJ of one toggle of `net`: its driver's own, the charge of its load, and what the fed pins draw inside. */
const toggleEnergy = (connectivity: Connectivity, net: number, voltage_V: number): number => {
  let energy =
    switching_fJ(loadOf(connectivity, net, 0), voltage_V) + (connectivity.drivers.get(net)?.output.energy_fJ ?? 0)
  for (const { pin } of connectivity.sinks.get(net) ?? []) energy += pin.energy_fJ ?? 0
  return energy
}

const rateOf = (driver: Cell | undefined, rates: ToggleRates): number =>
  driver === undefined || driver.flipFlop ? rates.register : rates.gate

/**
 * Energy with the assumed toggle rates. A block pays for its own input pins (inputs toggle like registers) and not for
 * what its outputs feed, so blocks add up.
 */
export const estimateEnergy = (
  netlist: Netlist,
  library: Library,
  toggles: { readonly low: ToggleRates; readonly high: ToggleRates; readonly source: string } = assumedToggles,
): EnergyEstimate => {
  const connectivity = connect(netlist, cellsByName(library))
  const clocks = clockNets(connectivity)
  let clock = 0
  let low = 0
  let high = 0
  for (const net of new Set([...connectivity.drivers.keys(), ...connectivity.sinks.keys()])) {
    const energy = toggleEnergy(connectivity, net, library.voltage_V)
    const driver = connectivity.drivers.get(net)?.placed.cell
    if (clocks.all.has(net)) clock += 2 * energy * (clocks.gated.has(net) ? assumedOpen : 1)
    else {
      low += energy * rateOf(driver, toggles.low)
      high += energy * rateOf(driver, toggles.high)
    }
  }
  const leakage = connectivity.placed.reduce((sum, { cell }) => sum + cell.leakage_nW, 0)
  const pj = (fJ: number): number => rounded(fJ / 1000)
  return {
    clock_pj_per_cycle: pj(clock),
    data_pj_per_active_cycle: { low: pj(low), high: pj(high) },
    active_pj_per_cycle: { low: pj(clock + low), high: pj(clock + high) },
    leakage_uw: rounded(leakage / 1000),
    toggles_per_output: { low: toggles.low, high: toggles.high },
    provenance:
      `first order: internal energy and 1/2 C V^2 per toggle at ${library.voltage_V} V, no wires, no clock tree; ` +
      (clocks.gated.size > 0 ? `clock gates open in ${assumedOpen} of all cycles, assumed; ` : '') +
      toggles.source,
  }
}
