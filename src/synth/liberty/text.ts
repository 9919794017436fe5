/** What the Liberty texts that we print begin with: ps, fF, nW. */

/** A number to six decimals, without noise behind them. */
export const number = (value: number): string => String(Math.round(value * 1e6) / 1e6)

/** The begin of a library, up to what is its own. */
export const headerText = ({
  name,
  voltage_V,
  temperature_C,
}: {
  readonly name: string
  readonly voltage_V: number
  readonly temperature_C: number
}): string => `library (${JSON.stringify(name)}) {
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
`
