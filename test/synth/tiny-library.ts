/** A made-up library with round figures, so that timing and energy can be worked out on paper. */
import type { Cell, Library } from '../../src/synth/library/library.ts'
import type { Bit, Instance, Netlist, Port } from '../../src/synth/netlist.ts'

const cells: readonly Cell[] = [
  {
    name: 'AND',
    area_um2: 2,
    leakage_nW: 30,
    inputs: [
      { name: 'A', capacitance_fF: 1 },
      { name: 'B', capacitance_fF: 2 },
    ],
    outputs: [{ name: 'Y', function: 'A & B', delay: { kind: 'linear', d0_ps: 10, k_ps_per_fF: 2 }, energy_fJ: 4 }],
  },
  {
    name: 'HALF',
    area_um2: 5,
    leakage_nW: 50,
    inputs: [
      { name: 'A', capacitance_fF: 3 },
      { name: 'B', capacitance_fF: 3 },
    ],
    outputs: [
      { name: 'CO', function: 'A & B', delay: { kind: 'linear', d0_ps: 20, k_ps_per_fF: 1 }, energy_fJ: 5 },
      { name: 'S', function: 'A ^ B', delay: { kind: 'linear', d0_ps: 40, k_ps_per_fF: 1 }, energy_fJ: 6 },
    ],
  },
  {
    name: 'REG',
    area_um2: 8,
    leakage_nW: 100,
    inputs: [
      { name: 'D', capacitance_fF: 1, energy_fJ: 2 },
      { name: 'CK', capacitance_fF: 1, energy_fJ: 3 },
    ],
    outputs: [{ name: 'Q', function: 'IQ', delay: { kind: 'linear', d0_ps: 100, k_ps_per_fF: 2 }, energy_fJ: 7 }],
    flipFlop: { clock: 'CK', data: 'D', setup_ps: 30, hold_ps: 0 },
  },
  {
    name: 'GATE',
    area_um2: 6,
    leakage_nW: 80,
    inputs: [
      { name: 'CK', capacitance_fF: 2, energy_fJ: 1 },
      { name: 'E', capacitance_fF: 1, energy_fJ: 0.5 },
    ],
    outputs: [{ name: 'G', function: 'CK & IQ', delay: { kind: 'linear', d0_ps: 50, k_ps_per_fF: 3 }, energy_fJ: 8 }],
    clockGate: { clock: 'CK', enable: 'E', setup_ps: 40, hold_ps: 0, maxLoad_fF: 4 },
  },
]

/** Supply of 2 V: a toggle of C fF costs 2 C fJ. */
export const tiny: Library = {
  name: 'tiny',
  summary: 'made up',
  voltage_V: 2,
  temperature_C: 25,
  corner: 'typical',
  source: 'made up',
  gateEquivalent: 'AND',
  fullAdder: { cell: 'FA', inputs: ['A', 'B', 'C'], sum: 'S', carry: 'CO' },
  drivingCell: 'AND',
  outputLoad_fF: 10,
  slew_ps: 10,
  cells,
}

const port = (name: string, direction: Port['direction'], bit: Bit): Port => ({ name, direction, bits: [bit] })

/** `instances`: cell and its pins; nets 1.. with inputs, outputs and names by net. */
export const netlistOf = (
  instances: readonly (readonly [string, Readonly<Record<string, Bit>>])[],
  inputs: Readonly<Record<string, number>>,
  outputs: Readonly<Record<string, Bit>>,
  names: Readonly<Record<number, string>> = {},
): Netlist => ({
  ports: [
    ...Object.entries(inputs).map(([name, bit]) => port(name, 'input', bit)),
    ...Object.entries(outputs).map(([name, bit]) => port(name, 'output', bit)),
  ],
  instances: instances.map(
    ([cell, pins], index): Instance => ({
      name: `u${index}`,
      cell,
      connections: Object.fromEntries(Object.entries(pins).map(([pin, bit]) => [pin, [bit]])),
    }),
  ),
  netNames: new Map(Object.entries(names).map(([net, name]) => [Number(net), name])),
  creator: 'hand',
})
