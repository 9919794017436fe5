import { type Bool, type Builder, bool, component, type Int, type IntShape, s, u } from '../../dsl/index.ts'
import { compress } from './compressor.ts'
import { arrivals, integerTerms, together } from './weighted-bits.ts'

export interface AddParameters {
  readonly a: IntShape
  readonly b: IntShape
}

/**
 * `a + b`, exactly, where `a` is the wider one, such as an accumulator. As gates a ripple of full adders as far as `b`
 * reaches; above it `a` counts up or down by one or stays, which is known early but for the last carry (`addCarries`).
 */
export const SplitAdd = component('split_add', ({ a, b }: AddParameters) => {
  const exact = a.plus(b)
  const shape = exact.min < 0n ? s(exact.width) : u(exact.width)
  return {
    in: { a, b },
    out: { sum: shape },
    logic: (operands) => ({ sum: operands.a.add(operands.b) }),
    gates(operands, builder) {
      const wide = integerTerms(operands.a, { arrival: arrivals.register, signUpTo: shape.width })
      const narrow = integerTerms(operands.b, { arrival: arrivals.register })
      const sum = compress(builder, 'column', together(wide, narrow), shape.width)
      return { sum: shape.min < 0n ? sum.signed() : sum.unsigned() }
    },
  }
})

/** An instance `name` of `SplitAdd` on signals of any shape. */
export const splitAdd = ({ use }: Pick<Builder, 'use'>, name: string, a: Int, b: Int): Int =>
  use(name, SplitAdd({ a: a.shape, b: b.shape }), { a, b }).sum

/** `a + b + carry` without sign, exactly; as gates one ripple of full adders, which takes the carry for nothing. */
export const CarryAdd = component('carry_add', ({ a, b }: AddParameters) => {
  const shape = u(a.plus(b).plus(u(1)).width)
  return {
    in: { a, b, carry: bool },
    out: { sum: shape },
    logic: (operands) => ({ sum: operands.a.add(operands.b).add(operands.carry.int()) }),
    gates(operands, builder) {
      const terms = [operands.a, operands.b, operands.carry.int()].map((value) =>
        integerTerms(value, { arrival: arrivals.register }),
      )
      return { sum: compress(builder, 'column', together(...terms), shape.width).unsigned() }
    },
  }
})

/** An instance `name` of `CarryAdd`. */
export const carryAdd = ({ use }: Pick<Builder, 'use'>, name: string, a: Int, b: Int, carry: Bool): Int =>
  use(name, CarryAdd({ a: a.shape, b: b.shape }), { a, b, carry }).sum
