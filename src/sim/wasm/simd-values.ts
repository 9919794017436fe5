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

/**
 * A register with what the instructions that `body` writes leave on the stack. They are written where it is read first: an
 * optimising compiler keeps loads and stores in their order, and has few registers to keep early values in.
 */
export const register = (writer: Writer, body: () => void): Local => {
  let local: Local | undefined
  return {
    type: 'v128',
    get index() {
      if (!local) {
        body()
        local = writer.local('v128')
        writer.set(local)
      }
      return local.index
    },
  }
}

/** Writes a register's instructions here: what they read is about to change. */
export const made = ({ index }: Local): number => index

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
    // The instructions may be written when `now` is the widened mask.
    const { bits } = now.type
    const one = to.constant(unsigned[bits], 1n)
    now = each(to, now, masks[bits], (register) => {
      to.writer.get(register)
      to.writer.get(one)
      to.writer.simd(opcodeOf('eq', bits))
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

/** Each lane of masks twice: one instruction, where extending the upper half takes two. */
const doubled = (
  { writer, chunk }: Pick<Converter, 'writer' | 'chunk'>,
  bits: LaneBits,
  registers: readonly Local[],
): readonly Local[] => {
  const size = bits / 8
  const halves = registersOf(masks[twice(bits)], chunk) === 2 * registers.length ? [0, 8] : [0]
  return registers.flatMap((of) =>
    halves.map((start) =>
      register(writer, () => {
        writer.get(of)
        writer.get(of)
        const bytes = Array.from({ length: 16 }, (_, k) => start + size * Math.floor(k / (2 * size)) + (k % size))
        writer.simd(simd.shuffle, ...bytes)
      }),
    ),
  )
}

const widened = ({ writer, chunk }: Converter, { type, registers }: VectorValue): VectorValue => {
  const wide = ofKind[type.kind][twice(type.bits)]
  if (type.kind === 'mask') return { type: wide, registers: doubled({ writer, chunk }, type.bits, registers) }
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
