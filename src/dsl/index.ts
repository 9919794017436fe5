/** The hardware language: what a design imports. */
export { pack, unpack } from './aggregate.ts'
export type { Builder, RegisterOf, WireOf } from './build.ts'
export { type Arm, type Arms, equal, type Matched, match, mux, type Read, select, type Value } from './choice.ts'
export { type Component, component, type OperandsOf, type SignalsOf } from './component.ts'
export { Enum, type EnumOperand, EnumShape, enumeration } from './enumeration.ts'
export { HdlError } from './error.ts'
export { asFixed, Fixed, type FixedOperand, FixedShape, fixed, type Rounding } from './fixed.ts'
export type { Fsm, States } from './fsm.ts'
export type { Encoding, Module } from './ir.ts'
export { type RegisterShapes, type Reset, reset } from './reset.ts'
export {
  type BitsShape,
  type BoolShape,
  bits,
  bool,
  IntShape,
  packedWidth,
  type RecordShape,
  range,
  record,
  type ScalarShape,
  type Shape,
  type Shapes,
  s,
  u,
  type VectorShape,
  vec,
} from './shape.ts'
export {
  Bits,
  type BitsOperand,
  Bool,
  type BoolOperand,
  cat,
  Int,
  type IntOperand,
  type LiteralOf,
  type OperandOf,
  type SignalOf,
  sum,
} from './signal.ts'
export { modulesUnder, printVerilog } from './verilog/print.ts'
