import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { printFormula } from '../../../src/synth/liberty/formula.ts'
import type { LibertyCell, LibertyLibrary, LibertyPin } from '../../../src/synth/liberty/model.ts'
import { openLiberty } from '../../../src/synth/liberty/open.ts'
import { readLiberty } from '../../../src/synth/liberty/read.ts'
import { lookUp, type Table } from '../../../src/synth/library/table.ts'
import { dataFolder, haveLiberty } from './real-files.ts'
import { smallCells, smallLiberty } from './small-liberty.ts'

const read = (text: string, name = 'small.lib'): LibertyLibrary => readLiberty([{ name, text }])
const small = read(smallLiberty())
const cellOf = (library: LibertyLibrary, name: string): LibertyCell => library.cells.find((cell) => cell.name === name)!
const pinOf = (cell: LibertyCell, name: string): LibertyPin => cell.pins.find((pin) => pin.name === name)!
const plain = ({ rows, columns, values }: Table) => [[...rows], [...columns], [...values]]

describe('a Liberty file', () => {
  test('gives areas, capacitances, powers and leakage in our units, whatever its own are', () => {
    const inverter = cellOf(small, 'INV')
    expect(small).toMatchObject({ name: 'small', voltage_V: 2, temperature_C: 25, corner: 'typical' })
    expect(inverter.area_um2).toBe(1)
    expect(pinOf(inverter, 'A')).toMatchObject({ direction: 'input', capacitance_fF: 1, rise_fF: 1, fall_fF: 1 })
    expect(pinOf(inverter, 'Y')).toMatchObject({ direction: 'output', maxCapacitance_fF: 100 })
    // 1 pf at 1 V units: an energy of 0.001 is 1 fJ.
    expect(plain(pinOf(inverter, 'Y').power[0]!.rise!)[2]).toEqual([1])
    expect(pinOf(cellOf(small, 'REG'), 'D')).toMatchObject({ rise_fF: 1.2, fall_fF: 0.8 })
  })

  test('says the mean leakage of its states where a cell has none of its own; ground pins do not count twice', () => {
    expect(cellOf(small, 'INV').leakage_nW).toBeCloseTo(0.3, 12)
    expect(cellOf(small, 'REG').leakage_nW).toBe(0.5)
    expect(pinOf(cellOf(small, 'INV'), 'Y').power).toHaveLength(1)
  })

  test('has tables over the axes of a template, over its own, and over axes in the other order', () => {
    const [arc] = pinOf(cellOf(small, 'INV'), 'Y').delays
    expect(arc).toMatchObject({ from: 'A', to: 'Y', sense: 'negative' })
    expect(plain(arc!.rise!.delay)).toEqual([
      [0, 100],
      [0, 10],
      [100, 200, 150, 250],
    ])
    const turned = pinOf(cellOf(small, 'TURNED'), 'Y').delays[0]!.rise!
    expect(plain(turned.delay)).toEqual([
      [0, 100],
      [0, 20],
      [100, 200, 150, 250],
    ])
    expect(plain(turned.slew)).toEqual([
      [0, 100],
      [0, 10],
      [10, 50, 20, 60],
    ])
  })

  test('has setup and hold with the slew of the clock first, and leaves out the arcs of an asynchronous clear', () => {
    const register = cellOf(small, 'REG')
    const { checks } = pinOf(register, 'D')
    expect(checks.map(({ kind, edge, clock }) => [kind, edge, clock])).toEqual([
      ['setup', 'rising', 'CK'],
      ['hold', 'rising', 'CK'],
    ])
    // Constrained slew 0 and 0.1, clock slew 0 and 0.2: at clock 200 ps and data 0 it is 0.010.
    expect(lookUp(checks[0]!.rise!, 200, 0)).toBeCloseTo(10, 9)
    expect(lookUp(checks[0]!.rise!, 0, 100)).toBeCloseTo(40, 9)
    expect(lookUp(checks[1]!.rise!, 55, 66)).toBe(-4)
    expect(pinOf(register, 'Q').delays.map(({ from, edge }) => [from, edge])).toEqual([['CK', 'rising']])
    expect(register.sequential).toMatchObject({ kind: 'ff', state: 'STATE', inverse: 'STATE_N' })
    expect(printFormula(register.sequential!.clear!)).toBe('!R')
  })

  test('has a pin for each bit of a bus, with what is said of that bit, and a note where something is not read', () => {
    const pins = cellOf(small, 'MACRO').pins.map(({ name, capacitance_fF }) => [name, capacitance_fF])
    expect(pins).toEqual([
      ['A[0]', 6],
      ['A[1]', 6],
      ['A[2]', 5],
      ['A[3]', 4],
    ])
    expect(small.notes).toEqual([
      'state tables are not read; clock gates are known by their attribute: MACRO and 1 more',
    ])
  })

  test('says what tables were left out, those of energy too', () => {
    const [cubic, INV] = [
      'power_lut_template (cubic) { variable_1 : input_transition_time; variable_2 : total_output_net_capacitance; variable_3 : equal_or_opposite_output_net_capacitance; }\n type (nibble)',
      smallCells.INV!.replace('rise_power (scalar)', 'rise_power (cubic)'),
    ]
    const library = read(smallLiberty({ INV }).replace('type (nibble)', cubic))
    expect(library.notes).toEqual(['tables over more than slew and load were left out: INV.Y'])
    const [power] = pinOf(cellOf(library, 'INV'), 'Y').power
    expect([power!.rise, plain(power!.fall!)[2]]).toEqual([undefined, [3]])
  })

  test('has arcs from each of several related pins, and senses by the function where it says none', () => {
    const senses = (cell: string) => pinOf(cellOf(small, cell), 'Y').delays.map(({ from, sense }) => [from, sense])
    expect(senses('NAND')).toEqual([
      ['A', 'negative'],
      ['B', 'negative'],
    ])
    expect(senses('BUF')).toEqual([['A', 'positive']])
    expect(senses('XOR')).toEqual([
      ['A', 'both'],
      ['B', 'both'],
    ])
  })

  test('has wire loads, and takes comments, line joints and attributes that end with their line', () => {
    expect(small.wireLoads).toEqual([
      {
        name: 'thin',
        capacitance_fF_per_length: 2,
        resistance_kohm_per_length: 0.5,
        slope: 3,
        lengths: [
          [1, 1],
          [3, 5],
        ],
        tree: 'balanced',
      },
    ])
    const odd = smallLiberty({
      INV: smallCells.INV!.replace('area : 1\n', 'area : 1 // smallest\n /* more\n */ drive \\\n : 1;;\n'),
    })
    expect(cellOf(read(odd), 'INV').area_um2).toBe(1)
  })

  test('in several files is one library; of two voltages it is refused, and of two cells of a name the first is taken', () => {
    const { INV, ...others } = smallCells
    const second = {
      name: 'b.lib',
      text: smallLiberty({ INV: INV!, BUF: smallCells.BUF!.replace('area : 2', 'area : 7') }),
    }
    const both = readLiberty([{ name: 'a.lib', text: smallLiberty(others) }, second])
    expect(both.files).toEqual(['a.lib', 'b.lib'])
    expect(both.cells.map(({ name }) => name).sort()).toEqual(Object.keys(smallCells).sort())
    expect(cellOf(both, 'BUF').area_um2).toBe(2)
    expect(both.notes).toContain('cells of a name that is taken were left out: BUF')
    // Both files have the wire load "thin", the same, which is nothing to say.
    expect(both.wireLoads).toEqual(small.wireLoads)
    expect(both.notes.filter((sentence) => /wire/.test(sentence))).toEqual([])
    const other = second.text.replace(/voltage : 2\.0/g, 'voltage : 1.0')
    expect(() =>
      readLiberty([
        { name: 'a.lib', text: smallLiberty() },
        { name: 'b.lib', text: other },
      ]),
    ).toThrow('b.lib is for 1 V and a.lib for 2 V; give files of one corner')
  })

  test('in several files has the wire loads of all of them, the first of a name', () => {
    const [thin] = small.wireLoads
    const wired = (from: string, to: string) =>
      readLiberty([
        { name: 'a.lib', text: smallLiberty() },
        { name: 'b.lib', text: smallLiberty({}).replace(from, to) },
      ])
    const two = wired('wire_load ("thin")', 'wire_load ("thick")')
    expect(two.wireLoads).toEqual([thin, { ...thin, name: 'thick' }])
    const changed = wired('slope : 3', 'slope : 4')
    expect(changed.wireLoads).toEqual([thin])
    expect(changed.notes).toContain('wire loads of a name that is taken were left out: thin')
  })
})

