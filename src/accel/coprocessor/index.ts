/** The co-processor's core, and how a product lies in memory. */

export {
  type ComputeArray,
  computeArray,
  type GroupField,
  type OperandMode,
  type OperandSide,
} from './compute-array.ts'
export { coprocessorCore } from './core.ts'
export { runCounters } from './counters.ts'
export { type CoreDescription, type CoreOptions, coreDescription } from './description.ts'
export {
  type MatrixLayout,
  type OperandLayout,
  type ProductLayout,
  type ProductSize,
  productLayout,
  type ResultLayout,
} from './layout.ts'
export { type FieldCodes, packActivations, packWeights, unpackResults, unpackRow } from './packer.ts'
export { runCommand, runError } from './run-command.ts'
