export { component } from './component.js';
export { HdlError } from './error.js';
export { bits, bool, IntShape, range, s, u, vec, } from './shape.js';
export { Bits, Bool, cat, Int, mux, sum } from './signal.js';
export { modulesUnder, printVerilog } from './verilog/print.js';
