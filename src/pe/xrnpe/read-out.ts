import { type Bits, type Bool, bool, cat, component, type Int, mux, s, u } from '../../dsl/index.ts'
import { settledSum } from '../arith/segmented-accumulator.ts'
import { nextStage } from '../arith/stage.ts'
import type { ColumnEdgeInputs, ColumnEdgeOutputs } from '../array-parts.ts'
import { encoded, scaled } from './encode.ts'
import { flagOf, type ModeFlags, type ModeName, modeFlags, modeNames, modeShape, modes, widestCode } from './modes.ts'
import { sumCount, totalShape, type XrnpeParameters } from './parameters.ts'
import { quireLayouts, quireWidth, sumsBegin } from './quire.ts'

export interface ReadOutParameters {
  /** Names of the Verilog modules begin with it. */
  readonly name: string
  readonly lanes: XrnpeParameters['lanes']
  /** Format of results: that of the operands, one for all modes, or the quire as it is. */
  readonly result: ModeName | 'same' | 'quire'
}

/** Bits of the quire in a result that is not rounded. */
export const rawBits = 128

/** A result's code or quire, and above it NaR, overflow, and whether the mode changed within the group. */
export const resultShape = ({ result }: Pick<ReadOutParameters, 'result'>) =>
  u(3 + (result === 'quire' ? rawBits : widestCode))

/** Cycles that the read-out takes. */
export const readOutCycles = ({ result }: Pick<ReadOutParameters, 'result'>): number => (result === 'quire' ? 1 : 3)

/** One per column, the fifth stage: carries added | scaled | rounded to a code, the only rounding there is. */
export const XrnpeReadOut = component('xrnpe_read_out', (p: ReadOutParameters) => ({
  name: `${p.name}_read_out`,
  in: { sum_in: totalShape(p), sum_in_valid: bool } satisfies ColumnEdgeInputs,
  out: { result: resultShape(p), result_valid: bool } satisfies ColumnEdgeOutputs,
  logic(i, builder) {
    const field = i.sum_in.bits()
    const tagsFrom = field.width - 1 - sumCount(p) - modeShape.width
    const mode = field.slice(tagsFrom + 1, tagsFrom).unsigned()
    const nars = Array.from({ length: sumCount(p) }, (_, k) => field.bit(tagsFrom + 2 + k))
    const { segments } = quireLayouts[p.lanes]
    const quire = settledSum(field, segments, sumsBegin(p.lanes, modeFlags(mode))).bits(
      quireWidth(quireLayouts[p.lanes]),
    )
    const sums = sumsOf(p, quire, nars, modeFlags(mode))
    const flags = cat(
      field.bit(field.width - 1).bits(),
      anyOf(sums.map(({ overflow }) => overflow)).bits(),
      anyOf(nars).bits(),
    )
    if (p.result === 'quire') {
      const raw = nextStage(builder, 'settled', {
        bits: cat(flags, rawOf(p, quire, modeFlags(mode))),
        valid: i.sum_in_valid,
      })
      return { result: raw.bits.unsigned(), result_valid: raw.valid }
    }

    const tags = nextStage(builder, 'settled', { mode, flags, valid: i.sum_in_valid })
    const values = sums.map(({ value, nar }, k) => nextStage(builder, `sum_${k}`, { value, nar }))
    const scaledTags = nextStage(builder, 'scaled', tags)
    const numbers = values.map(({ value, nar }, k) => {
      const { power, ...number } = scaled(value)
      const points = lookupOf(sums[k]!.modes, modeFlags(tags.mode), (name) => modes[name].fractionBits)
      return nextStage(builder, `scaled_${k}`, { ...number, power: power.sub(points), nar })
    })
    const modeNow = modeFlags(scaledTags.mode)
    const codes = numbers.map(({ nar, ...number }, k) => {
      const names = p.result === 'same' ? sums[k]!.modes : [p.result as ModeName]
      return encoded(
        number,
        nar,
        names.map((name) => ({ name, chosen: flagOf(modeNow, name) })),
      )
    })
    const result = nextStage(builder, 'rounded', {
      bits: cat(scaledTags.flags, p.lanes === 'summed' ? codes[0]! : packed(codes, modeNow)),
      valid: scaledTags.valid,
    })
    return { result: result.bits.unsigned(), result_valid: result.valid }
  },
}))

const anyOf = (flags: readonly Bool[]): Bool => flags.reduce((any, flag) => any.or(flag))

