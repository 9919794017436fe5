import type { Bool, Int } from '../../dsl/index.ts'

/** A bit that counts 2^weight where it is 1. */
export interface WeightedBit {
  readonly bit: Bool
  readonly weight: number
  /** Estimated time at which it is known, in ps at 45 nm from the clock edge; only its order among others matters. */
  readonly arrival: number
}

/** What is to be added up: bits of any weights, and a constant of either sign. */
export interface Terms {
  readonly bits: readonly WeightedBit[]
  readonly constant: bigint
}

/** A register's output, and a gate or two behind registers (from generic45: clock to output, NAND and inverter). */
export const arrivals = { register: 100, gated: 140, recoded: 260 } as const

/** All terms of several lists. */
export const together = (...lists: readonly Terms[]): Terms => ({
  bits: lists.flatMap(({ bits }) => bits),
  constant: lists.reduce((sum, { constant }) => sum + constant, 0n),
})

/** -1 times the sum, bit by bit: -b = (1 - b) - 1. */
export const opposite = ({ bits, constant }: Terms): Terms =>
  together({ bits: [], constant: -constant }, ...bits.map(({ bit, weight, arrival }) => negative(bit, weight, arrival)))

/** Bit `index` of the two's complement, the sign bit repeated for ever; undefined for the zeros above an unsigned value. */
export const bitAt = (value: Int, index: number): Bool | undefined => {
  const { width, min } = value.shape
  if (index < width) return value.bit(index)
  return min < 0n ? value.bit(width - 1) : undefined
}

/**
 * The bits of an integer, times 2^weight. A sign bit counts negative: it is turned round, and the constant makes up for
 * it. With `signUpTo` it is repeated below that weight instead, which is the same modulo
 * 2^signUpTo and leaves the constant alone.
 */
export const integerTerms = (
  value: Int,
  { weight = 0, arrival, signUpTo }: { weight?: number; arrival: number; signUpTo?: number },
): Terms => {
  const { width, min } = value.shape
  const plain = min < 0n && signUpTo === undefined ? width - 1 : width
  const bits = Array.from({ length: plain }, (_, k) => ({ bit: value.bit(k), weight: weight + k, arrival }))
  if (min >= 0n) return { bits, constant: 0n }
  const sign = value.bit(width - 1)
  if (signUpTo === undefined) return together({ bits, constant: 0n }, negative(sign, weight + width - 1, arrival))
  for (let at = weight + width; at < signUpTo; at++) bits.push({ bit: sign, weight: at, arrival })
  return { bits, constant: 0n }
}

/** A bit that counts -2^weight. */
export const negative = (bit: Bool, weight: number, arrival: number): Terms => ({
  bits: [{ bit: bit.not(), weight, arrival }],
  constant: -(1n << BigInt(weight)),
})
