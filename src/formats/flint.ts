import { codebookFormat } from './codebook.ts'
import type { CodebookFormat } from './format.ts'

/** Bits a flint can have. */
export const flintWidths = { least: 3, most: 8 }

/**
 * ANT's flint: small values are integers, and from the middle on the place of the first one after the leading bit is
 * the exponent. In v magnitude bits, codes that begin with 0 are the integers themselves; a 1 followed by k zeros and a
 * one is 2^(v - 1 + k), with the bits that are left as its fraction; a 1 and only zeros is 2^(2 v - 2). Signed flints have
 * a sign bit before the magnitude; the sign alone is a second zero (ours: the paper leaves it unused). A tie goes to the
 * upper value, as in the authors' quantiser.
 */
export const flintFormat = (bits: number, signed = true): CodebookFormat => {
  if (!Number.isInteger(bits) || bits < flintWidths.least || bits > flintWidths.most)
    throw new RangeError(`a flint has ${flintWidths.least} to ${flintWidths.most} bits, got ${bits}`)
  const magnitudeBits = signed ? bits - 1 : bits
  const magnitudes = Array.from({ length: 2 ** magnitudeBits }, (_, code) => flintMagnitude(code, magnitudeBits))
  const values = signed ? [...magnitudes, ...magnitudes.map((x) => -x)] : magnitudes
  return codebookFormat(
    values.map((significand) => ({ significand, exponent: 0 })),
    {
      id: `${signed ? 'flint' : 'uflint'}${bits}`,
      summary: `${bits}-bit ${signed ? 'signed' : 'unsigned'} flint, integers up to ${2 ** (magnitudeBits - 1)}, powers up to ${4 ** (magnitudeBits - 1)}`,
      source: 'ANT, MICRO 2022; ties: quant_kernel.cu of its repository',
      ties: 'upper',
    },
  )
}

const flintMagnitude = (code: number, bits: number): bigint => {
  const half = 2 ** (bits - 1)
  if (code < half) return BigInt(code)
  const rest = code - half
  if (rest === 0) return 4n ** BigInt(bits - 1)
  // Bits below the first one after the leading bit.
  const fractionBits = Math.floor(Math.log2(rest))
  const zeros = bits - 2 - fractionBits
  return BigInt(rest) << BigInt(bits - 1 + zeros - fractionBits)
}