describe('a mistake in a Liberty file is one sentence with its line:', () => {
  const change = (from: string | RegExp, to: string) => smallLiberty().replace(from, to)
  test.each([
    ['no library', 'module top; endmodule', /^small\.lib, line 1: "; endmodule" stands behind "module top"|line 1/],
    ['an empty file', '', /line 1: there is no library group; give a Liberty file/],
    ['a group that is cut off', smallLiberty().slice(0, -30), /group .* is never closed; the file may be cut off/],
    ['a string that is cut off', 'library (a) {\n date : "never', /line 2: a string is never closed/],
    ['a comment that is cut off', 'library (a) {\n\n /* never', /line 3: a comment is never closed/],
    ['a parenthesis that is cut off', 'library (a) {\n cell (b', /line 2: a parenthesis is never closed/],
    ['no number', change('capacitance : 0.001', 'capacitance : lots'), /capacitance is "lots", which is no number/],
    ['no number in a table', change('0.10, 0.20', '0.10, abc'), /values holds "abc", which is no number/],
    ['a table of another size', change('"0.10, 0.20", \\\n', ''), /a table of 2 x 2 points holds 2 values/],
    ['an axis that does not ascend', change('"0.0, 0.1"', '"0.1, 0.0"'), /line 13: index_1 does not ascend/],
    [
      'a template that is not there',
      change('cell_rise (delay_2_2)', 'cell_rise (other)'),
      /there is no table template "other"/,
    ],
    [
      'a bus of a type that is not there',
      change('bus_type : nibble', 'bus_type : byte'),
      /there is no bus type "byte"/,
    ],
    ['a bus without end', change('bit_from : 3', 'bit_from : 3000000000'), /at most 4096 bits are read/],
    ['another unit', change('"1ns"', '"1parsec"'), /time_unit is "1parsec"; give a number and its unit, e\.g\. "1ns"/],
    ['another delay model', change('"table_lookup"', '"generic_cmos"'), /only table_lookup/],
    ['no voltage', smallLiberty().replace(/(nom_)?voltage : 2.0;/g, ''), /the library has no voltage/],
    ['no cells', smallLiberty({}), /small\.lib holds no cells/],
    ['groups without end', `library (a) {${'x () {'.repeat(100)}`, /groups lie more than 32 deep/],
  ])('%s', (_, text, message) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ name: 'UserError', code: 'E-LIBERTY', message: expect.stringMatching(message) }),
    )
  })

  test('any file, cut off or changed at random, is read or refused with a sentence', () => {
    const [text, seed] = [smallLiberty(), 20261127]
    const random = randomWords(seed)
    const below = (n: number): number => (random() >>> 0) % n
    const pieces = [
      '{',
      '}',
      '(',
      ')',
      '"',
      ';',
      ':',
      ',',
      '\\',
      '/*',
      '*/',
      '-',
      '1e999',
      'NaN',
      '\n',
      "'",
      'cell (',
      '\0',
    ]
    let refused = 0
    for (let k = 0; k < 600; k++) {
      let changed = text
      if (k % 3 === 0) changed = text.slice(0, below(text.length))
      else
        for (let times = 0; times <= k % 5; times++) {
          const at = below(changed.length)
          changed = changed.slice(0, at) + pieces[below(pieces.length)]! + changed.slice(at + below(20))
        }
      try {
        read(changed)
      } catch (error) {
        expect(error, `seed ${seed}, case ${k}`).toMatchObject({ name: 'UserError', code: 'E-LIBERTY' })
        refused++
      }
    }
    expect(refused).toBeGreaterThan(300)
  })
})

