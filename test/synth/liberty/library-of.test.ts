import { expect, test } from 'vitest'
import { libraryOf } from '../../../src/synth/liberty/library-of.ts'
import { mappingText } from '../../../src/synth/liberty/mapping-text.ts'
import { openLiberty } from '../../../src/synth/liberty/open.ts'
import { readLiberty } from '../../../src/synth/liberty/read.ts'
import { generic45 } from '../../../src/synth/library/generic45.ts'
import { analyseTiming } from '../../../src/synth/timing.ts'
import { netlistOf } from '../tiny-library.ts'
import { haveLiberty, nangate45File, sg13g2File, sky130File } from './real-files.ts'
import { smallCells, smallLiberty } from './small-liberty.ts'

const of = (cells: Readonly<Record<string, string>> = smallCells) =>
  libraryOf(readLiberty([{ name: 'small.lib', text: smallLiberty(cells) }]))
const small = of()
const cellOf = (name: string) => small.cells.find((cell) => cell.name === name)!

test('cells have roles by what they do: gate equivalent, driver, full adder, flip-flop, clock gate', () => {
  expect(small).toMatchObject({
    name: 'small',
    gateEquivalent: 'NAND',
    drivingCell: 'BUF_2',
    fullAdder: { cell: 'FULL', inputs: ['X', 'P', 'Z'], sum: 'S', carry: 'CO' },
    outputLoad_fF: 3,
    voltage_V: 2,
  })
  expect(cellOf('REG')).toMatchObject({
    flipFlop: { clock: 'CK', data: 'D', clearLow: 'R' },
    outputs: [{ function: 'IQ' }, { function: '!IQ' }],
  })
  expect(cellOf('GATE')).toMatchObject({
    clockGate: { clock: 'CK', enable: 'E', setup_ps: 50, maxLoad_fF: 10 },
    outputs: [{ name: 'G', function: 'CK & IQ' }],
  })
})

test('a clock gate may be described by a latch instead of a state table, and is no latch of the design', () => {
  const GATE = smallCells.GATE!.replace(/statetable .*\n.*\n/, 'latch (IQ, IQN) { enable : "!CK"; data_in : "E"; }\n')
  const library = of({ ...smallCells, GATE })
  const gate = library.cells.find(({ name }) => name === 'GATE')!
  expect(gate).toEqual(cellOf('GATE'))
  const clocked = netlistOf(
    [
      ['GATE', { CK: 1, E: 2, G: 5 }],
      ['REG', { CK: 5, D: 2, R: '1', Q: 3 }],
    ],
    { clk: 1, a: 2 },
    { y: 3 },
  )
  expect(analyseTiming(clocked, library)).toEqual(analyseTiming(clocked, small))
  expect(library.liberty).toBe(small.liberty)
})

test('what the files lose is said with the library', () => {
  expect(small.notes).toEqual(['state tables are not read; clock gates are known by their attribute: MACRO and 1 more'])
})

test('an isolation cell is left to the power domains that it is for', () => {
  expect(cellOf('SAFE')).toBeUndefined()
  expect(small.liberty).not.toContain('SAFE')
  // It would have been the smaller buffer.
  expect(small.liberty).toContain('cell ("BUF")')
})

test('an energy is the mean over edges, and a clock pin has its own', () => {
  expect(cellOf('INV').outputs[0]!.energy_fJ).toBeCloseTo((1 + 3) / 2, 12)
  // The slew of an inverter that drives four: 3 fF apart from none, at its own slew.
  const slew = small.slew_ps
  const clock = cellOf('REG').inputs.find(({ name }) => name === 'CK')!
  expect(clock.energy_fJ).toBeCloseTo((4 + (2 * slew) / 100 + 2) / 2, 9)
})

