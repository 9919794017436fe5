/** The hardware language: what a design imports. */
export type { Builder, RegisterOf, WireOf } from './build.ts'
export { type Component, component, type OperandsOf, type SignalsOf } from './component.ts'
export { HdlError } from './error.ts'
export type { Module } from './ir.ts'
export * from './library/index.ts'
export type {
  Collision,
  MemoryOptions,
  PortOptions,
  ReadableMemory,
  RomOptions,
  WordOf,
  WritableMemory,
} from './memory.ts'
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
export { type Ports, type ReadyOf, Stream, type StreamShape, type StreamSource, stream } from './stream.ts'
export { modulesUnder, printVerilog } from './verilog/print.ts'
