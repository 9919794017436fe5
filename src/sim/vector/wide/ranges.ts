import { isSigned, type Range, widthOf } from '../../../dsl/ir.ts'

export const bit: Range = { min: 0n, max: 1n }
/** Bounds of a field of bits. */
export const fieldRange = (bits: number): Range => ({ min: 0n, max: (1n << BigInt(bits)) - 1n })

/** True where the width and sign of bounds can write every value of others, so that wrapping changes none. */
export const holds = (range: Range, inner: Range): boolean =>
  isSigned(inner)
    ? isSigned(range) && widthOf(inner) <= widthOf(range)
    : inner.max === 0n || widthOf(inner) <= widthOf(range) - Number(isSigned(range))
