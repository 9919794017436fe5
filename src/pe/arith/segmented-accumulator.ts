import { type Bool, type Builder, cat, type Int, s, u } from '../../dsl/index.ts'

/** A sum held in segments, lowest first, and the carries between them that are still to be added. */
export interface SegmentedSum {
  /** `carries[k]` counts as 1 in segment k + 1. */
  readonly segments: readonly Int[]
  readonly carries: readonly Bool[]
  /** True where no carry is left: then the segments side by side are the sum. */
  readonly settled: Bool
  /** The segments side by side, read as two's complement; the sum where `settled`. */
  readonly value: Int
}

/**
 * A wide accumulator that adds a signed term a cycle with carry chains of `segment` bits only: a carry out of a segment
 * waits in a register and enters the next one a cycle later. Adding 0 for `segments - 1` cycles settles every carry
 * (deferred carry, as in wide exact accumulators; Kulisch). The sum is modulo 2^width; `clear` starts it from 0, this
 * cycle's term not counted.
 */
export const segmentedAccumulator = (
  { regs, when }: Pick<Builder, 'regs' | 'when'>,
  name: string,
  {
    term,
    clear,
    width,
    segment,
  }: { readonly term: Int; readonly clear: Bool; readonly width: number; readonly segment: number },
): SegmentedSum => {
  const count = Math.ceil(width / segment)
  const widthOf = (k: number): number => Math.min(segment, width - k * segment)
  const field = term.wrap(s(width)).bits(width)
  const segments: Int[] = []
  const carries: Bool[] = []
  let carryIn: Bool | undefined
  for (let k = 0; k < count; k++) {
    const bits = widthOf(k)
    const shape = u(bits)
    const r = regs({ [`${name}_${k}`]: shape })
    const held = r[`${name}_${k}`]!
    const part = field.slice(k * segment + bits - 1, k * segment).unsigned()
    const sum = carryIn ? held.add(part).add(carryIn.int()) : held.add(part)
    held.next = sum.wrap(shape)
    when(clear, () => {
      held.next = 0
    })
    segments.push(held)
    if (k === count - 1) break
    const c = regs({ [`${name}_carry_${k}`]: u(1) })[`${name}_carry_${k}`]!
    c.next = sum.shr(bits).wrap(u(1))
    when(clear, () => {
      c.next = 0
    })
    carryIn = c.bit(0)
    carries.push(carryIn)
  }
  const settled = carries.reduce<Bool | undefined>((any, carry) => any?.or(carry) ?? carry, undefined)
  return {
    segments,
    carries,
    settled: settled ? settled.not() : term.bit(0).or(true),
    value: cat(...segments.map((part, k) => part.bits(widthOf(k))).reverse()).signed(),
  }
}
