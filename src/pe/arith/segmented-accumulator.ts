import { type Bits, type Bool, type Builder, bool, cat, type Int, mux, s, u } from '../../dsl/index.ts'
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

/** Bits of every segment of `segment` bits, lowest first; the highest takes what is left. */
export const segmentWidths = (width: number, segment: number): readonly number[] =>
  Array.from({ length: Math.ceil(width / segment) }, (_, k) => Math.min(segment, width - k * segment))

/** How a segment is not like the others; every field may be left out. */
export interface SegmentControl {
  /** Where true the segment begins a sum of its own: it takes this `plus` and not the carry of the segment below. */
  readonly begins?: { readonly when: Bool; readonly plus: Bool }
  /** Where false the segment keeps its value, `clear` apart, and so does the carry into it. */
  readonly moves?: Bool
}

export interface SegmentedAccumulatorWiring {
  /** Signed, no wider than the sum. */
  readonly term: Int
  /** Counts as 1 beside the term and costs nothing: a term turned round bit by bit becomes its opposite. */
  readonly plus?: Bool
  /** The sum starts from 0 after this cycle, whose term then is in `next` alone. */
  readonly clear: Bool
  /** Bits of the segments, lowest first. */
  readonly widths: readonly number[]
  /** By segment. */
  readonly controls?: readonly (SegmentControl | undefined)[]
  /** A sum that does not fit is then a failed check; only where there are no controls. */
  readonly promise?: string
}

/**
 * A wide accumulator that adds a signed term a cycle with carry chains no longer than a segment: a carry out of a segment
 * waits in a register and enters the next one a cycle later. Adding 0 for `segments - 1` cycles settles every carry
 * (deferred carry, as in wide exact accumulators; Kulisch), and `settledSum` adds them all at once. The sum is modulo
 * 2^width. With `controls` segments may begin sums of their own, as lanes do, or stand still.
 */
export const segmentedAccumulator = (
  builder: Pick<Builder, 'regs' | 'when' | 'use' | 'check'>,
  name: string,
  { term, plus, clear, widths, controls = [], promise }: SegmentedAccumulatorWiring,
): SegmentedSum => {
  const { regs, when } = builder
  const width = totalWidth(widths)
  const field = term.wrap(s(width)).bits(width)
  const now: { segments: Int[]; carries: Bool[] } = { segments: [], carries: [] }
  const next: { segments: Int[]; carries: Bool[] } = { segments: [], carries: [] }
  /** The register's next value, 0 where the sum is cleared; only where it moves, if that is said. */
  const load = (moves: Bool | undefined, assign: () => void, toZero: () => void): void => {
    const whole = (): void => {
      assign()
      when(clear, toZero)
    }
    if (moves) when(moves.or(clear), whole)
    else whole()
  }
  let from = 0
  widths.forEach((bits, k) => {
    const { begins, moves } = controls[k] ?? {}
    const shape = u(bits)
    const held = regs({ [`${name}_${k}`]: shape })[`${name}_${k}`]!
    const part = field.slice(from + bits - 1, from).unsigned()
    from += bits
    const below = k === 0 ? plus : now.carries[k - 1]
    const carryIn = begins && below ? mux(begins.when, begins.plus, below) : below
    const sum = carryIn ? carryAdd(builder, `${name}_add_${k}`, held, part, carryIn) : held.add(part)
    load(
      moves,
      () => {
        held.next = sum.wrap(shape)
      },
      () => {
        held.next = 0
      },
    )
    now.segments.push(held)
    next.segments.push(sum.wrap(shape))
    if (k === widths.length - 1) return
    const carry = regs({ [`${name}_carry_${k}`]: bool })[`${name}_carry_${k}`]!
    const above = controls[k + 1] ?? {}
    let carryOut = sum.bits(bits + 1).bit(bits)
    if (above.begins) carryOut = carryOut.and(above.begins.when.not())
    if (above.moves) carryOut = carryOut.and(above.moves)
    load(
      above.moves,
      () => {
        carry.next = carryOut
      },
      () => {
        carry.next = false
      },
    )
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

/**
 * The sum, two's complement, that a field of `packSegments` stands for: one addition of all carries. Where segments begin sums
 * of their own, `begins` by segment, the sums stand side by side, and what leaves one of them at the top is lost.
 */
export const settledSum = (field: Bits, widths: readonly number[], begins: readonly (Bool | undefined)[] = []): Int => {
  const width = totalWidth(widths)
  const value = field.slice(width - 1, 0)
  if (widths.length === 1) return value.signed()
  const waiting = (k: number): Bool => (k === 0 ? field.bit(0).and(false) : field.bit(width + k - 1))
  if (begins.every((start) => start === undefined)) {
    // Each carry stands at the lowest bit of its segment.
    const carries = widths.map((bits, k) => waiting(k).int().bits(bits))
    const added = cat(...carries.reverse())
    return value.unsigned().add(added.unsigned()).bits(width).signed()
  }
  const sums: Bits[] = []
  let from = 0
  let carry: Bool | undefined
  widths.forEach((bits, k) => {
    const part = value.slice(from + bits - 1, from).unsigned()
    from += bits
    const start = begins[k]
    const rippled = carry && start ? carry.and(start.not()) : carry
    const sum = part.add(rippled ? waiting(k).int().add(rippled.int()) : waiting(k).int()).bits(bits + 1)
    sums.push(sum.slice(bits - 1, 0))
    carry = sum.bit(bits)
  })
  return cat(...sums.reverse()).signed()
}

const totalWidth = (widths: readonly number[]): number => widths.reduce((sum, bits) => sum + bits, 0)

const sideBySide = (segments: readonly Int[], widths: readonly number[]): Bits =>
  cat(...segments.map((part, k) => part.bits(widths[k]!)).reverse())