describe('files', () => {
  let here = ''
  beforeAll(() => {
    here = mkdtempSync(join(tmpdir(), 'bitloom-liberty-'))
  })
  afterAll(() => rmSync(here, { recursive: true }))

  test('may be packed with gzip, whatever they are called', () => {
    const [plain, packed] = [join(here, 'a.lib'), join(here, 'b.lib')]
    writeFileSync(plain, smallLiberty())
    writeFileSync(packed, gzipSync(smallLiberty()))
    expect(openLiberty(packed).text).toBe(openLiberty(plain).text)
  })

  test('that are not there or not whole are refused by their path', () => {
    const cut = join(here, 'cut.lib.gz')
    writeFileSync(cut, gzipSync(smallLiberty()).subarray(0, 500))
    expect(() => openLiberty(cut)).toThrow(/cut\.lib\.gz cannot be unpacked: .*; give a whole gzip file/)
    expect(() => openLiberty(join(here, 'no.lib'))).toThrow(/cannot read the Liberty file .*no such file/)
  })
})

describe.skipIf(!haveLiberty)('real libraries (skipped where ../shared/data/liberty is not there)', () => {
  const open = (file: string) => readLiberty([openLiberty(join(dataFolder, file))])

  test('have the figures of the reference, and 20 MB take less than 5 s of processor time', () => {
    const before = process.cpuUsage()
    const [nangate, ihp, sky] = ['nangate45_typ', 'sg13g2_stdcell_typ_1p20V_25C', 'sky130hd_tt'].map((name) =>
      open(`${name}.lib.gz`),
    )
    const { user, system } = process.cpuUsage(before)
    // Together they hold 21 MB.
    expect((user + system) / 1e6).toBeLessThan(5)
    expect([nangate, ihp, sky].map((library) => library!.cells.length)).toEqual([134, 84, 428])
    expect([nangate, ihp, sky].map((library) => library!.voltage_V)).toEqual([1.1, 1.2, 1.8])
    const adder = cellOf(nangate!, 'FA_X1')
    expect(adder.area_um2).toBe(4.256)
    expect(
      adder.pins.filter(({ direction }) => direction === 'input').map((pin) => pin.capacitance_fF.toFixed(2)),
    ).toEqual(['3.75', '3.47', '2.76'])
    expect(adder.leakage_nW).toBeCloseTo(75.76, 2)
    expect(cellOf(sky!, 'sky130_fd_sc_hd__inv_1')).toMatchObject({ area_um2: 3.7536 })
    expect(cellOf(sky!, 'sky130_fd_sc_hd__lpflow_inputiso1p_1').unused).toBe('an isolation cell')
    expect(cellOf(ihp!, 'sg13g2_inv_1').area_um2).toBe(5.4432)
    // The notes say what was left out, and nothing but state tables is.
    for (const library of [nangate, ihp, sky]) {
      expect(library!.notes).toHaveLength(1)
      expect(library!.notes[0]).toMatch(/^state tables/)
    }
  })
})
