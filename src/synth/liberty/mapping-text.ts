/**
 * What Yosys and abc need of a library that was read from Liberty, as one Liberty text in our units: function, area, delay.
 * Powers and cells that must not be used are left out, so that a set of files becomes one and large ones load several times as
 * fast.
 */
import type { DelayArc, TimingCheck } from '../library/library.ts'
import type { Table } from '../library/table.ts'
import { type Formula, printFormula } from './formula.ts'
import type { LibertyCell, LibertyLibrary, LibertyPin, Sequential } from './model.ts'

const number = (value: number): string => String(Math.round(value * 1e6) / 1e6)
const formula = (name: string, value: Formula | undefined, indent: string): string =>
  value ? `${indent}${name} : "${printFormula(value)}";\n` : ''

/** abc wants two points or more on each axis. */
const atLeastTwo = (axis: Float64Array): readonly number[] => (axis.length > 1 ? [...axis] : [axis[0]!, axis[0]! + 1])

const tableText = (group: string, template: string, { rows, columns, values }: Table): string => {
  const line = (points: readonly number[]): string => `"${points.map(number).join(', ')}"`
  const width = columns.length
  const body = atLeastTwo(rows).map((_, r) => {
    const offset = Math.min(r, rows.length - 1) * width
    return line(atLeastTwo(columns).map((_, c) => values[offset + Math.min(c, width - 1)]!))
  })
  return (
    `        ${group} (${template}) {\n          index_1 (${line(atLeastTwo(rows))});\n` +
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

const cellText = (cell: LibertyCell): string =>
  `  cell (${JSON.stringify(cell.name)}) {\n    area : ${number(cell.area_um2)};\n` +
  (cell.clockGating === undefined ? '' : `    clock_gating_integrated_cell : "${cell.clockGating}";\n`) +
  (cell.sequential ? sequentialText(cell.sequential) : '') +
  cell.pins
    .filter(({ direction }) => direction === 'input' || direction === 'output')
    .map(pinText)
    .join('') +
  '  }\n'

const template = (name: string, row: string, column: string): string =>
  `  lu_table_template (${name}) {\n    variable_1 : ${row};\n    variable_2 : ${column};\n` +
  '    index_1 ("0, 1");\n    index_2 ("0, 1");\n  }\n'

/** The text for mapping: ps, fF. */
export const mappingText = ({ name, voltage_V, temperature_C, cells }: LibertyLibrary): string =>
  `library (${JSON.stringify(name)}) {
  delay_model : table_lookup;
  time_unit : "1ps";
  voltage_unit : "1V";
  current_unit : "1uA";
  capacitive_load_unit (1, ff);
  leakage_power_unit : "1nW";
  pulling_resistance_unit : "1kohm";
  nom_process : 1;
  nom_voltage : ${number(voltage_V)};
  nom_temperature : ${number(temperature_C)};
${template('delay', 'input_net_transition', 'total_output_net_capacitance')}${template(
  'check',
  'related_pin_transition',
  'constrained_pin_transition',
)}${cells.filter(isMapped).map(cellText).join('')}}
`
