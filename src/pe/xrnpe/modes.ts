import { type Bool, type Int, u } from '../../dsl/index.ts'
import { type ScalarFormat, scalarFormatOf } from '../../formats/index.ts'

/** The formats of XR-NPE, in the order of the mode that selects them (arXiv 2508.13049, abstract; the encoding is ours). */
export const modeNames = ['fp4', 'posit(4,1)', 'posit(8,0)', 'posit(16,1)'] as const
export type ModeName = (typeof modeNames)[number]

export interface Mode {
  readonly name: ModeName
  /** What the input `mode` is set to. */
  readonly code: number
  /** Bits of an operand. */
  readonly bits: 4 | 8 | 16
  /** Places behind the point of the quire: its last place is the smallest product but 0. */
  readonly fractionBits: number
  /**
   * Bits of the quire in which 32,767 products of any size fit, posits' being SoftPosit's but for posit(8,0), whose 32 bits
   * would take 127 products only; a sum beyond them is flagged.
   */
  readonly quireBits: number
}

const modeOf = (name: ModeName, bits: Mode['bits'], fractionBits: number, quireBits: number): Mode => ({
  name,
  code: modeNames.indexOf(name),
  bits,
  fractionBits,
  quireBits,
})

export const modes: Readonly<Record<ModeName, Mode>> = {
  fp4: modeOf('fp4', 4, 2, 32),
  'posit(4,1)': modeOf('posit(4,1)', 4, 8, 32),
  'posit(8,0)': modeOf('posit(8,0)', 8, 12, 40),
  'posit(16,1)': modeOf('posit(16,1)', 16, 56, 128),
}

/** Bits of the widest code, posit(16,1)'s, and of a result that is one. */
export const widestCode = 16

/** How many lanes a word has in modes of 4, 8 and 16 bits. */
export const packingNames = ['lanes_4_2_1', 'lanes_16_4_1'] as const
export type PackingName = (typeof packingNames)[number]

export interface Packing {
  /** Bits of an operand word; a mode's lanes are in its lowest. */
  readonly wordBits: number
  readonly lanes: Readonly<Record<Mode['bits'], number>>
}

/**
 * Words filled by every mode, as EULER-ADAS splits them, or lanes that give all blocks of the array work as in PARV-CE, with
 * words of 64 bits that only the modes of 4 bits fill (which of both XR-NPE has is not public).
 */
export const packings: Readonly<Record<PackingName, Packing>> = {
  lanes_4_2_1: { wordBits: 16, lanes: { 4: 4, 8: 2, 16: 1 } },
  lanes_16_4_1: { wordBits: 64, lanes: { 4: 16, 8: 4, 16: 1 } },
}

/** Operand pairs of a word. */
export const lanesOf = ({ bits }: Mode, packing: PackingName): number => packings[packing].lanes[bits]

export const modeShape = u(2)

export const formatOfMode = ({ name }: Mode): ScalarFormat => scalarFormatOf(name)

/** Which mode a word is in. */
export interface ModeFlags {
  readonly fp4: Bool
  readonly posit4: Bool
  readonly posit8: Bool
  readonly posit16: Bool
  /** One of the two modes of 4 bits. */
  readonly four: Bool
}

export const modeFlags = (mode: Int): ModeFlags => {
  const [high, low] = [mode.bit(1), mode.bit(0)]
  return {
    fp4: high.or(low).not(),
    posit4: high.not().and(low),
    posit8: high.and(low.not()),
    posit16: high.and(low),
    four: high.not(),
  }
}

/** Whether it is this mode that is on. */
export const flagOf = (flags: ModeFlags, name: ModeName): Bool =>
  ({ fp4: flags.fp4, 'posit(4,1)': flags.posit4, 'posit(8,0)': flags.posit8, 'posit(16,1)': flags.posit16 })[name]
