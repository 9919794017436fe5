import { checkCode } from './code.ts'
import { bitLength, finite, magnitudeOf, NAR, zero } from './exact.ts'
import type { PositFormat } from './format.ts'
import { type Rounding, roundsUp } from './rounding.ts'

/** Bits and exponent bits a posit can have. */
export const positRange = { leastBits: 2, mostBits: 32, mostEs: 3 }

/**
 * The posit of `bits` bits (2 to 32) and `es` exponent bits (0 to 3).
 *
 * Rounding is on the encoded bit string, regime, exponent and fraction written out without end: where exponent bits are
 * cut off, a tie is between the neighbours' powers, not in the middle of their values. Nothing rounds to zero or NaR: what
 * lies beyond the limits becomes the limit, in every rounding mode (toward zero and stochastic: ours). Infinities and
 * NaN become NaR, as in the Standard for Posit Arithmetic (2022); `overflow` is not used, posits saturate always.
 */
export const positFormat = (bits: number, es: number): PositFormat => {
  const { leastBits, mostBits, mostEs } = positRange
  if (!Number.isInteger(bits) || bits < leastBits || bits > mostBits)
    throw new RangeError(`a posit has ${leastBits} to ${mostBits} bits, got ${bits}`)
  if (!Number.isInteger(es) || es < 0 || es > mostEs)
    throw new RangeError(`a posit has 0 to ${mostEs} exponent bits, got ${es}`)
  const id = `posit(${bits},${es})`
  const nar = 1n << BigInt(bits - 1)
  const largest = nar - 1n
  const topPower = (bits - 2) * 2 ** es

  const magnitudeAt = (code: bigint): { significand: bigint; exponent: number } => {
    // Bits from the top, the sign left out; what is cut off reads as zeros.
    const bit = (k: number): bigint => (k < bits - 1 ? (code >> BigInt(bits - 2 - k)) & 1n : 0n)
    const first = bit(0)
    let run = 1
    while (run < bits - 1 && bit(run) === first) run++
    const regime = first === 1n ? run - 1 : -run
    let exponent = 0
    for (let k = 0; k < es; k++) exponent = 2 * exponent + Number(bit(run + 1 + k))
    const fractionBits = Math.max(0, bits - 2 - run - es)
    const fraction = code & ((1n << BigInt(fractionBits)) - 1n)
    const power = regime * 2 ** es + exponent
    return { significand: (1n << BigInt(fractionBits)) | fraction, exponent: power - fractionBits }
  }

  const magnitudeCode = (magnitude: bigint, exponent: number, rounding: Rounding): bigint => {
    const length = bitLength(magnitude)
    const power = length - 1 + exponent
    if (power >= topPower) return largest
    if (power < -topPower) return 1n
    const regime = Math.floor(power / 2 ** es)
    const run = regime >= 0 ? ((1n << BigInt(regime + 1)) - 1n) << 1n : 1n
    const runLength = regime >= 0 ? regime + 2 : 1 - regime
    const fraction = magnitude - (1n << BigInt(length - 1))
    const withExponent = (run << BigInt(es)) | BigInt(power - regime * 2 ** es)
    const string = (withExponent << BigInt(length - 1)) | fraction
    const cut = runLength + es + length - 1 - (bits - 1)
    if (cut <= 0) return string << BigInt(-cut)
    const whole = 1n << BigInt(cut)
    const code = string >> BigInt(cut)
    return roundsUp(rounding, string & (whole - 1n), whole, (code & 1n) === 1n) ? code + 1n : code
  }

  const maximum = finite(1n, topPower)
  return {
    kind: 'posit',
    id,
    bits,
    es,
    min: finite(-1n, topPower),
    max: maximum,
    smallest: finite(1n, -topPower),
    ties: 'even',
    overflow: 'saturate',
    summary: `${bits}-bit posit with ${es} exponent bit${es === 1 ? '' : 's'}, magnitudes 2^-${topPower} to 2^${topPower}`,
    source:
      es === 2
        ? 'Standard for Posit Arithmetic (2022)'
        : 'Posit draft 3.2 generalised to other exponent widths; rules of the Standard for Posit Arithmetic (2022)',
    decode: (code) => {
      checkCode(id, bits, code)
      if (code === 0n) return zero(false)
      if (code === nar) return NAR
      const negative = code > nar
      const { significand, exponent } = magnitudeAt(negative ? 2n * nar - code : code)
      return finite(negative ? -significand : significand, exponent)
    },
    encode: (value, rounding = 'nearest-even') => {
      if (value.kind !== 'finite') return nar
      if (value.significand === 0n) return 0n
      const code = magnitudeCode(magnitudeOf(value.significand), value.exponent, rounding)
      return value.negative ? 2n * nar - code : code
    },
  }
}
