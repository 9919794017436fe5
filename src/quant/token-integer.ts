import { UserError } from '../base/user-error.ts'
import { roundHalfEven } from './float16.ts'

/** Activations as integer codes, one scale a token: the activation is `scale * code`. */
export interface TokenQuantised {
  /** tokens x K row-major, within +-(2^(bits-1) - 1). */
  readonly codes: Int8Array
  /** One float32 scale per token, positive. */
  readonly scales: Float32Array
}

/**
 * Symmetric round-to-nearest (ties to even, ours) of tokens x K activations: the scale of a token is its largest
 * magnitude over 2^(bits-1) - 1, in float32; a token of zeros gets scale 1. `bits` is 2 to 8.
 */
export const quantiseTokens = (
  x: Float32Array,
  tokens: number,
  inputs: number,
  { bits }: { readonly bits: number } = { bits: 8 },
): TokenQuantised => {
  if (!(Number.isInteger(bits) && bits >= 2 && bits <= 8))
    throw new UserError('E-QUANT-BITS', `${bits}-bit activations are not supported; give 2 to 8 bits`)
  if (x.length !== tokens * inputs) throw new RangeError(`${x.length} values are no ${tokens} x ${inputs} activations`)
  const most = 2 ** (bits - 1) - 1
  const codes = new Int8Array(x.length)
  const scales = new Float32Array(tokens)
  for (let token = 0; token < tokens; token++) {
    const from = token * inputs
    const scale = largestOf(x, from, from + inputs, token) / most
    // Math.fround can round a tiny scale to 0; such a token is indistinguishable from zeros.
    const rounded = Math.fround(scale) || 1
    scales[token] = rounded
    for (let at = from; at < from + inputs; at++)
      codes[at] = Math.min(most, Math.max(-most, roundHalfEven(x[at]! / rounded)))
  }
  return { codes, scales }
}

const largestOf = (x: Float32Array, from: number, to: number, token: number): number => {
  let largest = 0
  for (let at = from; at < to; at++) {
    const magnitude = Math.abs(x[at]!)
    if (!Number.isFinite(magnitude))
      throw new UserError(
        'E-QUANT-VALUE',
        `activation ${at - from} of token ${token} is ${x[at]}, only finite activations can be quantised; use an undamaged model file`,
      )
    if (magnitude > largest) largest = magnitude
  }
  return largest
}
