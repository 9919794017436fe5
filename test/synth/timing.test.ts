import { expect, test } from 'vitest'
import { analyseTiming } from '../../src/synth/timing.ts'
import { netlistOf, tiny } from './tiny-library.ts'

/** clk 1, a 2; register q (3) -> HALF (CO 4, S 5) -> AND (6) -> register r (7) -> output. */
const pipeline = netlistOf(
  [
    ['REG', { CK: 1, D: 2, Q: 3 }],
    ['HALF', { A: 3, B: 2, CO: 4, S: 5 }],
    ['AND', { A: 4, B: 5, Y: 6 }],
    ['REG', { CK: 1, D: 6, Q: 7 }],
  ],
  { clk: 1, a: 2 },
  { y: 7 },
  { 3: 'q', 5: 'sum', 6: 'next', 7: 'r' },
)

test('the longest path adds clock-to-output, every cell at its load, and setup', () => {
  const timing = analyseTiming(pipeline, tiny)
  // q drives HALF.A (3 fF): 100 + 2*3; S drives AND.B (2 fF): 40 + 2; next drives D (1 fF): 10 + 2; setup 30
  expect(timing.path.map(({ cell, net, delay_ps }) => [cell, net, delay_ps])).toEqual([
    ['REG', 'q', 106],
    ['HALF', 'sum', 42],
    ['AND', 'next', 12],
  ])
  expect(timing).toMatchObject({ critical_path_ps: 190, start: 'q', end: 'register r', setup_ps: 30 })
  expect(timing.fmax_mhz).toBeCloseTo(1e6 / 190, 3)
})

test('the longest path of each kind stands beside the longest of all', () => {
  expect(analyseTiming(pipeline, tiny, { outputLoad_fF: 1000 }).paths_ps).toEqual({
    register_to_register: 106 + 42 + 12 + 30,
    register_to_output: 100 + 2 * 1000,
    input_to_register: 42 + 12 + 30,
    input_to_output: 0,
  })
  // From a through the half adder and the AND, from b through the AND alone.
  const two = netlistOf(
    [
      ['HALF', { A: 2, B: 2, S: 5 }],
      ['AND', { A: 5, B: 3, Y: 6 }],
      ['REG', { CK: 1, D: 6, Q: 7 }],
    ],
    { clk: 1, a: 2, b: 3 },
    { y: 6 },
  )
  const from = (inputs?: readonly string[]) =>
    analyseTiming(two, tiny, { outputLoad_fF: 0, ...(inputs ? { pathInputs: inputs } : {}) }).paths_ps
  expect(from()).toMatchObject({ input_to_output: 41 + 12, input_to_register: 41 + 12 + 30 })
  expect(from(['a'])).toEqual(from())
  expect(from(['b'])).toMatchObject({ input_to_output: 12, input_to_register: 12 + 30 })
  const through = netlistOf([['AND', { A: 2, B: 3, Y: 4 }]], { a: 2, b: 3 }, { y: 4 })
  expect(analyseTiming(through, tiny, { outputLoad_fF: 5 }).paths_ps).toEqual({
    register_to_register: 0,
    register_to_output: 0,
    input_to_register: 0,
    input_to_output: 10 + 2 * 5,
  })
})

test('each output of a cell has its own delay', () => {
  const carryOnly = netlistOf([['HALF', { A: 2, B: 2, CO: 4, S: 5 }]], { a: 2 }, { y: 4 })
  const sumOnly = netlistOf([['HALF', { A: 2, B: 2, CO: 4, S: 5 }]], { a: 2 }, { y: 5 })
  expect(analyseTiming(carryOnly, tiny, { outputLoad_fF: 0 }).critical_path_ps).toBe(20)
  expect(analyseTiming(sumOnly, tiny, { outputLoad_fF: 0 }).critical_path_ps).toBe(40)
})

test('output ports load their drivers and end paths', () => {
  const timing = analyseTiming(pipeline, tiny, { outputLoad_fF: 1000 })
  expect(timing).toMatchObject({ critical_path_ps: 100 + 2 * 1000, end: 'output y', start: 'r' })
})

test('constants and open pins start no path', () => {
  const timing = analyseTiming(netlistOf([['AND', { A: '1', Y: 4 }]], {}, { y: 4 }), tiny, { outputLoad_fF: 0 })
  expect(timing).toMatchObject({ critical_path_ps: 0, fmax_mhz: null, path: [], hold: null })
})

test('a design without paths has no fmax', () => {
  const timing = analyseTiming(netlistOf([], { a: 2 }, { y: 2 }), tiny)
  expect(timing).toMatchObject({ critical_path_ps: 0, fmax_mhz: null, path: [] })
})

