import type { GroupQuantised } from './group-integer.ts'
import type { TokenQuantised } from './token-integer.ts'

/**
 * The exact integer results of a quantised linear layer, by definition: `sum over k in the group of x * (q - z)`.
 * `codes` is M x K row-major; the result is M x N x groups row-major. 32-bit sums cannot overflow within the limits
 * that the quantisers keep: 65,536 products of at most 127 * 128.
 */
export const groupSums = (codes: Int8Array, tokens: number, weights: GroupQuantised): Int32Array => {
  const { outputs, inputs, groups } = weights
  if (codes.length !== tokens * inputs)
    throw new RangeError(`${codes.length} codes are no ${tokens} x ${inputs} activations`)
  const result = new Int32Array(tokens * outputs * groups)
  let token = 0
  for (; token + 4 <= tokens; token += 4) sumFourTokens(codes, token, weights, result)
  for (; token < tokens; token++) sumToken(codes, token, weights, result)
  return result
}

const sumToken = (all: Int8Array, token: number, weights: GroupQuantised, result: Int32Array): void => {
  const { outputs, inputs, group, groups, codes, zeros } = weights
  const x = all.subarray(token * inputs, (token + 1) * inputs)
  for (let row = 0; row < outputs; row++)
    for (let index = 0; index < groups; index++) {
      const zero = zeros[row * groups + index]!
      const base = row * inputs
      const to = Math.min((index + 1) * group, inputs)
      let sum = 0
      for (let k = index * group; k < to; k++) sum = (sum + x[k]! * (codes[base + k]! - zero)) | 0
      result[(token * outputs + row) * groups + index] = sum
    }
}

/** The same sums for the four tokens from `token` on, which share each read of a weight. */
const sumFourTokens = (all: Int8Array, token: number, weights: GroupQuantised, result: Int32Array): void => {
  const { outputs, inputs, group, groups, codes, zeros } = weights
  const x = new Int32Array(4 * inputs)
  for (let lane = 0; lane < 4; lane++)
    for (let k = 0; k < inputs; k++) x[4 * k + lane] = all[(token + lane) * inputs + k]!
  const stride = outputs * groups
  for (let row = 0; row < outputs; row++)
    for (let index = 0; index < groups; index++) {
      const zero = zeros[row * groups + index]!
      const base = row * inputs
      const to = Math.min((index + 1) * group, inputs)
      let a = 0
      let b = 0
      let c = 0
      let d = 0
      for (let k = index * group; k < to; k++) {
        const weight = codes[base + k]! - zero
        a = (a + x[4 * k]! * weight) | 0
        b = (b + x[4 * k + 1]! * weight) | 0
        c = (c + x[4 * k + 2]! * weight) | 0
        d = (d + x[4 * k + 3]! * weight) | 0
      }
      const at = token * stride + row * groups + index
      result[at] = a
      result[at + stride] = b
      result[at + 2 * stride] = c
      result[at + 3 * stride] = d
    }
}

/**
 * Applies the scales as the columns of a MixPE array do, in exactly this order of float32 roundings (ours, see
 * reference mixpe A3: FP16 weight scale, FP32 accumulation): y = 0; per group `y = y + scale * sum`, the product and the
 * sum each rounded. `sums` is M x N x groups, the result M x N.
 */
export const applyGroupScales = (
  sums: ArrayLike<number>,
  scales: Float32Array,
  tokens: number,
  outputs: number,
  groups: number,
): Float32Array => {
  const round = Math.fround
  const result = new Float32Array(tokens * outputs)
  for (let token = 0; token < tokens; token++)
    for (let row = 0; row < outputs; row++) {
      const at = (token * outputs + row) * groups
      let y = 0
      for (let index = 0; index < groups; index++)
        y = round(y + round(scales[row * groups + index]! * sums[at + index]!))
      result[token * outputs + row] = y
    }
  return result
}

/** The same, and at last `y * token scale`, rounded. */
export const applyScales = (
  sums: Int32Array,
  scales: Float32Array,
  tokenScales: Float32Array,
  tokens: number,
  outputs: number,
  groups: number,
): Float32Array => applyTokenScales(applyGroupScales(sums, scales, tokens, outputs, groups), tokenScales, outputs)

/** `y * token scale` of tokens x outputs results, each rounded. */
export const applyTokenScales = (results: Float32Array, tokenScales: Float32Array, outputs: number): Float32Array =>
  results.map((y, k) => y * tokenScales[Math.floor(k / outputs)]!)

/** The whole layer: tokens x K activation codes with their scales to tokens x N float32. */
export const integerLinear = (activations: TokenQuantised, tokens: number, weights: GroupQuantised): Float32Array =>
  applyScales(
    groupSums(activations.codes, tokens, weights),
    weights.scales,
    activations.scales,
    tokens,
    weights.outputs,
    weights.groups,
  )
