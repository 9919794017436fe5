import { type Bits, type Bool, type Builder, bool, cat, type Int, s, u } from '../../dsl/index.ts'
import { carryAdd } from './add.ts'

/** Segments of a sum, lowest first, and the carries between them that are still to be added. */
export interface Segments {
  readonly segments: readonly Int[]
  /** `carries[k]` counts as 1 in segment k + 1. */
  readonly carries: readonly Bool[]
}

export interface SegmentedSum extends Segments {
  /** What the next cycle holds unless `clear`: this cycle's term is in it. */
  readonly next: Segments
  /** True where no carry is left: then the segments side by side are the sum. */
  readonly settled: Bool
  /** The segments side by side, read as two's complement; the sum where `settled`. */
  readonly value: Int
}

/** Bits of every segment, lowest first; the highest takes what is left. */
export const segmentWidths = (width: number, segment: number): readonly number[] =>
  Array.from({ length: Math.ceil(width / segment) }, (_, k) => Math.min(segment, width - k * segment))

/**
 * A wide accumulator that adds a signed term a cycle with carry chains of `segment` bits only: a carry out of a segment
 * waits in a register and enters the next one a cycle later. Adding 0 for `segments - 1` cycles settles every carry
 * (deferred carry, as in wide exact accumulators; Kulisch), and `settledSum` adds them all at once. The sum is modulo
 * 2^width; `clear` starts it from 0, this cycle's term not counted. `plus` counts as 1 beside the term and costs nothing: a term
 * turned round bit by bit becomes its opposite. With a `promise`, a sum that does not fit is a failed check.
 */
export const segmentedAccumulator = (
  builder: Pick<Builder, 'regs' | 'when' | 'use' | 'check'>,
  name: string,
  {
    term,
    plus,
    clear,
    width,
    segment,
    promise,
  }: {
    readonly term: Int
    readonly plus?: Bool
    readonly clear: Bool
    readonly width: number
    readonly segment: number
    readonly promise?: string
  },
): SegmentedSum => {
  const { regs, when } = builder
  const widths = segmentWidths(width, segment)
  const field = term.wrap(s(width)).bits(width)
  const now: { segments: Int[]; carries: Bool[] } = { segments: [], carries: [] }
  const next: { segments: Int[]; carries: Bool[] } = { segments: [], carries: [] }
  widths.forEach((bits, k) => {
    const shape = u(bits)
    const held = regs({ [`${name}_${k}`]: shape })[`${name}_${k}`]!
    const part = field.slice(k * segment + bits - 1, k * segment).unsigned()
    const carryIn = k === 0 ? plus : now.carries[k - 1]
    const sum = carryIn ? carryAdd(builder, `${name}_add_${k}`, held, part, carryIn) : held.add(part)
    held.next = sum.wrap(shape)
    when(clear, () => {
      held.next = 0
    })
    now.segments.push(held)
    next.segments.push(sum.wrap(shape))
    if (k === widths.length - 1) return
    const carry = regs({ [`${name}_carry_${k}`]: bool })[`${name}_carry_${k}`]!
    const carryOut = sum.bits(bits + 1).bit(bits)
    carry.next = carryOut
    when(clear, () => {
      carry.next = false
    })
    now.carries.push(carry)
    next.carries.push(carryOut)
  })
  if (promise !== undefined) {
    const sum = settledSum(packSegments(now, widths), widths).add(term)
    const total = plus ? sum.add(plus.int()) : sum
    builder.check(total.ge(s(width).min).and(total.le(s(width).max)), promise)
  }
  const open = now.carries.reduce<Bool | undefined>((any, carry) => any?.or(carry) ?? carry, undefined)
  return {
    ...now,
    next,
    settled: open ? open.not() : term.bit(0).or(true),
    value: sideBySide(now.segments, widths).signed(),
  }
}

/** Segments and carries as one field, the carries above: what a register must hold to move the sum elsewhere. */
export const packSegments = ({ segments, carries }: Segments, widths: readonly number[]): Bits =>
  cat(...carries.map((carry) => carry.bits()).reverse(), sideBySide(segments, widths))

/** The sum, two's complement, that a field of `packSegments` stands for: one addition of all carries. */
export const settledSum = (field: Bits, widths: readonly number[]): Int => {
  const width = widths.reduce((sum, bits) => sum + bits, 0)
  const value = field.slice(width - 1, 0)
  if (widths.length === 1) return value.signed()
  // Each carry stands at the lowest bit of its segment.
  const carries = widths.map((bits, k) =>
    (k === 0 ? field.bit(0).and(false) : field.bit(width + k - 1)).int().bits(bits),
  )
  const added = cat(...carries.reverse())
  return value.unsigned().add(added.unsigned()).bits(width).signed()
}

const sideBySide = (segments: readonly Int[], widths: readonly number[]): Bits =>
  cat(...segments.map((part, k) => part.bits(widths[k]!)).reverse())
