/**
 * A library written by hand as a Liberty file that Yosys, abc and OpenSTA read. The linear delay becomes a two-by-two table over slew and
 * load: the tools interpolate and extrapolate it linearly, so they see exactly the linear form.
 */
import type { Cell, ClockGate, FlipFlop, InputPin, Library, OutputPin } from '../library/library.ts'
import { headerText, number } from './text.ts'

/** Ends of the load axis in fF and of the slew axis in ps; any two points make the same straight line. */
const loads = [1, 100] as const
const slews = [1, 200] as const

const lookup = (group: string, atLoad: (load: number) => number): string => {
  const row = `"${loads.map((load) => number(atLoad(load))).join(', ')}"`
  return `        ${group} (slew_by_load) { values (${row}, ${row}); }\n`
}

const scalar = (group: string, value: number): string => `        ${group} (scalar) { values ("${number(value)}"); }\n`

const internalPower = (energy_fJ: number, relatedPin?: string): string =>
  '      internal_power () {\n' +
  (relatedPin === undefined ? '' : `        related_pin : "${relatedPin}";\n`) +
  `${scalar('rise_power', energy_fJ)}${scalar('fall_power', energy_fJ)}      }\n`

const delayArc = ({ name, delay: form }: OutputPin, relatedPin: string, slew_ps: number, type = ''): string => {
  if (form.kind !== 'linear')
    throw new Error(`the delay of ${name} is in tables; print the Liberty text it was read from`)
  const delay = (load: number) => form.d0_ps + form.k_ps_per_fF * load
  return (
    `      timing () {\n        related_pin : "${relatedPin}";\n${type}` +
    lookup('cell_rise', delay) +
    lookup('cell_fall', delay) +
    lookup('rise_transition', () => slew_ps) +
    lookup('fall_transition', () => slew_ps) +
    '      }\n'
  )
}

const constraintArc = (type: string, clock: string, value_ps: number): string =>
  `      timing () {\n        related_pin : "${clock}";\n        timing_type : ${type};\n` +
  `${scalar('rise_constraint', value_ps)}${scalar('fall_constraint', value_ps)}      }\n`

/** What a pin is to a flip-flop or clock gate. */
const roleOf = (pin: InputPin, { flipFlop, clockGate }: Cell): string => {
  if (pin.name === flipFlop?.clock) return '      clock : true;\n'
  if (pin.name === clockGate?.clock) return '      clock : true;\n      clock_gate_clock_pin : true;\n'
  return pin.name === clockGate?.enable ? '      clock_gate_enable_pin : true;\n' : ''
}

const setupAndHold = ({ clock, setup_ps, hold_ps }: FlipFlop | ClockGate): string =>
  constraintArc('setup_rising', clock, setup_ps) + constraintArc('hold_rising', clock, hold_ps)

const inputPin = (pin: InputPin, cell: Cell): string =>
  `    pin (${pin.name}) {\n      direction : input;\n      capacitance : ${number(pin.capacitance_fF)};\n` +
  roleOf(pin, cell) +
  (pin.energy_fJ === undefined ? '' : internalPower(pin.energy_fJ)) +
  (cell.flipFlop && pin.name === cell.flipFlop.data ? setupAndHold(cell.flipFlop) : '') +
  (cell.clockGate && pin.name === cell.clockGate.enable ? setupAndHold(cell.clockGate) : '') +
  '    }\n'

/** The inputs that an output's delay starts from: the clock of a flip-flop, else those its function names. */
const relatedPins = (cell: Cell, output: OutputPin): readonly string[] =>
  cell.flipFlop
    ? [cell.flipFlop.clock]
    : cell.inputs.map((pin) => pin.name).filter((name) => new RegExp(`\\b${name}\\b`).test(output.function))

const outputPin = (cell: Cell, output: OutputPin, slew_ps: number): string => {
  const type = cell.flipFlop
    ? '        timing_type : rising_edge;\n'
    : cell.clockGate
      ? '        timing_sense : positive_unate;\n'
      : ''
  const arcs = relatedPins(cell, output).map(
    (pin) => delayArc(output, pin, slew_ps, type) + internalPower(output.energy_fJ, pin),
  )
  const meaning = cell.clockGate
    ? `      state_function : "${output.function}";\n      clock_gate_out_pin : true;\n` +
      `      max_capacitance : ${number(cell.clockGate.maxLoad_fF)};\n`
    : `      function : "${output.function === '!IQ' ? 'IQN' : output.function}";\n`
  return `    pin (${output.name}) {\n      direction : output;\n${meaning}${arcs.join('')}    }\n`
}

const flipFlopGroup = (flipFlop: FlipFlop): string =>
  `    ff (IQ, IQN) {\n      clocked_on : "${flipFlop.clock}";\n      next_state : "${flipFlop.data}";\n` +
  (flipFlop.clearLow === undefined ? '' : `      clear : "!${flipFlop.clearLow}";\n`) +
  '    }\n'

const clockGateGroup = ({ clock, enable }: ClockGate): string =>
  '    clock_gating_integrated_cell : "latch_posedge";\n' +
  `    statetable ("${clock} ${enable}", "IQ") {\n      table : "L L : - : L, L H : - : H, H - : - : N";\n    }\n` +
  '    pin (IQ) {\n      direction : internal;\n      internal_node : "IQ";\n    }\n'

const cellGroup = (cell: Cell, slew_ps: number, area: number): string =>
  `  cell (${cell.name}) {\n    area : ${number(area)};\n    cell_leakage_power : ${number(cell.leakage_nW)};\n` +
  (cell.flipFlop ? flipFlopGroup(cell.flipFlop) : '') +
  (cell.clockGate ? clockGateGroup(cell.clockGate) : '') +
  cell.inputs.map((pin) => inputPin(pin, cell)).join('') +
  cell.outputs.map((pin) => outputPin(cell, pin, slew_ps)).join('') +
  '  }\n'

const axes = (axis: readonly number[]): string => `"${axis.join(', ')}"`

/** Liberty text of `library`: delays in ps, loads in fF, internal energies in fJ, leakage in nW; areas in um2 unless given. */
export const printLiberty = (library: Library, areas?: ReadonlyMap<string, number>): string =>
  `/* ${library.source} */
${headerText(library)}  slew_lower_threshold_pct_rise : 30;
  slew_upper_threshold_pct_rise : 70;
  slew_lower_threshold_pct_fall : 30;
  slew_upper_threshold_pct_fall : 70;
  input_threshold_pct_rise : 50;
  input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50;
  output_threshold_pct_fall : 50;
  lu_table_template (slew_by_load) {
    variable_1 : input_net_transition;
    variable_2 : total_output_net_capacitance;
    index_1 (${axes(slews)});
    index_2 (${axes(loads)});
  }
${library.cells.map((cell) => cellGroup(cell, library.slew_ps, areas?.get(cell.name) ?? cell.area_um2)).join('')}}
`
