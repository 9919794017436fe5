import { type Bits, type Bool, type Builder, bits, bool, cat, component, type Int, mux, u } from '../../dsl/index.ts'
import { floorLog2, scalarFormatOf } from '../../formats/index.ts'
import { lookup } from '../arith/lookup.ts'
import { decodePosit } from '../arith/posit/decode.ts'
import { type Side, worksIn } from './blocks.ts'
import type { ModeFlags } from './modes.ts'

/** An operand word, decoded for the mode that it is in. */
export interface UnpackedWord {
  /** What block k of the array multiplies or compares. */
  readonly operands: readonly Int[]
  /** The hidden bit of a posit(16,1), false in other modes. */
  readonly hidden: Bool
  /** Power of two of a posit(16,1). */
  readonly power: Int
  /** The bits that are signs in some mode: 3, 7, 11 and so on. */
  readonly signs: readonly Bool[]
  /** By the same bits, NaR in the operand that ends there, false where none does. */
  readonly nar: readonly Bool[]
}

/** A posit(16,1), or a posit(8,0) in the upper byte above zeros: then the exponent without its last bit is the regime. */
const WideDecoder = component('xrnpe_wide_decoder', (_: object) => ({
  in: { word: bits(16) },
  out: { nar: bool, exponent: bits(6), significand: bits(13) },
  logic({ word }) {
    const { nan, exponent, significand } = decodePosit({ bits: 16, es: 1 }, word)
    return { nar: nan, exponent: exponent.bits(6), significand }
  },
}))

/** A posit(8,0). */
const ByteDecoder = component('xrnpe_byte_decoder', (_: object) => ({
  in: { code: bits(8) },
  out: { nar: bool, exponent: bits(4), significand: bits(6) },
  logic({ code }) {
    const { nan, exponent, significand } = decodePosit({ bits: 8, es: 0 }, code)
    return { nar: nan, exponent: exponent.bits(4), significand }
  },
}))

/** Magnitudes of FP4 in halves: products of two are whole numbers of quires' last places. */
const halves = Array.from({ length: 8 }, (_, code) => {
  const value = scalarFormatOf('fp4').decode(BigInt(code))
  return value.kind === 'finite' ? Number(value.significand) * 2 ** (value.exponent + 1) : 0
})

/**
 * Posit(4,1) as exponents to be compared: on the left the power of two plus 13, on the right 4 less it. Where the left one is
 * larger, their difference is the product's place in the quire and 1 more. Zero and NaR lose every comparison.
 */
const comparedPowers = (side: Side): readonly number[] =>
  Array.from({ length: 16 }, (_, code) => {
    const value = scalarFormatOf('posit(4,1)').decode(BigInt(code))
    if (value.kind !== 'finite' || value.significand === 0n) return side === 'left' ? 0 : 31
    const magnitude = value.significand < 0n ? -value.significand : value.significand
    const power = floorLog2({ ...value, significand: magnitude })
    return side === 'left' ? power + 13 : 4 - power
  })

/** A 4-bit code as a block's operand: FP4 as a magnitude in halves, posit(4,1) as an exponent to be compared. */
const NibbleDecoder = component('xrnpe_nibble_decoder', ({ side }: { side: Side }) => ({
  name: `xrnpe_nibble_decoder_${side}`,
  in: { code: bits(4), posit: bool },
  out: { operand: u(5), nar: bool },
  logic({ code, posit }) {
    const operand = mux(posit, lookup(comparedPowers(side), code), lookup(halves, code.slice(2, 0)))
    return { operand: operand.wrap(u(5)), nar: posit.and(code.eq(8)) }
  },
}))

/** How a value is kept from blocks that have nothing to do with it in this mode. */
export type Isolation = (active: Bool, value: Bits) => Bits

/**
 * Decodes an operand word. Block k of the array gets in the modes of 4 bits what is in lane k. For posit(8,0) blocks 0 and 4 get the
 * significand in the lower byte of their 16 bits and blocks 3 and 7 that in the upper, the blocks between them their exponents. For
 * posit(16,1) blocks 0 to 3 get six bits of the fraction each, on the left the upper ones where k is 2 or 3, on the right where it is odd.
 */
