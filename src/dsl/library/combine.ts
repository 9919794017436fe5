import type { Builder } from '../builder.ts'
import type { Enum, EnumShape } from '../enumeration.ts'
import type { Fixed, FixedShape } from '../fixed.ts'
import type { BitsShape, BoolShape, IntShape, Shape } from '../shape.ts'
import type { AnySignal, Bits, Bool, Int, SignalOf } from '../signal.ts'
import { Stream } from '../stream.ts'
import { shapeOf } from './delay.ts'

/** The shape whose signals are of this kind. */
type ShapeOf<T> = T extends Int
  ? IntShape
  : T extends Bool
    ? BoolShape
    : T extends Bits
      ? BitsShape
      : T extends Fixed
        ? FixedShape
        : T extends Enum<infer Name>
          ? EnumShape<Name>
          : never

/** The stream with `change` applied to the data; no registers. */
export const map = <S extends Shape, T extends AnySignal>(
  x: Stream<S>,
  change: (data: SignalOf<S>) => T,
): Stream<ShapeOf<T>> => {
  const data = change(x.data)
  return new Stream(x.graph, x.name, shapeOf(data), x.clock, x.valid.node, data as never, x.taker) as unknown as Stream<
    ShapeOf<T>
  >
}

/** A stream whose elements are made of one element of `a` and one of `b`; no registers, an element every cycle. */
export const join = <A extends Shape, B extends Shape, T extends AnySignal>(
  builder: Builder,
  name: string,
  a: Stream<A>,
  b: Stream<B>,
  combine: (a: SignalOf<A>, b: SignalOf<B>) => T,
): Stream<ShapeOf<T>> => {
  const data = combine(a.data, b.data)
  const source = { valid: a.valid.and(b.valid), data: data as never }
  const made = builder.stream(name, shapeOf(data), source, { clock: a.clock })
  a.taker.take(made.ready.and(b.valid).node)
  b.taker.take(made.ready.and(a.valid).node)
  return made as unknown as Stream<ShapeOf<T>>
}
