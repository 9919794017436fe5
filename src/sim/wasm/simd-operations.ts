import { fits, isSigned, type Range, widthOf } from '../../dsl/ir.ts'
import { fillsLane, type LaneBits, type LaneType, masks, signed, unsigned } from '../vector/lane-type.ts'
import type { Statement } from '../vector/program.ts'
import { type LaneInstruction, opcodeOf, simd } from './simd-instructions.ts'
import { type Converter, register, registersOf, type VectorValue } from './simd-values.ts'
import type { Local } from './writer.ts'

/** Gives the operands of a statement in lanes of a wanted type, each conversion made once. */
export interface Operands extends Converter {
  /** As it is. */
  raw(k: number): VectorValue
  as(k: number, type: LaneType): VectorValue
  /** Bounds of the operand's value where it is a constant. */
  isConstant(k: number, value: bigint): boolean
}

/** The result of an operation, in lanes of whatever type comes out of it. */
export const vectorOperation = (at: Operands, statement: Statement): VectorValue => {
  const { op, of, ranges } = statement
  switch (op) {
    case 'copy':
      return at.raw(0)
    case 'add':
      return sum(at, statement)
    case 'sub':
      return lanewise(at, op, statement.work)
    case 'mul':
      return statement.work.kind === 'mask'
        ? bitwise(at, simd.and, statement.work)
        : lanewise(at, op, atLeast16(statement.work))
    case 'and':
    case 'or':
    case 'xor':
      return bitwise(at, simd[op], statement.work)
    case 'not':
      return complement(at, statement)
    case 'eq':
      return lanewise(at, 'eq', comparedIn(at, statement.work))
    case 'lt':
      return less(at, statement.work)
    case 'mux':
      return choice(at, statement.work)
    case 'shl':
      return shifted(at, at.as(0, statement.work), 'left', of.amount)
    case 'shr':
      return shifted(at, at.as(0, withoutSign(statement)), 'right', of.amount)
    case 'slice':
      return slice(at, statement)
    case 'cat': {
      const type = statement.work
      return pairs(at, simd.or, shifted(at, at.as(0, type), 'left', of.amount), at.as(1, type))
    }
    case 'shlBy':
    case 'shrBy':
      return shiftedBy(at, statement, op === 'shlBy' ? 'left' : 'right')
    case 'wrap':
      return wrapped(at, of, ranges[0]!, statement.work)
    case 'sat':
      return clamped(at, statement)
    default:
      throw new TypeError(`${op} is no operation on vectors`)
  }
}

/** Bytes that may be negative are shifted to the right in wider lanes, others as they are. */
const withoutSign = ({ work, of }: Statement): LaneType => (of.min < 0n ? atLeast16(work) : work)

/** There are no products of bytes. */
const atLeast16 = (type: LaneType): LaneType =>
  type.bits > 8 ? type : type.kind === 'unsigned' ? unsigned[16] : signed[16]

const mapped = (at: Operands, value: VectorValue, type: LaneType, body: (of: Local) => void): VectorValue => ({
  type,
  registers: value.registers.map((of) => register(at.writer, () => body(of))),
})
const pairs = (at: Operands, opcode: number, a: VectorValue, b: VectorValue, type = a.type): VectorValue => ({
  type,
  registers: a.registers.map((of, k) =>
    register(at.writer, () => {
      at.writer.get(of)
      at.writer.get(b.registers[k]!)
      at.writer.simd(opcode)
    }),
  ),
})

/** Both operands in one type; comparisons give masks of its width. */
const lanewise = (at: Operands, instruction: LaneInstruction, type: LaneType): VectorValue => {
  const result = instruction === 'eq' || instruction.startsWith('lt') ? masks[type.bits] : type
  return pairs(at, opcodeOf(instruction, type.bits), at.as(0, type), at.as(1, type), result)
}

/** a + m is a - (-m): a mask needs no conversion to a number. */
const sum = (at: Operands, { work }: Statement): VectorValue => {
  const mask = [0, 1].find((k) => at.raw(k).type.kind === 'mask')
  if (mask === undefined) return lanewise(at, 'add', work)
  return pairs(at, opcodeOf('sub', work.bits), at.as(1 - mask, work), at.as(mask, masks[work.bits]), work)
}

