import type { Bool } from '../../dsl/index.ts'
import { flagOf, type ModeFlags, type ModeName, modeNames, type PackingName } from './modes.ts'

/** What a block does in a mode; undefined where it is kept still. */
type Work = Readonly<Record<ModeName, string | undefined>>

const work = (fp4?: string, posit4?: string, posit8?: string, posit16?: string): Work => ({
  fp4,
  'posit(4,1)': posit4,
  'posit(8,0)': posit8,
  'posit(16,1)': posit16,
})

const everyNibble = work('decode', 'decode')
const everyPlacer = work('shift', 'shift')

/** The activation is on the left of every product, the weight on the right. */
export type Side = 'left' | 'right'

/** The name of an instance in a core, but for `upper_quire`. */
export type BlockName =
  | `${Side}_${'wide' | 'byte'}`
  | `${Side}_${'byte' | 'nibble'}_${number}`
  | `block_${number}`
  | 'significand_product'
  | `${'wide' | 'byte'}_placer`
  | `${'byte' | 'nibble'}_placer_${number}`
  | 'lane_sum'
  | 'upper_quire'

type WorkByBlock = Readonly<Partial<Record<BlockName, Work>>>

/** The work of blocks `stem_from` to before `stem_to`. */
const numbered = (
  stem: `${Side}_${'byte' | 'nibble'}` | 'block' | `${'byte' | 'nibble'}_placer`,
  [from, to]: readonly [number, number],
  of: (index: number) => Work,
): WorkByBlock =>
  Object.fromEntries(Array.from({ length: to - from }, (_, k) => [`${stem}_${from + k}` as const, of(from + k)]))

/** Blocks for words of 16 bits. */
const firstQuad: WorkByBlock = {
  left_wide: work(undefined, undefined, 'decode upper', 'decode'),
  right_wide: work(undefined, undefined, 'decode upper', 'decode'),
  left_byte: work(undefined, undefined, 'decode lower'),
  right_byte: work(undefined, undefined, 'decode lower'),
  ...numbered('left_nibble', [0, 4], () => everyNibble),
  ...numbered('right_nibble', [0, 4], () => everyNibble),
  block_0: work('multiply lane 0', 'compare lane 0', 'multiply lower', 'multiply'),
  block_1: work('multiply lane 1', 'compare lane 1', 'compare lower', 'multiply'),
  block_2: work('multiply lane 2', 'compare lane 2', 'compare upper', 'multiply'),
  block_3: work('multiply lane 3', 'compare lane 3', 'multiply upper', 'multiply'),
  significand_product: work('pass', undefined, 'pass', 'add'),
  wide_placer: work(undefined, undefined, 'shift upper', 'shift'),
  byte_placer: work(undefined, undefined, 'shift lower'),
  ...numbered('nibble_placer', [0, 4], () => everyPlacer),
  lane_sum: work('add', 'add', 'add', 'pass'),
  upper_quire: work(undefined, undefined, undefined, 'add'),
}

const ofByte = (what: string): Work => work(undefined, undefined, what)

/** What the other 48 bits of a word of 64 have besides: the second quad two more posit(8,0), all of them lanes of 4 bits. */
const otherQuads: WorkByBlock = {
  ...numbered('left_byte', [2, 4], (lane) => ofByte(`decode lane ${lane}`)),
  ...numbered('right_byte', [2, 4], (lane) => ofByte(`decode lane ${lane}`)),
  ...numbered('left_nibble', [4, 16], () => everyNibble),
  ...numbered('right_nibble', [4, 16], () => everyNibble),
  ...numbered('block', [4, 16], (k) => {
    const byte = [4, 7].includes(k) ? 'multiply' : [5, 6].includes(k) ? 'compare' : undefined
    return work(`multiply lane ${k}`, `compare lane ${k}`, byte && `${byte} lane ${k >> 1}`)
  }),
  ...numbered('byte_placer', [2, 4], (lane) => ofByte(`shift lane ${lane}`)),
  ...numbered('nibble_placer', [4, 16], () => everyPlacer),
}

const everyWork: WorkByBlock = { ...firstQuad, ...otherQuads }

const names = (work: WorkByBlock): readonly BlockName[] => Object.keys(work) as BlockName[]

/** The blocks of a core. */
export const blockNames: Readonly<Record<PackingName, readonly BlockName[]>> = {
  lanes_4_2_1: names(firstQuad),
  lanes_16_4_1: names(everyWork),
}

/**
 * Which blocks work in which mode. They are called as their instances in a core, but for `upper_quire`: those are the segments of
 * the quire that the narrow modes do not reach, with the register of what is added to them.
 *
 * Blocks 0 to 3 are the array (RMMEC) of words of 16 bits: no mode leaves one of them without work, as multiplier or as comparator of
 * exponents. (The assignment is ours; the paper's own is not public.)
 */
export const workOf = (block: BlockName, mode: ModeName): string | undefined => everyWork[block]![mode]

/** Those that stand still in some mode. */
export const gatedBlocks = (packing: PackingName): readonly BlockName[] =>
  blockNames[packing].filter((block) => modeNames.some((mode) => workOf(block, mode) === undefined))

/** True where the block works in the mode that is on. */
export const worksIn = (block: BlockName, flags: ModeFlags): Bool => {
  const working = modeNames.filter((mode) => workOf(block, mode) !== undefined)
  const [first, ...others] = working.map((mode) => flagOf(flags, mode))
  return others.reduce((any, flag) => any.or(flag), first!)
}
