import { bytesOf, type LaneBits, type LaneType, masks, signed, unsigned } from '../vector/lane-type.ts'
import { type LaneInstruction, opcodeOf, simd } from './simd-instructions.ts'
import type { Local, Writer } from './writer.ts'

/** Lanes of one step of a loop. */
export type Chunk = 4 | 8 | 16

/** Some lanes of a value in registers of 16 bytes, `registersOf` many; of fewer than 16 bytes in all the lower part counts. */
export interface VectorValue {
  readonly type: LaneType
  readonly registers: readonly Local[]
}

export const registersOf = (type: LaneType, chunk: Chunk): number => Math.max(1, (chunk * bytesOf(type)) / 16)

/** A register with what the instructions that `body` writes leave on the stack. */
export const register = (writer: Writer, body: () => void): Local => {
  body()
  const local = writer.local('v128')
  writer.set(local)
  return local
}

/** The same value in every lane. */
export const splat = (writer: Writer, type: LaneType, value: bigint): void => {
  const bytes = new Uint8Array(16)
  const lane = BigInt.asUintN(type.bits, type.kind === 'mask' ? -value : value)
  for (let k = 0; k < 16; k++) bytes[k] = Number((lane >> BigInt((8 * k) % type.bits)) & 255n)
  writer.simd(simd.constant, ...bytes)
}

const half = (bits: LaneBits): LaneBits => (bits / 2) as LaneBits
const twice = (bits: LaneBits): LaneBits => (bits * 2) as LaneBits
const ofKind = { mask: masks, signed, unsigned } as const

/** What conversions are written with; `constant` gives a register made once before the loop. */
export interface Converter {
  readonly writer: Writer
  readonly chunk: Chunk
  constant(type: LaneType, value: bigint): Local
}

/** The value in lanes of another type. It fits, so that narrowing may saturate. */
export const converted = (to: Converter, value: VectorValue, type: LaneType): VectorValue => {
  let now = value
  if (now.type.kind === 'mask' && type.kind !== 'mask') {
    // A mask is narrowed while it is one, and becomes a number in the narrower of the two widths.
    now = narrowed(to, now, masks[type.bits < now.type.bits ? type.bits : now.type.bits])
    const one = to.constant(unsigned[now.type.bits], 1n)
    now = each(to, now, unsigned[now.type.bits], (register) => {
      to.writer.get(register)
      to.writer.get(one)
      to.writer.simd(simd.and)
    })
  } else if (now.type.kind !== 'mask' && type.kind === 'mask') {
    now = narrowed(to, now, ofKind[now.type.kind][type.bits < now.type.bits ? type.bits : now.type.bits])
    const one = to.constant(unsigned[now.type.bits], 1n)
    now = each(to, now, masks[now.type.bits], (register) => {
      to.writer.get(register)
      to.writer.get(one)
      to.writer.simd(opcodeOf('eq', now.type.bits))
    })
  }
  while (now.type.bits < type.bits) now = widened(to, now)
  now = narrowed(to, now, type)
  return { type, registers: now.registers }
}

const each = (
  { writer }: Converter,
  { registers }: VectorValue,
  type: LaneType,
  body: (register: Local) => void,
): VectorValue => ({
  type,
  registers: registers.map((of) => register(writer, () => body(of))),
})

const widened = ({ writer, chunk }: Converter, { type, registers }: VectorValue): VectorValue => {
  const wide = ofKind[type.kind][twice(type.bits)]
  const sign = type.kind === 'unsigned' ? 'u' : 's'
  const both = registersOf(wide, chunk) === 2 * registersOf(type, chunk)
  const parts: readonly LaneInstruction[] = both ? [`extendLow_${sign}`, `extendHigh_${sign}`] : [`extendLow_${sign}`]
  return {
    type: wide,
    registers: registers.flatMap((of) =>
      parts.map((part) =>
        register(writer, () => {
          writer.get(of)
          writer.simd(opcodeOf(part, type.bits))
        }),
      ),
    ),
  }
}

/** Lower halves of the 64-bit lanes of two registers. */
const lowHalves = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]

const narrowed = ({ writer, chunk }: Converter, value: VectorValue, to: LaneType): VectorValue => {
  let now = value
  while (now.type.bits > to.bits) {
    const { type, registers } = now
    const bits = half(type.bits)
    const last = bits === to.bits
    const narrow = last ? to : ofKind[type.kind === 'mask' ? 'mask' : 'signed'][bits]
    const paired = registersOf(type, chunk) === 2 * registersOf(narrow, chunk)
    now = {
      type: narrow,
      registers: Array.from({ length: registersOf(narrow, chunk) }, (_, k) =>
        register(writer, () => {
          writer.get(registers[paired ? 2 * k : 0]!)
          writer.get(registers[paired ? 2 * k + 1 : 0]!)
          if (type.bits === 64) writer.simd(simd.shuffle, ...lowHalves)
          else writer.simd(opcodeOf(narrow.kind === 'unsigned' ? 'narrow_u' : 'narrow_s', bits))
        }),
      ),
    }
  }
  return now
}
