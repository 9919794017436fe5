import { expect, it } from 'vitest'
import { connect } from '../../../src/synth/connectivity.ts'
import { cellsByName } from '../../../src/synth/library/library.ts'
import { clockNetwork } from '../../../src/synth/power/clock-network.ts'
import { netlistOf } from '../tiny-library.ts'
import { paper } from './power-liberty.ts'

/** clk 1 drives a register (q 10) through a buffer (2), a gate (3) with enable en 5, and a register (11) through logic (4). */
const netlist = netlistOf(
  [
    ['BUF', { A: 1, Y: 2 }],
    ['ICG', { CK: 2, E: 5, SE: '0', GCK: 3 }],
    ['AND2', { A: 2, B: 6, Y: 4 }],
    ['DFF', { D: 7, CK: 3, Q: 10 }],
    ['DFFN', { D: 10, CK: 4, Q: 11 }],
    ['INV', { A: 1, Y: 8 }],
    ['XOR2', { A: 8, B: 11, Y: 12 }],
    ['DFF', { D: 12, CK: 10, Q: 13 }],
  ],
  { clk: 1, en: 5, mask: 6, d: 7 },
  { y: 12 },
)
const networkOf = (given?: readonly string[]) => {
  const connectivity = connect(netlist, cellsByName(paper))
  const { roots, nets, cells } = clockNetwork(netlist, connectivity, given)
  return { roots: [...roots], nets: [...nets].sort(), cells: [...cells].map(({ instance }) => instance.name).sort() }
}

it('a clock goes through buffers, gates and logic to clock pins, and nowhere else; enables are none', () => {
  expect(networkOf()).toEqual({ roots: [1], nets: [1, 2, 3, 4], cells: ['u0', 'u1', 'u2'] })
})

it('is what the user says it is', () => {
  expect(networkOf(['mask'])).toEqual({ roots: [6], nets: [4, 6], cells: ['u1', 'u2'] })
  expect(networkOf(['clk', 'mask'])).toEqual({ roots: [1, 6], nets: [1, 2, 3, 4, 6], cells: ['u0', 'u1', 'u2'] })
  expect(networkOf(['d'])).toEqual({ roots: [], nets: [], cells: ['u1'] })
})
