/**
 * A compact 45 nm library, written by hand. The figures are facts measured on the Nangate Open Cell Library, typical
 * corner (Apache-2.0 release in OpenROAD-flow-scripts): every function that it has as a gate, in its smallest drive, and the second
 * drive of inverter and buffer.
 *
 * Delay is `d0 + k * load` at an input slew of 13.8 ps, mean of rise, fall and arcs; internal energy is the mean over
 * edges and conditions at a load of four inverters. Where a cell's arcs were only known together, d0 of a single output
 * is `ours`: its delay at four inverters (6.8 fF) less k times that load.
 */
import { gate, pins, through } from './compact.ts'
import type { Cell, Library, LinearDelay } from './library.ts'

/** Four inverter inputs, the load at which per-output delays of HA, FA and the flip-flops were known. */
const fo4Load_fF = 6.8

/** `ours`: the intercept that gives `fo4_ps` at a load of four inverters with the cell's mean slope. */
const throughFo4 = (fo4_ps: number, k_ps_per_fF: number): LinearDelay => through(fo4_ps, fo4Load_fF, k_ps_per_fF)

const cells: readonly Cell[] = [
  //   name     area   input pins, fF                              d0    k     E fJ   leak  function
  gate('INV', 0.532, { A: 1.7 }, 9.2, 1.86, 0.948, 14.35, '!A'),
  gate('INV_2', 0.798, { A: 3.25 }, 8.4, 1.02, 1.86, 28.7, '!A'),
  gate('BUF', 0.798, { A: 0.97 }, 23.8, 1.91, 2.42, 21.4, 'A'),
  gate('BUF_2', 1.064, { A: 1.78 }, 22.3, 1.01, 4.57, 43.1, 'A'),
  gate('NAND2', 0.798, { A: 1.6, B: 1.66 }, 12.6, 2.25, 1.37, 17.39, '!(A & B)'),
  gate('NAND3', 1.064, { A: 1.62, B: 1.62, C: 1.62 }, 16.0, 2.7, 1.83, 18.1, '!(A & B & C)'),
  gate('NAND4', 1.33, { A: 1.6, B: 1.6, C: 1.6, D: 1.6 }, 20.6, 3.15, 2.37, 18.1, '!(A & B & C & D)'),
  gate('NOR2', 0.798, { A: 1.71, B: 1.65 }, 13.9, 3.19, 1.37, 21.2, '!(A | B)'),
  gate('NOR3', 1.064, { A: 1.68, B: 1.68, C: 1.68 }, 20.3, 4.59, 1.76, 26.8, '!(A | B | C)'),
  gate('NOR4', 1.33, { A: 1.66, B: 1.66, C: 1.66, D: 1.66 }, 30.0, 6.02, 2.27, 32.6, '!(A | B | C | D)'),
  gate('AND2', 1.064, { A: 0.92, B: 0.97 }, 29.6, 1.97, 2.67, 25.07, 'A & B'),
  gate('AND3', 1.33, { A: 0.92, B: 0.92, C: 0.92 }, 36.7, 2.07, 2.96, 26.5, 'A & B & C'),
  gate('AND4', 1.596, { A: 0.857, B: 0.902, C: 0.924, D: 0.945 }, 45.3, 2.15, 3.26, 27.02, 'A & B & C & D'),
  gate('OR2', 1.064, { A: 0.95, B: 0.94 }, 34.4, 2.09, 2.59, 22.69, 'A | B'),
  gate('OR3', 1.33, { A: 0.94, B: 0.94, C: 0.94 }, 48.5, 2.27, 2.85, 24.4, 'A | B | C'),
  gate('OR4', 1.596, { A: 0.941, B: 0.938, C: 0.924, D: 0.914 }, 64.4, 2.38, 3.1, 26.73, 'A | B | C | D'),
  gate('XOR2', 1.596, { A: 2.23, B: 2.41 }, 31.3, 3.45, 3.0, 36.16, 'A ^ B'),
  gate('XNOR2', 1.596, { A: 2.23, B: 2.57 }, 27.1, 2.93, 2.94, 36.44, '!(A ^ B)'),
  gate('AOI21', 1.064, { A: 1.63, B: 1.65, C: 1.68 }, 18.8, 3.24, 2.1, 27.86, '!(A | (B & C))'),
  gate('OAI21', 1.064, { A: 1.67, B: 1.66, C: 1.57 }, 16.7, 2.75, 2.01, 22.62, '!(A & (B | C))'),
  gate('AOI22', 1.33, { A: 1.69, B: 1.69, C: 1.58, D: 1.62 }, 20.7, 3.41, 2.27, 32.61, '!((A & B) | (C & D))'),
  gate('OAI22', 1.33, { A: 1.63, B: 1.63, C: 1.63, D: 1.63 }, 20.9, 3.54, 2.24, 34, '!((A | B) & (C | D))'),
  gate('AOI211', 1.33, { A: 1.62, B: 1.66, C: 1.66, D: 1.68 }, 27.7, 4.56, 2.63, 34.57, '!(A | B | (C & D))'),
  gate('OAI211', 1.33, { A: 1.61, B: 1.66, C: 1.6, D: 1.56 }, 20.2, 2.99, 2.49, 22.04, '!(A & B & (C | D))'),
  gate(
    'AOI221',
    1.596,
    { A: 1.68, B: 1.58, C: 1.63, D: 1.63, E: 1.71 },
    29.0,
    4.55,
    2.76,
    41.74,
    '!(A | (B & C) | (D & E))',
  ),
  gate(
    'OAI221',
    1.596,
    { A: 1.63, B: 1.66, C: 1.61, D: 1.57, E: 1.58 },
    23.5,
    3.37,
    2.7,
    33.94,
    '!(A & (B | C) & (D | E))',
  ),
  gate(
    'AOI222',
    2.128,
    { A: 1.64, B: 1.7, C: 1.58, D: 1.62, E: 1.55, F: 1.59 },
    32.4,
    4.63,
    3.18,
    47.4,
    '!((A & B) | (C & D) | (E & F))',
  ),
  gate(
    'OAI222',
    2.128,
    { A: 1.58, B: 1.6, C: 1.62, D: 1.62, E: 1.6, F: 1.57 },
    28.6,
    3.92,
    3.11,
    43.18,
    '!((A | B) & (C | D) & (E | F))',
  ),
  gate(
    'OAI33',
    1.862,
    { A: 1.68, B: 1.62, C: 1.57, D: 1.65, E: 1.61, F: 1.58 },
    32.3,
    4.9,
    3.03,
    48.31,
    '!((A | B | C) & (D | E | F))',
  ),
  gate('MUX2', 1.862, { A: 0.95, B: 0.94, S: 1.92 }, 45.7, 2.18, 3.35, 35.93, '(S & B) | (!S & A)'),
  {
    name: 'HA',
    area_um2: 2.66,
    leakage_nW: 61.23,
    inputs: pins({ A: 3.19, B: 3.45 }),
    outputs: [
      { name: 'CO', function: 'A & B', delay: throughFo4(42.9, 2.95), energy_fJ: 2.2 },
      { name: 'S', function: 'A ^ B', delay: throughFo4(55.1, 2.95), energy_fJ: 3.29 },
    ],
  },
  {
    name: 'FA',
    area_um2: 4.256,
    leakage_nW: 75.76,
    inputs: pins({ A: 3.75, B: 3.47, CI: 2.76 }),
    outputs: [
      { name: 'CO', function: '(A & B) | (A & CI) | (B & CI)', delay: throughFo4(71.9, 2.27), energy_fJ: 3.69 },
      { name: 'S', function: 'A ^ B ^ CI', delay: throughFo4(94.3, 2.27), energy_fJ: 3.59 },
    ],
  },
  {
    name: 'DFF',
    area_um2: 4.522,
    leakage_nW: 79.11,
    inputs: [
      { name: 'D', capacitance_fF: 1.14, energy_fJ: 1.84 },
      { name: 'CK', capacitance_fF: 0.95, energy_fJ: 3.6 },
    ],
    outputs: [{ name: 'Q', function: 'IQ', delay: throughFo4(97.3, 2.04), energy_fJ: 4.29 }],
    flipFlop: { clock: 'CK', data: 'D', setup_ps: 37.7, hold_ps: 11.1 },
  },
  {
    name: 'DFFR',
    area_um2: 5.32,
    leakage_nW: 86.21,
    inputs: [
      { name: 'D', capacitance_fF: 1.13, energy_fJ: 1.9 },
      { name: 'RN', capacitance_fF: 1.78, energy_fJ: 0.037 },
      { name: 'CK', capacitance_fF: 0.98, energy_fJ: 4.8 },
    ],
    outputs: [{ name: 'Q', function: 'IQ', delay: throughFo4(107.8, 2.06), energy_fJ: 2.89 }],
    flipFlop: { clock: 'CK', data: 'D', setup_ps: 38.3, hold_ps: 10.7, clearLow: 'RN' },
  },
  {
    name: 'CLKGATE',
    area_um2: 3.458,
    leakage_nW: 48.65,
    inputs: [
      { name: 'CK', capacitance_fF: 1.84, energy_fJ: 2.79 },
      { name: 'E', capacitance_fF: 0.92, energy_fJ: 1.09 },
    ],
    // Slope between 1.7 and 20 fF, as for the flip-flops.
    outputs: [{ name: 'GCK', function: 'CK & IQ', delay: throughFo4(45.2, 2.65), energy_fJ: 4.12 }],
    clockGate: { clock: 'CK', enable: 'E', setup_ps: 50.7, hold_ps: 1.5, maxLoad_fF: 60.73 },
  },
]

/** The built-in 45 nm library: 35 cells, 1.1 V, 25 degrees, typical corner. */
export const generic45: Library = {
  name: 'generic45',
  summary: 'compact 45 nm standard-cell library, 35 cells, 1.1 V typical',
  node_nm: 45,
  voltage_V: 1.1,
  temperature_C: 25,
  corner: 'typical',
  source: '45 nm, facts from the Nangate Open Cell Library (Apache-2.0 release in OpenROAD-flow-scripts)',
  gateEquivalent: 'NAND2',
  fullAdder: { cell: 'FA', inputs: ['A', 'B', 'CI'], sum: 'S', carry: 'CO' },
  drivingCell: 'BUF_2',
  outputLoad_fF: 5,
  slew_ps: 13.8,
  cells,
}
