/**
 * What mapping, timing and energy need to know of a standard-cell library: plain data, whoever it comes from. Delay is
 * a tagged form: one line for a library written by hand, tables of slew and load for one that was read from Liberty.
 */
import type { Table } from './table.ts'

/** Delay of every arc into an output: `d0_ps + k_ps_per_fF * load_fF`, mean of rise and fall and of all arcs. */
export interface LinearDelay {
  readonly kind: 'linear'
  readonly d0_ps: number
  readonly k_ps_per_fF: number
}

/** A way an output follows an input, or a flip-flop's output its clock; tables of slew (rows) and load (columns), in ps. */
export interface DelayArc {
  readonly from: string
  readonly to: string
  /** Which way the output moves when the input rises; `both` where that depends on other inputs. */
  readonly sense: 'positive' | 'negative' | 'both'
  /** The edge of the clock that an output follows; undefined where it follows its input at once. */
  readonly edge?: 'rising' | 'falling'
  /** To each edge of the output; undefined where it never makes that one. */
  readonly rise?: ArcTables
  readonly fall?: ArcTables
}

export interface ArcTables {
  readonly delay: Table
  /** Slew that comes out, between the thresholds of the library. */
  readonly slew: Table
}

/** How long a pin has to be still before (setup) or after (hold) an edge of a clock; tables of both slews, in ps. */
export interface TimingCheck {
  readonly pin: string
  readonly clock: string
  readonly kind: 'setup' | 'hold'
  readonly edge: 'rising' | 'falling'
  /** For each edge of the pin. */
  readonly rise?: Table
  readonly fall?: Table
}

/** Delay by tables. */
export interface TableDelay {
  readonly kind: 'tables'
  readonly arcs: readonly DelayArc[]
}

/** Wires by the number of pins that a net feeds, before placement, as a Liberty `wire_load` has it. */
export interface WireLoad {
  readonly name: string
  readonly capacitance_fF_per_length: number
  readonly resistance_kohm_per_length: number
  /** Length of a net by pins fed, ascending; beyond the last it grows by `slope` a pin. */
  readonly lengths: readonly (readonly [fanout: number, length: number])[]
  readonly slope: number
  /** Where the pins are: all at the driver, each at its share of the wire, or all at the far end. */
  readonly tree: 'best_case' | 'balanced' | 'worst_case'
}

/** Energy that a cell draws inside when one of its pins moves, under a condition. */
export interface InternalPower {
  /** Of an output the pin whose move made it move; undefined where the pin's own move costs it. */
  readonly relatedPin?: string
  /** Function of the cell's pins, as `OutputPin.function`, under which it holds; always where undefined. */
  readonly when?: string
  /** In fJ a toggle, over input slew and load (of an input pin over its own slew); undefined where that edge costs nothing. */
  readonly rise?: Table
  readonly fall?: Table
}

/** Leakage in one of a cell's states, or what it leaks where none of the others holds. */
export interface StateLeakage {
  readonly when?: string
  readonly leakage_nW: number
}

/** What a cell remembers, by functions of its pins and of the state `IQ`, as an `ff` or `latch` group has it. */
export interface Storage {
  readonly kind: 'flip-flop' | 'latch'
  /** A flip-flop loads where it becomes true, a latch follows while it is. */
  readonly clock: string
  readonly next: string
  /** To 0 and to 1 at once, while true. */
  readonly clear?: string
  readonly preset?: string
  /** The state while both are true; as it was where undefined. */
  readonly both?: 0 | 1
}

export interface InputPin {
  readonly name: string
  readonly capacitance_fF: number
  /** What it loads a rising and a falling driver with, where they differ. */
  readonly edges_fF?: { readonly rise: number; readonly fall: number }
  /** Internal energy of one toggle of this pin that is drawn even if no output follows; clock pins live on it. */
  readonly energy_fJ?: number
  /** The same by slew and condition, where the library has it so. */
  readonly power?: readonly InternalPower[]
}

