import {
  type Bits,
  type Bool,
  type Builder,
  bits,
  bool,
  cat,
  type Int,
  mux,
  record,
  s,
  u,
  vec,
} from '../../dsl/index.ts'
import { packSegments, type SegmentControl, segmentedAccumulator } from '../arith/segmented-accumulator.ts'
import { repeated } from '../arith/shifters.ts'
import { compressedSum } from '../arith/sum.ts'
import { worksIn } from './blocks.ts'
import { modeFlags, modeShape } from './modes.ts'
import { sumCount, type XrnpeParameters } from './parameters.ts'
import { BytePlacer, laneBits, NibblePlacer, WidePlacer, widePlaces } from './place.ts'
import { narrowSegments, quireLayouts, quireWidth, sumsBegin } from './quire.ts'
import { Block, blockBits, SignificandProduct } from './rmmec.ts'
import { type Isolation, unpackWord } from './unpack.ts'

/** What goes along with the numbers of a word. */
export interface Tags {
  readonly mode: Int
  readonly last: Bool
  /** The mode is not the one in which the group began. */
  readonly changed: Bool
  /** NaR in an operand: of each sum, where lanes are apart in the parts of the word that end in bits 3, 7, 11 and 15. */
  readonly nar: readonly Bool[]
}

const tagsLater = (builder: Builder, name: string, tags: Tags): Tags => {
  const shape = record({ mode: modeShape, last: bool, changed: bool, nar: vec(tags.nar.length, bool) })
  const register = builder.regs({ [name]: shape })[name]!
  register.next = tags
  return register
}

/** Keeps a value from a block that has nothing to do with it in this mode. */
const isolation =
  ({ gating }: XrnpeParameters): Isolation =>
  (active, value) =>
    gating === 'on' ? mux(active, value, 0) : value

/** The value a cycle later, in a register whose clock stands still while nobody reads it. */
const held = (builder: Builder, { gating }: XrnpeParameters, name: string, value: Bits, active: Bool): Bits => {
  const register = builder.regs({ [name]: bits(value.width) })[name]!
  const load = (): void => {
    register.next = value
  }
  if (gating === 'on') builder.when(active, load)
  else load()
  return register
}

/** Operands and their mode in the registers of a cell. */
export interface OperandRegisters {
  readonly activation: Int
  readonly weight: Int
  readonly mode: Int
  readonly last: Bool
  /** The group has begun: an activation other than 0 has come. */
  readonly open: Bool
}

/** What the blocks of the array take, in registers. */
interface Multiplicands {
  readonly left: readonly Int[]
  readonly right: readonly Int[]
  readonly hidden: readonly Bool[]
  /** Powers of two of posit(16,1) operands. */
  readonly powers: readonly Bits[]
  readonly signs: readonly Bool[]
  readonly tags: Tags
}

/** First stage: both words are decoded. */
export const unpacked = (builder: Builder, p: XrnpeParameters, r: OperandRegisters): Multiplicands => {
  const flags = modeFlags(r.mode)
  const left = unpackWord(builder, 'left', r.activation.bits(), flags, isolation(p))
  const right = unpackWord(builder, 'right', r.weight.bits(), flags, isolation(p))

  const { mode_before } = builder.wires({ mode_before: modeShape })
  const changed = r.open.and(r.mode.ne(mode_before))
  builder.check(changed.not(), 'the mode stays the same until its group ends')
  const ofParts = left.nar.map((flag, k) => flag.or(right.nar[k]!))
  const nar = p.lanes === 'summed' ? [ofParts.reduce((any, flag) => any.or(flag))] : ofParts
  const tags = tagsLater(builder, 'unpacked', { mode: r.mode, last: r.last, changed, nar })
  mode_before.value = tags.mode

  const operand = vec(4, u(blockBits))
  const next = builder.regs({ left: operand, right: operand, sign: vec(4, bool), hidden: vec(2, bool) })
  next.left.next = left.operands
  next.right.next = right.operands
  next.sign.next = left.signs.map((sign, k) => sign.xor(right.signs[k]!))
  next.hidden.next = [left.hidden, right.hidden]
  return {
    left: next.left,
    right: next.right,
    hidden: next.hidden,
    powers: [left, right].map(({ power }, k) => held(builder, p, `power_${k}`, power.bits(6), flags.posit16)),
    signs: next.sign,
    tags,
  }
}

/** Products and their places, in registers. */
interface Products {
  /**
   * The product of posit(16,1); those of posit(8,0), twelve bits each; what blocks 0 and 3 give in modes of four lanes, from
   * bits 0 and 12 upwards.
   */
  readonly significand: Bits
  /** What blocks 1 and 2 give for lanes of four bits; places of the lower and upper posit(8,0), the latter posit(16,1)'s too. */
  readonly side: readonly Bits[]
  readonly signs: readonly Bool[]
  readonly tags: Tags
}

