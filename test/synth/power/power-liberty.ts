/** A made-up Liberty file whose powers can be worked out on paper: fF, ps, 2 V, so that a toggle of C fF is 2 C fJ. */
import { cellLibraryOf } from '../../../src/synth/liberty/library-of.ts'
import { readLiberty } from '../../../src/synth/liberty/read.ts'

const both = (rise: number, fall: number): string =>
  `rise_power (scalar) { values ("${rise}"); } fall_power (scalar) { values ("${fall}"); }`

const delays = (ps: number): string => {
  const at = `values ("${ps}");`
  return `cell_rise (scalar) { ${at} } cell_fall (scalar) { ${at} } rise_transition (scalar) { values ("20"); } fall_transition (scalar) { values ("20"); }`
}

const arc = (pins: string, ps: number, more = ''): string =>
  `timing () { related_pin : "${pins}"; ${more} ${delays(ps)} }`

const input = (name: string, fF: number, more = ''): string =>
  `pin (${name}) { direction : input; capacitance : ${fF}; ${more} }`

const output = (name: string, text: string, more: string): string =>
  `pin (${name}) { direction : output; function : "${text}"; ${more} }`

/** A delay of 10 ps for each gate, 20 ps behind a clock. */
const gate = (name: string, pins: readonly string[], text: string): string =>
  `cell (${name}) { area : 1; cell_leakage_power : 1; ${pins.map((pin) => input(pin, 1)).join(' ')} ${output('Y', text, arc(pins.join(' '), 10))} }`

const clocked = (edge: string): string => arc('CK', 20, `timing_type : ${edge}_edge;`)

export const powerLiberty = `library (paper) {
  delay_model : table_lookup; time_unit : "1ps"; voltage_unit : "1V"; leakage_power_unit : "1nW";
  capacitive_load_unit (1, ff); nom_voltage : 2; nom_temperature : 25;
  lu_table_template (power_2_2) { variable_1 : input_transition_time; variable_2 : total_output_net_capacitance;
    index_1 ("0, 100"); index_2 ("0, 10"); }
  wire_load (long) { capacitance : 1; resistance : 0; slope : 2; fanout_length (1, 3); }
  cell (INV) { area : 1; cell_leakage_power : 2; ${input('A', 2)}
    ${output('Y', '!A', `${arc('A', 10)} internal_power () { related_pin : "A"; rise_power (power_2_2) { values ("1, 2", "2, 3"); } fall_power (power_2_2) { values ("2, 3", "4, 5"); } }`)} }
  cell (AND2) { area : 2; cell_leakage_power : 6;
    leakage_power () { when : "A & B"; value : 10; } leakage_power () { when : "!A"; value : 4; }
    ${input('A', 1, `internal_power () { when : "!B"; ${both(1.5, 0.5)} }`)} ${input('B', 2)}
    ${output('Y', 'A & B', `${arc('A B', 10)} internal_power () { related_pin : "A"; ${both(4, 2)} } internal_power () { related_pin : "B"; ${both(8, 6)} }`)} }
  cell (DFF) { area : 8; cell_leakage_power : 100; ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; }
    ${input('D', 1)} ${input('CK', 1.5, `internal_power () { when : "D"; ${both(3, 3)} } internal_power () { when : "!D"; ${both(5, 5)} }`)}
    ${output('Q', 'IQ', `${clocked('rising')} internal_power () { related_pin : "CK"; ${both(7, 5)} }`)} ${output('QN', 'IQN', clocked('rising'))} }
  cell (DFFN) { area : 8; leakage_power () { when : "Q & !QN"; value : 7; } leakage_power () { when : "!Q"; value : 3; } ff (IQ, IQN) { clocked_on : "!CK"; next_state : "D"; } ${input('D', 1)} ${input('CK', 1)} ${output('Q', 'IQ', clocked('falling'))} ${output('QN', 'IQN', clocked('falling'))} }
  cell (DFFSR) { area : 9; ff (IQ, IQN) { clocked_on : "CK"; next_state : "(S & T) | (!S & D)"; clear : "!RN"; preset : "!SN"; clear_preset_var1 : L; clear_preset_var2 : L; }
    ${['D', 'S', 'T', 'RN', 'SN', 'CK'].map((pin) => input(pin, 1)).join(' ')} ${output('Q', 'IQ', clocked('rising'))} }
  cell (LATCH) { area : 5; latch (IQ, IQN) { enable : "G"; data_in : "D"; } ${input('D', 1)} ${input('G', 1)} ${output('Q', 'IQ', arc('D', 10))} }
  cell (ICG) { area : 6; clock_gating_integrated_cell : "latch_posedge_precontrol";
    pin (CK) { direction : input; capacitance : 1; clock_gate_clock_pin : true; }
    pin (E) { direction : input; capacitance : 1; clock_gate_enable_pin : true; }
    pin (SE) { direction : input; capacitance : 1; clock_gate_test_pin : true; }
    pin (GCK) { direction : output; clock_gate_out_pin : true; ${arc('CK', 10)} } }
  cell (SLOW) { area : 1; ${input('A', 1)} ${output('Y', 'A', `timing () { related_pin : "A"; ${delays(10).replace('rise_transition (scalar) { values ("20")', 'rise_transition (scalar) { values ("40")').replace('fall_transition (scalar) { values ("20")', 'fall_transition (scalar) { values ("60")')} }`)} }
  cell (SKEW) { area : 1; ${input('A', 1)} ${input('B', 1)} ${output('Y', 'A & B', `${arc('A', 5)} ${arc('B', 15)}`)} }
  cell (FAST) { area : 1; ${input('A', 1)} ${output('Y', 'A', arc('A', 4))} }
  ${gate('XOR2', ['A', 'B'], 'A ^ B')} ${gate('OR2', ['A', 'B'], 'A | B')} ${gate('BUF', ['A'], 'A')}
  cell (MACRO) { area : 50; ${input('A', 1)} pin (Y) { direction : output; } }
  cell (HELD) { area : 5; dont_use : true; cell_leakage_power : 3; ${input('A', 1)} ${output('Y', 'A', arc('A', 10))} }
}
`

export const paper = cellLibraryOf(readLiberty([{ name: 'paper.lib', text: powerLiberty }]))
