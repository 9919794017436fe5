/** The library: the hardware language, engines, PEs, arrays and synthesis, for use from TypeScript. */

/** Buses: masters, registers, a memory and checkers for testbenches (`docs/accelerator.md`). */
export * as axi from './accel/axi/index.ts'
/** The co-processor's core: `coprocessor.coprocessorCore({ array, transfers })`. */
export * as coprocessor from './accel/coprocessor/index.ts'
export * from './accel/gemm.ts'
export { runProductInLanes } from './accel/lane-product.ts'
export * from './accel/output-stationary.ts'
export { describeTileFailure, type TileFailure } from './accel/tile-failure.ts'
export * from './accel/tile-product.ts'
export { readBeat, type TransferShape, transferCommand, writeBeat, writeEnd } from './accel/transfers.ts'
export {
  type WeightStationarySize,
  weightStationaryArray,
  weightStationaryResultCycle,
} from './accel/weight-stationary.ts'
export { runWeightStationary } from './accel/weight-stationary-product.ts'
export { weightStationaryCycles } from './accel/weight-stationary-tiles.ts'
/** Number formats: `formats.formatOf('fp4').decode(5n)`. */
export * as formats from './formats/index.ts'
export * from './language.ts'
export { catalogue, elementOf, families, processingElement } from './pe/catalogue.ts'
export type * from './pe/family.ts'
export type * from './pe/tile.ts'
export { readCoverage, writeCoverage } from './sim/activity/coverage-file.ts'
// With Verilator beside the language's own engines; these names stand before those of the language.
export { type EngineName, engineNames, openEngine } from './sim/engines.ts'
export { openLanes, type ThreadedLaneOptions } from './sim/lanes/index.ts'
export { readState, writeState } from './sim/state/state-file.ts'
export { writeVcd } from './sim/waves/vcd-file.ts'
export { synthesise } from './synth/synthesise.ts'
export { targets } from './synth/targets.ts'
export { lonePe, type Verification, verify } from './verify/verify.ts'
