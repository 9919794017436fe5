import type { Builder } from '../builder.ts'
import { component } from '../component.ts'
import { bool, type Shape } from '../shape.ts'
import { type Stream, stream } from '../stream.ts'
import { onClockOf, opaque } from './opaque.ts'

/** One element in a register. Takes the next one in the cycle in which it hands over its own. */
const Pipe = component('pipe', (p: { of: Shape }) => ({
  in: { x: stream(opaque(p.of)) },
  out: { y: stream(opaque(p.of)) },
  logic({ x, y }, { regs, when }) {
    const r = regs({ full: bool, held: opaque(p.of) })
    x.ready.value = r.full.not().or(y.ready)
    when(x.ready, () => {
      r.full.next = x.valid
      r.held.next = x.data
    })
    return { y: { valid: r.full, data: r.held } }
  },
}))

/**
 * A register slice: valid and data leave out of registers, one cycle later, an element every cycle. Readiness passes
 * through within the cycle; a `queue` of two cuts that path as well.
 */
export const pipe = <S extends Shape>(builder: Builder, name: string, x: Stream<S>): Stream<S> =>
  builder.use(name, Pipe({ of: x.shape }), { x: x as Stream<never> }, onClockOf(x)).y as unknown as Stream<S>
