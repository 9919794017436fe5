import type { Bool } from '../../dsl/index.ts'
import { flagOf, type ModeFlags, type ModeName, modeNames } from './modes.ts'

/** What a block does in a mode; undefined where it is kept still. */
type Work = Readonly<Record<ModeName, string | undefined>>

const work = (fp4?: string, posit4?: string, posit8?: string, posit16?: string): Work => ({
  fp4,
  'posit(4,1)': posit4,
  'posit(8,0)': posit8,
  'posit(16,1)': posit16,
})

const everyNibble = work('decode', 'decode')

/**
 * Which blocks work in which mode. The keys are the names of instances in a core, `quire` apart: `upper_quire` are the
 * segments of the quire that the narrow modes do not reach, with the register of what is added to them.
 *
 * Blocks 0 to 3 are the array (RMMEC): no mode leaves one of them without work, as multiplier or as comparator of exponents. (The
 * assignment is ours; the paper's own is not public.)
 */
export const blockWork = {
  left_wide: work(undefined, undefined, 'decode upper', 'decode'),
  right_wide: work(undefined, undefined, 'decode upper', 'decode'),
  left_byte: work(undefined, undefined, 'decode lower'),
  right_byte: work(undefined, undefined, 'decode lower'),
  left_nibble_0: everyNibble,
  left_nibble_1: everyNibble,
  left_nibble_2: everyNibble,
  left_nibble_3: everyNibble,
  right_nibble_0: everyNibble,
  right_nibble_1: everyNibble,
  right_nibble_2: everyNibble,
  right_nibble_3: everyNibble,
  block_0: work('multiply lane 0', 'compare lane 0', 'multiply lower', 'multiply'),
  block_1: work('multiply lane 1', 'compare lane 1', 'compare lower', 'multiply'),
  block_2: work('multiply lane 2', 'compare lane 2', 'compare upper', 'multiply'),
  block_3: work('multiply lane 3', 'compare lane 3', 'multiply upper', 'multiply'),
  significand_product: work('pass', undefined, 'pass', 'add'),
  wide_placer: work(undefined, undefined, 'shift upper', 'shift'),
  byte_placer: work(undefined, undefined, 'shift lower'),
  nibble_placer_0: work('shift', 'shift'),
  nibble_placer_1: work('shift', 'shift'),
  nibble_placer_2: work('shift', 'shift'),
  nibble_placer_3: work('shift', 'shift'),
  lane_sum: work('add', 'add', 'add', 'pass'),
  upper_quire: work(undefined, undefined, undefined, 'add'),
} as const satisfies Readonly<Record<string, Work>>

export type BlockName = keyof typeof blockWork

export const blockNames = Object.keys(blockWork) as readonly BlockName[]

/** Blocks that stand still in some mode. */
export const gatedBlocks = blockNames.filter((block) => modeNames.some((mode) => blockWork[block][mode] === undefined))

/** True where the block works in the mode that is on. */
export const worksIn = (block: BlockName, flags: ModeFlags): Bool => {
  const working = modeNames.filter((mode) => blockWork[block][mode] !== undefined)
  const [first, ...others] = working.map((mode) => flagOf(flags, mode))
  return others.reduce((any, flag) => any.or(flag), first!)
}
