import {
  type Bits,
  type Bool,
  type Builder,
  bits,
  bool,
  component,
  type Int,
  mux,
  s,
  sum,
  vec,
} from '../../dsl/index.ts'
import { compress } from './compressor.ts'
import { arrivals, negative, together } from './weighted-bits.ts'

/**
 * The exact sum of `count` magnitudes of `width` bits, each with its sign. As gates the magnitudes are turned round bit by bit
 * where they are negative, and the ones that this lacks go into the same full adders, so that there is one carry chain.
 */
export const SignedSum = component('signed_sum', ({ count, width }: { count: number; width: number }) => {
  const limit = BigInt(count) * (2n ** BigInt(width) - 1n)
  const shape = s(limit.toString(2).length + 1)
  return {
    name: `signed_sum_${count}x${width}`,
    in: { magnitude: vec(count, bits(width)), minus: vec(count, bool) },
    out: { sum: shape },
    logic: ({ magnitude, minus }) => ({
      sum: sum(magnitude.map((bits, k) => mux(minus[k]!, bits.unsigned().neg(), bits.unsigned()))).wrap(shape),
    }),
    gates({ magnitude, minus }, builder) {
      const terms = magnitude.map((field, k) => {
        const sign = minus[k]!
        const turned = Array.from({ length: width }, (_, weight) => ({
          bit: field.bit(weight).xor(sign),
          weight,
          arrival: arrivals.recoded,
        }))
        const one = { bit: sign, weight: 0, arrival: arrivals.register }
        // -x is x turned round plus 1, minus the 2^width that turning round added.
        return together({ bits: [...turned, one], constant: 0n }, negative(sign, width, arrivals.register))
      })
      return { sum: compress(builder, 'column', together(...terms), shape.width).signed() }
    },
  }
})

/** An instance `name` of `SignedSum`. */
export const signedSum = (
  { use }: Pick<Builder, 'use'>,
  name: string,
  magnitude: readonly Bits[],
  minus: readonly Bool[],
): Int =>
  use(name, SignedSum({ count: magnitude.length, width: magnitude[0]!.width }), {
    magnitude: [...magnitude],
    minus: [...minus],
  }).sum

/** What `SignedSum` gives. */
export const signedSumShape = (count: number, width: number) => SignedSum({ count, width }).out.sum
