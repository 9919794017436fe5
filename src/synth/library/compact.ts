/** How a library is written by hand: a cell a line, in the order of the tables that its figures come from. */
import type { Cell, InputPin, LinearDelay, OutputPin } from './library.ts'

/** Capacitance in fF or, where a toggle of the pin draws energy whether an output follows or not, that and the energy in fJ. */
type PinFigures = number | readonly [capacitance_fF: number, energy_fJ: number]

export const linear = (d0_ps: number, k_ps_per_fF: number): LinearDelay => ({ kind: 'linear', d0_ps, k_ps_per_fF })

/** The line of that slope through a delay at a load, of which no intercept was known. */
export const through = (delay_ps: number, load_fF: number, k_ps_per_fF: number): LinearDelay =>
  linear(Math.round((delay_ps - k_ps_per_fF * load_fF) * 100) / 100, k_ps_per_fF)

export const pins = (figures: Readonly<Record<string, PinFigures>>): InputPin[] =>
  Object.entries(figures).map(([name, of]) =>
    typeof of === 'number' ? { name, capacitance_fF: of } : { name, capacitance_fF: of[0], energy_fJ: of[1] },
  )

/** A cell with one output `Y`. */
export const gate = (
  name: string,
  area_um2: number,
  inputs: Readonly<Record<string, PinFigures>>,
  d0_ps: number,
  k_ps_per_fF: number,
  energy_fJ: number,
  leakage_nW: number,
  formula: string,
): Cell => ({
  name,
  area_um2,
  leakage_nW,
  inputs: pins(inputs),
  outputs: [{ name: 'Y', function: formula, delay: linear(d0_ps, k_ps_per_fF), energy_fJ }],
})

/** An output with a function of its own, of a cell that has several or a state. */
export const output = (name: string, formula: string, delay: LinearDelay, energy_fJ: number): OutputPin => ({
  name,
  function: formula,
  delay,
  energy_fJ,
})
