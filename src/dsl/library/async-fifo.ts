import { type Clock, on } from '../clock.ts'
import { type Component, component } from '../component.ts'
import { refuse } from '../error.ts'
import { type BoolShape, bits, bool, type Shape, u } from '../shape.ts'
import type { Int } from '../signal.ts'
import { opaque } from './opaque.ts'
import { sync2, toGray } from './sync.ts'

export interface AsyncFifoParameters<S extends Shape> {
  /** What a word holds. */
  readonly of: S
  /** Words between the clocks; a power of two from 2 to 65536. One more waits at the output. */
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
 * Cummings, Simulation and Synthesis Techniques for Asynchronous FIFO Design, SNUG 2002; that the word at the output is what
 * the memory's read port shows is ours.) Large ones become block RAM of two clocks. Both clocks must be reset together.
 */
export const asyncFifo = <S extends Shape>(
  parameters: AsyncFifoParameters<S>,
): Component<
  { in_valid: BoolShape; in_data: S; out_ready: BoolShape },
  { in_ready: BoolShape; out_valid: BoolShape; out_data: S }
> => AsyncFifo(parameters) as never

const AsyncFifo = component('async_fifo', ({ of: shape, depth, write, read }: AsyncFifoParameters<Shape>) => {
  if (!(Number.isInteger(depth) && depth >= 2 && depth <= 65536 && (depth & (depth - 1)) === 0))
    refuse(
      'E-PARAMETER',
      'async_fifo',
      `a depth is a power of two from 2 to 65536, so that its pointers wrap as Gray code, got ${depth}; choose the next one up`,
    )
  const of = opaque(shape)
  const addressBits = Math.log2(depth)
  const pointer = u(addressBits + 1)
  const code = bits(addressBits + 1)
  return {
    in: { in_valid: on(write, bool), in_data: on(write, of), out_ready: on(read, bool) },
    out: { in_ready: on(write, bool), out_valid: on(read, bool), out_data: on(read, of) },
    logic({ in_valid, in_data, out_ready }, builder) {
      const { regs, memory, when } = builder
      const w = regs({ write_pointer: pointer, write_code: code }, { clock: write })
      const r = regs({ read_pointer: pointer, read_code: code, out_valid_now: bool }, { clock: read })
      // A word is read only after the write pointer that covers it has crossed.
      const words = memory('words', { depth, of, collide: 'never', clock: write })
      const placeOf = (at: Int): Int => at.wrap(u(addressBits))
      const read_seen = sync2(builder, 'read_code_seen', r.read_code, { to: write, gray: true })
      const write_seen = sync2(builder, 'write_code_seen', w.write_code, { to: read, gray: true })

      // Full: the pointers differ by the depth, which in Gray code turns the two highest bits.
      const top = BigInt(3) << BigInt(addressBits - 1)
      const room = w.write_code.ne(read_seen.xor(top))
      when(in_valid.and(room), () => {
        const next = w.write_pointer.add(1).wrap(pointer)
        w.write_pointer.next = next
        w.write_code.next = toGray(next)
        words.write(placeOf(w.write_pointer), in_data)
      })

      const there = r.read_code.ne(write_seen)
      const free = r.out_valid_now.not().or(out_ready)
      when(free, () => {
        r.out_valid_now.next = there
      })
      const takes = free.and(there)
      when(takes, () => {
        const next = r.read_pointer.add(1).wrap(pointer)
        r.read_pointer.next = next
        r.read_code.next = toGray(next)
      })
      const out_data = words.read(placeOf(r.read_pointer), { enable: takes, clock: read })
      return { in_ready: room, out_valid: r.out_valid_now, out_data }
    },
  }
})
