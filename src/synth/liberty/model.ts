/**
 * What a Liberty file says of its cells, typed and in our units: ps, fF, fJ, nW, um2. Tables keep their points; nothing is
 * averaged here.
 */
import type { DelayArc, InternalPower, StateLeakage, TimingCheck, WireLoad } from '../library/library.ts'
import type { Formula } from './formula.ts'

export interface LibertyPin {
  readonly name: string
  readonly direction: 'input' | 'output' | 'inout' | 'internal'
  readonly capacitance_fF: number
  /** What the pin loads its driver with when that rises and falls. */
  readonly rise_fF: number
  readonly fall_fF: number
  readonly maxCapacitance_fF?: number
  readonly function?: Formula
  readonly threeState: boolean
  readonly clock: boolean
  readonly clockGate?: 'clock' | 'enable' | 'test' | 'out'
  /** Into this pin. */
  readonly delays: readonly DelayArc[]
  /** Of this pin against a clock. */
  readonly checks: readonly TimingCheck[]
  readonly power: readonly InternalPower[]
}

/** An `ff` or `latch` group. */
export interface Sequential {
  readonly kind: 'ff' | 'latch'
  /** Names of the state and of its inverse in functions, e.g. `IQ`, `IQN`. */
  readonly state: string
  readonly inverse?: string
  /** `clocked_on` of a flip-flop, `enable` of a latch. */
  readonly clock?: Formula
  /** `next_state` of a flip-flop, `data_in` of a latch. */
  readonly next?: Formula
  readonly clear?: Formula
  readonly preset?: Formula
  /** `clear_preset_var1`: the state where both are true; undefined where it stays or is not known. */
  readonly both?: 0 | 1
}

export interface LibertyCell {
  readonly name: string
  readonly area_um2: number
  /** `cell_leakage_power`, else the mean of its states. */
  readonly leakage_nW: number
  readonly leakages: readonly StateLeakage[]
  readonly pins: readonly LibertyPin[]
  readonly sequential?: Sequential
  /** Value of `clock_gating_integrated_cell`. */
  readonly clockGating?: string
  /** Why mappers must leave it alone: `dont_use`, or a cell between power domains. */
  readonly unused?: string
}

export interface LibertyLibrary {
  readonly name: string
  readonly files: readonly string[]
  readonly voltage_V: number
  readonly temperature_C: number
  /** Of the operating conditions, else the library's name. */
  readonly corner: string
  readonly cells: readonly LibertyCell[]
  readonly wireLoads: readonly WireLoad[]
  /** What was met and not read, a sentence each. */
  readonly notes: readonly string[]
}
