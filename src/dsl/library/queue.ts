import type { Builder } from '../builder.ts'
import { mux } from '../choice.ts'
import { component } from '../component.ts'
import { refuse } from '../error.ts'
import { range, type Shape, u } from '../shape.ts'
import type { Int } from '../signal.ts'
import { type Stream, stream } from '../stream.ts'
import { onClockOf, opaque } from './opaque.ts'

/**
 * A ring of words. The word at the head is read anew in every cycle, from where the head will be in the next one; a word
 * that is written there at the same edge is passed on ('new'), so that it leaves in the next cycle.
 */
const Queue = component('queue', (p: { of: Shape; depth: number }) => {
  if (!(Number.isSafeInteger(p.depth) && p.depth >= 2))
    refuse('E-RANGE', 'queue', `a queue holds at least 2 elements, got ${p.depth}; for one use pipe()`)
  const of = opaque(p.of)
  return {
    in: { x: stream(of) },
    out: { y: stream(of) },
    logic({ x, y }, { regs, when, memory, checked }) {
      const place = range(0, p.depth - 1)
      const r = regs({ head: place, tail: place, level: range(0, p.depth) })
      const whole = place.max === u(place.width).max
      const after = (at: Int): Int =>
        whole
          ? at.add(1).wrap(place)
          : checked(mux(at.eq(p.depth - 1), 0, at.add(1)), place, 'the ends of a queue stay inside it')
      const words = memory('words', { depth: p.depth, of, collide: 'new' })
      const valid = r.level.ne(0)
      const leaves = valid.and(y.ready)
      x.ready.value = r.level.ne(p.depth)
      when(x.fires, () => {
        words.write(r.tail, x.data)
        r.tail.next = after(r.tail)
      })
      const head = mux(leaves, after(r.head), r.head)
      r.head.next = head
      r.level.next = checked(
        r.level.add(x.fires.int()).sub(leaves.int()),
        range(0, p.depth),
        'a queue is filled from 0 to its depth',
      )
      return { y: { valid, data: words.read(head) } }
    },
  }
})

/**
 * First in, first out, up to `depth` (at least 2) elements; an element every cycle, each at the earliest one cycle after it
 * came. Neither side sees the other's valid or ready within the cycle. Large ones become block RAM, of whole words.
 */
export const queue = <S extends Shape>(builder: Builder, name: string, x: Stream<S>, depth: number): Stream<S> =>
  builder.use(name, Queue({ of: x.shape, depth }), { x: x as Stream<never> }, onClockOf(x)).y as unknown as Stream<S>
