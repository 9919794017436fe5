import { type FloatFormat, finite, product, sum } from '../../formats/index.ts'

/**
 * The code of `sum over the groups of scale * group sum` as the column adds it up, from the formats' definitions: +0, and for each
 * group in turn the exact product rounded, then the exact sum with it rounded, to nearest with ties to even.
 */
export const dequantised = (
  scale: FloatFormat,
  accumulate: FloatFormat,
  sums: readonly bigint[],
  scales: readonly number[],
): bigint => {
  let total = 0n
  sums.forEach((groupSum, g) => {
    const exact = product(scale.decode(BigInt(scales[g]!)), finite(groupSum))
    const term = accumulate.decode(accumulate.encode(exact))
    total = accumulate.encode(sum(term, accumulate.decode(total)))
  })
  return total
}
