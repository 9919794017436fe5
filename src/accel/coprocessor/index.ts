/** The co-processor, its core, its drivers, and how a product lies in memory. */

export { cDriver, type DriverFile } from './c-driver.ts'
export {
  type ComputeArray,
  computeArray,
  type GroupField,
  type OperandMode,
  type OperandSide,
} from './compute-array.ts'
export { type CoprocessorOptions, coprocessor, streamingCoprocessor } from './coprocessor.ts'
export { coprocessorCore } from './core.ts'
export { runCounters } from './counters.ts'
export { type CoreDescription, type CoreOptions, coreDescription } from './description.ts'
export {
  type CoprocessorDriver,
  type CoprocessorStatus,
  coprocessorDriver,
  type MatrixPlaces,
  type RegisterBus,
  type RunReport,
} from './driver.ts'
export {
  type MatrixLayout,
  type OperandLayout,
  type ProductLayout,
  type ProductSize,
  productLayout,
  type ResultLayout,
} from './layout.ts'
export { type OperandRow, operandOrder, type ResultRow, resultOrder } from './order.ts'
export { type FieldCodes, packActivations, packWeights, unpackResults, unpackRow } from './packer.ts'
export { coprocessorMap } from './registers.ts'
export { runCommand, runError } from './run-command.ts'
export { type SimulatedCoprocessor, type SimulationOptions, simulatedCoprocessor } from './simulated.ts'
