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
  readonly bits: number
  /** Operand pairs of a 16-bit word. */
  readonly lanes: number
  /** Places behind the point of the quire: its last place is the smallest product but 0. */
  readonly fractionBits: number
  /**
   * Bits of the quire in which 32,767 products of any size fit, posits' being SoftPosit's but for posit(8,0), whose 32 bits
   * would take 127 products only; a sum beyond them is flagged.
   */
  readonly quireBits: number
}

const modeOf = (name: ModeName, bits: number, fractionBits: number, quireBits: number): Mode => ({
  name,
  code: modeNames.indexOf(name),
  bits,
  lanes: 16 / bits,
  fractionBits,
  quireBits,
})

export const modes: Readonly<Record<ModeName, Mode>> = {
  fp4: modeOf('fp4', 4, 2, 32),
  'posit(4,1)': modeOf('posit(4,1)', 4, 8, 32),
  'posit(8,0)': modeOf('posit(8,0)', 8, 12, 40),
  'posit(16,1)': modeOf('posit(16,1)', 16, 56, 128),
}

/** Bits of an operand word. */
export const wordBits = 16

export const modeShape = u(2)

export const formatOfMode = ({ name }: Mode): ScalarFormat => scalarFormatOf(name)

/** Which mode a word is in. */
export interface ModeFlags {
  readonly fp4: Bool
  readonly posit4: Bool
  readonly posit8: Bool
  readonly posit16: Bool
  /** One of the two modes of four lanes. */
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
