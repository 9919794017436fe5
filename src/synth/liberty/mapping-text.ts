/**
 * What Yosys and abc need of a library that was read from Liberty, as one Liberty text in our units: function, area, delay.
 * Powers and cells that must not be used are left out, so that a set of files becomes one and large ones load several times as
 * fast.
 */
import type { DelayArc, TimingCheck } from '../library/library.ts'
import type { Table } from '../library/table.ts'
import { type Formula, printFormula } from './formula.ts'
import type { LibertyCell, LibertyLibrary, LibertyPin, Sequential } from './model.ts'
import { headerText, number } from './text.ts'

/** What a table is over: slew and load, or the slews of clock and data. */
type TableKind = 'delay' | 'check'

const formula = (name: string, value: Formula | undefined, indent: string): string =>
  value ? `${indent}${name} : "${printFormula(value)}";\n` : ''

/** abc wants two points or more on each axis. */
const atLeastTwo = (axis: Float64Array): readonly number[] => (axis.length > 1 ? [...axis] : [axis[0]!, axis[0]! + 1])

/** abc takes the axes of a table only where its template has as many points. */
const templateOf = (kind: TableKind, { rows, columns }: Table): string =>
  `${kind}_${atLeastTwo(rows).length}_${atLeastTwo(columns).length}`

const line = (points: readonly number[]): string => `"${points.map(number).join(', ')}"`

const tableText = (group: string, kind: TableKind, table: Table): string => {
  const { rows, columns, values } = table
  const width = columns.length
  const body = atLeastTwo(rows).map((_, r) => {
    const offset = Math.min(r, rows.length - 1) * width
    return line(atLeastTwo(columns).map((_, c) => values[offset + Math.min(c, width - 1)]!))
  })
  return (
    `        ${group} (${templateOf(kind, table)}) {\n          index_1 (${line(atLeastTwo(rows))});\n` +
    `          index_2 (${line(atLeastTwo(columns))});\n          values (${body.join(', ')});\n        }\n`
  )
}

const senses = { positive: 'positive_unate', negative: 'negative_unate', both: 'non_unate' } as const

const delayText = ({ from, sense, edge, rise, fall }: DelayArc): string =>
  `      timing () {\n        related_pin : "${from}";\n` +
  (edge ? `        timing_type : ${edge}_edge;\n` : `        timing_sense : ${senses[sense]};\n`) +
  (rise ? tableText('cell_rise', 'delay', rise.delay) + tableText('rise_transition', 'delay', rise.slew) : '') +
  (fall ? tableText('cell_fall', 'delay', fall.delay) + tableText('fall_transition', 'delay', fall.slew) : '') +
  '      }\n'

const checkText = ({ clock, kind, edge, rise, fall }: TimingCheck): string =>
  `      timing () {\n        related_pin : "${clock}";\n        timing_type : ${kind}_${edge};\n` +
  (rise ? tableText('rise_constraint', 'check', rise) : '') +
  (fall ? tableText('fall_constraint', 'check', fall) : '') +
  '      }\n'

const pinText = (pin: LibertyPin): string =>
  `    pin (${JSON.stringify(pin.name)}) {\n      direction : ${pin.direction};\n` +
  `      capacitance : ${number(pin.capacitance_fF)};\n      rise_capacitance : ${number(pin.rise_fF)};\n` +
  `      fall_capacitance : ${number(pin.fall_fF)};\n` +
  (pin.maxCapacitance_fF === undefined ? '' : `      max_capacitance : ${number(pin.maxCapacitance_fF)};\n`) +
  (pin.clock ? '      clock : true;\n' : '') +
  (pin.clockGate ? `      clock_gate_${pin.clockGate}_pin : true;\n` : '') +
  formula('function', pin.function, '      ') +
  pin.delays.map(delayText).join('') +
  pin.checks.map(checkText).join('') +
  '    }\n'

const sequentialText = ({ kind, state, inverse, clock, next, clear, preset }: Sequential): string =>
  `    ${kind} (${state}, ${inverse ?? `${state}N`}) {\n` +
  formula(kind === 'ff' ? 'clocked_on' : 'enable', clock, '      ') +
  formula(kind === 'ff' ? 'next_state' : 'data_in', next, '      ') +
  formula('clear', clear, '      ') +
  formula('preset', preset, '      ') +
  '    }\n'

/** Yosys and abc read cells of which every output has a function, and clock gates. */
const isMapped = ({ unused, pins, clockGating }: LibertyCell): boolean => {
  const outputs = pins.filter(({ direction }) => direction === 'output')
  if (unused !== undefined || outputs.length === 0) return false
  return clockGating !== undefined || outputs.every((pin) => pin.function !== undefined && !pin.threeState)
}

/** abc knows by a state table, whatever stands in it, that a cell is none of its gates. */
const clockGateText = ({ pins }: LibertyCell, kind: string): string => {
  const inputs = pins.filter(({ direction }) => direction === 'input').map(({ name }) => name)
  return `    clock_gating_integrated_cell : "${kind}";\n    statetable ("${inputs.join(' ')}", "IQ") { }\n`
}

const cellText = (cell: LibertyCell, area: number): string =>
  `  cell (${JSON.stringify(cell.name)}) {\n    area : ${number(area)};\n` +
  (cell.clockGating !== undefined
    ? clockGateText(cell, cell.clockGating)
    : cell.sequential
      ? sequentialText(cell.sequential)
      : '') +
  cell.pins
    .filter(({ direction }) => direction === 'input' || direction === 'output')
    .map(pinText)
    .join('') +
  '  }\n'

const axes = {
  delay: ['input_net_transition', 'total_output_net_capacitance'],
  check: ['related_pin_transition', 'constrained_pin_transition'],
} as const

const templatesText = (cells: readonly LibertyCell[]): string => {
  const templates = new Map<string, string>()
  const add = (kind: TableKind, table: Table | undefined): void => {
    if (!table || templates.has(templateOf(kind, table))) return
    const [row, column] = axes[kind]
    const name = templateOf(kind, table)
    templates.set(
      name,
      `  lu_table_template (${name}) {\n    variable_1 : ${row};\n    variable_2 : ${column};\n` +
        `    index_1 (${line(atLeastTwo(table.rows))});\n    index_2 (${line(atLeastTwo(table.columns))});\n  }\n`,
    )
  }
  for (const { delays, checks } of cells.flatMap(({ pins }) => pins)) {
    for (const tables of delays.flatMap(({ rise, fall }) => [rise, fall])) {
      add('delay', tables?.delay)
      add('delay', tables?.slew)
    }
    for (const table of checks.flatMap(({ rise, fall }) => [rise, fall])) add('check', table)
  }
  return [...templates.values()].join('')
}

/** The text for mapping: ps, fF; areas in um2 unless given. */
export const mappingText = (library: LibertyLibrary, areas?: ReadonlyMap<string, number>): string => {
  const mapped = library.cells.filter(isMapped)
  const cells = mapped.map((cell) => cellText(cell, areas?.get(cell.name) ?? cell.area_um2))
  return `${headerText(library)}${templatesText(mapped)}${cells.join('')}}\n`
}
