import { mux } from '../choice.ts'
import { type Clock, on } from '../clock.ts'
import { type Component, component } from '../component.ts'
import { refuse } from '../error.ts'
import { type BoolShape, bits, bool, type ScalarShape, u, vec } from '../shape.ts'
import type { AnySignal, Bool, Int, OperandOf } from '../signal.ts'
import { sync2, toGray } from './sync.ts'

export interface AsyncFifoParameters<S extends ScalarShape> {
  /** What a word holds. */
  readonly of: S
  /** Words between the clocks; a power of two from 2. One more waits at the output. */
  readonly depth: number
  /** Clock of the input side. */
  readonly write: Clock
  /** Clock of the output side. */
  readonly read: Clock
}

/**
 * A queue between two clocks. Both sides speak valid and ready: a word moves in a cycle of its own clock in which both are
 * true. Pointers cross as Gray code through two flip-flops each, so that either side sees a pointer of the other that was
 * true a moment ago: `in_ready` may be low too long and `out_valid` may come late, never the other way round. (Scheme:
 * Cummings, Simulation and Synthesis Techniques for Asynchronous FIFO Design, SNUG 2002; the output register is ours.)
 * Both clocks must be reset together.
 */
export const asyncFifo = <S extends ScalarShape>(
  parameters: AsyncFifoParameters<S>,
): Component<
  { in_valid: BoolShape; in_data: S; out_ready: BoolShape },
  { in_ready: BoolShape; out_valid: BoolShape; out_data: S }
> => AsyncFifo(parameters) as never

const AsyncFifo = component('async_fifo', ({ of, depth, write, read }: AsyncFifoParameters<ScalarShape>) => {
  if (!(Number.isInteger(depth) && depth >= 2 && depth <= 4096 && (depth & (depth - 1)) === 0))
    refuse(
      'E-PARAMETER',
      'async_fifo',
      `a depth is a power of two from 2 to 4096, so that its pointers wrap as Gray code, got ${depth}; choose the next one up`,
    )
  const addressBits = Math.log2(depth)
  const pointer = u(addressBits + 1)
  const code = bits(addressBits + 1)
  return {
    in: { in_valid: on(write, bool), in_data: on(write, of), out_ready: on(read, bool) },
    out: { in_ready: on(write, bool), out_valid: on(read, bool), out_data: on(read, of) },
    logic({ in_valid, in_data, out_ready }, builder) {
      const { regs, when } = builder
      const w = regs({ write_pointer: pointer, write_code: code, words: vec(depth, of) }, { clock: write })
      const r = regs({ read_pointer: pointer, read_code: code, out_valid_now: bool }, { clock: read })
      const taken = regs(
        { word: of },
        { clock: read, crossing: 'a word is read only after the write pointer that covers it has crossed' },
      )
      const read_seen = sync2(builder, 'read_code_seen', r.read_code, { to: write, gray: true })
      const write_seen = sync2(builder, 'write_code_seen', w.write_code, { to: read, gray: true })

      // Full: the pointers differ by the depth, which in Gray code turns the two highest bits.
      const top = BigInt(3) << BigInt(addressBits - 1)
      const room = w.write_code.ne(read_seen.xor(top))
      when(in_valid.and(room), () => {
        const next = w.write_pointer.add(1).wrap(pointer)
        w.write_pointer.next = next
        w.write_code.next = toGray(next)
        const words = w.words as readonly (AnySignal & { next: unknown })[]
        words.forEach((word, k) => {
          when(w.write_pointer.wrap(u(addressBits)).eq(k), () => {
            word.next = in_data
          })
        })
      })

      const there = r.read_code.ne(write_seen)
      const free = r.out_valid_now.not().or(out_ready)
      when(free, () => {
        r.out_valid_now.next = there
      })
      when(free.and(there), () => {
        const next = r.read_pointer.add(1).wrap(pointer)
        r.read_pointer.next = next
        r.read_code.next = toGray(next)
        ;(taken.word as { next: unknown }).next = chosen(w.words as readonly AnySignal[], r.read_pointer, addressBits)
      })
      return { in_ready: room, out_valid: r.out_valid_now, out_data: taken.word as OperandOf<ScalarShape> }
    },
  }
})

/** `words[index]` by a tree of choices, one level a bit. */
const chosen = (words: readonly AnySignal[], index: Int, levels: number): AnySignal => {
  let left = words
  for (let level = 0; level < levels; level++) {
    const bit = index.bit(level)
    left = Array.from({ length: left.length / 2 }, (_, k) => choose(bit, left[2 * k + 1]!, left[2 * k]!))
  }
  return left[0]!
}

const choose = (test: Bool, then: AnySignal, otherwise: AnySignal): AnySignal =>
  mux(test, then as Int, otherwise as Int)