/** The widest of what masks are operands, so that comparisons of wide values need not be narrowed. */
const widestMask = (at: Operands, ...operands: readonly number[]): LaneBits =>
  operands.reduce<LaneBits>((bits, k) => {
    const { type } = at.raw(k)
    return type.kind === 'mask' && type.bits > bits ? type.bits : bits
  }, 8)

const bitwise = (at: Operands, opcode: number, work: LaneType): VectorValue => {
  const type = work.kind === 'mask' ? masks[widestMask(at, 0, 1)] : work
  return pairs(at, opcode, at.as(0, type), at.as(1, type))
}
const complement = (at: Operands, { of, work }: Statement): VectorValue => {
  if (work.kind === 'mask') {
    const type = masks[widestMask(at, 0)]
    return mapped(at, at.as(0, type), type, (value) => {
      at.writer.get(value)
      at.writer.simd(simd.not)
    })
  }
  const all = at.constant(work, of.max)
  return mapped(at, at.as(0, work), work, (value) => {
    at.writer.get(value)
    at.writer.get(all)
    at.writer.simd(simd.xor)
  })
}

const comparedIn = (at: Operands, work: LaneType): LaneType =>
  work.kind === 'mask' ? masks[widestMask(at, 0, 1)] : work

const less = (at: Operands, work: LaneType): VectorValue => {
  if (work.kind === 'mask') {
    const type = comparedIn(at, work)
    return pairs(at, simd.andNot, at.as(1, type), at.as(0, type))
  }
  if (work.kind === 'signed' || work.bits < 64) return lanewise(at, work.kind === 'signed' ? 'lt_s' : 'lt_u', work)
  const sign = at.constant(work, 1n << 63n)
  const turned = (k: number): VectorValue =>
    mapped(at, at.as(k, work), work, (value) => {
      at.writer.get(value)
      at.writer.get(sign)
      at.writer.simd(simd.xor)
    })
  return pairs(at, opcodeOf('lt_s', 64), turned(0), turned(1), masks[64])
}

const choice = (at: Operands, work: LaneType): VectorValue => {
  const type = work.kind === 'mask' ? masks[widestMask(at, 0, 1, 2)] : work
  const test = at.as(0, masks[type.bits])
  if (at.isConstant(2, 0n)) return pairs(at, simd.and, at.as(1, type), test)
  if (at.isConstant(1, 0n)) return pairs(at, simd.andNot, at.as(2, type), test)
  const [yes, no] = [at.as(1, type), at.as(2, type)]
  return {
    type,
    registers: yes.registers.map((of, k) =>
      register(at.writer, () => {
        at.writer.get(of)
        at.writer.get(no.registers[k]!)
        at.writer.get(test.registers[k]!)
        at.writer.simd(simd.bitSelect)
      }),
    ),
  }
}

const everyLane = (at: Operands, type: LaneType, value: bigint): VectorValue => {
  const of = at.constant(type, value)
  return { type, registers: Array.from({ length: registersOf(type, at.chunk) }, () => of) }
}

/** Left: what is shifted out was 0. Right: rounds down. */
const shifted = (at: Operands, value: VectorValue, direction: 'left' | 'right', places: number): VectorValue => {
  const { type } = value
  if (places === 0) return value
  const isSignedLane = type.kind === 'signed' && type.bits > 8
  if (places >= type.bits && (direction === 'left' || !isSignedLane)) return everyLane(at, type, 0n)
  if (type.bits === 8) return shiftedBytes(at, value, direction, places)
  const instruction = direction === 'left' ? 'shl' : isSignedLane ? 'shr_s' : 'shr_u'
  return mapped(at, value, type, (of) => {
    at.writer.get(of)
    at.writer.i32(Math.min(places, type.bits - 1))
    at.writer.simd(opcodeOf(instruction, type.bits))
  })
}

