/**
 * A compact 7 nm library, written by hand. The figures are facts measured on ASAP7 (regular threshold, typical corner, BSD-3-Clause, Arizona
 * State University) at 0.7 V and 25 degrees: the smallest drive of each function.
 *
 * Delay is `d0 + k * load` at an input slew of 24.3 ps, mean of rise, fall and arcs; internal energy is the mean over edges
 * and conditions at a load of four inverters. `ours`, because only the delay at that load was known: d0 of the adders, the
 * flip-flop, the majority gate and the clock gate; k of the majority gate (that of AOI22) and of the clock gate (that of the
 * buffer); setup, hold and most load of the clock gate (the flip-flop's, and 36 inverters as in the 45 nm library).
 *
 * Adders and the flip-flop have inverted outputs, as in the source. Its clock gate has a scan enable too, left out here.
 */
import { gate, output, pins, through } from './compact.ts'
import type { Cell, Library, LinearDelay } from './library.ts'

/** Four inverter inputs. */
const fo4Load_fF = 2.48

const throughFo4 = (fo4_ps: number, k_ps_per_fF: number): LinearDelay => through(fo4_ps, fo4Load_fF, k_ps_per_fF)

const cells: readonly Cell[] = [
  //   name     area   input pins, fF or [fF, fJ]                  d0    k     E fJ   leak  function
  gate('INV', 0.04374, { A: 0.62 }, 9.5, 3.88, 0.0465, 0.0512, '!A'),
  gate('BUF', 0.0729, { A: 0.53 }, 21.3, 2.06, 0.246, 0.136, 'A'),
  gate('NAND2', 0.05832, { A: 0.5, B: 0.52 }, 11.1, 5.9, 0.0553, 0.0496, '!(A & B)'),
  gate('NAND3', 0.0729, { A: 0.49, B: 0.49, C: 0.49 }, 12.7, 7.09, 0.0757, 0.0451, '!(A & B & C)'),
  gate('NOR2', 0.05832, { A: 0.34, B: 0.35 }, 12.2, 10.68, 0.0388, 0.0274, '!(A | B)'),
  gate('AND2', 0.08748, { A: 0.48, B: 0.53 }, 22.3, 2.16, 0.263, 0.15, 'A & B'),
  gate('OR2', 0.08748, { A: 0.51, B: 0.52 }, 23.4, 2.19, 0.268, 0.15, 'A | B'),
  gate('XOR2', 0.1312, { A: 0.98, B: 0.98 }, 17, 6.21, 0.147, 0.134, 'A ^ B'),
  gate('XNOR2', 0.1312, { A: 0.97, B: 0.97 }, 16.5, 5.85, 0.146, 0.137, '!(A ^ B)'),
  gate('AOI21', 0.0729, { A: 0.53, B: 0.53, C: 0.53 }, 11.7, 6.39, 0.0639, 0.0635, '!(A | (B & C))'),
  gate('OAI21', 0.0729, { A: 0.57, B: 0.57, C: 0.57 }, 11.3, 5.47, 0.0758, 0.0766, '!(A & (B | C))'),
  gate('AOI22', 0.08748, { A: 0.55, B: 0.55, C: 0.55, D: 0.55 }, 12.4, 6.57, 0.0825, 0.0882, '!((A & B) | (C & D))'),
  gate('MAJI', 0.1021, { A: 0.59, B: 1.12, C: 0.96 }, 14.8, 6.57, 0.102, 0.0943, '!((A & B) | (A & C) | (B & C))'),
  {
    name: 'HAN',
    area_um2: 0.1312,
    leakage_nW: 0.137,
    inputs: pins({ A: 0.98, B: 0.91 }),
    outputs: [
      output('CON', '!(A & B)', throughFo4(28.9, 8.47), 0.104),
      output('SN', '!(A ^ B)', throughFo4(39.3, 8.47), 0.097),
    ],
  },
  {
    name: 'FAN',
    area_um2: 0.2041,
    leakage_nW: 0.2122,
    inputs: pins({ A: 1.83, B: 2, CI: 1.49 }),
    outputs: [
      output('CON', '!((A & B) | (A & CI) | (B & CI))', throughFo4(34.8, 11.27), 0.141),
      output('SN', '!(A ^ B ^ CI)', throughFo4(56.8, 11.27), 0.138),
    ],
  },
  {
    name: 'DFFN',
    area_um2: 0.2916,
    leakage_nW: 0.2297,
    inputs: pins({ D: [0.56, 0.095], CK: [0.47, 0.278] }),
    outputs: [output('QN', '!IQ', throughFo4(63.3, 5.06), 0.492)],
    flipFlop: { clock: 'CK', data: 'D', setup_ps: 10.7, hold_ps: 13.6 },
  },
  {
    name: 'CLKGATE',
    area_um2: 0.2624,
    leakage_nW: 0.3192,
    inputs: pins({ CK: [2.19, 0.205], E: [0.43, 0.167] }),
    outputs: [output('GCK', 'CK & IQ', throughFo4(24.5, 2.06), 0.323)],
    clockGate: { clock: 'CK', enable: 'E', setup_ps: 10.7, hold_ps: 13.6, maxLoad_fF: 22.3 },
  },
]

/** The built-in 7 nm library: 17 cells, 0.7 V, 25 degrees, typical corner. */
export const generic7: Library = {
  name: 'generic7',
  summary: 'compact 7 nm standard-cell library after ASAP7, 17 cells, 0.7 V typical',
  node_nm: 7,
  voltage_V: 0.7,
  temperature_C: 25,
  corner: 'typical',
  source: '7 nm, facts from ASAP7 (regular threshold; BSD-3-Clause, Arizona State University)',
  gateEquivalent: 'NAND2',
  fullAdder: { cell: 'FAN', inputs: ['A', 'B', 'CI'], sum: 'SN', carry: 'CON', inverted: true },
  drivingCell: 'BUF',
  outputLoad_fF: 1.86,
  slew_ps: 24.3,
  cells,
}
