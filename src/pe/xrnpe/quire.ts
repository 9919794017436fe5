import type { Bool } from '../../dsl/index.ts'
import type { ModeFlags } from './modes.ts'

/** How the quire is cut. */
export interface QuireLayout {
  /** Bits of each segment, the lowest first. */
  readonly segments: readonly number[]
  /** Bits of the quire that a lane has, the lowest lane's first; of the narrow modes together where they are summed. */
  readonly laneBits: number
}

/**
 * Quires that the modes share. Summed, the narrow modes use the three lowest of seven segments: 40 bits and 4 more that tell
 * an overflow; posit(16,1) has 128 and as many. Apart, lanes of four bits have two segments each, 32 bits and 4.
 */
export const quireLayouts = {
  summed: { segments: [16, 16, 12, 22, 22, 22, 22], laneBits: 44 },
  separate: { segments: [18, 18, 18, 18, 18, 18, 18, 18], laneBits: 36 },
} as const satisfies Readonly<Record<string, QuireLayout>>

/** Lowest segments of the summed quire, which are all that the narrow modes use. */
export const narrowSegments = 3

export const quireWidth = ({ segments }: QuireLayout): number => segments.reduce((sum, bits) => sum + bits, 0)

/** Bits of the segments, and above them the carries that wait. */
export const packedBits = (layout: QuireLayout): number => quireWidth(layout) + layout.segments.length - 1

/** By segment, whether a sum begins there in the mode that is on; undefined where none ever does but at the lowest. */
export const sumsBegin = (lanes: keyof typeof quireLayouts, flags: ModeFlags): readonly (Bool | undefined)[] =>
  quireLayouts[lanes].segments.map((_, k) => {
    if (lanes === 'summed' || k % 2 === 1 || k === 0) return undefined
    return k === 4 ? flags.posit16.not() : flags.four
  })
