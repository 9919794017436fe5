import { type Bits, type Bool, type Builder, bits, bool, cat, component, type Int, mux, u } from '../../dsl/index.ts'
import { floorLog2, scalarFormatOf } from '../../formats/index.ts'
import { lookup } from '../arith/lookup.ts'
import { decodePosit } from '../arith/posit/decode.ts'
import { worksIn } from './blocks.ts'
import type { ModeFlags } from './modes.ts'

/** The activation is on the left of every product, the weight on the right. */
export type Side = 'left' | 'right'

/** An operand word, decoded for the mode that it is in. */
export interface UnpackedWord {
  /** What block k of the array multiplies or compares. */
  readonly operands: readonly Int[]
  /** The hidden bit of a posit(16,1), false in other modes. */
  readonly hidden: Bool
  /** Power of two of a posit(16,1). */
  readonly power: Int
  /** The bits that are signs in some mode: 3, 7, 11 and 15. */
  readonly signs: readonly Bool[]
  /** NaR in the operand that ends there, false where none does. */
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
 * Decodes an operand word. Block k of the array gets in the modes of four lanes what is in lane k; for posit(8,0) block 0 the
 * significand in the lower byte and block 3 that in the upper, blocks 1 and 2 their exponents; for posit(16,1) six bits of the
 * fraction each, on the left the upper ones where k is 2 or 3, on the right where it is odd.
 */
export const unpackWord = (
  { use }: Pick<Builder, 'use'>,
  side: Side,
  word: Bits,
  mode: ModeFlags,
  isolated: Isolation,
): UnpackedWord => {
  const [upper, lower] = [word.slice(15, 8), word.slice(7, 0)]
  const wide = use(`${side}_wide`, WideDecoder({}), {
    word: cat(isolated(worksIn(`${side}_wide`, mode), upper), mux(mode.posit16, lower, 0)),
  })
  const byte = use(`${side}_byte`, ByteDecoder({}), { code: isolated(worksIn(`${side}_byte`, mode), lower) })
  const nibbles = ([0, 1, 2, 3] as const).map((k) =>
    use(`${side}_nibble_${k}`, NibbleDecoder({ side }), {
      code: isolated(worksIn(`${side}_nibble_${k}`, mode), word.slice(4 * k + 3, 4 * k)),
      posit: mode.posit4,
    }),
  )
  const { significand, exponent } = wide
  const ofBytes = [
    byte.significand,
    comparedExponent(side, byte.exponent.signed()),
    comparedExponent(side, exponent.slice(5, 1).signed()),
    cat(significand.slice(12, 12), exponent.slice(0, 0), significand.slice(11, 8)),
  ]
  const operands = nibbles.map(({ operand }, k) => {
    const half = side === 'left' ? k >> 1 : k & 1
    const fraction = significand.slice(6 * half + 5, 6 * half)
    return mux(mode.four, operand.bits(6), mux(mode.posit8, ofBytes[k]!, fraction)).unsigned()
  })
  const byteNar = byte.nar.and(mode.posit8)
  const wideNar = wide.nar.and(mode.four.not())
  return {
    operands,
    hidden: significand.bit(12).and(mode.posit16),
    power: exponent.signed(),
    signs: [3, 7, 11, 15].map((at) => word.bit(at)),
    nar: nibbles.map(({ nar }, k) => (k === 1 ? nar.or(byteNar) : k === 3 ? nar.or(wideNar) : nar)),
  }
}

/** The power of two of a posit(8,0) as `comparedPowers` has it, with 19 and 6; what it is for a zero does not matter. */
const comparedExponent = (side: Side, power: Int): Bits =>
  (side === 'left' ? power.add(19) : power.neg().add(6)).wrap(u(5)).bits(6)
