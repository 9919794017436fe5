/**
 * The hardware language by itself, `bitloom/language`: description, Verilog, passes, our own engines, comparison. It uses
 * nothing of Node that it cannot do without, so that it runs in a browser as it does in Node.
 */

export { UserError } from './base/user-error.ts'
export * from './dsl/index.ts'
export * from './sim/activity/index.ts'
export * from './sim/compare.ts'
export * from './sim/engine.ts'
export type { EngineOptions } from './sim/interpret.ts'
export { type LaneEngine, type LaneFailure, laneRows, laneWords, rowsOfLane } from './sim/lanes/engine.ts'
export {
  type LaneEngineName,
  type LaneOptions,
  laneEngineNames,
  openOwnLanes as openLanes,
} from './sim/lanes/open.ts'
export {
  type OwnEngineName as EngineName,
  openOwnEngine as openEngine,
  ownEngineNames as engineNames,
} from './sim/own-engines.ts'
export { signalPaths } from './sim/signals.ts'
export * from './sim/state/index.ts'
export { randomStimulus } from './sim/stimulus.ts'
export * from './sim/testbench/index.ts'
export * from './sim/waves/index.ts'
