import { expect, test } from 'vitest'
import { gateProgram } from '../../src/synth/gate-program.ts'
import type { Library } from '../../src/synth/library/library.ts'
import { netlistOf, tiny } from './tiny-library.ts'

/** With a cell of no inputs for each constant function. */
const withTies = (functions: Readonly<Record<string, string>>): Library => ({
  ...tiny,
  cells: [
    ...tiny.cells,
    ...Object.entries(functions).map(([name, formula]) => ({
      name,
      area_um2: 1,
      leakage_nW: 1,
      inputs: [],
      outputs: [
        { name: 'Y1', function: formula, delay: { kind: 'linear', d0_ps: 0, k_ps_per_fF: 0 } as const, energy_fJ: 0 },
      ],
    })),
  ],
})

test('a constant cell has its value in all 32 lanes', () => {
  const library = withTies({ HIGH: '1', NOT_HIGH: '!1', LOW: '0', NOT_LOW: '!0', BOTH: '1 & !0' })
  const names = ['HIGH', 'NOT_HIGH', 'LOW', 'NOT_LOW', 'BOTH']
  const netlist = netlistOf(
    [...names.map((name, k) => [name, { Y1: 2 + k }] as const), ['AND', { A: 2, B: '1', Y: 7 }]],
    {},
    { y: 7 },
  )
  const program = gateProgram(netlist, library, -1)
  program.settle()
  expect([...program.values.subarray(2)]).toEqual([-1, 0, 0, -1, -1, -1])
  expect([...program.toggles.subarray(2)]).toEqual([32, 0, 0, 32, 32, 32])
})
