import { type Builder, component, type Int, IntShape, s, sum, u } from '../../dsl/index.ts'
import { compress } from './compressor.ts'
import { arrivals, integerTerms, together } from './weighted-bits.ts'

/** When an operand of a sum is known: from a register, or from logic behind one. */
export type Arrival = keyof typeof arrivals

/** What tells arrivals apart in the names of modules. */
const suffixes = { register: '', gated: 'g', recoded: 'r' } as const satisfies Record<Arrival, string>

export interface CompressedSumParameters {
  readonly operands: readonly IntShape[]
  readonly arrivals: readonly Arrival[]
}

/**
 * The exact sum of two or more operands. As gates all their bits are compressed by full adders together, so that there is
 * one carry chain whatever their number; above all but the widest operand that one only counts up or down.
 */
export const CompressedSum = component('compressed_sum', (p: CompressedSumParameters) => {
  const exact = p.operands.reduce((total, operand) => total.plus(operand), new IntShape(0n, 0n))
  const shape = exact.min < 0n ? s(exact.width) : u(exact.width)
  const widest = p.operands.reduce((best, { width }, k) => (width > p.operands[best]!.width ? k : best), 0)
  const names = p.operands.map((_, k) => `x_${k}`)
  return {
    name: `sum_${p.operands.map(({ tag }, k) => `${tag}${suffixes[p.arrivals[k]!]}`).join('_')}`,
    in: Object.fromEntries(p.operands.map((operand, k) => [names[k]!, operand])),
    out: { sum: shape },
    logic: (x) => ({ sum: sum(names.map((name) => x[name]!)) }),
    gates(x, builder) {
      const terms = names.map((name, k) =>
        integerTerms(x[name]!, {
          arrival: arrivals[p.arrivals[k]!],
          ...(k === widest ? { signUpTo: shape.width } : {}),
        }),
      )
      const result = compress(builder, 'column', together(...terms), shape.width)
      return { sum: shape.min < 0n ? result.signed() : result.unsigned() }
    },
  }
})

/** An instance `name` of `CompressedSum` on signals of any shape. */
export const compressedSum = (
  { use }: Pick<Builder, 'use'>,
  name: string,
  operands: readonly { readonly value: Int; readonly arrival: Arrival }[],
): Int =>
  use(
    name,
    CompressedSum({
      operands: operands.map(({ value }) => value.shape),
      arrivals: operands.map(({ arrival }) => arrival),
    }),
    Object.fromEntries(operands.map(({ value }, k) => [`x_${k}`, value])),
  ).sum