/** Shifted in pairs, of which each takes in bits of the other, that are then cleared. To the right: of bytes that are not negative. */
const shiftedBytes = (at: Operands, value: VectorValue, direction: 'left' | 'right', places: number): VectorValue => {
  const kept = at.constant(unsigned[8], BigInt(direction === 'left' ? (255 << places) & 255 : 255 >> places))
  return mapped(at, value, value.type, (of) => {
    at.writer.get(of)
    at.writer.i32(places)
    at.writer.simd(opcodeOf(direction === 'left' ? 'shl' : 'shr_u', 16))
    at.writer.get(kept)
    at.writer.simd(simd.and)
  })
}

/** As a product where that is shorter; else one shift for each bit of the places, done where the bit is 1: there are no shifts by lane. */
const shiftedBy = (at: Operands, { work, ranges }: Statement, direction: 'left' | 'right'): VectorValue => {
  const type = direction === 'left' ? work : atLeast16(work)
  const { max } = ranges[1]!
  if (direction === 'right' && type.bits === 16 && max > 3n && max < 16n) return shiftedRightByProduct(at, type)
  const places = at.as(1, type)
  let value = at.as(0, type)
  for (let bit = 0; 1n << BigInt(bit) <= ranges[1]!.max; bit++) {
    const test = bitTest(at, places, bit)
    // More than the lane holds, in places: any such number.
    const moved = shifted(at, value, direction, bit > 7 ? type.bits : 2 ** bit)
    const kept = value
    value = {
      type,
      registers: moved.registers.map((of, k) =>
        register(at.writer, () => {
          at.writer.get(of)
          at.writer.get(kept.registers[k]!)
          at.writer.get(test.registers[k]!)
          at.writer.simd(simd.bitSelect)
        }),
      ),
    }
  }
  return value
}

/**
 * Lanes of 16 bits times 2 to the power of 15 less the places, of which bits 15 and up are wanted. The powers come from tables
 * of 16 bytes, those of their lower bytes and those of their upper ones.
 */
const shiftedRightByProduct = (at: Operands, type: LaneType): VectorValue => {
  const { writer, chunk } = at
  const places = at.as(1, unsigned[8]).registers[0]!
  const tableOf = (byte: (power: number) => number): Local =>
    register(writer, () => {
      const powers = Array.from({ length: 16 }, (_, k) => byte(2 ** (15 - k)))
      writer.simd(simd.constant, ...powers)
      writer.get(places)
      writer.simd(simd.swizzle)
    })
  const [low, high] = [tableOf((power) => power & 255), tableOf((power) => power >> 8)]
  // A number with sign is one without, as much above 0 as there are numbers below: as many places lower, that is the power.
  const sign = type.kind === 'signed' ? at.constant(signed[16], -(2n ** 15n)) : undefined
  const registers = at.as(0, type).registers.map((value, k) => {
    const power = register(writer, () => {
      writer.get(low)
      writer.get(high)
      const lanes = Array.from({ length: 16 }, (_, byte) => 8 * k + (byte >> 1) + 16 * (byte & 1))
      writer.simd(simd.shuffle, ...lanes)
    })
    return register(writer, () => {
      const halves = chunk > 4 ? (['extmulLow_u', 'extmulHigh_u'] as const) : (['extmulLow_u', 'extmulLow_u'] as const)
      for (const half of halves) {
        writer.get(value)
        if (sign) {
          writer.get(sign)
          writer.simd(simd.xor)
        }
        writer.get(power)
        writer.simd(opcodeOf(half, 16))
        writer.i32(15)
        writer.simd(opcodeOf('shr_u', 32))
      }
      writer.simd(opcodeOf('narrow_u', 16))
      if (!sign) return
      writer.get(power)
      writer.simd(opcodeOf('sub', 16))
    })
  })
  return { type, registers }
}

/** A mask of one bit of each lane. */
const bitTest = (at: Operands, value: VectorValue, bit: number): VectorValue => {
  const { type } = value
  const one = at.constant(unsigned[type.bits], 1n << BigInt(bit))
  return mapped(at, value, masks[type.bits], (of) => {
    at.writer.get(of)
    at.writer.get(one)
    at.writer.simd(simd.and)
    at.writer.get(one)
    at.writer.simd(opcodeOf('eq', type.bits))
  })
}

const lowBits = (at: Operands, value: VectorValue, type: LaneType, max: bigint): VectorValue => {
  const mask = at.constant(unsigned[type.bits], max)
  return mapped(at, value, type, (of) => {
    at.writer.get(of)
    at.writer.get(mask)
    at.writer.simd(simd.and)
  })
}

