import { bool, enumeration, record, u } from '../../dsl/index.ts'
import { type CoreDescription, mostTiles, upTo } from './description.ts'

/**
 * A product, and where its matrices lie: bytes of memory, at whole beats. `mode` is the array's. The fields are as wide as registers of
 * software are; what is too large for this core is refused.
 */
export const runCommand = record({
  tokens: u(32),
  outputs: u(32),
  inputs: u(32),
  group: u(32),
  mode: u(8),
  activations: u(64),
  weights: u(64),
  results: u(64),
})

/** The array's input `mode`. */
export const modeShape = ({ array }: CoreDescription) => upTo(Math.max(...array.modes.map(({ code }) => code)))

/** How a run ended; all but the last three before anything was read or written. The names' numbers are what software sees. */
export const runError = enumeration('run_error', [
  'none',
  /** One of the dimensions, or the group, is 0 or too large. */
  'dimensions',
  'mode',
  /** A group that is no whole steps or has too many. */
  'group',
  /** An address that is not a whole beat's. */
  'alignment',
  /** A row of codes or of fields does not fit its buffer. */
  'buffers',
  /** A matrix goes on beyond the last address. */
  'region',
  'read',
  'write',
  'aborted',
])

/** What a row, and a tile of them, take of a side's buffers. */
export const sidePlan = ({ bufferBeats, fieldBeats }: CoreDescription) =>
  record({
    /** Beats of a row's codes, of its fields, and of both. */
    codes: upTo(bufferBeats),
    fields: upTo(fieldBeats),
    row: upTo(bufferBeats + fieldBeats),
    /** Tiles that the buffers hold. */
    tiles: upTo(mostTiles),
  })

/** What is worked out once, before a run. */
export const runPlan = (core: CoreDescription) => {
  const { dimension, beatAddress } = core
  return record({
    mode: modeShape(core),
    groups: dimension,
    group_steps: dimension,
    last_steps: dimension,
    activation: sidePlan(core),
    weight: sidePlan(core),
    /** Tiles of activations that stay while weights stream past. */
    strip: upTo(mostTiles / 2),
    /** All weights fit: they are read once. */
    weights_stay: bool,
    /** Beats from one row of results to the next, and from one group's matrix to the next. */
    result_row: beatAddress,
    matrix: beatAddress,
  })
}
