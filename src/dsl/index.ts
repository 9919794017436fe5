/** The hardware language: what a design imports. */
export type { Builder, RegisterOf, WireOf } from './build.ts'
export { type Component, component, type OperandsOf, type SignalsOf } from './component.ts'
export { HdlError } from './error.ts'
export type { Module, Warning } from './ir.ts'
export {
  everywhere,
  foldConstants,
  narrowRanges,
  optimise,
  type Pass,
  removeDead,
  shareEqual,
} from './pass/index.ts'
export {
  type BitsShape,
  type BoolShape,
  bits,
  bool,
  IntShape,
  range,
  type ScalarShape,
  type Shape,
  type Shapes,
  s,
  u,
  type VectorShape,
  vec,
} from './shape.ts'
export { Bits, type BitsOperand, Bool, type BoolOperand, cat, Int, type IntOperand, mux, sum } from './signal.ts'
export type { PrintOptions } from './verilog/options.ts'
export { modulesUnder, printVerilog } from './verilog/print.ts'
export {
  atName,
  atSourceLine,
  atVerilogLine,
  type MappedModule,
  type MappedName,
  type MappedPlace,
  printWithMap,
  type VerilogMap,
} from './verilog/source-map.ts'