/** Second stage: the blocks multiply or compare exponents, as `blockWork` has it. */
export const multiplied = (builder: Builder, p: XrnpeParameters, m: Multiplicands): Products => {
  const flags = modeFlags(m.tags.mode)
  const isolated = isolation(p)
  const blocks = m.left.map((a, k) => {
    const exponent = k === 1 || k === 2 ? flags.posit4.or(flags.posit8) : flags.posit4
    return builder.use(`block_${k}`, Block({}), { a, b: m.right[k]!, exponent })
  })
  const [block0, block1, block2, block3] = blocks as [Given, Given, Given, Given]
  // Functional: in FP4, blocks 1 and 2 have products of their own.
  const crossed = (product: Int): Int => mux(flags.posit16, product, 0)
  const fraction = (low: Int, high: Int): Bits => cat(high.bits(blockBits), low.bits(blockBits))
  const { product } = builder.use('significand_product', SignificandProduct({}), {
    block_0: block0.product,
    block_1: crossed(block1.product),
    block_2: crossed(block2.product),
    block_3: block3.product,
    left: isolated(flags.posit16, fraction(m.left[0]!, m.left[2]!)),
    right: isolated(flags.posit16, fraction(m.right[0]!, m.right[1]!)),
    left_hidden: m.hidden[0]!,
    right_hidden: m.hidden[1]!,
  })
  // A block that compares has no product, and one that multiplies no difference.
  const compared = block0.difference.add(block3.difference.shl(12)).bits(26)
  const sideOf = (block: Given): Bits => block.product.bits(12).slice(7, 0).or(block.difference.bits(8))
  const power = m.powers[0]!.signed().add(m.powers[1]!.signed()).add(widePlaces).wrap(u(7)).bits(8)

  const next = builder.regs({ significand: bits(26), side: vec(2, bits(8)), product_sign: vec(4, bool) })
  next.significand.next = product.bits(26).or(compared)
  next.side.next = [isolated(flags.posit16.not(), sideOf(block1)), mux(flags.posit16, power, sideOf(block2))]
  next.product_sign.next = m.signs
  return {
    significand: next.significand,
    side: next.side,
    signs: next.product_sign,
    tags: tagsLater(builder, 'multiplied', m.tags),
  }
}

/** What a block of the array gives. */
interface Given {
  readonly product: Int
  readonly difference: Int
}

/** A word's products in the quire's places, in registers. */
interface Addend {
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
  const byte = builder.use('byte_placer', BytePlacer({}), {
    significand: isolated(isByte, lower),
    places: isolated(isByte, x.side[0]!.slice(4, 0)).unsigned(),
    sign: signIn(x.signs[1]!, isByte),
  }).placed
  const nibbles = [lower.slice(7, 0), x.side[0]!, x.side[1]!, upper.slice(7, 0)].map(
    (product, k) =>
      builder.use(`nibble_placer_${k}`, NibblePlacer({}), {
        product: mux(flags.four, product, 0),
        posit: flags.posit4,
        sign: signIn(x.signs[k]!, flags.four),
      }).placed,
  )
  const lanes = { flags, wide, byte, nibbles, signs: x.signs }
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
  readonly byte: Int
  readonly nibbles: readonly Int[]
  readonly signs: readonly Bool[]
}

/** One addend: with several lanes their sum, and the 1 that is missing wherever a product is turned round. */
const sumOfLanes = (builder: Builder, { flags, wide, byte, nibbles, signs }: Lanes) => {
  const [n0, n1, n2, n3] = nibbles as [Int, Int, Int, Int]
  const odd = flags.four.or(flags.posit8)
  const missing = signs.map((sign, k) => sign.and(k % 2 === 1 ? odd : flags.four))
  const low = wide.bits().slice(laneBits - 1, 0)
  const total = compressedSum(
    builder,
    'lane_sum',
    [low.signed(), n0, mux(flags.posit8, byte, n1), n2, n3, ...missing.map((one) => one.int())].map((value) => ({
      value,
      arrival: 'recoded',
    })),
  ).bits()
  const field = wide.bits()
  const sum = total.slice(laneBits - 1, 0)
  const sign = repeated(sum.bit(laneBits - 1), field.width - laneBits)
  return {
    addend: cat(mux(flags.posit16, field.slice(field.width - 1, laneBits), sign), sum),
    plus: [signs[3]!.and(flags.posit16)],
  }
}

/** Each lane's product in its own part of the quire. */
const lanesApart = ({ flags, wide, byte, nibbles, signs }: Lanes) => {
  const { laneBits: own } = quireLayouts.separate
  const nibbleAddend = cat(...nibbles.map((placed) => placed.wrap(s(own)).bits(own)).reverse())
  const upper = wide
    .bits()
    .slice(laneBits - 1, 0)
    .signed()
  const byteAddend = cat(upper.wrap(s(2 * own)).bits(2 * own), byte.wrap(s(2 * own)).bits(2 * own))
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

/** Fourth stage: added to the quire. What leaves is `totalShape`. */
export const accumulated = (builder: Builder, p: XrnpeParameters, { bits: addend, plus, tags }: Addend): Int => {
  const layout = quireLayouts[p.lanes]
  const flags = modeFlags(tags.mode)
  const begins = sumsBegin(p.lanes, flags)
  const controls = layout.segments.map((_, k): SegmentControl => {
    const start = begins[k]
    const stands = p.lanes === 'summed' && p.gating === 'on' && k >= narrowSegments
    return {
      ...(start ? { begins: { when: start, plus: plus[k / 2]! } } : {}),
      ...(stands ? { moves: worksIn('upper_quire', flags) } : {}),
    }
  })
  const { next } = segmentedAccumulator(builder, 'quire', {
    term: addend.signed(),
    plus: plus[0]!,
    clear: tags.last,
    widths: layout.segments,
    controls,
  })
  const sum = packSegments(next, layout.segments)

  const r = builder.regs({ nar: vec(sumCount(p), bool), changed: bool })
  const seen = tags.nar.map((one, k) => one.or(r.nar[k]!))
  const changed = tags.changed.or(r.changed)
  r.nar.next = seen.map((one) => one.and(tags.last.not()))
  r.changed.next = changed.and(tags.last.not())
  return cat(changed.bits(), ...seen.map((one) => one.bits()).reverse(), tags.mode.bits(2), sum).unsigned()
}