test('what a flip-flop does beyond taking its data at a rising edge is said in words', () => {
  const special = (from: string, to: string) => {
    const cells = { ...smallCells, REG_2: smallCells.REG!.replace('cell (REG)', 'cell (REG_2)').replace(from, to) }
    return of(cells).cells.find(({ name }) => name === 'REG_2')!.flipFlop!.special
  }
  expect(special('', '')).toBeUndefined()
  expect(special('"CK"; next', '"!CK"; next')).toBe('falling edge')
  expect(special('next_state : "D"', 'next_state : "!D"')).toBe('data through logic')
  expect(special('clear : "R\'"', 'clear : "R"')).toBe('clear that is not one low pin')
  expect(special('clear :', 'preset : "!R"; clear :')).toBe('preset')
})

test.each([
  ['INV', 'inverter'],
  ['NAND', 'two-input NAND'],
  ['REG', 'rising-edge flip-flop'],
])('without %s mapping is refused', (name, what) => {
  const { [name]: _, ...rest } = smallCells
  expect(() => of(rest)).toThrow(`small.lib has no ${what}, which mapping needs; give all files of the library`)
})

test('the text for mapping means the same when it is read again', () => {
  const liberty = readLiberty([{ name: 'small.lib', text: smallLiberty() }])
  const again = readLiberty([{ name: 'again.lib', text: mappingText(liberty) }])
  const timing = (library: typeof liberty) =>
    library.cells
      .filter(({ name }) => ['INV', 'NAND', 'BUF', 'XOR', 'TURNED', 'FULL'].includes(name))
      .map(({ name, area_um2, pins }) => ({
        name,
        area_um2,
        pins: pins.map(({ name: pin, capacitance_fF, function: formula, delays }) => ({
          pin,
          capacitance_fF,
          formula,
          delays,
        })),
      }))
  expect(timing(again)).toEqual(timing(liberty))
  const checks = (library: typeof liberty) =>
    library.cells.find(({ name }) => name === 'REG')!.pins.find(({ name }) => name === 'D')!.checks[0]
  expect(checks(again)).toEqual(checks(liberty))
})

const real = (file: string) => libraryOf(readLiberty([openLiberty(file)]))

test.skipIf(!haveLiberty)(
  'the library written by hand has the figures of the full one (needs ../shared/data/liberty)',
  () => {
    const full = real(nangate45File)
    expect(full).toMatchObject({ gateEquivalent: 'NAND2_X1', drivingCell: 'BUF_X2', fullAdder: { cell: 'FA_X1' } })
    expect(full.slew_ps).toBeCloseTo(generic45.slew_ps, 0)
    const smallest: Record<string, string> = { INV_2: 'INV_X2', BUF_2: 'BUF_X2', CLKGATE: 'CLKGATE_X1' }
    for (const cell of generic45.cells) {
      const own = full.cells.find(({ name }) => name === (smallest[cell.name] ?? `${cell.name}_X1`))!
      expect(own.area_um2, cell.name).toBeCloseTo(cell.area_um2, 3)
      expect(own.leakage_nW / cell.leakage_nW, cell.name).toBeCloseTo(1, 1)
      for (const output of cell.outputs) {
        const same = own.outputs.length === 1 ? own.outputs[0]! : own.outputs.find(({ name }) => name === output.name)!
        // Means over conditions are weighted a little differently.
        expect(Math.abs(same.energy_fJ / output.energy_fJ - 1), `${cell.name}.${output.name}`).toBeLessThan(0.08)
      }
    }
  },
)

test.skipIf(!haveLiberty)('libraries of other makers have these roles (needs ../shared/data/liberty)', () => {
  expect(real(sky130File)).toMatchObject({
    gateEquivalent: 'sky130_fd_sc_hd__nand2_1',
    drivingCell: 'sky130_fd_sc_hd__buf_2',
    fullAdder: { cell: 'sky130_fd_sc_hd__fa_1', inputs: ['A', 'B', 'CIN'], sum: 'SUM', carry: 'COUT' },
  })
  const ihp = real(sg13g2File)
  expect(ihp).toMatchObject({ gateEquivalent: 'sg13g2_nand2_1', drivingCell: 'sg13g2_buf_2' })
  expect(ihp.fullAdder).toBeUndefined()
})
