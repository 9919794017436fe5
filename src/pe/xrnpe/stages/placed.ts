import { type Bits, type Bool, type Builder, bits, bool, cat, type Int, mux, s, vec } from '../../../dsl/index.ts'
import { repeated } from '../../arith/shifters.ts'
import { compressedSum } from '../../arith/sum.ts'
import { worksIn } from '../blocks.ts'
import { modeFlags } from '../modes.ts'
import type { XrnpeParameters } from '../parameters.ts'
import { BytePlacer, laneBits, NibblePlacer, WidePlacer } from '../place.ts'
import { quireLayouts, quireWidth } from '../quire.ts'
import type { Products } from './multiplied.ts'
import { held, isolation, type Tags, tagsLater } from './tags.ts'

/** A word's products in the quire's places, in registers. */
export interface Addend {
  readonly bits: Bits
  /** 1 more for each lane of the quire, where its product is turned round; the lowest alone where lanes are summed. */
  readonly plus: readonly Bool[]
  readonly tags: Tags
}

/** Third stage: products are shifted to their places in the quire, and where lanes are summed added up. */
export const placed = (builder: Builder, p: XrnpeParameters, x: Products): Addend => {
  const flags = modeFlags(x.tags.mode)
  const isolated = isolation(p)
  const width = quireWidth(quireLayouts[p.lanes])
  const signIn = (sign: Bool, active: Bool): Bool => sign.and(active)
  const [upper, lower] = [x.significand.slice(23, 12), x.significand.slice(11, 0)]

  // Functional: the lower posit(8,0) is not part of the upper one's product.
  const wideSignificand = cat(
    mux(flags.posit8, upper, x.significand.slice(25, 14)),
    mux(flags.posit16, x.significand.slice(13, 0), 0),
  )
  const isWide = worksIn('wide_placer', flags)
  const wide = builder.use('wide_placer', WidePlacer({ width }), {
    significand: mux(isWide, wideSignificand, 0),
    places: isolated(isWide, x.side[1]!.slice(6, 0)).unsigned(),
    sign: signIn(x.signs[3]!, isWide),
  }).placed
  const isByte = worksIn('byte_placer', flags)
  const placedByte = (name: string, significand: Bits, places: Bits, sign: Bool): Int =>
    builder.use(name, BytePlacer({}), {
      significand: isolated(isByte, significand),
      places: isolated(isByte, places.slice(4, 0)).unsigned(),
      sign: signIn(sign, isByte),
    }).placed
  const byte = placedByte('byte_placer', lower, x.side[0]!, x.signs[1]!)
  const [block4, block5, block6, block7] = x.others
  const otherBytes =
    block4 && block5 && block6 && block7
      ? [
          placedByte('byte_placer_2', block4, block5, x.signs[5]!),
          placedByte('byte_placer_3', block7, block6, x.signs[7]!),
        ]
      : []
  const nibbles = [lower, x.side[0]!, x.side[1]!, upper, ...x.others].map(
    (product, k) =>
      builder.use(`nibble_placer_${k}`, NibblePlacer({}), {
        product: mux(flags.four, product.slice(7, 0), 0),
        posit: flags.posit4,
        sign: signIn(x.signs[k]!, flags.four),
      }).placed,
  )
  const lanes = { flags, wide, bytes: [byte, ...otherBytes], nibbles, signs: x.signs }
  const { addend, plus } = p.lanes === 'summed' ? sumOfLanes(builder, lanes) : lanesApart(lanes)
  const next = builder.regs({ plus: vec(plus.length, bool) })
  next.plus.next = plus
  const narrow = p.lanes === 'summed' ? quireLayouts.summed.laneBits : width
  const low = builder.regs({ addend: bits(narrow) }).addend
  low.next = addend.slice(narrow - 1, 0)
  const high =
    narrow < width
      ? held(builder, p, 'addend_upper', addend.slice(width - 1, narrow), worksIn('upper_quire', flags))
      : undefined
  return { bits: high ? cat(high, low) : low, plus: next.plus, tags: tagsLater(builder, 'placed', x.tags) }
}

/** Placed products of every mode, 0 in the modes that are not on. */
interface Lanes {
  readonly flags: ReturnType<typeof modeFlags>
  readonly wide: Int
  /** The lower byte, and the third and fourth where words have them. */
  readonly bytes: readonly Int[]
  readonly nibbles: readonly Int[]
  readonly signs: readonly Bool[]
}

/** One addend: with several lanes their sum, and the 1 that is missing wherever a product is turned round. */
const sumOfLanes = (builder: Builder, { flags, wide, bytes, nibbles, signs }: Lanes) => {
  const endsByte = (lane: number): boolean => lane % 2 === 1 && lane < 8
  const odd = flags.four.or(flags.posit8)
  const missing = signs.map((sign, k) => sign.and(endsByte(k) ? odd : flags.four))
  // The wide placer has the upper byte.
  const byteOf = new Map([1, 5, 7].map((lane, k) => [lane, bytes[k]] as const))
  const rows = nibbles.map((nibble, k) => {
    const byte = byteOf.get(k)
    return byte ? mux(flags.posit8, byte, nibble) : nibble
  })
  // Four of the largest posit(8,0) products are one bit more than two.
  const sumBits = laneBits + (bytes.length > 1 ? 1 : 0)
  const low = wide.bits().slice(sumBits - 1, 0)
  const total = compressedSum(
    builder,
    'lane_sum',
    [low.signed(), ...rows, ...missing.map((one) => one.int())].map((value) => ({
      value,
      arrival: 'recoded',
    })),
  ).bits()
  const field = wide.bits()
  const sum = total.slice(sumBits - 1, 0)
  const sign = repeated(sum.bit(sumBits - 1), field.width - sumBits)
  return {
    addend: cat(mux(flags.posit16, field.slice(field.width - 1, sumBits), sign), sum),
    plus: [signs[3]!.and(flags.posit16)],
  }
}

/** Each lane's product in its own part of the quire. */
const lanesApart = ({ flags, wide, bytes: [byte], nibbles, signs }: Lanes) => {
  const { laneBits: own } = quireLayouts.separate
  const nibbleAddend = cat(...nibbles.map((placed) => placed.wrap(s(own)).bits(own)).reverse())
  const upper = wide
    .bits()
    .slice(laneBits - 1, 0)
    .signed()
  const byteAddend = cat(upper.wrap(s(2 * own)).bits(2 * own), byte!.wrap(s(2 * own)).bits(2 * own))
  return {
    addend: mux(flags.four, nibbleAddend, mux(flags.posit8, byteAddend, wide.bits())),
    plus: [
      mux(flags.four, signs[0]!, mux(flags.posit8, signs[1]!, signs[3]!)),
      signs[1]!.and(flags.four),
      mux(flags.four, signs[2]!, signs[3]!.and(flags.posit8)),
      signs[3]!.and(flags.four),
    ],
  }
}
