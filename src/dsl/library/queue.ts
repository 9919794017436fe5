import { leavesOf, valueFor } from '../aggregate.ts'
import type { Builder } from '../builder.ts'
import { mux } from '../choice.ts'
import { component } from '../component.ts'
import { refuse } from '../error.ts'
import { range, type Shape, scalarsOf, u } from '../shape.ts'
import type { Int } from '../signal.ts'
import { type Stream, stream } from '../stream.ts'
import { opaque } from './opaque.ts'

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
      // A memory for each scalar, since words are scalars.
      const words = scalarsOf('words', of).map(([name, scalar]) =>
        memory(name, { depth: p.depth, of: scalar, collide: 'new' }),
      )
      const parts = leavesOf(x.graph, 'words', of, x.data, 'data of a queue')
      const valid = r.level.ne(0)
      const leaves = valid.and(y.ready)
      x.ready.value = r.level.ne(p.depth)
      when(x.fires, () => {
        for (const [k, each] of words.entries()) each.write(r.tail, parts[k]!.operand as never)
        r.tail.next = after(r.tail)
      })
      const head = mux(leaves, after(r.head), r.head)
      r.head.next = head
      r.level.next = checked(
        r.level.add(x.fires.int()).sub(leaves.int()),
        range(0, p.depth),
        'a queue is filled from 0 to its depth',
      )
      const first = words.map((each) => each.read(head))
      return { y: { valid, data: valueFor('words', of, () => first.shift()) as Int } }
    },
  }
})

/**
 * First in, first out, up to `depth` (at least 2) elements; an element every cycle, each at the earliest one cycle after it
 * came. Neither side sees the other's valid or ready within the cycle. Large ones become block RAM, one for each scalar of a record.
 */
export const queue = <S extends Shape>(builder: Builder, name: string, x: Stream<S>, depth: number): Stream<S> =>
  builder.use(name, Queue({ of: x.shape, depth }), { x: x as Stream<never> }).y as unknown as Stream<S>