const slice = (at: Operands, { of, work }: Statement): VectorValue => {
  const raw = at.raw(0)
  if (raw.type.kind === 'mask' && of.amount === 0) return raw
  if (of.max === 1n && raw.type.kind !== 'mask')
    return of.amount < raw.type.bits ? bitTest(at, raw, of.amount) : everyLane(at, masks[8], 0n)
  if (of.amount === 0) return lowBits(at, at.as(0, work), work, of.max)
  // The bits of a byte that are wanted are its own.
  const type = of.amount + widthOf(of) <= 8 ? work : atLeast16(work)
  if (type.bits > 8) return lowBits(at, shifted(at, at.as(0, type), 'right', of.amount), type, of.max)
  const wanted = at.constant(unsigned[8], of.max)
  return mapped(at, at.as(0, type), type, (value) => {
    at.writer.get(value)
    at.writer.i32(of.amount)
    at.writer.simd(opcodeOf('shr_u', 16))
    at.writer.get(wanted)
    at.writer.simd(simd.and)
  })
}

const wrapped = (at: Operands, of: Range, from: Range, work: LaneType): VectorValue => {
  const raw = at.raw(0)
  const width = widthOf(of)
  if (fits(from, of)) return raw
  const kind = isSigned(of) ? signed : unsigned
  if (raw.type.kind !== 'mask') {
    if (width === raw.type.bits) return { type: kind[raw.type.bits], registers: raw.registers }
    if (of.max === 1n && of.min === 0n) return bitTest(at, raw, 0)
  }
  const value = at.as(0, work)
  if (width === work.bits) return { type: kind[work.bits], registers: value.registers }
  if (!isSigned(of)) return lowBits(at, value, unsigned[work.bits], (1n << BigInt(width)) - 1n)
  if (work.bits === 8) {
    // ((a and low bits) xor sign) - sign
    const sign = at.constant(signed[8], 1n << BigInt(width - 1))
    return mapped(at, lowBits(at, value, signed[8], (1n << BigInt(width)) - 1n), signed[8], (low) => {
      at.writer.get(low)
      at.writer.get(sign)
      at.writer.simd(simd.xor)
      at.writer.get(sign)
      at.writer.simd(opcodeOf('sub', 8))
    })
  }
  const type = signed[work.bits]
  const places = work.bits - width
  return shifted(at, shifted(at, { type, registers: value.registers }, 'left', places), 'right', places)
}

const clamped = (at: Operands, { of, ranges, work, type }: Statement): VectorValue => {
  const value = at.as(0, work)
  // Narrowing to half the width saturates by itself.
  if (work.kind === 'signed' && work.bits === 2 * type.bits && work.bits < 64 && fillsLane(of, type)) return value
  let now = value
  const bound = (limit: bigint, end: 'min' | 'max'): void => {
    const constant = at.constant(work, limit)
    now = mapped(at, now, work, (lane) => {
      if (work.bits < 64) {
        at.writer.get(lane)
        at.writer.get(constant)
        at.writer.simd(opcodeOf(`${end}_${work.kind === 'signed' ? 's' : 'u'}`, work.bits))
        return
      }
      at.writer.get(constant)
      at.writer.get(lane)
      lessOf(at, work, end === 'min' ? constant : lane, end === 'min' ? lane : constant)
      at.writer.simd(simd.bitSelect)
    })
  }
  if (ranges[0]!.max > of.max) bound(of.max, 'min')
  if (ranges[0]!.min < of.min) bound(of.min, 'max')
  return now
}

/** Leaves a mask of a < b on the stack, of 64-bit lanes. */
export const lessOf = (at: Converter, { kind }: LaneType, a: Local, b: Local): void => {
  const sign = kind === 'unsigned' ? at.constant(unsigned[64], 1n << 63n) : undefined
  for (const value of [a, b]) {
    at.writer.get(value)
    if (!sign) continue
    at.writer.get(sign)
    at.writer.simd(simd.xor)
  }
  at.writer.simd(opcodeOf('lt_s', 64))
}