export interface OutputPin {
  readonly name: string
  /** Boolean function of the inputs in Liberty's notation (`! & | ^`); the state of a flip-flop or clock gate is `IQ`. */
  readonly function: string
  readonly delay: LinearDelay | TableDelay
  /** Internal energy of one toggle of this output, without the 1/2 C V^2 of its load. */
  readonly energy_fJ: number
  /** The same by slew, load and condition, where the library has it so. */
  readonly power?: readonly InternalPower[]
}

/** What makes a cell a flip-flop, of the rising edge unless it says otherwise; pins are given by name. */
export interface FlipFlop {
  readonly clock: string
  readonly data: string
  readonly setup_ps: number
  readonly hold_ps: number
  /** Asynchronous reset to 0, active low. */
  readonly clearLow?: string
  /** What else it is in words, where it does more or other than that, e.g. `falling edge`. */
  readonly special?: string
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
  /** The mean of its states. */
  readonly leakage_nW: number
  /** By state, where the library has it so. */
  readonly leakages?: readonly StateLeakage[]
  readonly inputs: readonly InputPin[]
  readonly outputs: readonly OutputPin[]
  readonly flipFlop?: FlipFlop
  readonly clockGate?: ClockGate
  /** A latch that is not part of a clock gate: its area counts; timing and activity refuse a design with it (`UserError`). */
  readonly latch?: true
  /** What it remembers in full; `storageOf` says it of cells that are known by `flipFlop` or `clockGate` alone. */
  readonly storage?: Storage
  /** Setup and hold by tables; those of `flipFlop` and `clockGate` hold where there are none. */
  readonly checks?: readonly TimingCheck[]
}

/** A full-adder cell and its pins, for mapping adders that the logic mapper cannot see (it knows one output a cell). */
export interface FullAdder {
  readonly cell: string
  readonly inputs: readonly [string, string, string]
  readonly sum: string
  readonly carry: string
  /** Both outputs are inverted, as in ASAP7. */
  readonly inverted?: true
}

export interface Library {
  /** Identifier, also the name of the synthesis target, e.g. `generic45`. */
  readonly name: string
  readonly summary: string
  /** Of the process; undefined of a library that was read, since Liberty does not say. */
  readonly node_nm?: number
  readonly voltage_V: number
  readonly temperature_C: number
  readonly corner: string
  /** Where the figures come from. */
  readonly source: string
  /** The cell whose area is one gate equivalent. */
  readonly gateEquivalent: string
  /** Undefined where the library has none; adders are then gates. */
  readonly fullAdder?: FullAdder
  /** The cell that is taken to drive every input port and the load at every output port while cells are sized. */
  readonly drivingCell: string
  readonly outputLoad_fF: number
  /** Slew at which the figures were taken. */
  readonly slew_ps: number
  /** With a clock gate among them, registers that load under an enable may be clocked through it. */
  readonly cells: readonly Cell[]
  readonly wireLoads?: readonly WireLoad[]
  /** What its files hold and was not read, a sentence each. */
  readonly notes?: readonly string[]
  /** Liberty text for Yosys, where the library was read from files; printed from `cells` otherwise. */
  readonly liberty?: string
}

/** What a cell remembers; undefined where it is logic alone. */
export const storageOf = ({ storage, flipFlop, clockGate }: Cell): Storage | undefined => {
  if (storage) return storage
  if (clockGate) return { kind: 'latch', clock: `!${clockGate.clock}`, next: clockGate.enable }
  if (!flipFlop) return undefined
  const { clock, data, clearLow } = flipFlop
  return { kind: 'flip-flop', clock, next: data, ...(clearLow === undefined ? {} : { clear: `!${clearLow}` }) }
}

/** The clock gate of a library, if it has one. */
export const clockGateOf = (library: Library): (Cell & { readonly clockGate: ClockGate }) | undefined => {
  for (const cell of library.cells) if (cell.clockGate) return { ...cell, clockGate: cell.clockGate }
  return undefined
}

/** The cells of a library by name. */
export const cellsByName = (library: Library): ReadonlyMap<string, Cell> =>
  new Map(library.cells.map((cell) => [cell.name, cell]))

/** What every figure says of the library that it was made with. */
export const libraryProvenance = ({ name, source, corner, voltage_V, temperature_C }: Library) => ({
  ...{ library: name, library_source: source },
  ...{ corner, voltage_V, temperature_C },
})
