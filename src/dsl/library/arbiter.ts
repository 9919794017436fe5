import type { Builder } from '../builder.ts'
import { mux } from '../choice.ts'
import { component } from '../component.ts'
import { refuse } from '../error.ts'
import { describe } from '../kind.ts'
import { bool, IntShape, range, type Shape } from '../shape.ts'
import type { Bool, Int } from '../signal.ts'
import { type Stream, type StreamShape, stream } from '../stream.ts'
import { onClockOf, opaque } from './opaque.ts'

/** Who goes first: the one after the last that went ('roundRobin'), or the first of the list ('priority'). */
export type Turn = 'roundRobin' | 'priority'

/** A choice that was offered and not taken stays, as the handshake demands. */
const Arbiter = component('arbiter', (p: { of: Shape; ways: number; turn: Turn }) => {
  if (!(Number.isSafeInteger(p.ways) && p.ways >= 2))
    refuse('E-RANGE', 'arbiter', `an arbiter takes at least 2 streams, got ${p.ways}; pass more`)
  if (p.turn !== 'roundRobin' && p.turn !== 'priority')
    refuse(
      'E-KIND',
      'arbiter',
      `an arbiter takes 'roundRobin' or 'priority', got ${describe(p.turn)}; say whose turn it is`,
    )
  const of = opaque(p.of)
  const names = Array.from({ length: p.ways }, (_, k) => `x_${k}`)
  const inputs: Record<string, StreamShape<IntShape>> = Object.fromEntries(names.map((name) => [name, stream(of)]))
  return {
    in: inputs,
    out: { y: stream(of) },
    logic(ports, { regs, when }) {
      const ways = names.map((name) => ports[name]!)
      const way = range(0, p.ways - 1)
      const r = regs({ waits: bool, last: way })
      /** The first of the ways from `from` on that is valid and `allowed`, else `otherwise`. */
      const first = (allowed: (k: number) => Bool, otherwise: Int): Int =>
        ways.reduceRight((rest, x, k) => mux(x.valid.and(allowed(k)), k, rest), otherwise)
      const any = first((k) => ways[k]!.valid, r.last)
      const fair = p.turn === 'priority' ? any : first((k) => r.last.lt(k), any)
      const choice = mux(r.waits, r.last, fair)
      const valid = ways.map((x) => x.valid).reduce((some, each) => some.or(each))
      const data = ways.reduceRight<Int | undefined>(
        (rest, x, k) => (rest ? mux(choice.eq(k), x.data, rest) : x.data),
        undefined,
      )!
      when(valid, () => {
        r.last.next = choice
        r.waits.next = ports.y!.ready.not()
      })
      ways.forEach((x, k) => {
        x.ready.value = ports.y!.ready.and(choice.eq(k))
      })
      return { y: { valid, data } }
    },
  }
})

/**
 * One stream of the elements of several, each stream's in their order; an element every cycle where one is there. 'round
 * robin' makes none wait for more than one element of each other; with 'priority' a busy stream starves those after it.
 * Integers of different bounds come out with bounds that hold them all.
 */
export const arbiter = <S extends Shape>(
  builder: Builder,
  name: string,
  streams: readonly Stream<S>[],
  turn: Turn,
): Stream<S> => {
  const inputs = Object.fromEntries(streams.map((x, k) => [`x_${k}`, x as unknown as Stream<IntShape>]))
  const part = Arbiter({ of: common(streams), ways: streams.length, turn })
  const made = builder.use(name, part, inputs, onClockOf(streams[0]!))
  return made.y as unknown as Stream<S>
}

/** Bounds that hold the data of every stream. */
const common = (streams: readonly Stream<Shape>[]): Shape => {
  const first = streams[0]?.shape ?? bool
  if (first.kind !== 'int') return first
  const bounds = streams.map(({ shape }) => shape as IntShape)
  const min = bounds.reduce((least, shape) => (shape.min < least ? shape.min : least), first.min)
  const max = bounds.reduce((most, shape) => (shape.max > most ? shape.max : most), first.max)
  return new IntShape(min, max)
}
