import { floatFormat } from './float.ts'
import type { FloatFormat } from './format.ts'

/** Bits a power-of-two format can have. */
export const powerOfTwoWidths = { least: 3, most: 8 }

/**
 * Zero and signed powers of two, 1 to 2^(2^(bits-1) - 2): a float without mantissa, bias 1 and no special codes. A tie, which
 * lies at 1.5 times a power, goes to the even exponent field (ours).
 */
export const powerOfTwoFormat = (bits: number): FloatFormat => {
  const { least, most } = powerOfTwoWidths
  if (!Number.isInteger(bits) || bits < least || bits > most)
    throw new RangeError(`a power-of-two format has ${least} to ${most} bits, got ${bits}`)
  return floatFormat(
    { signed: true, exponentBits: bits - 1, mantissaBits: 0, bias: 1, lowest: 'subnormal', special: 'finite' },
    {
      id: `pot${bits}`,
      summary: `zero and signed powers of two, 1 to 2^${2 ** (bits - 1) - 2}`,
      source: 'power-of-two type of ANT, MICRO 2022; ties: ours',
    },
  )
}
