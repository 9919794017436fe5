import type { LaneBits } from '../vector/lane-type.ts'

/** Opcodes of the vector instructions by lane width (core specification 2.0, section 5.4.7); undefined where there is none. */
type ByWidth = Readonly<Record<LaneBits, number | undefined>>
const row = (...[a, b, c, d]: readonly (number | undefined)[]): ByWidth => ({ 8: a, 16: b, 32: c, 64: d })

const byWidth = {
  splat: row(0x0f, 0x10, 0x11, 0x12),
  negate: row(0x61, 0x81, 0xa1, 0xc1),
  add: row(0x6e, 0x8e, 0xae, 0xce),
  sub: row(0x71, 0x91, 0xb1, 0xd1),
  mul: row(undefined, 0x95, 0xb5, 0xd5),
  shl: row(0x6b, 0x8b, 0xab, 0xcb),
  shr_s: row(0x6c, 0x8c, 0xac, 0xcc),
  shr_u: row(0x6d, 0x8d, 0xad, 0xcd),
  eq: row(0x23, 0x2d, 0x37, 0xd6),
  lt_s: row(0x25, 0x2f, 0x39, 0xd8),
  lt_u: row(0x26, 0x30, 0x3a, undefined),
  min_s: row(0x76, 0x96, 0xb6, undefined),
  min_u: row(0x77, 0x97, 0xb7, undefined),
  max_s: row(0x78, 0x98, 0xb8, undefined),
  max_u: row(0x79, 0x99, 0xb9, undefined),
  /** From lanes of the given width to twice as wide ones. */
  extendLow_s: row(0x87, 0xa7, 0xc7, undefined),
  extendHigh_s: row(0x88, 0xa8, 0xc8, undefined),
  extendLow_u: row(0x89, 0xa9, 0xc9, undefined),
  extendHigh_u: row(0x8a, 0xaa, 0xca, undefined),
  /** From lanes twice as wide to the given width, saturating; the source is read as signed. */
  narrow_s: row(0x65, 0x85, undefined, undefined),
  narrow_u: row(0x66, 0x86, undefined, undefined),
  /** Products twice as wide. */
  extmulLow_u: row(0x9e, 0xbe, 0xde, undefined),
  extmulHigh_u: row(0x9f, 0xbf, 0xdf, undefined),
} as const satisfies Record<string, ByWidth>
export type LaneInstruction = keyof typeof byWidth

export const opcodeOf = (instruction: LaneInstruction, bits: LaneBits): number => {
  const opcode = byWidth[instruction][bits]
  if (opcode === undefined) throw new TypeError(`there is no ${instruction} on lanes of ${bits} bits`)
  return opcode
}

export const simd = {
  load: 0x00,
  load32Zero: 0x5c,
  load64Zero: 0x5d,
  store: 0x0b,
  store32Lane: 0x5a,
  store64Lane: 0x5b,
  constant: 0x0c,
  shuffle: 0x0d,
  swizzle: 0x0e,
  not: 0x4d,
  and: 0x4e,
  /** a and not b */
  andNot: 0x4f,
  or: 0x50,
  xor: 0x51,
  /** a where the mask's bit is 1, else b */
  bitSelect: 0x52,
  anyTrue: 0x53,
} as const
