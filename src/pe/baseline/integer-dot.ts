import type { Value } from '../../formats/index.ts'

/** The exact sum of products of values that are integers. */
export const integerDot = (a: readonly Value[], b: readonly Value[]): bigint =>
  a.reduce((total, value, k) => total + integerOf(value) * integerOf(b[k]!), 0n)

const integerOf = (value: Value): bigint => {
  if (value.kind !== 'finite' || value.exponent < 0) throw new RangeError('a value that is no integer')
  return value.significand << BigInt(value.exponent)
}
