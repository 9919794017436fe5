/** The hardware language: what a design imports. */

export { pack, unpack } from './aggregate.ts'
export {
  type BlackBoxDescription,
  type BlackBoxModel,
  type BlackBoxPorts,
  blackBox,
  type ValueOf,
  type ValuesOf,
} from './black-box.ts'
export type { Builder, InstanceOptions, RegisterOf, RegisterOptions, StreamOptions, WireOf } from './builder.ts'
export { type Accepted, describeWarning, type FoundWarning, warningsUnder } from './check/warnings.ts'
export { type Arm, type Arms, equal, type Matched, match, mux, type Read, select, type Value } from './choice.ts'
export { type Clock, clock, mainClock, on } from './clock.ts'
export { type Component, component, type OperandsOf, type SignalsOf } from './component.ts'
export { Enum, type EnumOperand, EnumShape, enumeration } from './enumeration.ts'
export { HdlError } from './error.ts'
export { asFixed, Fixed, type FixedOperand, FixedShape, fixed, type Rounding } from './fixed.ts'
export type { Fsm, States } from './fsm.ts'
export type { Encoding, Module, Warning, WarningCode } from './ir.ts'
export { type Balanced, balance } from './latency/balance.ts'
export { type Latency, latencyOf } from './latency/latency.ts'
export { type AsyncFifoParameters, asyncFifo } from './library/async-fifo.ts'
export * from './library/index.ts'
export { fromGray, type SyncOptions, sync2, toGray } from './library/sync.ts'
export type {
  Collision,
  LookupOptions,
  MemoryOptions,
  PortOptions,
  ReadableMemory,
  RomOptions,
  WordOf,
  WritableMemory,
  WriteOptions,
} from './memory.ts'
export {
  everywhere,
  foldConstants,
  narrowRanges,
  optimise,
  type Pass,
  removeDead,
  shareEqual,
} from './pass/index.ts'
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
export { type Ports, type ReadyOf, Stream, type StreamShape, type StreamSource, stream } from './stream.ts'
export { verilogForSimulation, verilogWithStubs } from './verilog/black-box.ts'
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
