/** How a design is printed; plain data. What exists for a tool's sake is named after what the tool does without it. */
export interface PrintOptions {
  /**
   * `// src/mac.ts:24` behind declarations and instances. Off by default: a line added to the TypeScript moves those below it,
   * and the text would change though the hardware does not. The source map has the lines either way.
   */
  readonly locations: boolean
  /** Promises also as `assert` under `ifdef FORMAL`, as Yosys (`read_verilog -formal`) and SymbiYosys take them. */
  readonly formal: boolean
  /** Bits nobody reads are gathered in a wire `unused`, for Verilator's UNUSEDSIGNAL. */
  readonly verilatorUnusedSignal: boolean
  /** Components that have `gates` are printed as these; otherwise every component as its `logic`. */
  readonly gates: boolean
}

export const defaultPrintOptions: PrintOptions = {
  locations: false,
  formal: false,
  verilatorUnusedSignal: true,
  gates: true,
}
