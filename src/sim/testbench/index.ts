export {
  type Block,
  type BlockDriver,
  type BlockMonitor,
  type BlockOptions,
  type Column,
  type ColumnMonitor,
  columnDriver,
  columnMonitor,
  playBlocks,
} from './blocks.ts'
export { type Scoreboard, type ScoreboardOptions, scoreboard } from './scoreboard.ts'
export type { Agent, PauseOptions, StreamDriver, StreamMonitor } from './streams.ts'
export { type Driven, type Seen, type Testbench, testbench } from './testbench.ts'
export type { ReadingOf } from './values.ts'
