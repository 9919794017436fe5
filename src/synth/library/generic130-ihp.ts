/**
 * A compact 130 nm library after IHP's open process, written by hand. The figures are facts measured on the
 * standard cells of SG13G2 (sg13g2_stdcell, Apache-2.0) at 1.2 V and 25 degrees, typical corner: the smallest drive of each function that mapping
 * takes, second drive of inverter and buffer.
 *
 * Delay is `d0 + k * load` at an input slew of 53.4 ps, mean of rise, fall and arcs, the slope between 2.9 and 30 fF; internal
 * energy is the mean over edges and conditions at a load of four inverters (11.5 fF). There is no full adder
 * and no plain flip-flop: adders are gates, and every register has the area of one with a reset.
 * Nor is there a clock gate, since the source marks its own `dont_use`.
 */
import { gate, linear, output, pins } from './compact.ts'
import type { Cell, Library } from './library.ts'

const cells: readonly Cell[] = [
  //   name     area   input pins, fF or [fF, fJ]                  d0    k     E fJ   leak  function
  gate('INV', 5.443, { A: 2.87 }, 27.3, 2.96, 1.68, 0.063, '!A'),
  gate('INV_2', 7.258, { A: 5.67 }, 23.3, 1.59, 2.71, 0.126, '!A'),
  gate('BUF', 7.258, { A: 2.26 }, 63.8, 2.67, 5.74, 0.11, 'A'),
  gate('BUF_2', 9.072, { A: 2.62 }, 73.6, 1.45, 9.67, 0.182, 'A'),
  gate('NAND2', 7.258, { A: 2.89, B: 2.98 }, 36.4, 3.77, 2.57, 0.0812, '!(A & B)'),
  gate('NAND3', 9.072, { A: 2.88, B: 3.01, C: 2.98 }, 48.1, 4.63, 3.69, 0.0872, '!(A & B & C)'),
  gate('NAND4', 10.89, { A: 2.87, B: 3.01, C: 3.03, D: 3 }, 59.6, 5.54, 4.53, 0.0916, '!(A & B & C & D)'),
  gate('NOR2', 7.258, { A: 3.04, B: 2.92 }, 38.3, 4.32, 2.64, 0.0829, '!(A | B)'),
  gate('NOR3', 9.072, { A: 3.01, B: 3.02, C: 2.9 }, 53.8, 5.72, 3.9, 0.0951, '!(A | B | C)'),
  gate('NOR4', 10.89, { A: 2.99, B: 3, C: 2.97, D: 2.83 }, 69.6, 7.25, 4.75, 0.0998, '!(A | B | C | D)'),
  gate('AND2', 9.072, { A: 2.54, B: 2.54 }, 76.5, 2.74, 6.55, 0.138, 'A & B'),
  gate('AND3', 12.7, { A: 2.54, B: 2.51, C: 2.52 }, 94.4, 2.88, 7.44, 0.147, 'A & B & C'),
  gate('AND4', 14.52, { A: 2.37, B: 2.5, C: 2.49, D: 2.5 }, 113.1, 3.02, 8.3, 0.152, 'A & B & C & D'),
  gate('OR2', 9.072, { A: 2.47, B: 2.3 }, 84.8, 2.83, 6.47, 0.115, 'A | B'),
  gate('OR3', 12.7, { A: 2.59, B: 2.53, C: 2.4 }, 106.0, 3.04, 7.66, 0.122, 'A | B | C'),
  gate('OR4', 14.52, { A: 2.59, B: 2.5, C: 2.46, D: 2.38 }, 129.6, 3.28, 8.42, 0.124, 'A | B | C | D'),
  gate('NAND2B', 9.072, { A: [2.24, 3.13], B: 3.03 }, 54.5, 3.66, 3.12, 0.129, '!(!A & B)'),
  gate('NAND3B', 12.7, { A: [2.22, 3.12], B: 2.97, C: 2.99 }, 60.3, 4.58, 4.07, 0.135, '!(!A & B & C)'),
  gate('NOR2B', 9.072, { A: 2.92, B: [2.27, 3.86] }, 55.9, 4.25, 2.74, 0.13, '!(A | !B)'),
  gate('XOR2', 14.52, { A: 5.75, B: 5.14 }, 67.4, 4.86, 6.53, 0.185, 'A ^ B'),
  gate('XNOR2', 14.52, { A: 5.62, B: 5.09 }, 64.7, 4.64, 6.39, 0.195, '!(A ^ B)'),
  gate('AOI21', 9.072, { A: 2.88, B: 3.01, C: 3.05 }, 43.0, 4.51, 2.97, 0.114, '!(A | (B & C))'),
  gate('OAI21', 9.072, { A: 3.21, B: 3.37, C: 3.34 }, 47.6, 4.92, 3.23, 0.127, '!(A & (B | C))'),
  gate('AOI22', 10.85, { A: 3.1, B: 3.1, C: 3.04, D: 3.02 }, 54.9, 5.16, 4.28, 0.139, '!((A & B) | (C & D))'),
  gate(
    'AOI221',
    14.52,
    { A: 2.86, B: 2.97, C: 3, D: 2.92, E: 3.02 },
    71.6,
    6.06,
    5.4,
    0.158,
    '!(A | (B & C) | (D & E))',
  ),
  gate('AO21', 12.7, { A: 2.72, B: 2.81, C: 2.63 }, 90.7, 2.85, 7.33, 0.158, '(A & B) | C'),
  gate('MUX2', 18.14, { A: 2.78, B: 2.88, S: [5.05, 3.92] }, 110.7, 2.99, 9.03, 0.246, '(S & B) | (!S & A)'),
  {
    name: 'DFFR',
    area_um2: 48.99,
    leakage_nW: 0.511,
    inputs: pins({ D: [1.42, 3.22], RN: [5.09, 6.54], CK: [2.77, 13.1] }),
    outputs: [output('Q', 'IQ', linear(169.9, 2.64), 16.9)],
    // Hold is negative in the source, which is no check at all.
    flipFlop: { clock: 'CK', data: 'D', setup_ps: 118.7, hold_ps: 0, clearLow: 'RN' },
  },
]

/** The built-in 130 nm library after IHP SG13G2: 28 cells, 1.2 V, 25 degrees, typical corner. */
export const generic130Ihp: Library = {
  name: 'generic130-ihp',
  summary: 'compact 130 nm standard-cell library after IHP SG13G2, 28 cells, 1.2 V typical',
  node_nm: 130,
  voltage_V: 1.2,
  temperature_C: 25,
  corner: 'typical',
  source: '130 nm, facts from sg13g2_stdcell of the IHP open PDK (Apache-2.0)',
  gateEquivalent: 'NAND2',
  drivingCell: 'BUF_2',
  outputLoad_fF: 8.6,
  slew_ps: 53.4,
  cells,
}
