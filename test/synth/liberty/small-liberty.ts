/** A small Liberty file with what a mapped design needs, and with the quirks of real ones; figures are made up and round. */

const header = `/* made up */
library ("small") {
  delay_model : "table_lookup";
  time_unit : "1ns"; voltage_unit : "1V"; leakage_power_unit : "1pW";
  capacitive_load_unit (1, pf);
  pulling_resistance_unit : "1kohm";
  nom_voltage : 2.0; nom_temperature : 25;
  default_operating_conditions : "typical";
  operating_conditions ("typical") { voltage : 2.0; temperature : 25.0; tree_type : "balanced_tree"; }
  wire_load ("thin") { capacitance : 0.002; resistance : 0.5; slope : 3; fanout_length (1, 1.0); fanout_length (3, 5.0); }
  lu_table_template (delay_2_2) {
    variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("0.0, 0.1"); index_2 ("0.0, 0.01");
  }
  lu_table_template (turned_2_2) {
    variable_1 : total_output_net_capacitance; variable_2 : input_net_transition;
    index_1 ("0.0, 0.01"); index_2 ("0.0, 0.1");
  }
  lu_table_template (check_2_2) {
    variable_1 : constrained_pin_transition; variable_2 : related_pin_transition;
    index_1 ("0.0, 0.1"); index_2 ("0.0, 0.2");
  }
  power_lut_template (power_2) { variable_1 : input_transition_time; index_1 ("0.0, 0.1"); }
  type (nibble) { base_type : array; bit_from : 3; bit_to : 0; bit_width : 4; downto : true; }
`

/** Delay tables: in ns at slew 0 and 0.1, load 0 and 0.01 pF. */
const tables = (edge: string, delays: string, slews: string): string => `
        cell_${edge} (delay_2_2) { values (${delays}); }
        ${edge}_transition (delay_2_2) { values (${slews}); }`

const gate = (name: string, area: string, inputs: readonly string[], formula: string, more = ''): string => `
  cell ("${name}") {
    area : ${area}
    ${inputs.map((pin) => `pin (${pin}) { direction : input; capacitance : 0.001; }`).join('\n    ')}
    pin (Y) {
      direction : output; max_capacitance : 0.1;
      function : "${formula}";${more}
      timing () {
        related_pin : "${inputs.join(' ')}";${tables('rise', '"0.10, 0.20", \\\n "0.15, 0.25"', '"0.01, 0.05", "0.02, 0.06"')}${tables('fall', '"0.05, 0.15", "0.10, 0.20"', '"0.01, 0.04", "0.02, 0.05"')}
      }
    }
  }
`

const register = `
  cell (REG) {
    area : 8; cell_leakage_power : 500;
    ff (STATE, STATE_N) { clocked_on : "CK"; next_state : "D"; clear : "R'"; }
    pin (CK) { direction : input; clock : true; capacitance : 0.002;
      internal_power () { rise_power (power_2) { values ("0.004, 0.006"); } fall_power (power_2) { values ("0.002, 0.002"); } }
    }
    pin (R) { direction : input; capacitance : 0.001; }
    pin (D) { direction : input; capacitance : 0.001; rise_capacitance : 0.0012; fall_capacitance : 0.0008;
      timing () { related_pin : "CK"; timing_type : setup_rising;
        rise_constraint (check_2_2) { values ("0.030, 0.010", "0.040, 0.020"); }
        fall_constraint (check_2_2) { values ("0.050, 0.030", "0.060, 0.040"); }
      }
      timing () { related_pin : "CK"; timing_type : hold_rising;
        rise_constraint (scalar) { values ("-0.004"); } fall_constraint (scalar) { values ("0.006"); }
      }
    }
    pin (Q) { direction : output; function : "STATE";
      timing () { related_pin : "CK"; timing_type : rising_edge;${tables('rise', '"0.30, 0.40", "0.30, 0.40"', '"0.02, 0.02", "0.02, 0.02"')}${tables('fall', '"0.35, 0.45", "0.35, 0.45"', '"0.03, 0.03", "0.03, 0.03"')}
      }
      timing () { related_pin : "R"; timing_type : clear; timing_sense : positive_unate; cell_fall (scalar) { values ("9"); } fall_transition (scalar) { values ("9"); } }
    }
    pin (QN) { direction : output; function : "STATE_N"; }
  }
`

