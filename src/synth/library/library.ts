/**
 * What mapping, timing and energy need to know of a standard-cell library: plain data, whoever it comes from. Delay is
 * a tagged form so that table models can stand beside the linear one.
 */

/** Delay of every arc into an output: `d0_ps + k_ps_per_fF * load_fF`, mean of rise and fall and of all arcs. */
export interface LinearDelay {
  readonly kind: 'linear'
  readonly d0_ps: number
  readonly k_ps_per_fF: number
}

export interface InputPin {
  readonly name: string
  readonly capacitance_fF: number
  /** Internal energy of one toggle of this pin that is drawn even if no output follows; clock pins live on it. */
  readonly energy_fJ?: number
}

export interface OutputPin {
  readonly name: string
  /** Boolean function of the inputs in Liberty's notation (`! & | ^`); the state of a flip-flop or clock gate is `IQ`. */
  readonly function: string
  readonly delay: LinearDelay
  /** Internal energy of one toggle of this output, without the 1/2 C V^2 of its load. */
  readonly energy_fJ: number
}

/** What makes a cell a rising-edge flip-flop; pins are given by name. */
export interface FlipFlop {
  readonly clock: string
  readonly data: string
  readonly setup_ps: number
  readonly hold_ps: number
  /** Asynchronous reset to 0, active low. */
  readonly clearLow?: string
}

/**
 * What makes a cell an integrated clock gate: a latch, open while the clock is low, holds the enable, so that the output is the
 * clock where the enable was 1 before the rising edge and stays low where it was not. Pins are given by name.
 */
export interface ClockGate {
  readonly clock: string
  readonly enable: string
  readonly setup_ps: number
  readonly hold_ps: number
  /** The most that the output may drive. */
  readonly maxLoad_fF: number
}

export interface Cell {
  readonly name: string
  readonly area_um2: number
  readonly leakage_nW: number
  readonly inputs: readonly InputPin[]
  readonly outputs: readonly OutputPin[]
  readonly flipFlop?: FlipFlop
  readonly clockGate?: ClockGate
}

/** A full-adder cell and its pins, for mapping adders that the logic mapper cannot see (it knows one output a cell). */
export interface FullAdder {
  readonly cell: string
  readonly inputs: readonly [string, string, string]
  readonly sum: string
  readonly carry: string
}

export interface Library {
  /** Identifier, also the name of the synthesis target, e.g. `generic45`. */
  readonly name: string
  readonly summary: string
  readonly voltage_V: number
  readonly temperature_C: number
  readonly corner: string
  /** Where the figures come from. */
  readonly source: string
  /** The cell whose area is one gate equivalent. */
  readonly gateEquivalent: string
  readonly fullAdder: FullAdder
  /** The cell that is taken to drive every input port and the load at every output port while cells are sized. */
  readonly drivingCell: string
  readonly outputLoad_fF: number
  /** Slew at which the figures were taken. */
  readonly slew_ps: number
  /** With a clock gate among them, registers that load under an enable may be clocked through it. */
  readonly cells: readonly Cell[]
}

/** The clock gate of a library, if it has one. */
export const clockGateOf = (library: Library): (Cell & { readonly clockGate: ClockGate }) | undefined => {
  for (const cell of library.cells) if (cell.clockGate) return { ...cell, clockGate: cell.clockGate }
  return undefined
}

/** The cells of a library by name. */
export const cellsByName = (library: Library): ReadonlyMap<string, Cell> =>
  new Map(library.cells.map((cell) => [cell.name, cell]))