test('an enable is due by the setup and the delay of its clock gate before the edge, and the gated clock starts no path', () => {
  // a (2) -> AND -> enable (5) of a gate (6) before two registers, and straight to their data
  const gated = netlistOf(
    [
      ['AND', { A: 2, B: 3, Y: 5 }],
      ['GATE', { CK: 1, E: 5, G: 6 }],
      ['REG', { CK: 6, D: 2, Q: 3 }],
      ['REG', { CK: 6, D: 3, Q: 4 }],
    ],
    { clk: 1, a: 2 },
    { y: 4 },
    { 3: 'q', 4: 'r', 5: 'enable' },
  )
  // q drives AND.B (2 fF) and D (1 fF): 100 + 2 * 3; the AND drives E: 10 + 2; setup 40; the gate drives two clock pins: 50 + 3 * 2
  const timing = analyseTiming(gated, tiny, { outputLoad_fF: 0 })
  expect(timing.path.map(({ cell, net, delay_ps }) => [cell, net, delay_ps])).toEqual([
    ['REG', 'q', 106],
    ['AND', 'enable', 12],
  ])
  expect(timing).toMatchObject({ critical_path_ps: 106 + 12 + 40 + 56, end: 'clock gate of q', setup_ps: 96 })
  expect(timing.paths_ps).toMatchObject({
    register_to_register: 106 + 12 + 96,
    input_to_register: 12 + 96,
    register_to_output: 100,
    input_to_output: 0,
  })
})

test('a path between the two edges of the clock has half a period, to an output and from an input too', () => {
  const inverter = {
    name: 'NOT',
    area_um2: 1,
    leakage_nW: 1,
    inputs: [{ name: 'A', capacitance_fF: 1 }],
    outputs: [
      { name: 'Y', function: '!A', delay: { kind: 'linear', d0_ps: 5, k_ps_per_fF: 1 } as const, energy_fJ: 0 },
    ],
  }
  const library = { ...tiny, cells: [...tiny.cells, inverter] }
  const inverted = (q: number, r: number) =>
    netlistOf(
      [
        ['NOT', { A: 1, Y: 9 }],
        ['REG', { CK: q, D: 2, Q: 3 }],
        ['AND', { A: 3, B: 2, Y: 4 }],
        ['REG', { CK: r, D: 3, Q: 5 }],
      ],
      { clk: 1, a: 2 },
      { y: 4 },
      { 3: 'q', 4: 'y', 5: 'r' },
    )
  // q drives AND.A and D: 100 + 2 * 2; the AND drives nothing: 10
  const [output, input] = [104 + 10, 30]
  const late = analyseTiming(inverted(9, 1), library, { outputLoad_fF: 0 })
  expect(late.paths_ps).toEqual({
    register_to_register: 2 * (104 + 30),
    register_to_output: 2 * output,
    input_to_register: 2 * input,
    input_to_output: 10,
  })
  expect(late).toMatchObject({ critical_path_ps: 2 * (104 + 30), end: 'register r', start: 'q', setup_ps: 30 })
  expect(late.hold).toBeNull()
  const both = analyseTiming(inverted(9, 9), library, { outputLoad_fF: 0 })
  expect(both.paths_ps).toMatchObject({ register_to_register: 104 + 30, register_to_output: 2 * output })
  expect(both).toMatchObject({ critical_path_ps: 2 * output, end: 'output y', end_pin: 'y', setup_ps: 0 })
  expect(both.path.map(({ net, arrival_ps }) => [net, arrival_ps])).toEqual([
    ['q', 104],
    ['y', 114],
  ])
  expect(both.hold).toMatchObject({ end: 'register r', slack_ps: 104 })
  const early = analyseTiming(inverted(1, 1), library, { outputLoad_fF: 0 })
  expect(early.paths_ps).toMatchObject({ register_to_output: output, input_to_register: input })
})

test('a loop without a register is refused by the names of its nets', () => {
  const loop = netlistOf(
    [
      ['AND', { A: 2, B: 4, Y: 3 }],
      ['AND', { A: 3, B: 2, Y: 4 }],
      ['AND', { A: 4, B: 2, Y: 5 }],
    ],
    { a: 2 },
    { y: 5 },
    { 3: 'set', 4: 'hold', 5: 'y' },
  )
  expect(() => analyseTiming(loop, tiny)).toThrow(
    expect.objectContaining({
      name: 'UserError',
      code: 'E-COMB-LOOP',
      message: expect.stringMatching(/(set, hold|hold, set);/),
    }),
  )
})

test('a loop through a register is none', () => {
  const toggle = netlistOf(
    [
      ['REG', { CK: 1, D: 4, Q: 3 }],
      ['AND', { A: 3, B: 2, Y: 4 }],
    ],
    { clk: 1, a: 2 },
    { y: 3 },
  )
  expect(analyseTiming(toggle, tiny, { outputLoad_fF: 0 }).critical_path_ps).toBe(100 + 2 * 1 + (10 + 2 * 1) + 30)
})
