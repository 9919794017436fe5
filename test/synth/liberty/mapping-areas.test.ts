import { expect, test } from 'vitest'
import { libraryOf } from '../../../src/synth/liberty/library-of.ts'
import { mappingAreas } from '../../../src/synth/liberty/mapping-areas.ts'
import { openLiberty } from '../../../src/synth/liberty/open.ts'
import { readLiberty } from '../../../src/synth/liberty/read.ts'
import { generic45 } from '../../../src/synth/library/generic45.ts'
import { haveLiberty, nangate45File, sky130File } from './real-files.ts'

test('areas for mapping are those of the cells in thousandths of a NAND, no two alike, whatever order the cells come in', () => {
  const areas = mappingAreas(generic45.cells, 'NAND2')
  for (const { name, area_um2 } of generic45.cells)
    expect(Math.abs(areas.get(name)! - (1000 * area_um2) / 0.798)).toBeLessThan(1)
  expect(new Set([...areas.values()].map((area) => area.toFixed(2))).size).toBe(generic45.cells.length)
  const other = mappingAreas([...generic45.cells].reverse(), 'NAND2')
  for (const { name } of generic45.cells) expect(other.get(name)).toBe(areas.get(name))
})

test('of gates of equal area those of fewer inputs come first, and of these those that are 1 more often', () => {
  const areas = mappingAreas(generic45.cells, 'NAND2')
  const order = (names: readonly string[]) => [...names].sort((a, b) => areas.get(a)! - areas.get(b)!)
  expect(order(['NOR2', 'INV_2', 'NAND2'])).toEqual(['INV_2', 'NAND2', 'NOR2'])
  expect(order(['NOR3', 'AND2', 'OAI21', 'OR2', 'AOI21', 'NAND3'])).toEqual([
    'OR2',
    'AND2',
    'NAND3',
    'OAI21',
    'AOI21',
    'NOR3',
  ])
})

test('a 7 nm library keeps its ratios, where abc would have read 0.04, 0.06 and 0.07', () => {
  const [nand, ...others] = ['NAND2', 'INV', 'NAND3'].map((name) => generic45.cells.find((cell) => cell.name === name)!)
  const areas = mappingAreas(
    [
      { ...nand!, area_um2: 0.05832 },
      { ...others[0]!, area_um2: 0.04374 },
      { ...others[1]!, area_um2: 0.0729 },
    ],
    'NAND2',
  )
  expect(areas).toEqual(
    new Map([
      ['INV', 750],
      ['NAND2', 1000],
      ['NAND3', 1250],
    ]),
  )
})

test.skipIf(!haveLiberty).each([nangate45File, sky130File])(
  '%s goes to Yosys with such areas (skipped without ../shared/data/liberty)',
  (file) => {
    const { cells, liberty, gateEquivalent } = libraryOf(readLiberty([openLiberty(file)]))
    const told = [...liberty!.matchAll(/ {2}cell \("(\w+)"\) \{\n {4}area : ([\d.]+);/g)]
    expect(told.length).toBeGreaterThan(50)
    expect(new Set(told.map(([, , area]) => area)).size).toBe(told.length)
    expect(told.find(([, name]) => name === gateEquivalent)?.[2]).toMatch(/^1000(\.\d+)?$/)
    expect(cells.find(({ name }) => name === gateEquivalent)!.area_um2).toBeLessThan(5)
  },
)
