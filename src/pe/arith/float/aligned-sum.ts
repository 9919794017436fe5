import { finite, floorLog2, integerFormat, NAN } from '../../../formats/index.ts'
import { fp16, fp32 } from './usual.ts'

/**
 * The golden model of aligned arithmetic, an FP32 code. Let e be the largest power of two that is not above the magnitude of
 * every FP16 activation of the group, at least -14: each activation is rounded to a multiple of 2^(e - bits + 2), to nearest
 * even and within `bits` bits of sign and magnitude; their products with the weights add up exactly, and the sum is rounded
 * once. A group with an infinity or NaN in it gives NaN (ours).
 */
export const alignedSum = (bits: number, activations: readonly number[], weights: readonly number[]): bigint => {
  const values = activations.map((code) => fp16.decode(BigInt(code)))
  let top = 1 - fp16.bias
  for (const value of values) {
    if (value.kind !== 'finite') return fp32.encode(NAN)
    const magnitude = value.significand < 0n ? -value.significand : value.significand
    if (magnitude > 0n) top = Math.max(top, floorLog2(finite(magnitude, value.exponent)))
  }
  const unit = top - bits + 2
  const integers = integerFormat(bits, 'sign-magnitude')
  let sum = 0n
  values.forEach((value, k) => {
    if (value.kind !== 'finite') return
    const aligned = integers.decode(integers.encode(finite(value.significand, value.exponent - unit)))
    if (aligned.kind === 'finite') sum += aligned.significand * BigInt(weights[k]!)
  })
  return fp32.encode(finite(sum, unit))
}