export const unpackWord = (
  { use }: Pick<Builder, 'use'>,
  side: Side,
  word: Bits,
  mode: ModeFlags,
  isolated: Isolation,
): UnpackedWord => {
  const byteIn = (name: `${Side}_byte` | `${Side}_byte_${number}`, lane: number) =>
    use(name, ByteDecoder({}), { code: isolated(worksIn(name, mode), word.slice(8 * lane + 7, 8 * lane)) })
  const compared = (exponent: Bits): Bits => comparedExponent(side, exponent.signed())
  /** What four blocks get in the modes of 4 bits, and in the others `wider`. */
  const quadOf = (quad: number, wider?: WiderOperands) => {
    const nibbles = [0, 1, 2, 3].map((k) => {
      const lane = 4 * quad + k
      return use(`${side}_nibble_${lane}`, NibbleDecoder({ side }), {
        code: isolated(worksIn(`${side}_nibble_${lane}`, mode), word.slice(4 * lane + 3, 4 * lane)),
        posit: mode.posit4,
      })
    })
    return {
      operands: nibbles.map(({ operand }, k) => mux(mode.four, operand.bits(6), wider?.operands[k] ?? 0).unsigned()),
      nar: nibbles.map(({ nar }, k) => (wider && k % 2 === 1 ? nar.or(wider.nar[k >> 1]!) : nar)),
    }
  }

  const wide = use(`${side}_wide`, WideDecoder({}), {
    word: cat(isolated(worksIn(`${side}_wide`, mode), word.slice(15, 8)), mux(mode.posit16, word.slice(7, 0), 0)),
  })
  const { significand, exponent } = wide
  const lowest = (): WiderOperands => {
    const lower = byteIn(`${side}_byte`, 0)
    const ofBytes = [
      lower.significand,
      compared(lower.exponent),
      compared(exponent.slice(5, 1)),
      cat(significand.slice(12, 12), exponent.slice(0, 0), significand.slice(11, 8)),
    ]
    return {
      operands: ofBytes.map((ofByte, k) => {
        const half = side === 'left' ? k >> 1 : k & 1
        return mux(mode.posit8, ofByte, significand.slice(6 * half + 5, 6 * half))
      }),
      nar: [lower.nar.and(mode.posit8), wide.nar.and(mode.four.not())],
    }
  }
  const second = (): WiderOperands => {
    const [lower, upper] = [byteIn(`${side}_byte_2`, 2), byteIn(`${side}_byte_3`, 3)]
    return {
      // In posit(16,1) these blocks stand still, whatever they would get.
      operands: [lower.significand, compared(lower.exponent), compared(upper.exponent), upper.significand],
      nar: [lower, upper].map(({ nar }) => nar.and(mode.posit8)),
    }
  }
  const quads = [quadOf(0, lowest()), ...(word.width > 16 ? [quadOf(1, second()), quadOf(2), quadOf(3)] : [])]
  return {
    operands: quads.flatMap(({ operands }) => operands),
    hidden: significand.bit(12).and(mode.posit16),
    power: exponent.signed(),
    signs: Array.from({ length: word.width / 4 }, (_, k) => word.bit(4 * k + 3)),
    nar: quads.flatMap(({ nar }) => nar),
  }
}

/** What the four blocks of 16 bits get in modes of 8 and 16 bits. */
interface WiderOperands {
  readonly operands: readonly Bits[]
  /** NaR in the operands that end with the lower and with the upper byte. */
  readonly nar: readonly Bool[]
}

/** The power of two of a posit(8,0) as `comparedPowers` has it, with 19 and 6; what it is for a zero does not matter. */
const comparedExponent = (side: Side, power: Int): Bits =>
  (side === 'left' ? power.add(19) : power.neg().add(6)).wrap(u(5)).bits(6)
