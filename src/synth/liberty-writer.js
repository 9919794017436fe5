/** Ends of the load axis in fF and of the slew axis in ps; any two points make the same straight line. */
const loads = [1, 100];
const slews = [1, 200];
const number = (value) => String(Math.round(value * 1e6) / 1e6);
const lookup = (group, atLoad) => {
    const row = `"${loads.map((load) => number(atLoad(load))).join(', ')}"`;
    return `        ${group} (slew_by_load) { values (${row}, ${row}); }\n`;
};
const scalar = (group, value) => `        ${group} (scalar) { values ("${number(value)}"); }\n`;
const internalPower = (energy_fJ, relatedPin) => '      internal_power () {\n' +
    (relatedPin === undefined ? '' : `        related_pin : "${relatedPin}";\n`) +
    `${scalar('rise_power', energy_fJ)}${scalar('fall_power', energy_fJ)}      }\n`;
const delayArc = (output, relatedPin, slew_ps, type = '') => {
    const delay = (load) => output.delay.d0_ps + output.delay.k_ps_per_fF * load;
    return (`      timing () {\n        related_pin : "${relatedPin}";\n${type}` +
        lookup('cell_rise', delay) +
        lookup('cell_fall', delay) +
        lookup('rise_transition', () => slew_ps) +
        lookup('fall_transition', () => slew_ps) +
        '      }\n');
};
const constraintArc = (type, clock, value_ps) => `      timing () {\n        related_pin : "${clock}";\n        timing_type : ${type};\n` +
    `${scalar('rise_constraint', value_ps)}${scalar('fall_constraint', value_ps)}      }\n`;
const inputPin = (pin, flipFlop) => `    pin (${pin.name}) {\n      direction : input;\n      capacitance : ${number(pin.capacitance_fF)};\n` +
    (pin.name === flipFlop?.clock ? '      clock : true;\n' : '') +
    (pin.energy_fJ === undefined ? '' : internalPower(pin.energy_fJ)) +
    (pin.name === flipFlop?.data
        ? constraintArc('setup_rising', flipFlop.clock, flipFlop.setup_ps) +
            constraintArc('hold_rising', flipFlop.clock, flipFlop.hold_ps)
        : '') +
    '    }\n';
/** The inputs that an output's delay starts from: the clock of a flip-flop, else those its function names. */
const relatedPins = (cell, output) => cell.flipFlop
    ? [cell.flipFlop.clock]
    : cell.inputs.map((pin) => pin.name).filter((name) => new RegExp(`\\b${name}\\b`).test(output.function));
const outputPin = (cell, output, slew_ps) => {
    const type = cell.flipFlop ? '        timing_type : rising_edge;\n' : '';
    const arcs = relatedPins(cell, output).map((pin) => delayArc(output, pin, slew_ps, type) + internalPower(output.energy_fJ, pin));
    return (`    pin (${output.name}) {\n      direction : output;\n      function : "${output.function}";\n` +
        `${arcs.join('')}    }\n`);
};
const flipFlopGroup = (flipFlop) => `    ff (IQ, IQN) {\n      clocked_on : "${flipFlop.clock}";\n      next_state : "${flipFlop.data}";\n` +
    (flipFlop.clearLow === undefined ? '' : `      clear : "!${flipFlop.clearLow}";\n`) +
    '    }\n';
const cellGroup = (cell, slew_ps) => `  cell (${cell.name}) {\n    area : ${number(cell.area_um2)};\n    cell_leakage_power : ${number(cell.leakage_nW)};\n` +
    (cell.flipFlop ? flipFlopGroup(cell.flipFlop) : '') +
    cell.inputs.map((pin) => inputPin(pin, cell.flipFlop)).join('') +
    cell.outputs.map((pin) => outputPin(cell, pin, slew_ps)).join('') +
    '  }\n';
const axes = (axis) => `"${axis.join(', ')}"`;
/** Liberty text of `library`: delays in ps, loads in fF, internal energies in fJ, leakage in nW. */
export const printLiberty = (library) => `/* ${library.source} */
library (${library.name}) {
  delay_model : table_lookup;
  time_unit : "1ps";
  voltage_unit : "1V";
  current_unit : "1uA";
  capacitive_load_unit (1, ff);
  leakage_power_unit : "1nW";
  pulling_resistance_unit : "1kohm";
  nom_process : 1;
  nom_voltage : ${number(library.voltage_V)};
  nom_temperature : ${number(library.temperature_C)};
  slew_lower_threshold_pct_rise : 30;
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
${library.cells.map((cell) => cellGroup(cell, library.slew_ps)).join('')}}
`;