const inverterPower = `
      internal_power () { related_pin : "A"; when : "1"; related_pg_pin : VDD;
        rise_power (scalar) { values ("0.001"); } fall_power (scalar) { values ("0.003"); } }
      internal_power () { related_pin : "A"; related_pg_pin : VSS; power (scalar) { values ("7"); } }`

const inverter = gate('INV', '1', ['A'], '!A', inverterPower).replace(
  'area : 1\n',
  `area : 1
    pg_pin (VDD) { pg_type : primary_power; } pg_pin (VSS) { pg_type : primary_ground; }
    leakage_power () { when : "A"; value : 200; related_pg_pin : VDD; }
    leakage_power () { when : "!A"; value : 400; related_pg_pin : VDD; }
    leakage_power () { when : "A"; value : 9000; related_pg_pin : VSS; }
`,
)

const turned = `
  cell (TURNED) { area : 3;
    pin (A) { direction : input; capacitance : 0.001; }
    pin (Y) { direction : output; function : "A";
      timing () { related_pin : "A";
        cell_rise (turned_2_2) { index_1 ("0.0, 0.02"); values ("0.10, 0.15", "0.20, 0.25"); }
        rise_transition (turned_2_2) { values ("0.01, 0.02", "0.05, 0.06"); }
        cell_fall (delay_2_2) { values ("0.1, 0.2", "0.1, 0.2"); } fall_transition (delay_2_2) { values ("0.1, 0.2", "0.1, 0.2"); }
      }
    }
  }
`

const macro = `
  cell (MACRO) { area : 100;
    bus (A) { bus_type : nibble; direction : input; capacitance : 0.004; pin (A[2]) { capacitance : 0.005; } pin (A[1:0]) { capacitance : 0.006; } }
    statetable ("A", "S") { table : "H : - : H"; }
  }
`

const gateCell = `
  cell (GATE) { area : 6; clock_gating_integrated_cell : "latch_posedge";
    statetable ("CK E", "IQ") { table : "L L : - : L, L H : - : H, H - : - : N"; }
    pin (IQ) { direction : internal; internal_node : "IQ"; }
    pin (CK) { direction : input; capacitance : 0.002; clock : true; clock_gate_clock_pin : true; }
    pin (E) { direction : input; capacitance : 0.001; clock_gate_enable_pin : true;
      timing () { related_pin : CK; timing_type : setup_rising; rise_constraint (scalar) { values ("0.05"); } fall_constraint (scalar) { values ("0.05"); } }
    }
    pin (G) { direction : output; state_function : "CK & IQ"; clock_gate_out_pin : true; max_capacitance : 0.01;
      timing () { related_pin : "CK"; timing_sense : positive_unate;${tables('rise', '"0.1, 0.1", "0.1, 0.1"', '"0.02, 0.02", "0.02, 0.02"')}${tables('fall', '"0.1, 0.1", "0.1, 0.1"', '"0.02, 0.02", "0.02, 0.02"')} }
    }
  }
`

const adder = `
  cell (FULL) { area : 9; pin (X) { direction : input; } pin (P) { direction : input; } pin (Z) { direction : input; }
    pin (CO) { direction : output; function : "(X P) + (P Z) + (X Z)"; } pin (S) { direction : output; function : "X^P^Z"; } }
`

/** The cells by name, to leave out and to change. */
export const smallCells: Readonly<Record<string, string>> = {
  INV: inverter,
  NAND: gate('NAND', '2', ['A', 'B'], "(A B)'"),
  BUF: gate('BUF', '2', ['A'], 'A'),
  BUF_2: gate('BUF_2', '3', ['A'], 'A'),
  SAFE: gate('SAFE', '0.5', ['A'], 'A').replace('area', 'is_isolation_cell : true; area'),
  XOR: gate('XOR', '4', ['A', 'B'], 'A ^ B'),
  REG: register,
  TURNED: turned,
  MACRO: macro,
  GATE: gateCell,
  FULL: adder,
}

/** The text of the library with these cells. */
export const smallLiberty = (cells: Readonly<Record<string, string>> = smallCells): string =>
  `${header}${Object.values(cells).join('')}}\n`
