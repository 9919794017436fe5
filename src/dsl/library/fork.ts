import type { Builder } from '../builder.ts'
import { component } from '../component.ts'
import { refuse } from '../error.ts'
import { bool, type IntShape, type Shape, vec } from '../shape.ts'
import type { Bool } from '../signal.ts'
import { type Stream, type StreamShape, type StreamSource, stream } from '../stream.ts'
import { onClockOf, opaque } from './opaque.ts'

/** A flag for each way remembers that it has the present element already. */
const Fork = component('fork_stream', (p: { of: Shape; ways: number }) => {
  if (!(Number.isSafeInteger(p.ways) && p.ways >= 2))
    refuse('E-RANGE', 'fork', `a stream forks at least 2 ways, got ${p.ways}; for one use the stream itself`)
  const of = opaque(p.of)
  const names = Array.from({ length: p.ways }, (_, k) => `y_${k}`)
  const out: Record<string, StreamShape<IntShape>> = Object.fromEntries(names.map((name) => [name, stream(of)]))
  return {
    in: { x: stream(of) },
    out,
    logic(ports, { regs, when }) {
      const { x } = ports
      const r = regs({ has: vec(p.ways, bool) })
      const served = names.map((name, k): Bool => r.has[k]!.or(ports[name]!.ready))
      x.ready.value = served.reduce((all, each) => all.and(each))
      served.forEach((each, k) => {
        when(x.valid, () => {
          r.has[k]!.next = each.and(x.ready.not())
        })
      })
      const ways = names.map((name, k): [string, StreamSource<IntShape>] => [
        name,
        { valid: x.valid.and(r.has[k]!.not()), data: x.data },
      ])
      return Object.fromEntries(ways)
    },
  }
})

/**
 * `ways` streams with all elements of `x` each. Each is taken when its own consumer is ready; `x` moves on when all have
 * the element. An element every cycle where all are ready.
 */
export const fork = <S extends Shape>(builder: Builder, name: string, x: Stream<S>, ways: number): Stream<S>[] => {
  const made = builder.use(name, Fork({ of: x.shape, ways }), { x: x as Stream<never> }, onClockOf(x))
  return Array.from({ length: ways }, (_, k) => made[`y_${k}`] as unknown as Stream<S>)
}
