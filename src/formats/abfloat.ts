import { codebookFormat } from './codebook.ts'
import type { CodebookFormat } from './format.ts'

/**
 * OliVe's adaptive biased float: sign, exponent field e, mantissa field m of M bits, value (2^M + m) * 2^(e + bias). All
 * exponent fields are normal numbers, except that magnitude code 0 is zero (OliVe uses neither it nor its negative, the
 * identifier of a victim). A tie goes to the upper value (ours).
 */
export const abfloatFormat = (exponentBits: number, mantissaBits: number, bias: number): CodebookFormat => {
  const bits = 1 + exponentBits + mantissaBits
  if (!(exponentBits >= 1 && mantissaBits >= 0 && Number.isInteger(exponentBits + mantissaBits) && bits <= 8))
    throw new RangeError(
      `an abfloat has 1 exponent bit or more and 8 bits at most, got e${exponentBits}m${mantissaBits}`,
    )
  if (!Number.isInteger(bias) || Math.abs(bias) > 1024)
    throw new RangeError(`an abfloat has a bias from -1024 to 1024, got ${bias}`)
  const magnitudes = Array.from({ length: 2 ** (bits - 1) }, (_, code) => ({
    significand: code === 0 ? 0n : BigInt(2 ** mantissaBits + (code % 2 ** mantissaBits)),
    exponent: Math.floor(code / 2 ** mantissaBits) + bias,
  }))
  return codebookFormat(
    [...magnitudes, ...magnitudes.map(({ significand, exponent }) => ({ significand: -significand, exponent }))],
    {
      id: `abfloat(e${exponentBits}m${mantissaBits},bias=${bias})`,
      summary: `${bits}-bit adaptive biased float for outliers, no zero among its exponents but code 0`,
      source: 'OliVe, ISCA 2023 (arXiv 2304.07493); zero and ties: ours',
      ties: 'upper',
    },
  )
}