/** A number for each mode, chosen by the flags. */
const lookupOf = (names: readonly ModeName[], flags: ModeFlags, of: (name: ModeName) => number): Int =>
  names
    .slice(1)
    .reduce<Int>(
      (others, name) => mux(flagOf(flags, name), of(name), others),
      flags.four.and(false).int().add(of(names[0]!)),
    )

/** A sum to be rounded. */
interface Sum {
  readonly value: Bits
  readonly nar: Bool
  /** Beyond the bits of the mode's quire. */
  readonly overflow: Bool
  /** The modes in which there is this sum. */
  readonly modes: readonly ModeName[]
}

const sumsOf = (p: ReadOutParameters, quire: Bits, nars: readonly Bool[], flags: ModeFlags): readonly Sum[] => {
  const { width } = quire
  const four = ['fp4', 'posit(4,1)'] as const
  const part = (from: number, bits: number): Bits => quire.slice(from + bits - 1, from)
  const extended = (value: Bits, to: number): Bits => value.signed().wrap(s(to)).bits(to)
  /** Bits from the one that is the sign of the mode's quire upwards are not all alike. */
  const beyond = (value: Bits, name: ModeName): Bool => {
    const top = value.slice(value.width - 1, modes[name].quireBits - 1)
    return top.any().and(top.all().not())
  }
  if (p.lanes === 'summed') {
    const narrow = part(0, quireLayouts.summed.laneBits)
    return [
      {
        value: mux(flags.posit16, quire, extended(narrow, width)),
        nar: nars[0]!,
        overflow: mux(
          flags.posit16,
          beyond(quire, 'posit(16,1)'),
          mux(flags.posit8, beyond(narrow, 'posit(8,0)'), beyond(narrow, 'fp4')),
        ),
        modes: modeNames,
      },
    ]
  }
  const own = quireLayouts.separate.laneBits
  const [n0, n1, n2, n3] = nars as [Bool, Bool, Bool, Bool]
  const fourAt = (lane: number): Bits => part(lane * own, own)
  const fourBeyond = (lane: number): Bool => flags.four.and(beyond(fourAt(lane), 'fp4'))
  const byteBeyond = (from: number): Bool => flags.posit8.and(beyond(part(from, 2 * own), 'posit(8,0)'))
  const upper = part(2 * own, 2 * own)
  return [
    {
      value: mux(flags.four, extended(fourAt(0), width), mux(flags.posit8, extended(part(0, 2 * own), width), quire)),
      nar: mux(flags.four, n0, mux(flags.posit8, n1, n3)),
      overflow: fourBeyond(0)
        .or(byteBeyond(0))
        .or(flags.posit16.and(beyond(quire, 'posit(16,1)'))),
      modes: modeNames,
    },
    { value: fourAt(1), nar: n1, overflow: fourBeyond(1), modes: four },
    {
      value: mux(flags.four, extended(fourAt(2), 2 * own), upper),
      nar: mux(flags.four, n2, n3),
      overflow: fourBeyond(2).or(byteBeyond(2 * own)),
      modes: [...four, 'posit(8,0)'],
    },
    { value: fourAt(3), nar: n3, overflow: fourBeyond(3), modes: four },
  ]
}

/** Codes of the lanes side by side, as wide as the mode's. */
const packed = ([c0, c1, c2, c3]: readonly Bits[], flags: ModeFlags): Bits => {
  const low = (bits: number, code: Bits | undefined): Bits => code!.slice(bits - 1, 0)
  const four = cat(low(4, c3), low(4, c2), low(4, c1), low(4, c0))
  return mux(flags.four, four, mux(flags.posit8, cat(low(8, c2), low(8, c0)), low(widestCode, c0)))
}

/** The low bits of the quire, or of each lane's. */
const rawOf = ({ lanes }: ReadOutParameters, quire: Bits, flags: ModeFlags): Bits => {
  const part = (from: number, bits: number): Bits => quire.slice(from + bits - 1, from)
  if (lanes === 'summed') {
    const narrow = part(0, quireLayouts.summed.laneBits).signed().wrap(s(rawBits)).bits(rawBits)
    return mux(flags.posit16, part(0, rawBits), narrow)
  }
  const own = quireLayouts.separate.laneBits
  const sides = (count: number): Bits =>
    cat(...Array.from({ length: count }, (_, k) => part((k * 4 * own) / count, rawBits / count)).reverse())
  return mux(flags.four, sides(4), mux(flags.posit8, sides(2), sides(1)))
}
