import { type Bits, type Bool, type Builder, bool, cat, type Int, u } from '../../dsl/index.ts'
import { carryAdd } from '../arith/add.ts'

/** How the quire is cut. */
export interface QuireLayout {
  /** Bits of each segment, the lowest first. */
  readonly segments: readonly number[]
  /** Bits of the quire that a lane has, the lowest lane's first; of the narrow modes together where they are summed. */
  readonly laneBits: number
}

/**
 * Quires that the modes share. Summed, the narrow modes use the three lowest of seven segments: 40 bits and 4 more that tell
 * an overflow; posit(16,1) has 128 and as many. Apart, lanes of four bits have two segments each, 32 bits and 4.
 */
export const quireLayouts = {
  summed: { segments: [16, 16, 12, 22, 22, 22, 22], laneBits: 44 },
  separate: { segments: [18, 18, 18, 18, 18, 18, 18, 18], laneBits: 36 },
} as const satisfies Readonly<Record<string, QuireLayout>>

export const quireWidth = ({ segments }: QuireLayout): number => segments.reduce((sum, bits) => sum + bits, 0)

/** Bits of the segments, and above them the carries that wait. */
export const packedBits = (layout: QuireLayout): number => quireWidth(layout) + layout.segments.length - 1

/** What is added to a segment beside its part of the addend, and when it moves. */
export interface SegmentControl {
  /** A carry from outside the quire. */
  readonly plus?: Bool
  /** The segment begins a lane: it takes `plus`, not the carry of the segment below. True where undefined and there is none below. */
  readonly begins?: Bool
  /** The segment is clocked; always where undefined. */
  readonly moves?: Bool
}

/**
 * Adds the addend's parts to the segments, each with a carry chain of its own; a carry out waits in a register and goes into the
 * next segment a cycle later (deferred carry). Gives the sum as `packedBits`, this cycle's addend in it; `clear` starts the
 * next cycle from 0, in segments that do not move too.
 */
export const accumulate = (
  builder: Pick<Builder, 'regs' | 'when' | 'use' | 'check'>,
  layout: QuireLayout,
  addend: Bits,
  controls: readonly SegmentControl[],
  clear: Bool,
): Bits => {
  const { regs, when } = builder
  const sums: Int[] = []
  const carries: Bool[] = []
  let from = 0
  let below: Bool | undefined
  layout.segments.forEach((width, k) => {
    const { plus, begins, moves } = controls[k] ?? {}
    const shape = u(width)
    const held = regs({ [`quire_${k}`]: shape })[`quire_${k}`]!
    const part = addend.slice(from + width - 1, from).unsigned()
    const carryIn = begins && below && plus ? choose(begins, plus, below) : (below ?? plus)
    const sum = carryIn ? carryAdd(builder, `quire_add_${k}`, held, part, carryIn) : held.add(part)
    const load = moves ? moves.or(clear) : undefined
    const next = sum.wrap(shape)
    keep(when, load, () => {
      held.next = next
      when(clear, () => {
        held.next = 0
      })
    })
    sums.push(next)
    from += width
    if (k === layout.segments.length - 1) return
    const carry = regs({ [`carry_${k}`]: bool })[`carry_${k}`]!
    const out = sum.bits(width + 1).bit(width)
    // Where the next segment begins a lane, what leaves this one is lost in the lane's sign.
    const { begins: nextBegins, moves: nextMoves } = controls[k + 1] ?? {}
    const carryOut = nextBegins ? out.and(nextBegins.not()) : nextMoves ? out.and(nextMoves) : out
    keep(when, nextMoves?.or(clear), () => {
      carry.next = carryOut
      when(clear, () => {
        carry.next = false
      })
    })
    carries.push(carryOut)
    below = carry
  })
  return cat(
    ...carries.map((carry) => carry.bits()).reverse(),
    ...sums.map((sum, k) => sum.bits(layout.segments[k]!)).reverse(),
  )
}

const choose = (condition: Bool, then: Bool, otherwise: Bool): Bool =>
  condition.and(then).or(condition.not().and(otherwise))

/** Inside a condition, or always. */
const keep = (when: Builder['when'], condition: Bool | undefined, assign: () => void): void => {
  if (condition) when(condition, assign)
  else assign()
}
